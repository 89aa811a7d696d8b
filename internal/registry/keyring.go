package registry

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/clock"
)

// The errors of authentication. What is told to the outside is the same for all of them.
var (
	ErrUnknownKey = errors.New("the key is not known")
	ErrKeyExpired = errors.New("the key has expired")
	ErrKeyRevoked = errors.New("the key was revoked")
)

// KeyringConfig is what a [Keyring] works with.
type KeyringConfig struct {
	Store KeyStore
	// Hash is the installation's keyed hash: seal.Keyring.Hash.
	Hash  func(purpose string, data []byte) [32]byte
	Clock clock.Clock
	// Log gets what goes wrong in the background; nil means none.
	Log *slog.Logger
	// FlushEvery is how often the times of last use are written; 0 means 10 s.
	FlushEvery time.Duration
	// ReloadEvery is how often keys that other nodes made or revoked are read; 0 means 15 s.
	ReloadEvery time.Duration
}

// Keyring authenticates callers by their keys, from memory, and holds the use cases of keys.
type Keyring struct{}

// OpenKeyring reads the keys and starts the background work; [Keyring.Close] ends it.
func OpenKeyring(ctx context.Context, config KeyringConfig) (*Keyring, error) {
	return nil, errors.ErrUnsupported
}

// Authenticate gives the caller that a presented key stands for: no I/O, no lock. The errors are [ErrUnknownKey],
// [ErrKeyExpired] and [ErrKeyRevoked].
func (k *Keyring) Authenticate(presented string) (access.Caller, error) {
	return access.Caller{}, ErrUnknownKey
}

// Create makes a key in the caller's organization. It can't grant what the caller does not have: neither scopes,
// nor other sandboxes, nor a longer life.
func (k *Keyring) Create(ctx context.Context, caller access.Caller, ask NewKey) (CreatedKey, error) {
	return CreatedKey{}, errors.ErrUnsupported
}

// List gives the keys that the caller sees, newest first, revoked ones too.
func (k *Keyring) List(ctx context.Context, caller access.Caller) ([]Key, error) {
	return nil, errors.ErrUnsupported
}

// Key gives one by its id.
func (k *Keyring) Key(ctx context.Context, caller access.Caller, id string) (Key, error) {
	return Key{}, errors.ErrUnsupported
}

// Revoke ends a key at once, on this node before it returns. A key that is revoked already stays as it is.
func (k *Keyring) Revoke(ctx context.Context, caller access.Caller, id string) (Key, error) {
	return Key{}, errors.ErrUnsupported
}

// Reload reads the keys anew; news from another node calls it.
func (k *Keyring) Reload(ctx context.Context) error { return errors.ErrUnsupported }

// Close writes the times of last use and ends the background work.
func (k *Keyring) Close(ctx context.Context) error { return nil }
