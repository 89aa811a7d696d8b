package authority

import (
	"context"
	"time"
)

// Store keeps what the server can't make again. Private keys MUST be sealed.
type Store interface {
	Families
	// Keys gives every signing key.
	Keys(ctx context.Context) ([]StoredKey, error)
	// AddKey keeps a key, unless one of the algorithm and number is there: another node was first.
	AddKey(ctx context.Context, key StoredKey) error
	// Revoke keeps the id of a token that counts no more, until it would have ended.
	Revoke(ctx context.Context, token Revoked) error
	// Revoked gives the ids that were revoked since a time and have not ended before another.
	Revoked(ctx context.Context, since, ended time.Time) ([]Revoked, error)
	// UseJTI notes the jti of an assertion: false when one as high, or higher, was used with the binding before.
	UseJTI(ctx context.Context, binding string, jti int64) (fresh bool, err error)
	// UseAssertion notes that an assertion was used: false when it was before. It is kept until it ends, at least.
	UseAssertion(ctx context.Context, id string, ends time.Time) (fresh bool, err error)
	// SweepAssertions lets go of assertions that ended before a time.
	SweepAssertions(ctx context.Context, before time.Time) error
}

// Revoked is a token that counts no more.
type Revoked struct {
	ID           string
	Organization string
	By           string
	At, EndsAt   time.Time
}
