package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Expiring is one thing that ends.
type Expiring struct {
	// Kind is refresh_token, access_token, api_key, certificate, client_secret, webhook_secret, signing_key or root_key.
	Kind string `json:"kind"`
	// Subject is the thing's id, Name what people call it.
	Subject string `json:"subject"`
	Name    string `json:"name"`
	Sandbox string `json:"sandbox"`
	// Scope is organization or installation: whose it is.
	Scope     string    `json:"scope"`
	ExpiresAt time.Time `json:"expires_at"`
	// Renews says that the server renews it by itself.
	Renews bool `json:"renews"`
	// Fix says what to do.
	Fix string `json:"fix"`
	URL string `json:"url"`

	Answer
}

// ExpiringFilter narrows the list of what ends; the zero value lists all of the next 60 days.
type ExpiringFilter struct {
	// Within is how far ahead to look, as 30d or 12h.
	Within string
	Kind   string
	// Attention leaves out what the server renews by itself.
	Attention bool
}

func (f ExpiringFilter) query() url.Values {
	q := url.Values{"within": {f.Within}, "kind": {f.Kind}}
	if f.Attention {
		q.Set("renews", "false")
	}
	return q
}

// Expiring lists what ends, the nearest first.
func (c *Client) Expiring(ctx context.Context, filter ExpiringFilter) iter.Seq2[Expiring, error] {
	return list[Expiring](ctx, c, "/expiring", filter.query())
}

// ExpiringCalendar gives what somebody must act on as iCalendar (RFC 5545).
func (c *Client) ExpiringCalendar(ctx context.Context, filter ExpiringFilter) ([]byte, error) {
	answer, err := c.do(ctx, call{method: http.MethodGet, path: "/expiring.ics", query: cloneQuery(filter.query())}, nil)
	return answer.body, err
}

// Feed is an address by which a calendar program reads what ends.
type Feed struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Sandbox   string    `json:"sandbox"`
	Scopes    []string  `json:"scopes"`
	CreatedBy string    `json:"created_by"`
	CreatedAt time.Time `json:"created_at"`

	Answer
}

// CreatedFeed is a feed with its address, which is shown this once; [Answer.JSON] holds it too.
type CreatedFeed struct {
	Feed
	URL Secret `json:"url"`
}

// CreateFeed makes a feed.
func (c *Client) CreateFeed(ctx context.Context, name string) (CreatedFeed, error) {
	var out CreatedFeed
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/expiring/feeds", header: idempotent(""), body: map[string]string{"name": name}}, &out)
	return out, err
}

// Feeds lists feeds, without their addresses.
func (c *Client) Feeds(ctx context.Context) iter.Seq2[Feed, error] {
	return list[Feed](ctx, c, "/expiring/feeds", nil)
}

// RevokeFeed ends a feed at once.
func (c *Client) RevokeFeed(ctx context.Context, id string) error {
	_, err := c.do(ctx, call{method: http.MethodDelete, path: "/expiring/feeds/" + segment(id)}, nil)
	return err
}
