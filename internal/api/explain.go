package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/destination"
	"latchkey/internal/exchange"
)

// Explanation is which requests would be sent.
type Explanation struct {
	Requests []Explained `json:"requests" nullable:"false" doc:"In the order in which they would be sent."`
	Problems []Item      `json:"problems" nullable:"false" doc:"What is wrong with the definition beside."`
}

// Explained is a request that would be sent, with every secret masked.
type Explained struct {
	Purpose     string   `json:"purpose" doc:"authorize, acquire, renew, revoke, or step:NAME." example:"acquire"`
	When        string   `json:"when" doc:"When it is sent, in words."`
	Method      string   `json:"method" example:"POST"`
	URL         string   `json:"url" example:"https://api.moviestar.com/OAuth/access_token"`
	Headers     []Header `json:"headers" nullable:"false"`
	ContentType string   `json:"content_type"`
	Body        string   `json:"body" example:"grant_type=client_credentials&client_id=6a8b1f5e&client_secret=********"`
	Notes       []string `json:"notes,omitempty" doc:"What the masks hide, and what only the real exchange knows."`
}

// Header is a header of a request.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// ExplainRequest asks what a definition would send.
type ExplainRequest struct {
	Definition     json.RawMessage `json:"definition,omitempty" doc:"A definition's id or name, or a definition as POST /api/v1/definitions takes it."`
	Authentication json.RawMessage `json:"authentication,omitempty" doc:"One entry of customerAuthenticationConfigurations, in place of a definition."`
	Fields         map[string]any  `json:"fields,omitempty" doc:"What a customer would enter."`
	Configuration  int             `json:"configuration,omitempty" minimum:"0" doc:"Which entry of customerAuthenticationConfigurations."`
}

const explainAnswer = `{"requests": [{
  "purpose": "acquire", "when": "to get the first token", "method": "POST", "url": "https://api.moviestar.com/OAuth/access_token",
  "headers": [{"name": "Accept", "value": "application/json"}], "content_type": "application/x-www-form-urlencoded",
  "body": "grant_type=client_credentials&client_id=6a8b1f5e&client_secret=********"
}], "problems": []}`

func (s *server) explainRoutes(h huma.API) {
	add(s, h, operation{id: "explain", method: http.MethodPost, path: apiPrefix + "/explain", tag: "Definitions",
		summary: "Show the exact requests", description: "Tells which requests a definition and some fields would send, in order, with secrets masked. Nothing is sent and nothing is stored.",
		scope: access.DefinitionsRead, asks: `{"definition": "moviestar", "fields": {}}`, answers: explainAnswer,
		fails: []*Kind{kindDefinition, kindFields, kindNotFound, kindUnpublishable}}, s.explain)
}

func (s *server) explain(ctx context.Context, c call, in *struct{ body[ExplainRequest] }) (*reply[Explanation], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	document, problems, err := s.explained(ctx, c, ask)
	if err != nil {
		return nil, err
	}
	plan, err := document.Compile(ask.Configuration)
	if err != nil {
		return nil, err
	}
	fields, wrong := plan.CheckFields(ask.Fields)
	if len(wrong) > 0 {
		return nil, wrong
	}
	user, err := s.userContext(ctx, c)
	if err != nil {
		return nil, err
	}
	requests, err := s.Explainer.Explain(ctx, plan, exchange.Input{Fields: fields, User: user})
	if err != nil {
		return nil, err
	}
	return &reply[Explanation]{Explanation{Requests: mapped(requests, explained), Problems: lintItems(problems)}}, nil
}

// explained finds the document that a request is about: a stored one by its name, or the one that was sent.
func (s *server) explained(ctx context.Context, c call, ask ExplainRequest) (*destination.Document, destination.Problems, error) {
	var name string
	switch {
	case len(ask.Definition) > 0 && len(ask.Authentication) > 0:
		return nil, nil, invalid(Item{Pointer: "/authentication", Message: "definition and authentication exclude each other", Fix: "Send one of them."})
	case len(ask.Definition) > 0 && json.Unmarshal(ask.Definition, &name) == nil:
		saved, err := s.Definitions.Get(ctx, c.caller, destination.Ref{Sandbox: c.sandbox, Name: name})
		if err != nil {
			return nil, nil, err
		}
		return saved.Revision.Document, saved.Problems, nil
	}
	raw := ask.Definition
	if len(raw) == 0 {
		raw = ask.Authentication
	}
	if len(raw) == 0 {
		return nil, nil, invalid(Item{Pointer: "/definition", Message: "there is nothing to explain", Fix: "Send definition or authentication."})
	}
	document, err := destination.ParseDocument(raw)
	if err != nil {
		return nil, nil, err
	}
	problems, err := s.Definitions.Lint(c.caller, document)
	if err == nil && problems.HasUnpublishable() {
		err = problems
	}
	return document, problems, err
}

// userContext is for whom a round would run (spec/destination-sdk.md, U17).
func (s *server) userContext(ctx context.Context, c call) (exchange.UserContext, error) {
	name, err := c.caller.In(c.sandbox)
	if err != nil {
		return exchange.UserContext{}, err
	}
	user := exchange.UserContext{SandboxName: name, IMSOrgID: c.caller.Organization, Client: c.caller.ID}
	found, err := s.Directory.Sandbox(ctx, c.caller, name)
	user.SandboxID = found.ID
	return user, err
}

func explained(e exchange.Explained) Explained {
	return Explained{
		Purpose: e.Purpose, When: e.When, Method: e.Method, URL: e.URL, ContentType: e.ContentType, Body: e.Body, Notes: e.Notes,
		Headers: mapped(e.Headers, func(h exchange.Header) Header { return Header(h) }),
	}
}
