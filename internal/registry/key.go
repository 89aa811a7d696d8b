package registry

import (
	"context"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/secret"
)

// KeyHash is what is kept of a key's value: its keyed hash.
type KeyHash [32]byte

// Key is an API key without its value.
type Key struct {
	// ID is `key_` and a ULID.
	ID           string
	Name         string
	Organization string
	// Sandbox is the name of the only one that the key may use; "" means every one.
	Sandbox string
	Scopes  access.Scopes
	// Prefix is the beginning of the value, for people to tell keys apart: `lk_ab12`.
	Prefix string
	Hash   KeyHash
	// CreatedBy is the id of the caller that made it.
	CreatedBy string
	CreatedAt time.Time
	// ExpiresAt, RevokedAt and LastUsedAt are zero for never.
	ExpiresAt, RevokedAt, LastUsedAt time.Time
}

// NewKey asks for a key.
type NewKey struct {
	Name      string
	Sandbox   string
	Scopes    access.Scopes
	ExpiresAt time.Time
}

// CreatedKey is a key with its value, which is shown this once.
type CreatedKey struct {
	Key
	// Value is `lk_` and 43 letters and digits that hold 256 random bits.
	Value secret.String
}

// KeyStore keeps keys. registrytest.TestKeyStore checks an implementation.
type KeyStore interface {
	// CreateKey adds a key: [ErrNotFound] when there is no such organization or sandbox.
	CreateKey(ctx context.Context, key Key) error
	// Keys gives every key of every organization, revoked ones too, in the order of their ids.
	Keys(ctx context.Context) ([]Key, error)
	// RevokeKey sets RevokedAt, once: a key that is revoked keeps its time. [ErrNotFound] when the organization has
	// no such key.
	RevokeKey(ctx context.Context, organization, id string, at time.Time) error
	// TouchKeys sets LastUsedAt by key id; it only ever moves forward, and unknown ids are passed over.
	TouchKeys(ctx context.Context, used map[string]time.Time) error
}
