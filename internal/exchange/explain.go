package exchange

import (
	"context"

	"latchkey/internal/destination"
)

// Explained is a request that a plan would send, with every secret masked.
type Explained struct {
	// Purpose is "authorize", "acquire", "renew" or "step:NAME".
	Purpose     string
	When        string
	Method, URL string
	Headers     []Header
	ContentType string
	Body        string
	// Notes say what the masks hide, and what only the real round knows.
	Notes []string
}

// Header is a header of a request.
type Header struct{ Name, Value string }

// Explain gives the requests that would be sent, in their order. It sends nothing.
func (r *Runner) Explain(ctx context.Context, plan *destination.Plan, in Input) ([]Explained, error) {
	return nil, errUnbuilt
}
