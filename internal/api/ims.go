package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/finding"
	"latchkey/internal/ims"
	"latchkey/internal/secret"
)

// IMSConfiguration is an IMS configuration, as AEM has them.
type IMSConfiguration struct {
	ID           string        `json:"id" example:"ims_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Name         string        `json:"name" doc:"Unique in the sandbox." example:"acme-target"`
	Title        string        `json:"title" example:"Acme Target"`
	Solution     string        `json:"solution" doc:"The cloud solution's short name, or nothing." example:"target"`
	Type         string        `json:"type" enum:"jwt,oauth"`
	State        string        `json:"state" enum:"draft,ready,connected" doc:"draft: values are missing; ready: no token was asked for yet; connected: it has had one."`
	Missing      []string      `json:"missing" nullable:"false" doc:"The values that a draft lacks."`
	Server       string        `json:"authorization_server" example:"https://ims-na1.adobelogin.com"`
	ClientID     string        `json:"api_key" example:"e053e1a87cf74c68a6ec8e71d4a82662"`
	ClientSecret *string       `json:"client_secret" doc:"Masked; null where there is none." example:"********"`
	Organization string        `json:"organization_id" doc:"The claim iss." example:"6096892F54B5819E0A4C98A2@AdobeOrg"`
	Account      string        `json:"technical_account" doc:"The claim sub." example:"D8E157165FC0EAE10A495E8C@techacct.adobe.com"`
	Metascopes   []string      `json:"metascopes" nullable:"false" example:"[\"ent_marketing_sdk\"]"`
	Scopes       []string      `json:"scopes" nullable:"false"`
	Alias        string        `json:"key_alias" doc:"Which certificate signs." example:"acme"`
	Sandbox      string        `json:"sandbox" example:"prod"`
	Connection   *string       `json:"connection" doc:"The connection that holds its token; null before the first." example:"conn_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Migration    *IMSMigration `json:"migration" doc:"A migration to OAuth that is not through; null without one."`
	Retired      *string       `json:"retired" doc:"Since when the vendor does not serve this type any more, and what to do; null where it does."`
	Requires     []string      `json:"requires" nullable:"false" doc:"Which product versions can use it."`
	Problems     []Item        `json:"problems,omitempty" doc:"What was noted or is doubtful about the values that were sent. Only in answers to a change."`
	CreatedBy    string        `json:"created_by"`
	CreatedAt    time.Time     `json:"created_at"`
	UpdatedAt    time.Time     `json:"updated_at"`
}

// IMSMigration is a migration from JWT to OAuth under way.
type IMSMigration struct {
	Scopes []string  `json:"scopes" nullable:"false"`
	Since  time.Time `json:"since"`
}

// IMSValues are what people enter. What is left out stays as it is, or is missing in a draft.
type IMSValues struct {
	Title        *string   `json:"title,omitempty" example:"Acme Target"`
	Solution     *string   `json:"solution,omitempty" doc:"A cloud solution by its short name or its title." example:"Adobe Target"`
	Type         *string   `json:"type,omitempty" enum:"jwt,oauth" doc:"jwt is Service Account, oauth is OAuth Server-to-Server. A new one is jwt."`
	Server       *string   `json:"authorization_server,omitempty" doc:"Scheme and host. Without it, that of the payload's aud. One that is neither Adobe's nor this server's own takes the scope definitions:write." example:"https://ims-na1.adobelogin.com"`
	ClientID     *string   `json:"api_key,omitempty" example:"e053e1a87cf74c68a6ec8e71d4a82662"`
	ClientSecret *string   `json:"client_secret,omitempty" doc:"The mask leaves it as it is."`
	Payload      *string   `json:"payload,omitempty" doc:"The JSON of claims as the console's tab Generate JWT shows it, as a text. It fills in what is not given beside it; its exp is ignored."`
	Organization *string   `json:"organization_id,omitempty"`
	Account      *string   `json:"technical_account,omitempty"`
	Metascopes   *[]string `json:"metascopes,omitempty"`
	Scopes       *[]string `json:"scopes,omitempty" doc:"Each may itself be a list with commas, as the console shows it."`
	Alias        *string   `json:"key_alias,omitempty" example:"acme"`
}

// NewIMSConfiguration asks for a configuration.
type NewIMSConfiguration struct {
	Name string `json:"name,omitempty" doc:"Made of the title when it is left out." example:"acme-target"`
	IMSValues
}

// IMSMigrate asks for a migration.
type IMSMigrate struct {
	ClientSecret string   `json:"client_secret,omitempty" doc:"Of the console's OAuth Server-to-Server credential. Without it, that of a migration that was begun, else the configuration's own."`
	Scopes       []string `json:"scopes,omitempty" doc:"As the console shows them. Without them, those of a migration that was begun, else the solution's usual ones."`
}

// IMSMigrated is how far a migration has come.
type IMSMigrated struct {
	Done          bool             `json:"done" doc:"Whether the configuration is OAuth's now."`
	Refused       *HealthLayer     `json:"refused" doc:"Why there was no token; the JWT part serves on. Null when there was one."`
	Configuration IMSConfiguration `json:"configuration"`
}

