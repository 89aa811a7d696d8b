package client

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// User is a person in an organization.
type User struct {
	ID        string `json:"id"`
	Email     string `json:"email"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	// Role is system_administrator, developer or viewer.
	Role string `json:"role"`
	// Profiles are the product profiles that a developer may attach; "*" is all.
	Profiles []string `json:"profiles"`
	// Status is invited, active or disabled.
	Status       string    `json:"status"`
	CreatedAt    time.Time `json:"created_at"`
	LastSignInAt time.Time `json:"last_sign_in_at"`

	Answer
}

// Invitation is a user with the link by which he or she sets a password. It is shown this once; [Answer.JSON] holds it
// too.
type Invitation struct {
	User
	Link      Secret    `json:"link"`
	LinkUntil time.Time `json:"link_until"`
}

// NewUser is whom to invite.
type NewUser struct {
	Email     string   `json:"email"`
	FirstName string   `json:"first_name,omitempty"`
	LastName  string   `json:"last_name,omitempty"`
	Role      string   `json:"role"`
	Profiles  []string `json:"profiles,omitempty"`
	// IdempotencyKey makes a second call with the same key answer as the first did; "" makes a new one for each call.
	IdempotencyKey string `json:"-"`
}

// UserPatch is what to change of a user; nil members stay as they are.
type UserPatch struct {
	FirstName *string   `json:"first_name,omitempty"`
	LastName  *string   `json:"last_name,omitempty"`
	Role      *string   `json:"role,omitempty"`
	Profiles  *[]string `json:"profiles,omitempty"`
}

// Users lists people.
func (c *Client) Users(ctx context.Context) iter.Seq2[User, error] {
	return list[User](ctx, c, "/users", nil)
}

// User gives one by id or e-mail address.
func (c *Client) User(ctx context.Context, ref string) (User, error) {
	return get[User](ctx, c, "/users/"+segment(ref))
}

// InviteUser adds a person.
func (c *Client) InviteUser(ctx context.Context, input NewUser) (Invitation, error) {
	return create[Invitation](ctx, c, "/users", input.IdempotencyKey, input)
}

// UpdateUser changes a person.
func (c *Client) UpdateUser(ctx context.Context, ref string, patch UserPatch) (User, error) {
	return change[User](ctx, c, http.MethodPatch, "/users/"+segment(ref), patch)
}

// DeleteUser removes a person.
func (c *Client) DeleteUser(ctx context.Context, ref string) error {
	return c.remove(ctx, "/users/"+segment(ref))
}

// DisableUser keeps a person out.
func (c *Client) DisableUser(ctx context.Context, ref string) (User, error) {
	return change[User](ctx, c, http.MethodPost, "/users/"+segment(ref)+"/disable", nil)
}

// EnableUser lets a person in again.
func (c *Client) EnableUser(ctx context.Context, ref string) (User, error) {
	return change[User](ctx, c, http.MethodPost, "/users/"+segment(ref)+"/enable", nil)
}

// ResetUser ends a person's password, and gives a link to set another.
func (c *Client) ResetUser(ctx context.Context, ref string) (Invitation, error) {
	return change[Invitation](ctx, c, http.MethodPost, "/users/"+segment(ref)+"/reset", nil)
}
