package client

import (
	"context"
	"iter"
	"time"
)

// Consent is what a person agreed to give a client of the authorization server.
type Consent struct {
	ClientID string   `json:"client_id"`
	Scopes   []string `json:"scopes"`
	// UpdatedAt is when the person did so last.
	UpdatedAt time.Time `json:"updated_at"`

	Answer
}

// Consents lists what a user agreed to.
func (c *Client) Consents(ctx context.Context, user string) iter.Seq2[Consent, error] {
	return list[Consent](ctx, c, "/users/"+segment(user)+"/consents", nil)
}

// WithdrawConsent takes one back: the tokens that came of it count no more.
func (c *Client) WithdrawConsent(ctx context.Context, user, clientID string) error {
	return c.remove(ctx, "/users/"+segment(user)+"/consents/"+segment(clientID))
}
