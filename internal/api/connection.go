package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/connection"
	"latchkey/internal/secret"
)

// Connection is one customer's account.
type Connection struct {
	ID           string         `json:"id" example:"conn_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Label        *string        `json:"label" doc:"Its unique name in the sandbox, or null." example:"acme-emea"`
	Definition   DefinitionUsed `json:"definition"`
	Organization string         `json:"organization" example:"6096892F54B5819E0A4C98A2@AdobeOrg"`
	Sandbox      string         `json:"sandbox" example:"prod"`
	State        string         `json:"state" enum:"pending_authorization,active,degraded,needs_reauthorization,disabled"`
	StateReason  *string        `json:"state_reason" doc:"Why it is in that state, in words."`
	Fields       map[string]any `json:"fields" nullable:"false" doc:"What the customer entered; secrets are masked as ********."`
	Outputs      map[string]any `json:"outputs,omitempty" doc:"What the provider gave beside the token, as the definition names it; secret outputs are left out."`
	Note         string         `json:"note,omitempty" doc:"What to know about the token's life: that it is assumed, or that it can't be renewed."`
	CreatedBy    string         `json:"created_by" doc:"The id of the key that made it." example:"key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	ReturnURL    *string        `json:"return_url"`
	CreatedAt    time.Time      `json:"created_at"`
	UpdatedAt    time.Time      `json:"updated_at"`

	LastRefreshAt *time.Time  `json:"last_refresh_at"`
	Token         *TokenState `json:"token" doc:"Null while there has been none."`
	LastError     *LastError  `json:"last_error" doc:"How the last exchange failed; null after one that worked."`

	AuthorizeURL       string     `json:"authorize_url,omitempty" doc:"Where the customer's browser goes to consent. Only in answers that begin a consent."`
	AuthorizeExpiresAt *time.Time `json:"authorize_url_expires_at,omitempty"`
}

// DefinitionUsed is the revision of a definition that a connection is bound to.
type DefinitionUsed struct {
	ID            string `json:"id"`
	Name          string `json:"name" example:"moviestar"`
	Revision      int    `json:"revision" example:"3"`
	Configuration int    `json:"configuration" doc:"Which entry of customerAuthenticationConfigurations; the first is 0."`
}

// TokenState is what is known of a token without the token.
type TokenState struct {
	Generation       int64      `json:"generation" doc:"Counts the connection's tokens, from 1." example:"7"`
	TokenType        string     `json:"token_type" example:"Bearer"`
	Scope            *string    `json:"scope"`
	ExpiresAt        *time.Time `json:"expires_at" doc:"Null when the provider does not tell."`
	RefreshExpiresAt *time.Time `json:"refresh_expires_at" doc:"When the refresh token ends; null when unknown."`
	NextRefreshAt    *time.Time `json:"next_refresh_at" doc:"When the next exchange is due; null for never."`
	Renewable        bool       `json:"renewable" doc:"Whether there is a way to the next token without the customer."`
}

// LastError is how an exchange failed.
type LastError struct {
	Failure
	At *time.Time `json:"at"`
}

// NewConnection asks for a connection.
type NewConnection struct {
	Definition    string         `json:"definition" doc:"A definition's id or name. Its published revision is used; a draft that could be published, when none was." example:"moviestar"`
	Fields        map[string]any `json:"fields,omitempty" doc:"What the definition asks a customer for; see its prompts."`
	Label         string         `json:"label,omitempty" doc:"A name that is unique in the sandbox and can stand for the id." example:"acme-emea"`
	ReturnURL     string         `json:"return_url,omitempty" doc:"Where the browser goes after the consent, with connection= and status= (ok or failed) added. Its origin has to be allowed in the configuration."`
	Configuration int            `json:"configuration,omitempty" minimum:"0" doc:"Which entry of customerAuthenticationConfigurations."`
	Tokens        *HeldTokens    `json:"tokens,omitempty" doc:"Tokens that were got for the account elsewhere, to go on with: nothing is sent to the provider now. Whoever had them must not renew them any more."`
}

// HeldTokens are tokens that were got elsewhere.
type HeldTokens struct {
	AccessToken  string     `json:"access_token" doc:"The last one; it may have ended when there is a refresh token."`
	RefreshToken string     `json:"refresh_token,omitempty"`
	TokenType    string     `json:"token_type,omitempty" doc:"Bearer without it."`
	Scope        string     `json:"scope,omitempty"`
	ExpiresAt    *time.Time `json:"expires_at,omitempty" doc:"When the access token ends; left out where that is not known."`
}

