package client

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// Session is a browser at which a user is signed in.
type Session struct {
	ID string `json:"id"`
	// Proof is how the user showed who it is, Second how once more, "" for not at all.
	Proof  string `json:"proof"`
	Second string `json:"second"`
	// Address is where it began, Agent what the browser says of itself.
	Address string    `json:"address"`
	Agent   string    `json:"agent"`
	BeganAt time.Time `json:"began_at"`
	SeenAt  time.Time `json:"seen_at"`
	EndsAt  time.Time `json:"ends_at"`

	Answer
}

// Factors are what a user shows beside the password.
type Factors struct {
	// AuthenticatorSince is zero for none.
	AuthenticatorSince time.Time `json:"authenticator_since"`
	RecoveryCodes      int       `json:"recovery_codes"`
	Passkeys           []Passkey `json:"passkeys"`
	Required           bool      `json:"required"`

	Answer
}

// Passkey is one that a user signs in by.
type Passkey struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Host is the host name where it works.
	Host string `json:"host"`
	// Doubted tells that it was refused once, for its counter had not gone on: somebody may have a copy of it.
	Doubted   bool      `json:"doubted"`
	CreatedAt time.Time `json:"created_at"`
	// UsedAt is zero for not yet.
	UsedAt time.Time `json:"used_at"`
}

// SignInRules are what the organization asks of everybody who signs in.
type SignInRules struct {
	// SecondFactor asks for a second factor after a password.
	SecondFactor bool `json:"second_factor"`

	Answer
}

// Sessions lists where a user is signed in.
func (c *Client) Sessions(ctx context.Context, user string) iter.Seq2[Session, error] {
	return list[Session](ctx, c, "/users/"+segment(user)+"/sessions", nil)
}

// EndSession ends one session of a user.
func (c *Client) EndSession(ctx context.Context, user, id string) error {
	return c.remove(ctx, "/users/"+segment(user)+"/sessions/"+segment(id))
}

// EndSessions signs a user out everywhere.
func (c *Client) EndSessions(ctx context.Context, user string) error {
	return c.remove(ctx, "/users/"+segment(user)+"/sessions")
}

// UserFactors gives a user's second factors.
func (c *Client) UserFactors(ctx context.Context, user string) (Factors, error) {
	return get[Factors](ctx, c, "/users/"+segment(user)+"/factors")
}

// ResetFactors takes a user's second factors away.
func (c *Client) ResetFactors(ctx context.Context, user string) error {
	return c.remove(ctx, "/users/"+segment(user)+"/factors")
}

// SignInRules gives what everybody is asked for.
func (c *Client) SignInRules(ctx context.Context) (SignInRules, error) {
	return get[SignInRules](ctx, c, "/sign-in-rules")
}

// RequireSecondFactor changes it.
func (c *Client) RequireSecondFactor(ctx context.Context, required bool) (SignInRules, error) {
	return change[SignInRules](ctx, c, http.MethodPut, "/sign-in-rules", map[string]bool{"second_factor": required})
}