// IMSRef names a configuration in a path.
type IMSRef struct {
	Ref string `path:"ref" doc:"The configuration's id or name." example:"acme-target"`
}

func (r IMSRef) in(c call) ims.Ref { return ims.Ref{Sandbox: c.sandbox, Name: r.Ref} }

type (
	newIMS   struct{ body[NewIMSConfiguration] }
	patchIMS struct {
		IMSRef
		body[IMSValues]
	}
	migrateIMS struct {
		IMSRef
		optionalBody[IMSMigrate]
	}
)

const (
	imsPath   = apiPrefix + "/ims-configurations"
	imsAnswer = `{
  "id": "ims_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "name": "acme-target", "title": "Acme Target", "solution": "target", "type": "jwt", "state": "ready", "missing": [],
  "authorization_server": "https://ims-na1.adobelogin.com", "api_key": "e053e1a87cf74c68a6ec8e71d4a82662", "client_secret": "********",
  "organization_id": "6096892F54B5819E0A4C98A2@AdobeOrg", "technical_account": "D8E157165FC0EAE10A495E8C@techacct.adobe.com", "metascopes": ["ent_marketing_sdk"], "scopes": [],
  "key_alias": "acme", "sandbox": "prod", "connection": null, "migration": null, "retired": null, "requires": ["AEM 6.5"],
  "created_by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "created_at": "2026-11-27T09:30:00Z", "updated_at": "2026-11-27T09:30:00Z"
}`
)

func (s *server) imsRoutes(h huma.API) {
	const one, tag = imsPath + "/{ref}", "IMS configurations"
	provider := []*Kind{kindRefused, kindDown, kindNotFound, kindState}
	add(s, h, operation{id: "create-ims-configuration", method: http.MethodPost, path: imsPath, tag: tag, status: http.StatusCreated,
		summary: "Create an IMS configuration", description: "Nothing is sent: the values are checked, and each that doesn't fit is named with its place, what was expected and the fix. What is left out makes it a draft, to be completed later.",
		scope: access.ConnectionsWrite, asks: `{"title": "Acme Target", "solution": "Adobe Target", "api_key": "e053e1a87cf74c68a6ec8e71d4a82662", "key_alias": "acme"}`, answers: imsAnswer,
		fails: []*Kind{kindNameTaken}, idempotent: true}, s.createIMS)
	add(s, h, operation{id: "list-ims-configurations", method: http.MethodGet, path: imsPath, tag: tag,
		summary: "List IMS configurations", description: "Of one sandbox, by name.", scope: access.ConnectionsRead}, s.listIMS)
	add(s, h, operation{id: "get-ims-configuration", method: http.MethodGet, path: one, tag: tag,
		summary: "Read an IMS configuration", scope: access.ConnectionsRead, answers: imsAnswer, fails: []*Kind{kindNotFound}}, s.getIMS)
	add(s, h, operation{id: "patch-ims-configuration", method: http.MethodPatch, path: one, tag: tag,
		summary: "Change an IMS configuration", description: "One that has had a token is asked for another with the new values first, and keeps the old ones when that is refused.",
		scope: access.ConnectionsWrite, asks: `{"key_alias": "acme"}`, answers: imsAnswer, fails: provider}, s.patchIMS)
	add(s, h, operation{id: "delete-ims-configuration", method: http.MethodDelete, path: one, tag: tag, status: http.StatusNoContent,
		summary: "Delete an IMS configuration", description: "With its connection. Its certificate stays.", scope: access.ConnectionsWrite, fails: []*Kind{kindNotFound}}, s.deleteIMS)
	add(s, h, operation{id: "check-ims-configuration", method: http.MethodPost, path: one + "/check", tag: tag,
		summary: "Check Health", description: "In layers: key and certificate, token, profile, product call. The first that fails ends it, and says what to change where. A new token is asked for, whether there is one or not.",
		scope: access.ConnectionsWrite, answers: imsHealthAnswer, fails: []*Kind{kindNotFound}}, s.checkIMS)
	add(s, h, operation{id: "migrate-ims-configuration", method: http.MethodPost, path: one + "/migrate", tag: tag,
		summary: "Migrate to OAuth", description: "From Service Account (JWT) to OAuth server-to-server, on the same client id. The JWT part serves on until a token was had by OAuth; call it again, then with what is to be different, after a refusal.",
		scope: access.ConnectionsWrite, fails: []*Kind{kindNotFound, kindState}}, s.migrateIMS)
	add(s, h, operation{id: "cancel-ims-migration", method: http.MethodDelete, path: one + "/migrate", tag: tag,
		summary: "Cancel a migration", scope: access.ConnectionsWrite, answers: imsAnswer, fails: []*Kind{kindNotFound, kindState}}, s.cancelIMS)
	s.imsFileRoutes(h, one, tag)
	s.imsCertificateRoutes(h, tag)
}

