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
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"

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

// Store is an open database. It is safe for concurrent use.
type Store struct {
	log     *slog.Logger
	readers *sql.DB
	writer  *writer
	keyring *seal.Keyring

	incarnation string
	subscribers subscribers

	mu       sync.RWMutex
	prepared map[string]*sql.Stmt // SQL text → statement of the readers
}

// Open opens the database, brings it to this version, and opens its keyring.
func Open(ctx context.Context, config Config) (*Store, error) {
	if config.Root == nil {
		return nil, errors.New("opening the store: a root key is needed, secrets are not stored without one")
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Readers <= 0 {
		config.Readers = 4
	}
	s := &Store{log: config.Log, incarnation: newIncarnation(), prepared: map[string]*sql.Stmt{}}
	if err := s.open(ctx, config); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("opening the store %s: %w", config.Path, err)
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, config Config) error {
	if err := createFile(config.Path); err != nil {
		return err
	}
	one, err := openWriter(config.Path)
	if err != nil {
		return err
	}
	if err := migrate(ctx, one, config.Log); err != nil {
		_ = one.Close()
		return err
	}
	if s.writer, err = newWriter(ctx, one); err != nil {
		_ = one.Close()
		return err
	}
	if s.readers, err = openReaders(config.Path, config.Readers); err != nil {
		return err
	}
	if s.keyring, err = seal.Open(ctx, config.Root, dataKeys{s}); err != nil {
		return fmt.Errorf("opening the keyring: %w", err)
	}
	return nil
}

// Close ends the writer after what it was given, and closes the database.
func (s *Store) Close() error {
	var errs []error
	if s.writer != nil {
		errs = append(errs, s.writer.close())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, statement := range s.prepared {
		errs = append(errs, statement.Close())
	}
	s.prepared = nil
	if s.readers != nil {
		errs = append(errs, s.readers.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("closing the store: %w", err)
	}
	return nil
}

// Ping tells whether the database can be read and written; for readiness.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	if err := s.row(ctx, `SELECT 1`).Scan(&one); err != nil {
		return fmt.Errorf("reading the database: %w", err)
	}
	if err := s.write(ctx, func(*tx) error { return nil }); err != nil {
		return fmt.Errorf("writing the database: %w", err)
	}
	return nil
}

// Keyring gives the keyring over the database's data keys.
func (s *Store) Keyring() *seal.Keyring { return s.keyring }
