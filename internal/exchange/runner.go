package exchange

import (
	"context"
	"errors"

	"latchkey/internal/destination"
)

var errUnbuilt = errors.New("exchange: under construction")

// Acquire gets the first token set. An error is a [*Failure].
func (r *Runner) Acquire(ctx context.Context, plan *destination.Plan, in Input) (*TokenSet, error) {
	return nil, errUnbuilt
}

// Renew gets a new token set with what the previous one gives. An error is a [*Failure].
func (r *Runner) Renew(ctx context.Context, plan *destination.Plan, in Input) (*TokenSet, error) {
	return nil, errUnbuilt
}

// Renewable tells whether there is a way to renew these tokens without asking the customer.
func Renewable(plan *destination.Plan, tokens *TokenSet) bool { return false }

// AuthorizeURL gives the address to which the customer's browser is sent to consent.
func (r *Runner) AuthorizeURL(ctx context.Context, plan *destination.Plan, in Input, attempt Attempt) (string, error) {
	return "", errUnbuilt
}
