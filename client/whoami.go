package client

import (
	"context"
	"net/http"
)

// Whoami is the server, and whom it takes the caller for.
type Whoami struct {
	Name         string `json:"name"`
	Version      string `json:"version"`
	Organization struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"organization"`
	Caller struct {
		ID      string   `json:"id"`
		Name    string   `json:"name"`
		Scopes  []string `json:"scopes"`
		Sandbox string   `json:"sandbox"`
	} `json:"caller"`

	Answer
}

// Whoami asks the server who it is and who the caller is: the cheapest way to try a URL and a key.
func (c *Client) Whoami(ctx context.Context) (Whoami, error) {
	var out Whoami
	_, err := c.do(ctx, call{method: http.MethodGet, path: ""}, &out)
	return out, err
}
