// Package idempotency remembers how requests that may come again were answered.
//
// A client that got no answer sends its request again under the same key, and the work must not be done twice. So a
// request is claimed before it is carried out, and its answer is kept for who asks again; a request that only looks
// like the first one (the same key with another body) is told apart by a hash.
//
// The room owns the words and the contract ([Store]), and a [Memory] for a server without a store; idempotencytest
// holds every implementation to it. Which requests may come again, and what of an answer is worth keeping, is for
// those who answer to say.
package idempotency

import (
	"context"
	"errors"
	"time"
)

// ClaimLife is how long a request may be worked on: the process may have died over it.
const ClaimLife = 2 * time.Minute

// The errors of [Store].
var (
	// ErrOtherRequest is given when the key was used with another body.
	ErrOtherRequest = errors.New("the idempotency key was used for another request")
	// ErrInProgress is given while the first request is being worked on.
	ErrInProgress = errors.New("a request with this idempotency key is being worked on")
)

// Replay names a request that may come again.
type Replay struct {
	Organization string
	// Caller is the id of the key or session that sent it.
	Caller string
	// Route is the method and the path.
	Route string
	// Key is the Idempotency-Key as it was sent.
	Key string
	// Request is the hash of the body, and of whatever else makes it another request.
	Request [32]byte
}

// Answer is what was answered.
type Answer struct {
	Status int `json:"status"`
	// Header has the headers that belong to an answer rather than to its delivery.
	Header map[string]string `json:"header,omitempty"`
	Body   []byte            `json:"body,omitempty"`
}

// Store keeps answers. What is kept may hold secrets (a key's value): what outlives the process MUST be sealed.
type Store interface {
	// Begin claims a request. It gives the answer when there is one, else nil: the caller then works, and calls
	// Finish or Abandon. A claim that was never finished is void after [ClaimLife]. The errors are
	// [ErrOtherRequest] and [ErrInProgress].
	Begin(ctx context.Context, replay Replay, now time.Time) (*Answer, error)
	// Finish keeps the answer of a request that was claimed until expires.
	Finish(ctx context.Context, replay Replay, answer Answer, expires time.Time) error
	// Abandon gives a claim back: the same request may be tried again. An answer that is kept stays.
	Abandon(ctx context.Context, replay Replay) error
}
