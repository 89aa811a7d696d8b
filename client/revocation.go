package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// RevocationState is where a revocation stands.
type RevocationState string

// The states of a revocation.
const (
	RevocationWaiting RevocationState = "waiting"
	RevocationRevoked RevocationState = "revoked"
	RevocationFailed  RevocationState = "failed"
	// RevocationNone: there was no way to revoke it, which an offboarding notes.
	RevocationNone RevocationState = "none"
)

// Revocation is the grant of a deleted connection, on its way to its end at the provider. A zero time is never.
type Revocation struct {
	ID    string          `json:"id"`
	State RevocationState `json:"state"`
	// Connection is the id of the connection, which is gone, and Label its label.
	Connection string `json:"connection"`
	Label      string `json:"label"`
	Sandbox    string `json:"sandbox"`
	Definition string `json:"definition"`
	// Provider is the host that is asked.
	Provider      string             `json:"provider"`
	Attempts      int                `json:"attempts"`
	NextAttemptAt time.Time          `json:"next_attempt_at"`
	LastFailure   *RevocationFailure `json:"last_failure"`
	DeletedBy     string             `json:"deleted_by"`
	CreatedAt     time.Time          `json:"created_at"`
	EndedAt       time.Time          `json:"ended_at"`

	Answer
}

// RevocationFailure is how an attempt failed.
type RevocationFailure struct {
	Class       string    `json:"class"`
	Code        string    `json:"code"`
	Status      int       `json:"status"`
	Description string    `json:"description"`
	Endpoint    string    `json:"endpoint"`
	At          time.Time `json:"at"`
}

// Revocations gives those in a state, or all of them, newest first. Each round of the loop may ask the server for more.
func (c *Client) Revocations(ctx context.Context, state RevocationState) iter.Seq2[Revocation, error] {
	return list[Revocation](ctx, c, "/revocations", url.Values{"state": {string(state)}})
}

// Revocation gives one by its id.
func (c *Client) Revocation(ctx context.Context, id string) (Revocation, error) {
	var out Revocation
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/revocations/" + segment(id)}, &out)
	return out, err
}

// RetryRevocation has one tried again at once.
func (c *Client) RetryRevocation(ctx context.Context, id string) (Revocation, error) {
	var out Revocation
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/revocations/" + segment(id) + "/retry"}, &out)
	return out, err
}

// ForgetRevocation removes one, with the tokens that are kept for it. The grant at the provider is not touched.
func (c *Client) ForgetRevocation(ctx context.Context, id string) error {
	_, err := c.do(ctx, call{method: http.MethodDelete, path: "/revocations/" + segment(id)}, nil)
	return err
}
