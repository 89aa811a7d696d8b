package client

import (
	"context"
	"iter"
	"net/url"
	"time"
)

// Decision is why the authorization server refused a token, once or several times that are alike.
type Decision struct {
	ID         string `json:"id"`
	Credential string `json:"credential"`
	ClientID   string `json:"client_id"`
	// Error and Description are what the client was told.
	Error       string `json:"error"`
	Description string `json:"error_description"`
	// Reasons are what it was not told, and Advice is what to do.
	Reasons []DecisionReason `json:"reasons"`
	Advice  string           `json:"advice"`
	Grant   string           `json:"grant"`
	Path    string           `json:"path"`
	// From is the address that it came from, "" for several.
	From      string    `json:"from"`
	UserAgent string    `json:"user_agent"`
	Count     int64     `json:"count"`
	FirstAt   time.Time `json:"first_at"`
	LastAt    time.Time `json:"last_at"`
	// DebugIDs are the x-debug-id of the answers, of the first 20.
	DebugIDs []string `json:"debug_ids"`

	Answer
}

// DecisionReason is one fact of a decision.
type DecisionReason struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Decisions gives why a credential got no token, the newest first. Each round of the loop may ask the server for more.
func (c *Client) Decisions(ctx context.Context, credential string) iter.Seq2[Decision, error] {
	return list[Decision](ctx, c, "/credentials/"+segment(credential)+"/decisions", nil)
}

// ExplainRefusal gives the refusal whose answer had a debug id; false when nothing is known of it.
func (c *Client) ExplainRefusal(ctx context.Context, debugID string) (Decision, bool, error) {
	for d, err := range list[Decision](ctx, c, "/decisions", url.Values{"debug_id": {debugID}}) {
		return d, err == nil, err
	}
	return Decision{}, false, nil
}