func (h *HeldTokens) held() *connection.Held {
	if h == nil {
		return nil
	}
	out := &connection.Held{AccessToken: secret.New(h.AccessToken), RefreshToken: secret.New(h.RefreshToken), TokenType: h.TokenType, Scope: h.Scope}
	if h.ExpiresAt != nil {
		out.ExpiresAt = *h.ExpiresAt
	}
	return out
}

// ConnectionPatch changes a connection.
type ConnectionPatch struct {
	Fields    map[string]any `json:"fields,omitempty" doc:"Laid over the stored ones: a mask keeps a secret, null removes a field. Changed fields mean a new exchange; the old account serves until it worked."`
	Label     *string        `json:"label,omitempty" doc:"Renames; an empty text takes the label away."`
	ReturnURL *string        `json:"return_url,omitempty"`
}

// Reauthorization asks for a new consent.
type Reauthorization struct {
	ReturnURL string `json:"return_url,omitempty" doc:"Where the browser goes after the consent; without it, the connection's own."`
}

// ConnectionRef names a connection in a path. (huma reads embedded parts of exported types only.)
type ConnectionRef struct {
	Ref string `path:"ref" doc:"The connection's id, or its label in the sandbox." example:"acme-emea"`
}

func (r ConnectionRef) in(c call) connection.Ref {
	return connection.Ref{Sandbox: c.sandbox, Name: r.Ref}
}

type (
	newConnection   struct{ body[NewConnection] }
	patchConnection struct {
		ConnectionRef
		body[ConnectionPatch]
	}
	listConnections struct {
		Paging
		Definition string `query:"definition" doc:"Only those of this definition: its id or name."`
		State      string `query:"state" enum:"pending_authorization,active,degraded,needs_reauthorization,disabled" doc:"Only those in this state."`
		Search     string `query:"q" doc:"A part of an id or a label."`
	}
)

const connectionExample = `{"definition": "moviestar", "label": "acme-emea", "fields": {"username": "jane", "password": "the password"}}`

const connectionAnswer = `{
  "id": "conn_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "label": "acme-emea",
  "definition": {"id": "def_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "name": "moviestar", "revision": 1, "configuration": 0},
  "organization": "6096892F54B5819E0A4C98A2@AdobeOrg", "sandbox": "prod", "state": "active", "state_reason": null,
  "fields": {"username": "jane", "password": "********"}, "created_by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "return_url": null,
  "created_at": "2026-11-21T09:30:00Z", "updated_at": "2026-11-21T09:30:00Z", "last_refresh_at": "2026-11-21T09:30:00Z",
  "token": {"generation": 1, "token_type": "Bearer", "scope": "read write", "expires_at": "2026-11-21T10:30:00Z", "refresh_expires_at": null, "next_refresh_at": "2026-11-21T10:18:00Z", "renewable": true},
  "last_error": null
}`

func (s *server) connectionRoutes(h huma.API) {
	const base = apiPrefix + "/connections"
	const tag = "Connections"
	provider := []*Kind{kindRefused, kindDown}
	add(s, h, operation{id: "create-connection", method: http.MethodPost, path: base, tag: tag, status: http.StatusCreated,
		summary: "Connect an account", description: "With the authorization code grant the answer has `authorize_url` and the state `pending_authorization`. With every other the first exchange happens now: one that fails stores nothing and is answered with 422 (the provider said no) or 424 (it could not be reached).",
		scope: access.ConnectionsWrite, asks: connectionExample, answers: connectionAnswer,
		fails: append(provider, kindFields, kindNotFound, kindNameTaken, kindUnpublishable), idempotent: true}, s.createConnection)
	add(s, h, operation{id: "list-connections", method: http.MethodGet, path: base, tag: tag,
		summary: "List connections", description: "Of one sandbox, newest first.", scope: access.ConnectionsRead}, s.listConnections)
	add(s, h, operation{id: "get-connection", method: http.MethodGet, path: base + "/{ref}", tag: tag,
		summary: "Read a connection", scope: access.ConnectionsRead, answers: connectionAnswer, fails: []*Kind{kindNotFound}}, s.getConnection)
	add(s, h, operation{id: "patch-connection", method: http.MethodPatch, path: base + "/{ref}", tag: tag,
		summary: "Change fields or label", description: "With the authorization code grant changed fields begin a new consent: the answer has `authorize_url`.",
		scope: access.ConnectionsWrite, asks: `{"fields": {"password": "the new password"}}`, answers: connectionAnswer,
		fails: append(provider, kindFields, kindNotFound, kindNameTaken)}, s.patchConnection)
	add(s, h, operation{id: "delete-connection", method: http.MethodDelete, path: base + "/{ref}", tag: tag, status: http.StatusNoContent,
		summary: "Delete a connection", description: "With its tokens. Its grant is revoked at the provider in the background, where the definition says how: `Location` is that revocation then.", scope: access.ConnectionsWrite, fails: []*Kind{kindNotFound}}, s.deleteConnection)
	add(s, h, operation{id: "list-connection-history", method: http.MethodGet, path: base + "/{ref}/history", tag: tag,
		summary: "List what happened to a connection", description: "Newest first: each renewal and consent, with how long it took, what the provider answered and who caused it; each change of its state. The last 100 things of 30 days are kept, in the transaction of what they tell of.",
		scope: access.ConnectionsRead, answers: historyAnswer, fails: []*Kind{kindNotFound}}, s.connectionHistory)
	add(s, h, operation{id: "get-token-placement", method: http.MethodGet, path: base + "/{ref}/placement", tag: tag,
		summary: "Read where the token goes", description: "As the definition says (`options.tokenPlacement`). The proxy does it by itself; this is for programs that ask for the token.",
		scope: access.TokensRead, answers: `{"header": "Authorization", "prefix": "Bearer "}`, fails: []*Kind{kindNotFound}}, s.tokenPlacement)
	s.connectionActs(h, base, tag, provider)
}

