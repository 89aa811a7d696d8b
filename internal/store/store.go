// Package store keeps what the rooms keep, in SQLite.
//
// It implements the store interfaces that the rooms declare, one type for each: [Registry], [Definitions],
// [Connections], the data keys of seal, and [Idempotency] for the API. What a method of those says is one transaction
// is one, and a write is on the disk when its method returns. One connection writes; writes that come at the same time
// share a transaction and its sync to the disk. Readers see a snapshot and wait for nobody.
//
// Secrets are sealed before they come near the database, each bound to its organization, table, row, column and
// generation, so that a row's ciphertext moved or put back does not open. Nothing secret is in the file, its log or
// its journal.
//
// Migrations go forward only, and a database of a newer version is refused in words. The SQL is what PostgreSQL and
// SQLite share; what is SQLite's alone is in dialect.go.
package store

import (
	"context"
	"errors"
	"log/slog"

	"latchkey/internal/seal"
)

// Config says what to open.
type Config struct {
	// Path is the database's file. It is made when it is not there; its folder must be.
	Path string
	// Root wraps the data keys, which are kept in the database itself. Another root than the one that the database
	// was made with is refused.
	Root seal.Wrapper
	// Log gets migrations and what goes wrong in the background; nil means none.
	Log *slog.Logger
	// Readers is how many connections read; 0 means 4.
	Readers int
}

// Store is an open database.
type Store struct {
	keyring *seal.Keyring
}

// Open opens the database, brings it to this version, and opens its keyring.
func Open(ctx context.Context, config Config) (*Store, error) {
	return nil, errors.ErrUnsupported
}

// Close ends the writer after what it was given, and closes the database.
func (s *Store) Close() error { return nil }

// Ping tells whether the database answers; for readiness.
func (s *Store) Ping(ctx context.Context) error { return errors.ErrUnsupported }

// Keyring gives the keyring over the database's data keys.
func (s *Store) Keyring() *seal.Keyring { return s.keyring }
