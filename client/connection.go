package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// State is where a connection stands.
type State string

// The states of a connection.
const (
	PendingAuthorization State = "pending_authorization"
	Active               State = "active"
	Degraded             State = "degraded"
	NeedsReauthorization State = "needs_reauthorization"
	Disabled             State = "disabled"
)

// Connection is one customer's account with a service.
type Connection struct {
	ID           string        `json:"id"`
	Label        string        `json:"label"`
	Definition   DefinitionRef `json:"definition"`
	Organization string        `json:"organization"`
	Sandbox      string        `json:"sandbox"`
	State        State         `json:"state"`
	StateReason  string        `json:"state_reason"`
	// Fields are the customer's values; secrets are masked.
	Fields map[string]any `json:"fields"`
	// Outputs are what the definition takes from answers beside the tokens, without secrets.
	Outputs map[string]any `json:"outputs"`
	// Note says what to know about the token's life: that it is assumed, or that it cannot be renewed.
	Note          string    `json:"note"`
	CreatedBy     string    `json:"created_by"`
	ReturnURL     string    `json:"return_url"`
	CreatedAt     time.Time `json:"created_at"`
	UpdatedAt     time.Time `json:"updated_at"`
	LastRefreshAt time.Time `json:"last_refresh_at"`
	// Token describes the token set that is held; nil for none.
	Token *TokenState `json:"token"`
	// LastError is the last exchange's failure; nil when it succeeded.
	LastError *LastError `json:"last_error"`
	// AuthorizeURL is where the customer's browser begins, in answers that begin a consent.
	AuthorizeURL          string    `json:"authorize_url"`
	AuthorizeURLExpiresAt time.Time `json:"authorize_url_expires_at"`

	Answer
}

// Name gives what people call the connection: its label, or its id without one.
func (c Connection) Name() string {
	if c.Label != "" {
		return c.Label
	}
	return c.ID
}

// DefinitionRef is the definition that a connection was made with.
type DefinitionRef struct {
	ID            string `json:"id"`
	Name          string `json:"name"`
	Revision      int    `json:"revision"`
	Configuration int    `json:"configuration"`
}

// TokenState is what is known of a held token without showing it. A zero time is unknown.
type TokenState struct {
	Generation       int64     `json:"generation"`
	TokenType        string    `json:"token_type"`
	Scope            string    `json:"scope"`
	ExpiresAt        time.Time `json:"expires_at"`
	RefreshExpiresAt time.Time `json:"refresh_expires_at"`
	NextRefreshAt    time.Time `json:"next_refresh_at"`
	Renewable        bool      `json:"renewable"`
}

// LastError is how the last exchange failed.
type LastError struct {
	Kind   string    `json:"kind"`
	Code   string    `json:"code"`
	Status int       `json:"status"`
	At     time.Time `json:"at"`
}

// NewConnection is what a connection is made of.
type NewConnection struct {
	// Definition is the id or the name of a definition.
	Definition string `json:"definition"`
	// Fields are the customer's values, by the names that [Client.Prompts] gives.
	Fields map[string]any `json:"fields"`
	// Label is a unique name; "" for none.
	Label string `json:"label,omitempty"`
	// ReturnURL is where the customer's browser goes in the end.
	ReturnURL string `json:"return_url,omitempty"`
	// Configuration picks one of the definition's configurations; the first is 0.
	Configuration int `json:"configuration,omitzero"`
	// Tokens were got for the account elsewhere: nothing is sent to the provider. Nil asks it, or the customer.
	Tokens *HeldTokens `json:"tokens,omitempty"`
	// IdempotencyKey makes a second call with the same key answer as the first did; "" makes a new one for each call.
	IdempotencyKey string `json:"-"`
}

// HeldTokens are tokens that were got elsewhere. Whoever had them must not renew them any more.
type HeldTokens struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
	// TokenType is Bearer when it is "".
	TokenType string `json:"token_type,omitempty"`
	Scope     string `json:"scope,omitempty"`
	// ExpiresAt is zero where it is not known.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// ConnectionPatch is what to change of a connection; nil members stay as they are.
