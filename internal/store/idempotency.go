package store

import (
	"context"
	"errors"
	"time"
)

// Replay names a request that may come again.
type Replay struct {
	Organization string
	// Caller is the id of the key or session that sent it.
	Caller string
	// Route is the method and the pattern: "POST /api/v1/connections".
	Route string
	// Key is the Idempotency-Key as it was sent; only its hash is kept.
	Key string
	// Request is the hash of the body.
	Request [32]byte
}

// Answer is what was answered.
type Answer struct {
	Status int
	// Header has the headers worth keeping: Location, Content-Type.
	Header map[string]string
	Body   []byte
}

// The errors of [Idempotency].
var (
	// ErrOtherRequest is given when the key was used with another body.
	ErrOtherRequest = errors.New("the idempotency key was used for another request")
	// ErrInProgress is given while the first request is being worked on.
	ErrInProgress = errors.New("a request with this idempotency key is being worked on")
)

// Begin claims a key. It gives the answer when there is one, else nil: the caller then works, and calls Finish or
// Abandon. A claim that was never finished is void after claimLife.
func (i Idempotency) Begin(ctx context.Context, replay Replay, now time.Time) (*Answer, error) {
	return nil, errors.ErrUnsupported
}

// Finish keeps the answer, sealed, until expires.
func (i Idempotency) Finish(ctx context.Context, replay Replay, answer Answer, expires time.Time) error {
	return errors.ErrUnsupported
}

// Abandon gives a claim back: the request failed in a way that may be tried again.
func (i Idempotency) Abandon(ctx context.Context, replay Replay) error { return errors.ErrUnsupported }

// Sweep removes up to limit answers that have expired.
func (i Idempotency) Sweep(ctx context.Context, now time.Time, limit int) (int, error) {
	return 0, errors.ErrUnsupported
}