func (s *server) connectionActs(h huma.API, base, tag string, provider []*Kind) {
	add(s, h, operation{id: "refresh-connection", method: http.MethodPost, path: base + "/{ref}/refresh", tag: tag,
		summary: "Exchange now", description: "Gets a new token whether the present one is fresh or not, and waits for it.",
		scope: access.ConnectionsWrite, answers: connectionAnswer,
		fails: append(provider, kindNotFound, kindReauthorize, kindPending, kindDisabled)}, s.refreshConnection)
	add(s, h, operation{id: "reauthorize-connection", method: http.MethodPost, path: base + "/{ref}/reauthorize", tag: tag,
		summary: "Begin a new consent", description: "The answer has `authorize_url`. Where no browser is needed, the token is acquired anew from the stored fields. The old account serves until the new one works.",
		scope: access.ConnectionsWrite, asks: "", answers: connectionAnswer, fails: append(provider, kindNotFound, kindDisabled)}, s.reauthorizeConnection)
	add(s, h, operation{id: "disable-connection", method: http.MethodPost, path: base + "/{ref}/disable", tag: tag,
		summary: "Switch a connection off", description: "It gives no token and renews none.", scope: access.ConnectionsWrite, answers: connectionAnswer,
		fails: []*Kind{kindNotFound, kindState}}, s.disableConnection)
	add(s, h, operation{id: "enable-connection", method: http.MethodPost, path: base + "/{ref}/enable", tag: tag,
		summary: "Switch a connection on again", scope: access.ConnectionsWrite, answers: connectionAnswer,
		fails: []*Kind{kindNotFound, kindState}}, s.enableConnection)
}

func (s *server) createConnection(ctx context.Context, c call, in *newConnection) (*created[Connection], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	if ask.Definition == "" {
		return nil, invalid(Item{Pointer: "/definition", Message: "the definition is missing", Fix: "Name one by its id or its name."})
	}
	made, err := s.Connections.Create(ctx, c.caller, connection.Create{
		Sandbox:    c.sandbox,
		Definition: ask.Definition, Fields: ask.Fields, Label: ask.Label, ReturnURL: ask.ReturnURL,
		Configuration: ask.Configuration, BaseURL: c.base, Held: ask.Tokens.held(),
	})
	if err != nil {
		return nil, err
	}
	return &created[Connection]{Location: apiPrefix + "/connections/" + url.PathEscape(made.Connection.ID), Body: begun(made)}, nil
}

func (s *server) listConnections(ctx context.Context, c call, in *listConnections) (*reply[Page[Connection]], error) {
	found, err := s.Connections.List(ctx, c.caller, connection.Query{
		Sandbox:    c.sandbox,
		Definition: in.Definition, State: connection.State(in.State), Text: in.Search, Cursor: in.Cursor, Limit: in.Limit,
	})
	if err != nil {
		return nil, err
	}
	return &reply[Page[Connection]]{Page[Connection]{Items: mapped(found.Items, shown), NextCursor: found.Next, Limit: in.Limit}}, nil
}

func (s *server) getConnection(ctx context.Context, c call, in *ConnectionRef) (*reply[Connection], error) {
	return answerConnection(s.Connections.Get(ctx, c.caller, in.in(c)))
}

