package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/connection"
	"latchkey/internal/destination"
)

// Definition is how a service authenticates.
type Definition struct {
	ID                string          `json:"id" example:"def_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	InstanceID        string          `json:"instance_id" format:"uuid" doc:"Its id in the compatible authoring API."`
	Name              string          `json:"name" doc:"Unique in the sandbox." example:"moviestar"`
	Description       string          `json:"description"`
	Sandbox           string          `json:"sandbox" example:"prod"`
	Status            string          `json:"status" enum:"draft,published,changed" doc:"changed: published, with a newer draft."`
	Revision          int             `json:"revision" doc:"The number of the revision that is shown." example:"3"`
	PublishedRevision *int            `json:"published_revision" doc:"The number of the published revision, null when there is none."`
	AuthType          string          `json:"auth_type" example:"OAUTH2"`
	Grant             *string         `json:"grant" example:"OAUTH2_CLIENT_CREDENTIALS" doc:"Null when the auth type has none."`
	Authentication    json.RawMessage `json:"authentication" doc:"The first entry of customerAuthenticationConfigurations as it was sent; secrets are masked as ********."`
	Destination       json.RawMessage `json:"destination,omitempty" doc:"The whole document, masked, when a whole one was sent."`
	CallbackURLs      []string        `json:"callback_urls,omitempty" doc:"The redirect URIs to register with the provider; authorization code only."`
	Problems          []Item          `json:"problems" nullable:"false" doc:"What keeps the revision from being published, and warnings."`
	Connections       int             `json:"connections" doc:"How many connections there are."`
	CreatedAt         time.Time       `json:"created_at"`
	UpdatedAt         time.Time       `json:"updated_at"`
}

// Revision is one entry of a definition's history.
type Revision struct {
	Revision    int        `json:"revision"`
	Published   bool       `json:"published"`
	PublishedAt *time.Time `json:"published_at"`
	CreatedAt   time.Time  `json:"created_at"`
	CreatedBy   string     `json:"created_by" doc:"The id of the key that stored it."`
}

// Prompts are what to ask a customer.
type Prompts struct {
	Items        []Prompt `json:"items" nullable:"false"`
	AuthType     string   `json:"auth_type" example:"OAUTH2"`
	Grant        *string  `json:"grant"`
	NeedsBrowser bool     `json:"needs_browser" doc:"Whether the customer has to consent in a browser."`
}

// Prompt is one thing to ask a customer.
type Prompt struct {
	Name        string   `json:"name" doc:"Its name in fields." example:"username"`
	Title       string   `json:"title" example:"User name"`
	Description string   `json:"description"`
	Type        string   `json:"type" doc:"string, boolean, integer or object; empty takes any of the simple ones." example:"string"`
	Required    bool     `json:"required"`
	Secret      bool     `json:"secret" doc:"Hide what is typed."`
	Enum        []Choice `json:"enum,omitempty" doc:"The values to choose from."`
	Pattern     string   `json:"pattern,omitempty" doc:"A regular expression that the value matches."`
	Default     any      `json:"default,omitempty"`
	Hidden      bool     `json:"hidden,omitempty"`
	ReadOnly    bool     `json:"read_only,omitempty"`

	Condition *Condition `json:"condition,omitempty" doc:"Ask only when another field has a value, its default included; without it, always."`
}

// Condition makes a prompt depend on another one.
type Condition struct {
	Field string `json:"field" doc:"The other prompt's name." example:"accountType"`
	Value any    `json:"value" doc:"The value that it must have."`
}

// Choice is one value of a list to choose from.
type Choice struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// Lint says what is wrong with a document.
type Lint struct {
	Publishable bool   `json:"publishable"`
	Problems    []Item `json:"problems" nullable:"false"`
}

// DefinitionRef names a definition in a path.
type DefinitionRef struct {
	Ref string `path:"ref" doc:"The definition's id, instance id, or its name in the sandbox." example:"moviestar"`
}

func (d DefinitionRef) in(c call) destination.Ref {
	return destination.Ref{Sandbox: c.sandbox, Name: d.Ref}
}

type (
	newDefinition struct{ body[any] }
	putDefinition struct {
		DefinitionRef
		body[any]
	}
	getDefinition struct {
		DefinitionRef
		Revision int `query:"revision" minimum:"0" doc:"An older revision's number; the newest one without it."`
	}
	listDefinitions struct {
		Paging
		Search string `query:"q" doc:"A part of a name or a description."`
	}
	getPrompts struct {
		DefinitionRef
		Configuration int `query:"configuration" minimum:"0" doc:"Which entry of customerAuthenticationConfigurations; the first one is 0."`
	}
)

const definitionExample = `{
  "name": "moviestar",
  "authentication": {
    "authType": "OAUTH2",
    "grant": "OAUTH2_CLIENT_CREDENTIALS",
    "accessTokenUrl": "https://api.moviestar.com/OAuth/access_token",
    "clientId": "6a8b1f5e",
    "clientSecret": "the secret, which comes back as ********",
    "scope": ["read", "write"]
  }
}`

const definitionAnswer = `{
  "id": "def_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "instance_id": "b0780cb5-2bb7-4409-bf2c-c625b28818f6",
  "name": "moviestar", "description": "", "sandbox": "prod", "status": "draft", "revision": 1, "published_revision": null,
  "auth_type": "OAUTH2", "grant": "OAUTH2_CLIENT_CREDENTIALS",
  "authentication": {
    "authType": "OAUTH2", "grant": "OAUTH2_CLIENT_CREDENTIALS",
    "accessTokenUrl": "https://api.moviestar.com/OAuth/access_token",
    "clientId": "6a8b1f5e", "clientSecret": "********", "scope": ["read", "write"]
  },
  "problems": [], "connections": 0, "created_at": "2026-11-21T09:30:00Z", "updated_at": "2026-11-21T09:30:00Z"
}`

// documentSchema describes what a definition is sent as; internal/destination is what checks it.
func documentSchema() *huma.Schema {
	text := func(doc string) *huma.Schema { return &huma.Schema{Type: huma.TypeString, Description: doc} }
	entry := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true,
		Description: "One entry of Destination SDK's customerAuthenticationConfigurations. docs/reference/definition.md has every member."}
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true,
		Description: "Either `name`, `description` and `authentication`, or a whole Destination SDK document. Unknown members are kept and come back.",
		Properties: map[string]*huma.Schema{
			"name":           text("Unique in the sandbox."),
			"description":    text("For people."),
			"authentication": entry,
			"customerAuthenticationConfigurations": {Type: huma.TypeArray, Items: entry,
				Description: "The whole document's way to say it."},
		}}
}

func (s *server) definitionRoutes(h huma.API) {
	const base = apiPrefix + "/definitions"
	const tag = "Definitions"
	add(s, h, operation{id: "create-definition", method: http.MethodPost, path: base, tag: tag, status: http.StatusCreated,
		summary: "Store a definition", description: "Stores a draft. Drafts are tolerant; publishing is strict. `problems` tells what keeps it from being published.",
		scope: access.DefinitionsWrite, schema: documentSchema(), asks: definitionExample, answers: definitionAnswer,
		fails: []*Kind{kindDefinition, kindNameTaken}, idempotent: true}, s.createDefinition)
	add(s, h, operation{id: "list-definitions", method: http.MethodGet, path: base, tag: tag,
		summary: "List definitions", description: "Of one sandbox, in the order in which they were made.",
		scope: access.DefinitionsRead}, s.listDefinitions)
	add(s, h, operation{id: "lint-document", method: http.MethodPost, path: base + "/lint", tag: tag,
		summary: "Check a document", description: "Says what storing and publishing it would say, and stores nothing.",
		scope: access.DefinitionsRead, schema: documentSchema(), asks: definitionExample, answers: `{"publishable": true, "problems": []}`}, s.lintDocument)
	add(s, h, operation{id: "get-definition", method: http.MethodGet, path: base + "/{ref}", tag: tag,
		summary: "Read a definition", scope: access.DefinitionsRead, answers: definitionAnswer, fails: []*Kind{kindNotFound}}, s.getDefinition)
	add(s, h, operation{id: "update-definition", method: http.MethodPut, path: base + "/{ref}", tag: tag,
		summary: "Store a new revision", description: "Replaces the draft by a new revision; a document that says the same makes none. A mask sent back keeps the stored secret. Connections keep the revision that they were made with until the new one is published.",
		scope: access.DefinitionsWrite, schema: documentSchema(), asks: definitionExample, answers: definitionAnswer,
		fails: []*Kind{kindDefinition, kindNotFound, kindNameTaken, kindState}}, s.updateDefinition)
	add(s, h, operation{id: "delete-definition", method: http.MethodDelete, path: base + "/{ref}", tag: tag, status: http.StatusNoContent,
		summary: "Delete a definition", scope: access.DefinitionsWrite, fails: []*Kind{kindNotFound, kindInUse}}, s.deleteDefinition)
	s.definitionActs(h, base, tag)
}

func (s *server) definitionActs(h huma.API, base, tag string) {
	add(s, h, operation{id: "publish-definition", method: http.MethodPost, path: base + "/{ref}/publish", tag: tag,
		summary: "Publish the draft", description: "Makes the newest revision the published one, which new connections use.",
		scope: access.DefinitionsWrite, answers: definitionAnswer, fails: []*Kind{kindUnpublishable, kindNotFound, kindState}}, s.publishDefinition)
	add(s, h, operation{id: "lint-definition", method: http.MethodPost, path: base + "/{ref}/lint", tag: tag,
		summary: "Check the draft", scope: access.DefinitionsRead, answers: `{"publishable": false, "problems": [{"severity": "publish", "pointer": "/authentication/clientId", "message": "the client id is missing", "fix": "add clientId"}]}`,
		fails: []*Kind{kindNotFound}}, s.lintDefinition)
	add(s, h, operation{id: "list-revisions", method: http.MethodGet, path: base + "/{ref}/revisions", tag: tag,
		summary: "List a definition's revisions", description: "Oldest first.", scope: access.DefinitionsRead, fails: []*Kind{kindNotFound}}, s.listRevisions)
	add(s, h, operation{id: "list-prompts", method: http.MethodGet, path: base + "/{ref}/prompts", tag: tag,
		summary: "Tell what to ask a customer", description: "Forms and command lines are made from it. A prompt with a `condition` is asked for only when another field has a value. The user name and password of the password grant, and those of BASIC and BEARER, are among them.",
		scope: access.DefinitionsRead, fails: []*Kind{kindNotFound, kindUnpublishable}}, s.listPrompts)
}

// readDefinition reads a body that has to say how a service authenticates. A destination of the authoring API may say
// so later.
func readDefinition(raw []byte) (*destination.Document, error) {
	document, err := destination.ParseDocument(raw)
	if err != nil || document.Configurations() > 0 {
		return document, err
	}
	if problems := document.Lint(destination.LintOptions{}); problems.HasRefused() {
		return nil, problems.AtLeast(destination.Refused)
	}
	return nil, destination.Problems{{
		Pointer: "/authentication", Severity: destination.Refused, Message: "the body says nothing about how the service authenticates",
		Fix: `send "authentication": {…}, or a destination with "customerAuthenticationConfigurations"`,
	}}
}

func (s *server) createDefinition(ctx context.Context, c call, in *newDefinition) (*created[Definition], error) {
	document, err := readDefinition(in.RawBody)
	if err != nil {
		return nil, err
	}
	saved, err := s.Definitions.Create(ctx, c.caller, c.sandbox, destination.Draft{Document: document})
	if err != nil {
		return nil, err
	}
	return &created[Definition]{Location: apiPrefix + "/definitions/" + url.PathEscape(saved.Definition.ID), Body: s.definition(saved)}, nil
}

func (s *server) updateDefinition(ctx context.Context, c call, in *putDefinition) (*reply[Definition], error) {
	document, err := readDefinition(in.RawBody)
	if err != nil {
		return nil, err
	}
	saved, err := s.Definitions.Update(ctx, c.caller, in.in(c), destination.Draft{Document: document})
	if err != nil {
		return nil, err
	}
	return &reply[Definition]{s.definition(saved)}, nil
}

func (s *server) getDefinition(ctx context.Context, c call, in *getDefinition) (*reply[Definition], error) {
	saved, err := s.Definitions.Revision(ctx, c.caller, in.in(c), in.Revision)
	if err != nil {
		return nil, err
	}
	return &reply[Definition]{s.definition(saved)}, nil
}

func (s *server) listDefinitions(ctx context.Context, c call, in *listDefinitions) (*reply[Page[Definition]], error) {
	found, next, err := s.Definitions.List(ctx, c.caller, destination.Page{Sandbox: c.sandbox, Search: in.Search, After: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := Page[Definition]{Items: []Definition{}, NextCursor: next, Limit: in.Limit}
	for _, def := range found {
		saved, err := s.Definitions.Get(ctx, c.caller, destination.Ref{Sandbox: def.Sandbox, Name: def.ID})
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, s.definition(saved))
	}
	return &reply[Page[Definition]]{out}, nil
}

func (s *server) deleteDefinition(ctx context.Context, c call, in *DefinitionRef) (*done, error) {
	return nil, s.Definitions.Delete(ctx, c.caller, in.in(c))
}

func (s *server) publishDefinition(ctx context.Context, c call, in *DefinitionRef) (*reply[Definition], error) {
	saved, err := s.Definitions.Publish(ctx, c.caller, in.in(c))
	if err != nil {
		return nil, err
	}
	return &reply[Definition]{s.definition(saved)}, nil
}

func (s *server) lintDefinition(ctx context.Context, c call, in *DefinitionRef) (*reply[Lint], error) {
	saved, err := s.Definitions.Get(ctx, c.caller, in.in(c))
	if err != nil {
		return nil, err
	}
	return &reply[Lint]{Lint{!saved.Problems.HasUnpublishable(), lintItems(saved.Problems)}}, nil
}

func (s *server) lintDocument(_ context.Context, c call, in *newDefinition) (*reply[Lint], error) {
	document, err := destination.ParseDocument(in.RawBody)
	if err != nil {
		return nil, err
	}
	problems, err := s.Definitions.Lint(c.caller, document)
	if err != nil {
		return nil, err
	}
	return &reply[Lint]{Lint{!problems.HasUnpublishable(), lintItems(problems)}}, nil
}

func (s *server) listRevisions(ctx context.Context, c call, in *struct {
	DefinitionRef
	Paging
}) (*reply[Page[Revision]], error) {
	revisions, err := s.Definitions.Revisions(ctx, c.caller, in.in(c))
	if err != nil {
		return nil, err
	}
	all := mapped(revisions, func(r destination.Revision) Revision {
		return Revision{r.Number, r.Published, stamp(r.PublishedAt), *stamp(r.CreatedAt), r.CreatedBy}
	})
	out, err := page(all, in.Paging, func(r Revision) string { return fmt.Sprintf("%010d", r.Revision) })
	return &reply[Page[Revision]]{out}, err
}

func (s *server) listPrompts(ctx context.Context, c call, in *getPrompts) (*reply[Prompts], error) {
	saved, err := s.Definitions.Get(ctx, c.caller, in.in(c))
	if err != nil {
		return nil, err
	}
	plan, err := saved.Revision.Document.Compile(in.Configuration)
	if err != nil {
		return nil, err
	}
	return &reply[Prompts]{Prompts{
		Items: mapped(plan.Prompts(), prompt), AuthType: string(plan.AuthType()), Grant: optional(string(plan.Grant())), NeedsBrowser: plan.NeedsBrowser(),
	}}, nil
}

func prompt(p destination.Prompt) Prompt {
	return Prompt{
		Name: p.Name, Title: p.Title, Description: p.Description, Type: string(p.Type), Required: p.Required, Secret: p.Secret,
		Enum:    mapped(p.Enum, func(c destination.Choice) Choice { return Choice(c) }),
		Pattern: p.Pattern, Default: p.Default, Hidden: p.Hidden, ReadOnly: p.ReadOnly,
		Condition: (*Condition)(p.Condition),
	}
}

// definition is what is shown of a definition at one of its revisions.
func (s *server) definition(saved destination.Saved) Definition {
	def, document := saved.Definition, saved.Revision.Document
	authType, grant := document.Kind(0)
	out := Definition{
		ID: def.ID, InstanceID: def.InstanceID, Name: def.Name, Description: document.Description(), Sandbox: def.Sandbox,
		Status: def.State(), Revision: saved.Revision.Number, AuthType: string(authType), Grant: optional(string(grant)),
		Authentication: bytes.Clone(document.Authentication(0)), Problems: lintItems(saved.Problems), Connections: def.Connections,
		CreatedAt: *stamp(def.CreatedAt), UpdatedAt: *stamp(def.UpdatedAt),
	}
	if out.Authentication == nil {
		out.Authentication = json.RawMessage("null")
	}
	if def.Published != 0 {
		out.PublishedRevision = &def.Published
	}
	if document.Whole() {
		out.Destination = document.JSON()
	}
	if consents(document) {
		out.CallbackURLs = s.callbackURLs()
	}
	return out
}

// consents tells whether any entry of the document is an authorization code grant.
func consents(document *destination.Document) bool {
	for i := range document.Configurations() {
		if _, grant := document.Kind(i); grant == destination.AuthorizationCode {
			return true
		}
	}
	return false
}

func (s *server) callbackURLs() []string {
	return mapped(s.PublicURLs, func(base string) string { return trimSlash(base) + connection.CallbackPath })
}
