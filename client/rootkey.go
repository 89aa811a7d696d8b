package client

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// RootKey is what the data keys are wrapped with; never the key. A zero time is never.
type RootKey struct {
	ID string `json:"id"`
	// Kind is "file", "passphrase", "vault" or "kms".
	Kind string `json:"kind"`
	// State is "next", "current", "leaving" or "retired".
	State string `json:"state"`
	// DataKeys is how many data keys it wraps.
	DataKeys int `json:"data_keys"`
	// Held tells that the server that answered has it.
	Held      bool      `json:"held"`
	CreatedAt time.Time `json:"created_at"`
	RetiredAt time.Time `json:"retired_at"`

	Answer
}

// Rotation is how the last rotation of the root key stands.
type Rotation struct {
	// State is "none", "running" or "finished".
	State      string    `json:"state"`
	From       string    `json:"from"`
	To         string    `json:"to"`
	Total      int       `json:"total"`
	Done       int       `json:"done"`
	StartedAt  time.Time `json:"started_at"`
	FinishedAt time.Time `json:"finished_at"`
	// Problem is what keeps the server that answered from going on.
	Problem string `json:"problem"`

	Answer
}

// RootKeys lists the installation's root keys, retired ones too.
func (c *Client) RootKeys(ctx context.Context) iter.Seq2[RootKey, error] {
	return list[RootKey](ctx, c, "/root-keys", nil)
}

// Rotation tells how the last rotation of the root key stands.
func (c *Client) Rotation(ctx context.Context) (Rotation, error) {
	var out Rotation
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/root-keys/rotation"}, &out)
	return out, err
}

// RotateRootKey begins a rotation of the root key, or goes on with the one under way.
func (c *Client) RotateRootKey(ctx context.Context) (Rotation, error) {
	var out Rotation
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/root-keys/rotate"}, &out)
	return out, err
}