func (s *server) patchConnection(ctx context.Context, c call, in *patchConnection) (*reply[Connection], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	return answerCreated(s.Connections.Patch(ctx, c.caller, in.in(c), connection.Patch{
		Fields: ask.Fields, Label: ask.Label, ReturnURL: ask.ReturnURL, BaseURL: c.base,
	}))
}

func (s *server) deleteConnection(ctx context.Context, c call, in *ConnectionRef) (*deletedConnection, error) {
	deleted, err := s.Connections.Delete(ctx, c.caller, in.in(c))
	if err != nil || deleted.Revocation == "" {
		return &deletedConnection{}, err
	}
	return &deletedConnection{apiPrefix + "/revocations/" + deleted.Revocation}, nil
}

func (s *server) refreshConnection(ctx context.Context, c call, in *ConnectionRef) (*reply[Connection], error) {
	return answerConnection(s.Connections.Refresh(ctx, c.caller, in.in(c)))
}

func (s *server) reauthorizeConnection(ctx context.Context, c call, in *struct {
	ConnectionRef
	optionalBody[Reauthorization]
}) (*reply[Connection], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	return answerCreated(s.Connections.Reauthorize(ctx, c.caller, in.in(c), connection.Reauthorize{ReturnURL: ask.ReturnURL, BaseURL: c.base}))
}

func (s *server) disableConnection(ctx context.Context, c call, in *ConnectionRef) (*reply[Connection], error) {
	return answerConnection(s.Connections.Disable(ctx, c.caller, in.in(c)))
}

func (s *server) enableConnection(ctx context.Context, c call, in *ConnectionRef) (*reply[Connection], error) {
	return answerConnection(s.Connections.Enable(ctx, c.caller, in.in(c)))
}

func answerConnection(c connection.Connection, err error) (*reply[Connection], error) {
	if err != nil {
		return nil, err
	}
	return &reply[Connection]{shown(c)}, nil
}

func answerCreated(c connection.Created, err error) (*reply[Connection], error) {
	if err != nil {
		return nil, err
	}
	return &reply[Connection]{begun(c)}, nil
}

// begun is a connection with the address of its consent, when there is one.
func begun(c connection.Created) Connection {
	out := shown(c.Connection)
	if c.AuthorizeURL != "" {
		out.AuthorizeURL, out.AuthorizeExpiresAt = c.AuthorizeURL, stamp(c.AuthorizeExpiresAt)
	}
	return out
}

// shown is what is told of a connection.
func shown(c connection.Connection) Connection {
	out := Connection{
		ID: c.ID, Label: optional(c.Label), Organization: c.Organization, Sandbox: c.Sandbox,
		Definition: DefinitionUsed{c.DefinitionID, c.DefinitionName, c.Revision, c.Configuration},
		State:      string(c.State), StateReason: optional(c.StateReason), Fields: c.Fields, Outputs: c.Outputs, Note: c.Note,
		CreatedBy: c.CreatedBy, ReturnURL: optional(c.ReturnURL),
		CreatedAt: *stamp(c.CreatedAt), UpdatedAt: *stamp(c.UpdatedAt), LastRefreshAt: stamp(c.LastRefreshAt),
	}
	if out.Fields == nil {
		out.Fields = map[string]any{}
	}
	if c.Generation > 0 {
		out.Token = &TokenState{
			Generation: c.Generation, TokenType: c.TokenType, Scope: optional(c.Scope), ExpiresAt: stamp(c.ExpiresAt),
			RefreshExpiresAt: stamp(c.RefreshExpiresAt), NextRefreshAt: stamp(c.NextRefreshAt), Renewable: c.Renewable,
		}
	}
	if c.LastError != nil {
		out.LastError = &LastError{*lastFailure(c.LastError), stamp(c.LastError.At)}
	}
	return out
}

// TokenPlacement is where a service wants its token.
type TokenPlacement struct {
	Header string `json:"header,omitempty" doc:"The header that takes it." example:"Authorization"`
	Prefix string `json:"prefix,omitempty" doc:"What stands before it there." example:"Bearer "`
	Query  string `json:"query,omitempty" doc:"Or the parameter of the query that takes it." example:"access_token"`
}

func (s *server) tokenPlacement(ctx context.Context, c call, in *ConnectionRef) (*reply[TokenPlacement], error) {
	placement, err := s.Connections.Placement(ctx, c.caller, in.in(c))
	if err != nil {
		return nil, err
	}
	return &reply[TokenPlacement]{TokenPlacement(placement)}, nil
}
