package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Webhook is an endpoint that events are delivered to.
type Webhook struct {
	ID          string `json:"id"`
	URL         string `json:"url"`
	Description string `json:"description"`
	// Types are those of the events that it gets; none are all but connection.refreshed.
	Types []string `json:"types"`
	// Sandbox is the only one whose events it gets; "" for all.
	Sandbox string `json:"sandbox"`
	Enabled bool   `json:"enabled"`
	// Reason says why the server disabled it.
	Reason string `json:"reason"`
	// FailingSince is when the first delivery failed since the last that did not.
	FailingSince time.Time `json:"failing_since"`
	// PreviousSecretUntil is how long the secret before the last rotation signs too.
	PreviousSecretUntil time.Time `json:"previous_secret_until"`
	CreatedBy           string    `json:"created_by"`
	CreatedAt           time.Time `json:"created_at"`
	UpdatedAt           time.Time `json:"updated_at"`

	Answer
}

// WebhookWithSecret is an endpoint whose secret is new. It is shown this once; [Answer.JSON] holds it too.
type WebhookWithSecret struct {
	Webhook
	Secret Secret `json:"secret"`
}

// NewWebhook is what an endpoint is made of.
type NewWebhook struct {
	URL         string   `json:"url"`
	Types       []string `json:"types,omitempty"`
	Sandbox     string   `json:"sandbox,omitempty"`
	Description string   `json:"description,omitempty"`
	// Enabled makes one that gets nothing yet when it is false; nil is true.
	Enabled *bool `json:"enabled,omitempty"`
	// IdempotencyKey makes a second call with the same key answer as the first did; "" makes a new one for each call.
	IdempotencyKey string `json:"-"`
}

// WebhookPatch is what to change of an endpoint; nil members stay as they are.
type WebhookPatch struct {
	URL         *string   `json:"url,omitempty"`
	Types       *[]string `json:"types,omitempty"`
	Description *string   `json:"description,omitempty"`
	Enabled     *bool     `json:"enabled,omitempty"`
}

// Delivery is one event on its way to one endpoint.
type Delivery struct {
	Event   string `json:"event"`
	Type    string `json:"type"`
	Subject string `json:"subject"`
	// State is pending, delivered or failed.
	State         string    `json:"state"`
	Attempts      int       `json:"attempts"`
	NextAttemptAt time.Time `json:"next_attempt_at"`
	// Status is the last attempt's HTTP status; 0 when there was no answer, and Error says why.
	Status      int       `json:"status"`
	Error       string    `json:"error"`
	LatencyMS   float64   `json:"latency_ms"`
	CreatedAt   time.Time `json:"created_at"`
	AttemptedAt time.Time `json:"attempted_at"`

	Answer
}

// Event is what happened.
type Event struct {
	ID           string         `json:"id"`
	Type         string         `json:"type"`
	Timestamp    time.Time      `json:"timestamp"`
	Organization string         `json:"organization"`
	Sandbox      string         `json:"sandbox"`
	Subject      string         `json:"subject"`
	Data         map[string]any `json:"data"`

	Answer
}

// EventFilter narrows a list of events; the zero value lists all.
type EventFilter struct {
	Type, Subject string
	Since         time.Time
}

// Replayed says what a replay began.
type Replayed struct {
	Deliveries int `json:"deliveries"`

	Answer
}

// Webhooks lists endpoints.
func (c *Client) Webhooks(ctx context.Context) iter.Seq2[Webhook, error] {
	return list[Webhook](ctx, c, "/webhooks", nil)
}

// Webhook gives an endpoint by its id.
func (c *Client) Webhook(ctx context.Context, id string) (Webhook, error) {
	var out Webhook
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/webhooks/" + segment(id)}, &out)
	return out, err
}

// CreateWebhook makes an endpoint.
func (c *Client) CreateWebhook(ctx context.Context, input NewWebhook) (WebhookWithSecret, error) {
	var out WebhookWithSecret
	_, err := c.do(ctx, call{
		method: http.MethodPost, path: "/webhooks", header: idempotent(input.IdempotencyKey), body: input,
	}, &out)
	return out, err
}

// UpdateWebhook changes an endpoint.
func (c *Client) UpdateWebhook(ctx context.Context, id string, patch WebhookPatch) (Webhook, error) {
	var out Webhook
	_, err := c.do(ctx, call{method: http.MethodPatch, path: "/webhooks/" + segment(id), body: patch}, &out)
	return out, err
}

// DeleteWebhook deletes an endpoint and its log.
func (c *Client) DeleteWebhook(ctx context.Context, id string) error {
	_, err := c.do(ctx, call{method: http.MethodDelete, path: "/webhooks/" + segment(id)}, nil)
	return err
}

// RotateWebhookSecret gives an endpoint a new secret. The one before signs too for 24 hours.
func (c *Client) RotateWebhookSecret(ctx context.Context, id string) (WebhookWithSecret, error) {
	var out WebhookWithSecret
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/webhooks/" + segment(id) + "/rotate-secret"}, &out)
	return out, err
}

// TestWebhook sends an endpoint an event that tells it nothing.
func (c *Client) TestWebhook(ctx context.Context, id string) (Event, error) {
	var out Event
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/webhooks/" + segment(id) + "/test"}, &out)
	return out, err
}

// ReplayEvent delivers one event to an endpoint once more.
func (c *Client) ReplayEvent(ctx context.Context, id, event string) (Replayed, error) {
	return c.replay(ctx, id, map[string]any{"event": event})
}

// ReplaySince delivers what an endpoint has missed since a time.
func (c *Client) ReplaySince(ctx context.Context, id string, since time.Time) (Replayed, error) {
	return c.replay(ctx, id, map[string]any{"since": since.UTC()})
}

func (c *Client) replay(ctx context.Context, id string, body map[string]any) (Replayed, error) {
	var out Replayed
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/webhooks/" + segment(id) + "/replay", body: body}, &out)
	return out, err
}

// Deliveries lists an endpoint's deliveries, newest first; state "" is every one.
func (c *Client) Deliveries(ctx context.Context, id, state string) iter.Seq2[Delivery, error] {
	return list[Delivery](ctx, c, "/webhooks/"+segment(id)+"/deliveries", url.Values{"state": {state}})
}

// Events lists events, newest first.
func (c *Client) Events(ctx context.Context, filter EventFilter) iter.Seq2[Event, error] {
	query := url.Values{"type": {filter.Type}, "subject": {filter.Subject}}
	if !filter.Since.IsZero() {
		query.Set("since", filter.Since.UTC().Format(time.RFC3339Nano))
	}
	return list[Event](ctx, c, "/events", query)
}
