package api

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/connectlink"
)

// ConnectLink lets one customer connect one account, without an account here.
type ConnectLink struct {
	ID         string     `json:"id" example:"lnk_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	URL        string     `json:"url,omitempty" doc:"Where to send the customer. In the answer that makes the link alone." example:"https://latchkey.example.com/connect/to/q3vX…"`
	State      string     `json:"state" enum:"open,used,expired,revoked"`
	Sandbox    string     `json:"sandbox" example:"prod"`
	Definition string     `json:"definition" doc:"The id of what is connected to." example:"def_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Target     *string    `json:"target" doc:"The connection that is authorized anew; null for a new one."`
	Connection *string    `json:"connection" doc:"The connection that came of it, or is under way; null for none yet." example:"conn_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Label      *string    `json:"label"`
	Reference  *string    `json:"reference" doc:"Your own name for the customer." example:"customer-4711"`
	ReturnURL  *string    `json:"return_url"`
	CreatedBy  string     `json:"created_by" example:"key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  time.Time  `json:"expires_at"`
	UsedAt     *time.Time `json:"used_at" doc:"When a token set came of it."`
}

// NewConnectLink asks for a link.
type NewConnectLink struct {
	Definition    string         `json:"definition,omitempty" doc:"What to connect to: a definition's id or name." example:"moviestar"`
	Configuration int            `json:"configuration,omitempty" minimum:"0" doc:"Which entry of customerAuthenticationConfigurations."`
	Connection    string         `json:"connection,omitempty" doc:"Instead of a definition: the connection to authorize anew, by its id or label."`
	Label         string         `json:"label,omitempty" doc:"Of the new connection." example:"acme-emea"`
	Reference     string         `json:"reference,omitempty" doc:"Your own name for the customer. It comes back as reference= with the customer; nobody else sees it." example:"customer-4711"`
	ReturnURL     string         `json:"return_url,omitempty" doc:"Where the browser goes in the end, with connection=, status= (ok or failed) and reference= added. Its origin has to be allowed in the configuration. Without it, the customer sees a page of ours."`
	Fields        map[string]any `json:"fields,omitempty" doc:"What the customer is not asked for."`
	ExpiresIn     int64          `json:"expires_in,omitempty" minimum:"60" maximum:"7776000" doc:"How many seconds it is good for; 7 days when absent." example:"604800"`
}

type (
	newConnectLink   struct{ body[NewConnectLink] }
	listConnectLinks struct{ Paging }
	connectLinkID    struct {
		ID string `path:"id" doc:"The link's id." example:"lnk_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	}
)

const connectLinkAnswer = `{
  "id": "lnk_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "url": "https://latchkey.example.com/connect/to/q3vXo0b4m8u2n5w7y9z1a3c5e7g9i1k3m5o7q9s1u3w", "state": "open", "sandbox": "prod",
  "definition": "def_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "target": null, "connection": null, "label": "acme-emea", "reference": "customer-4711",
  "return_url": "https://app.example.com/connected", "created_by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN",
  "created_at": "2026-11-21T09:30:00Z", "expires_at": "2026-11-28T09:30:00Z", "used_at": null
}`

func (s *server) connectLinkRoutes(h huma.API) {
	const base = apiPrefix + "/connect-links"
	const tag = "Connections"
	add(s, h, operation{id: "create-connect-link", method: http.MethodPost, path: base, tag: tag, status: http.StatusCreated,
		summary: "Make a link for a customer", description: "Who has it may connect one account, once, and needs no account here: they are asked for the fields that you did not give, go to the provider, and come back to `return_url`. It is used up when a token has come of it. `url` is shown this once.",
		scope: access.ConnectionsWrite, asks: `{"definition": "moviestar", "label": "acme-emea", "reference": "customer-4711", "return_url": "https://app.example.com/connected"}`,
		answers: connectLinkAnswer, fails: []*Kind{kindFields, kindNotFound, kindUnpublishable}, idempotent: true}, s.createConnectLink)
	add(s, h, operation{id: "list-connect-links", method: http.MethodGet, path: base, tag: tag,
		summary: "List links for customers", description: "Of one sandbox, newest first. One is kept for 30 days after its end.", scope: access.ConnectionsRead}, s.listConnectLinks)
	add(s, h, operation{id: "get-connect-link", method: http.MethodGet, path: base + "/{id}", tag: tag,
		summary: "Read a link for a customer", description: "What became of it: its state, and the connection.", scope: access.ConnectionsRead, fails: []*Kind{kindNotFound}}, s.getConnectLink)
	add(s, h, operation{id: "revoke-connect-link", method: http.MethodDelete, path: base + "/{id}", tag: tag, status: http.StatusNoContent,
		summary: "Withdraw a link for a customer", description: "It leads nowhere any more. A connection that came of it stays.", scope: access.ConnectionsWrite, fails: []*Kind{kindNotFound}}, s.revokeConnectLink)
}

func (s *server) createConnectLink(ctx context.Context, c call, in *newConnectLink) (*created[ConnectLink], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	made, err := s.Links.Create(ctx, c.caller, connectlink.Ask{
		Sandbox: c.sandbox, Definition: ask.Definition, Configuration: ask.Configuration, Connection: ask.Connection, Label: ask.Label, Reference: ask.Reference,
		ReturnURL: ask.ReturnURL, Fields: ask.Fields, Life: time.Duration(min(max(ask.ExpiresIn, -1), 1<<31)) * time.Second, BaseURL: c.base,
	})
	if err != nil {
		return nil, err
	}
	out := s.shownLink(made.Link)
	out.URL = made.URL
	return &created[ConnectLink]{Location: apiPrefix + "/connect-links/" + url.PathEscape(made.ID), Body: out}, nil
}

func (s *server) listConnectLinks(ctx context.Context, c call, in *listConnectLinks) (*reply[Page[ConnectLink]], error) {
	before, err := base64.RawURLEncoding.DecodeString(in.Cursor)
	if err != nil {
		return nil, badCursor()
	}
	found, err := s.Links.List(ctx, c.caller, connectlink.Query{Sandbox: c.sandbox, Before: string(before), Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	out := Page[ConnectLink]{Limit: in.Limit}
	if len(found) > in.Limit {
		found = found[:in.Limit]
		out.NextCursor = base64.RawURLEncoding.EncodeToString([]byte(found[in.Limit-1].ID))
	}
	out.Items = mapped(found, s.shownLink)
	return &reply[Page[ConnectLink]]{out}, nil
}

func (s *server) getConnectLink(ctx context.Context, c call, in *connectLinkID) (*reply[ConnectLink], error) {
	found, err := s.Links.Get(ctx, c.caller, in.ID)
	if err != nil {
		return nil, err
	}
	return &reply[ConnectLink]{s.shownLink(found)}, nil
}

func (s *server) revokeConnectLink(ctx context.Context, c call, in *connectLinkID) (*done, error) {
	return &done{}, s.Links.Revoke(ctx, c.caller, in.ID)
}

func (s *server) shownLink(l connectlink.Link) ConnectLink {
	return ConnectLink{
		ID: l.ID, State: string(l.State(s.Links.Now())), Sandbox: l.Sandbox, Definition: l.Definition, Target: optional(l.Target), Connection: optional(l.Connection),
		Label: optional(l.Label), Reference: optional(l.Reference), ReturnURL: optional(l.ReturnURL), CreatedBy: l.CreatedBy,
		CreatedAt: l.CreatedAt.UTC(), ExpiresAt: l.ExpiresAt.UTC(), UsedAt: stamp(l.UsedAt),
	}
}
