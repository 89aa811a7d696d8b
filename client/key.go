package client

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// Key is an API key, without its secret. A zero time is never.
type Key struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Prefix string `json:"prefix"`
	// Scopes are the key's rights: "tokens:read", "connections:write", …, "admin".
	Scopes []string `json:"scopes"`
	// Sandbox is the only one that the key may see; "" for every one.
	Sandbox string `json:"sandbox"`
	// Calls bounds what the key may do through the proxy; nil for everything that its scopes allow.
	Calls      *Calls    `json:"calls"`
	CreatedAt  time.Time `json:"created_at"`
	ExpiresAt  time.Time `json:"expires_at"`
	LastUsedAt time.Time `json:"last_used_at"`
	RevokedAt  time.Time `json:"revoked_at"`

	Answer
}

// Calls are methods and paths that a key may call through the proxy. In a path, * stands for one segment, and ** at the end
// for all that follow.
type Calls struct {
	Methods []string `json:"methods,omitempty"`
	Paths   []string `json:"paths,omitempty"`
}

// CreatedKey is a new key. Secret is shown this once; [Answer.JSON] holds it too.
type CreatedKey struct {
	Key
	Secret Secret `json:"key"`
}

// NewKey is what a key is made of.
type NewKey struct {
	Name    string   `json:"name"`
	Scopes  []string `json:"scopes"`
	Sandbox string   `json:"sandbox,omitempty"`
	// Calls binds the key to some calls of the proxy; nil for none in particular.
	Calls *Calls `json:"calls,omitempty"`
	// ExpiresAt is the end of the key's life; zero for none.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// IdempotencyKey makes a second call with the same key answer as the first did; "" makes a new one for each call.
	IdempotencyKey string `json:"-"`
}

// Keys lists keys, revoked ones too.
func (c *Client) Keys(ctx context.Context) iter.Seq2[Key, error] {
	return list[Key](ctx, c, "/keys", nil)
}

// Key gives a key by its id.
func (c *Client) Key(ctx context.Context, id string) (Key, error) {
	var out Key
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/keys/" + segment(id)}, &out)
	return out, err
}

// CreateKey makes a key.
func (c *Client) CreateKey(ctx context.Context, input NewKey) (CreatedKey, error) {
	var out CreatedKey
	_, err := c.do(ctx, call{
		method: http.MethodPost, path: "/keys", header: idempotent(input.IdempotencyKey), body: input,
	}, &out)
	return out, err
}

// RevokeKey ends a key's life now.
func (c *Client) RevokeKey(ctx context.Context, id string) error {
	_, err := c.do(ctx, call{method: http.MethodDelete, path: "/keys/" + segment(id)}, nil)
	return err
}
