package client

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// Sandbox is a named partition of an organization.
type Sandbox struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Title     string    `json:"title"`
	CreatedAt time.Time `json:"created_at"`

	Answer
}

// NewSandbox is what a sandbox is made of.
type NewSandbox struct {
	Name  string `json:"name"`
	Title string `json:"title,omitempty"`
	// IdempotencyKey makes a second call with the same key answer as the first did; "" makes a new one for each call.
	IdempotencyKey string `json:"-"`
}

// Sandboxes lists sandboxes.
func (c *Client) Sandboxes(ctx context.Context) iter.Seq2[Sandbox, error] {
	return list[Sandbox](ctx, c, "/sandboxes", nil)
}

// Sandbox gives a sandbox by its name.
func (c *Client) Sandbox(ctx context.Context, name string) (Sandbox, error) {
	var out Sandbox
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/sandboxes/" + segment(name)}, &out)
	return out, err
}

// CreateSandbox makes a sandbox.
func (c *Client) CreateSandbox(ctx context.Context, input NewSandbox) (Sandbox, error) {
	var out Sandbox
	_, err := c.do(ctx, call{
		method: http.MethodPost, path: "/sandboxes", header: idempotent(input.IdempotencyKey), body: input,
	}, &out)
	return out, err
}

// DeleteSandbox deletes an empty sandbox.
func (c *Client) DeleteSandbox(ctx context.Context, name string) error {
	_, err := c.do(ctx, call{method: http.MethodDelete, path: "/sandboxes/" + segment(name)}, nil)
	return err
}
