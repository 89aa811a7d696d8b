package client

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// ConnectionEvent is one thing that happened to a connection.
type ConnectionEvent struct {
	At time.Time `json:"at"`
	// What is created, refreshed, refresh_failed, authorized, authorization_failed, ended, disabled, enabled, changed or
	// consent_begun.
	What string `json:"what"`
	// Cause is why there was an exchange: due, needed, rejected or ordered; "" for none.
	Cause string `json:"cause"`
	// By is the id of who did it; "" for the keeper itself.
	By         string  `json:"by"`
	TookMS     float64 `json:"took_ms"`
	Generation int64   `json:"generation"`
	State      State   `json:"state"`
	Reason     string  `json:"reason"`
	// Status is the HTTP status of the provider's answer; 0 for none.
	Status  int                `json:"status"`
	Failure *ConnectionFailure `json:"failure"`
	// Attempt is the consent's id, Outcome how it ended.
	Attempt string `json:"attempt"`
	Outcome string `json:"outcome"`

	Answer
}

// ConnectionFailure is what a provider said, cleaned and shortened.
type ConnectionFailure struct {
	Class       string `json:"class"`
	Code        string `json:"code"`
	Description string `json:"description"`
	Endpoint    string `json:"endpoint"`
	Validation  string `json:"validation"`
}

// ConnectionHistory gives what happened to a connection in the last 30 days, the newest first.
func (c *Client) ConnectionHistory(ctx context.Context, ref string) iter.Seq2[ConnectionEvent, error] {
	return list[ConnectionEvent](ctx, c, "/connections/"+segment(ref)+"/history", nil)
}

// ConnectLink lets one customer connect one account, without an account here. A zero time is never.
type ConnectLink struct {
	ID string `json:"id"`
	// URL is where to send the customer; in the answer of [Client.CreateConnectLink] alone.
	URL string `json:"url"`
	// State is open, used, expired or revoked.
	State      string `json:"state"`
	Sandbox    string `json:"sandbox"`
	Definition string `json:"definition"`
	// Target is the connection that is authorized anew; Connection is what came of the link.
	Target     string    `json:"target"`
	Connection string    `json:"connection"`
	Label      string    `json:"label"`
	Reference  string    `json:"reference"`
	ReturnURL  string    `json:"return_url"`
	CreatedBy  string    `json:"created_by"`
	CreatedAt  time.Time `json:"created_at"`
	ExpiresAt  time.Time `json:"expires_at"`
	UsedAt     time.Time `json:"used_at"`

	Answer
}

// NewConnectLink is what a link is made of: a Definition to connect to, or a Connection to authorize anew.
type NewConnectLink struct {
	Definition    string `json:"definition,omitempty"`
	Configuration int    `json:"configuration,omitzero"`
	Connection    string `json:"connection,omitempty"`
	// Label is the new connection's.
	Label string `json:"label,omitempty"`
	// Reference is your own name for the customer, which comes back with the customer.
	Reference string `json:"reference,omitempty"`
	ReturnURL string `json:"return_url,omitempty"`
	// Fields are those that the customer is not asked for.
	Fields map[string]any `json:"fields,omitempty"`
	// ExpiresIn is how many seconds it is good for; 0 is 7 days.
	ExpiresIn int64 `json:"expires_in,omitzero"`
	// IdempotencyKey makes a second call with the same key answer as the first did; "" makes a new one for each call.
	IdempotencyKey string `json:"-"`
}

// CreateConnectLink makes a link to send a customer.
func (c *Client) CreateConnectLink(ctx context.Context, input NewConnectLink) (ConnectLink, error) {
	var out ConnectLink
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/connect-links", header: idempotent(input.IdempotencyKey), body: input}, &out)
	return out, err
}

// ConnectLinks lists the links of the sandbox, newest first.
func (c *Client) ConnectLinks(ctx context.Context) iter.Seq2[ConnectLink, error] {
	return list[ConnectLink](ctx, c, "/connect-links", nil)
}

// ConnectLink gives one by its id: what became of it.
func (c *Client) ConnectLink(ctx context.Context, id string) (ConnectLink, error) {
	var out ConnectLink
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/connect-links/" + segment(id)}, &out)
	return out, err
}

// RevokeConnectLink withdraws one.
func (c *Client) RevokeConnectLink(ctx context.Context, id string) error {
	_, err := c.do(ctx, call{method: http.MethodDelete, path: "/connect-links/" + segment(id)}, nil)
	return err
}
