package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// ProviderState is how a provider stands.
type ProviderState string

// The states of a provider.
const (
	ProviderUp         ProviderState = "up"
	ProviderRecovering ProviderState = "recovering"
	ProviderThrottled  ProviderState = "throttled"
	ProviderDown       ProviderState = "down"
	ProviderProbing    ProviderState = "probing"
)

// Provider is a service that gives tokens, as one node of the server sees it. A zero time is never.
type Provider struct {
	// Host is that of its token endpoint, with the port when that is not 443.
	Host  string        `json:"host"`
	State ProviderState `json:"state"`
	// Since is when an outage began, or when the last one ended.
	Since time.Time `json:"since"`
	// ProbeAt is when the next call is let through; zero while it is up.
	ProbeAt time.Time `json:"probe_at"`
	// Latency is nil when nothing is known.
	Latency *ProviderLatency `json:"latency_ms"`
	// Calls are those of the last five minutes, Failed those that the provider failed.
	Calls  int `json:"calls"`
	Failed int `json:"failed"`
	// Outcomes counts all token requests since the node's start.
	Outcomes    map[string]int64 `json:"outcomes"`
	LastGoodAt  time.Time        `json:"last_good_at"`
	LastFailure *ProviderFailure `json:"last_failure"`
	InFlight    int              `json:"in_flight"`
	Waiting     int              `json:"waiting"`
	// Rate is how many calls may begin in a second now.
	Rate   float64        `json:"rate"`
	Limits ProviderLimits `json:"limits"`
	// PausedConnections counts those that were held back because the provider refuses their client.
	PausedConnections int                `json:"paused_connections"`
	Incidents         []ProviderIncident `json:"incidents"`

	Answer
}

// ProviderLatency is in milliseconds.
type ProviderLatency struct {
	P50 int64 `json:"p50"`
	P95 int64 `json:"p95"`
	P99 int64 `json:"p99"`
}

// ProviderLimits are the caps of a node.
type ProviderLimits struct {
	Rate        float64 `json:"rate"`
	Concurrency int     `json:"concurrency"`
}

// ProviderFailure is a failed token request.
type ProviderFailure struct {
	Class       string    `json:"class"`
	Code        string    `json:"code"`
	Status      int       `json:"status"`
	Description string    `json:"description"`
	At          time.Time `json:"at"`
}

// ProviderIncident is a client that a provider refuses.
type ProviderIncident struct {
	ID         string `json:"id"`
	Sandbox    string `json:"sandbox"`
	Definition string `json:"definition"`
	// Client is the client id.
	Client   string    `json:"client"`
	OpenedAt time.Time `json:"opened_at"`
	// ProbeAt is from when on one connection tries again.
	ProbeAt         time.Time        `json:"probe_at"`
	Probes          int              `json:"probes"`
	HeldConnections int              `json:"held_connections"`
	LastFailure     *ProviderFailure `json:"last_failure"`
}

// ProviderFilter narrows a list; the zero value lists all.
type ProviderFilter struct {
	State ProviderState
	// Query is searched for in hosts.
	Query string
}

// Providers lists the providers that the organization calls.
func (c *Client) Providers(ctx context.Context, filter ProviderFilter) iter.Seq2[Provider, error] {
	return list[Provider](ctx, c, "/providers", url.Values{"state": {string(filter.State)}, "q": {filter.Query}})
}

// Provider gives one by its host.
func (c *Client) Provider(ctx context.Context, host string) (Provider, error) {
	var out Provider
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/providers/" + segment(host)}, &out)
	return out, err
}

// ResumeProvider lets one call through at once, instead of at ProbeAt.
func (c *Client) ResumeProvider(ctx context.Context, host string) (Provider, error) {
	var out Provider
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/providers/" + segment(host) + "/resume"}, &out)
	return out, err
}
