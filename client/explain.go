package client

import (
	"context"
	"encoding/json"
	"net/http"
)

// ExplainInput says what to explain: a stored definition by reference, or a document that need not be stored.
type ExplainInput struct {
	Definition string
	// Document is {"authentication":{…}}, with or without a name, or a whole destination. It wins over Definition.
	Document json.RawMessage
	// Fields are the customer's values.
	Fields        map[string]any
	Configuration int
}

// Explanation is the requests that a connection would send, in order, with secrets masked.
type Explanation struct {
	Requests []ExplainedRequest `json:"requests"`
	Problems []Problem          `json:"problems"`

	Answer
}

// ExplainedRequest is one request that would be sent.
type ExplainedRequest struct {
	// Purpose is "authorize", "acquire", "renew", "revoke" or "step:NAME".
	Purpose     string   `json:"purpose"`
	When        string   `json:"when"`
	Method      string   `json:"method"`
	URL         string   `json:"url"`
	Headers     []Header `json:"headers"`
	ContentType string   `json:"content_type"`
	Body        string   `json:"body"`
	// Notes say what the masks hide, and what only the real exchange knows.
	Notes []string `json:"notes"`
}

// Header is one header field.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Explain tells which requests would be sent. The server sends none.
func (c *Client) Explain(ctx context.Context, input ExplainInput) (Explanation, error) {
	body := struct {
		Definition    any            `json:"definition"`
		Fields        map[string]any `json:"fields,omitempty"`
		Configuration int            `json:"configuration,omitzero"`
	}{input.Definition, input.Fields, input.Configuration}
	if input.Document != nil {
		body.Definition = input.Document
	}
	var out Explanation
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/explain", body: body}, &out)
	return out, err
}