func (v IMSValues) values() ims.Values {
	out := ims.Values{
		Title: v.Title, Solution: v.Solution, Server: v.Server, ClientID: v.ClientID, Payload: v.Payload, IMSOrganization: v.Organization,
		TechnicalAccount: v.Account, Metascopes: v.Metascopes, Scopes: v.Scopes, Alias: v.Alias,
	}
	if v.Type != nil {
		kind := ims.Type(*v.Type)
		out.Type = &kind
	}
	if v.ClientSecret != nil && *v.ClientSecret != masked {
		value := secret.New(*v.ClientSecret)
		out.Secret = &value
	}
	return out
}

// masked stands for a secret that is not shown.
const masked = "********"

func (s *server) createIMS(ctx context.Context, c call, in *newIMS) (*created[IMSConfiguration], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	made, err := s.IMS.Create(ctx, c.caller, ims.Create{Sandbox: c.sandbox, Name: ask.Name, Values: ask.values()})
	if err != nil {
		return nil, err
	}
	return &created[IMSConfiguration]{Location: imsPath + "/" + url.PathEscape(made.Configuration.Name), Body: savedIMS(made)}, nil
}

func (s *server) listIMS(ctx context.Context, c call, in *Paging) (*reply[Page[IMSConfiguration]], error) {
	all, err := s.IMS.List(ctx, c.caller, c.sandbox)
	if err != nil {
		return nil, err
	}
	out, err := page(mapped(all, shownIMS), *in, func(o IMSConfiguration) string { return o.Name })
	return &reply[Page[IMSConfiguration]]{out}, err
}

func (s *server) getIMS(ctx context.Context, c call, in *IMSRef) (*reply[IMSConfiguration], error) {
	return answerIMS(s.IMS.Get(ctx, c.caller, in.in(c)))
}

func (s *server) patchIMS(ctx context.Context, c call, in *patchIMS) (*reply[IMSConfiguration], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	saved, err := s.IMS.Edit(ctx, c.caller, in.in(c), ask.values())
	if err != nil {
		return nil, err
	}
	return &reply[IMSConfiguration]{savedIMS(saved)}, nil
}

func (s *server) deleteIMS(ctx context.Context, c call, in *IMSRef) (*done, error) {
	return nil, s.IMS.Delete(ctx, c.caller, in.in(c))
}

func (s *server) migrateIMS(ctx context.Context, c call, in *migrateIMS) (*reply[IMSMigrated], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	got, err := s.IMS.Migrate(ctx, c.caller, in.in(c), ims.Migrate{Secret: secret.New(ask.ClientSecret), Scopes: ask.Scopes})
	if err != nil {
		return nil, err
	}
	out := IMSMigrated{Done: got.Done, Configuration: shownIMS(got.Configuration)}
	if got.Refused != nil {
		layer := shownLayer(*got.Refused)
		out.Refused = &layer
	}
	return &reply[IMSMigrated]{out}, nil
}

func (s *server) cancelIMS(ctx context.Context, c call, in *IMSRef) (*reply[IMSConfiguration], error) {
	return answerIMS(s.IMS.CancelMigration(ctx, c.caller, in.in(c)))
}

func answerIMS(c ims.Configuration, err error) (*reply[IMSConfiguration], error) {
	if err != nil {
		return nil, err
	}
	return &reply[IMSConfiguration]{shownIMS(c)}, nil
}

func savedIMS(s ims.Saved) IMSConfiguration {
	out := shownIMS(s.Configuration)
	out.Problems = problemItems(s.Problems)
	return out
}

func problemItems(problems finding.Problems) []Item {
	return mapped(problems, func(p finding.Problem) Item {
		return Item{Pointer: p.Pointer, Message: p.Message, Fix: p.Fix, Severity: string(p.Severity), Line: p.Line, Column: p.Column}
	})
}

func shownIMS(c ims.Configuration) IMSConfiguration {
	out := IMSConfiguration{
		ID: c.ID, Name: c.Name, Title: c.Title, Solution: string(c.Solution), Type: string(c.Type), State: string(c.State()), Missing: listed(c.Missing()),
		Server: c.Server, ClientID: c.ClientID, Organization: c.IMSOrganization, Account: c.TechnicalAccount, Metascopes: listed(c.Metascopes),
		Scopes: listed(c.Scopes), Alias: c.Alias, Sandbox: c.Sandbox, Connection: optional(c.Connection), Retired: optional(c.Retired()),
		Requires: listed(c.Requires()), CreatedBy: c.CreatedBy, CreatedAt: *stamp(c.CreatedAt), UpdatedAt: *stamp(c.UpdatedAt),
	}
	if !c.Secret.Empty() {
		out.ClientSecret = optional(masked)
	}
	if m := c.Migration; m != nil {
		out.Migration = &IMSMigration{Scopes: listed(m.Scopes), Since: *stamp(m.Since)}
	}
	return out
}

// listed gives a list where there is none.
func listed(all []string) []string { return append([]string{}, all...) }
