package ims

import (
	"context"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/expiry"
	"latchkey/internal/keypair"
	"latchkey/internal/secret"
)

// Place is a sandbox of an organization.
type Place struct{ Organization, Sandbox string }

// Key is one version of a key pair that goes by an alias.
type Key struct {
	// ID is `imskey_` and a ULID.
	ID, Organization, Sandbox string
	Alias                     string
	// Version counts the pairs of the alias from 1. The Current one signs.
	Version int
	Current bool
	// Certificate is the public part; nil when a key was imported without one.
	Certificate *keypair.Certificate
	Private     secret.String // PEM
	CreatedBy   string
	CreatedAt   time.Time
}

// Store keeps configurations and keys. It MUST seal secrets and private keys, bound to their row. Entries are recorded with
// the change.
type Store interface {
	// Create keeps a configuration: [ErrNameTaken].
	Create(ctx context.Context, c Configuration, entry audit.Entry) error
	// Find gives one by its id or its name: [ErrNotFound].
	Find(ctx context.Context, place Place, ref string) (Configuration, error)
	// List gives those of a sandbox, by their names.
	List(ctx context.Context, place Place) ([]Configuration, error)
	// Change replaces one whose version is still the same: [ErrConflict].
	Change(ctx context.Context, c Configuration, entry audit.Entry) error
	// Delete removes one: [ErrNotFound]. It MUST NOT remove one that a cloud service names: [ErrServes].
	Delete(ctx context.Context, place Place, id string, entry audit.Entry) error
	// Served fails with [ErrServes] when a cloud service names a configuration.
	Served(ctx context.Context, place Place, id string) error
	// Record keeps an entry of what changes nothing here: an export of secrets.
	Record(ctx context.Context, entry audit.Entry) error
	// KeepCheck replaces what is known of a configuration's last check, and passes over one that is gone.
	KeepCheck(ctx context.Context, c Checked) error
	// Checks gives those of a sandbox that were made since their configurations last changed, by name.
	Checks(ctx context.Context, place Place) ([]Checked, error)
	KeyStore
}

// KeyStore is the store's part for keys.
type KeyStore interface {
	// AddKey keeps the next version of an alias, or the first: [ErrConflict] when the version is there.
	AddKey(ctx context.Context, k Key, entry audit.Entry) error
	// Keys gives the versions of an alias, of every alias when it is "", by alias and version.
	Keys(ctx context.Context, place Place, alias string) ([]Key, error)
	// SwitchKey makes a version the current one: [ErrNotFound].
	SwitchKey(ctx context.Context, place Place, alias string, version int, entry audit.Entry) error
	// RemoveKey removes a version, or with 0 the alias: [ErrNotFound]. It MUST NOT remove an alias that a configuration
	// names: [ErrInUse].
	RemoveKey(ctx context.Context, place Place, alias string, version int, entry audit.Entry) error
	// KeyEndings gives the current keys that end as asked, the first to end first, without their private parts.
	KeyEndings(ctx context.Context, q expiry.Query) ([]Key, error)
}