type ConnectionPatch struct {
	// Fields are laid over the stored ones; a nil value removes a field.
	Fields map[string]any `json:"fields,omitempty"`
	// Label is the new name; "" takes it away.
	Label     *string `json:"label,omitempty"`
	ReturnURL *string `json:"return_url,omitempty"`
}

// ConnectionFilter narrows a list; the zero value lists all.
type ConnectionFilter struct {
	// Definition is the id or the name of one.
	Definition string
	State      State
	// Query is searched for in labels, ids and definitions' names.
	Query string
}

// Connections lists connections.
func (c *Client) Connections(ctx context.Context, filter ConnectionFilter) iter.Seq2[Connection, error] {
	return list[Connection](ctx, c, "/connections", url.Values{
		"definition": {filter.Definition}, "state": {string(filter.State)}, "q": {filter.Query},
	})
}

// Connection gives a connection.
func (c *Client) Connection(ctx context.Context, ref string) (Connection, error) {
	return c.connectionCall(ctx, call{method: http.MethodGet, path: "/connections/" + segment(ref)})
}

// CreateConnection connects an account. With an authorization code definition the answer is pending, with the URL at
// which the customer's browser begins; otherwise it is active, or nothing was stored and the error tells why.
func (c *Client) CreateConnection(ctx context.Context, input NewConnection) (Connection, error) {
	if input.Fields == nil {
		input.Fields = map[string]any{}
	}
	return c.connectionCall(ctx, call{
		method: http.MethodPost, path: "/connections", header: idempotent(input.IdempotencyKey), body: input,
	})
}

// UpdateConnection changes fields or the label. The old account is kept until the new values have worked.
func (c *Client) UpdateConnection(ctx context.Context, ref string, patch ConnectionPatch) (Connection, error) {
	return c.connectionCall(ctx, call{method: http.MethodPatch, path: "/connections/" + segment(ref), body: patch})
}

// RefreshConnection gets a new token now.
func (c *Client) RefreshConnection(ctx context.Context, ref string) (Connection, error) {
	return c.act(ctx, ref, "refresh", nil)
}

// ReauthorizeConnection begins a new consent; the answer has the URL at which the browser begins. returnURL "" keeps
// the connection's own.
func (c *Client) ReauthorizeConnection(ctx context.Context, ref, returnURL string) (Connection, error) {
	body := map[string]string{}
	if returnURL != "" {
		body["return_url"] = returnURL
	}
	return c.act(ctx, ref, "reauthorize", body)
}

// DisableConnection stops a connection: no token is served or refreshed.
func (c *Client) DisableConnection(ctx context.Context, ref string) (Connection, error) {
	return c.act(ctx, ref, "disable", nil)
}

// EnableConnection starts a disabled connection again.
func (c *Client) EnableConnection(ctx context.Context, ref string) (Connection, error) {
	return c.act(ctx, ref, "enable", nil)
}

// DeleteConnection deletes a connection and what it holds. It gives the id of the revocation of its grant, "" where there
// is nothing to revoke or the definition does not say how.
func (c *Client) DeleteConnection(ctx context.Context, ref string) (revocation string, err error) {
	answer, err := c.do(ctx, call{method: http.MethodDelete, path: "/connections/" + segment(ref)}, nil)
	return strings.TrimPrefix(answer.header.Get("Location"), "/api/v1/revocations/"), err
}

func (c *Client) act(ctx context.Context, ref, verb string, body any) (Connection, error) {
	return c.connectionCall(ctx, call{
		method: http.MethodPost, path: "/connections/" + segment(ref) + "/" + verb, body: body,
	})
}

func (c *Client) connectionCall(ctx context.Context, call call) (Connection, error) {
	var out Connection
	_, err := c.do(ctx, call, &out)
	return out, err
}
