// Package store keeps what the rooms keep, in SQLite or in PostgreSQL.
//
// It implements the store interfaces that the rooms declare, one type for each: [Registry], [Definitions],
// [Connections], the data keys of seal, and [Idempotency] for the API. What a method of those says is one transaction
// is one, and a write is on the disk when its method returns. Writes that come at the same time share a transaction and
// its sync to the disk. Readers see a snapshot and wait for nobody.
//
// Over PostgreSQL several processes share a database. What changes a row says what it must find there, so that two
// nodes never overwrite each other unseen; a node tells the others what it changed ([Store.News]), and each shows that
// it lives ([Store.Incarnation]). While the server is away, reads and writes fail with [ErrUnavailable] at once.
//
// Secrets are sealed before they come near the database, each bound to its organization, table, row, column and
// generation, so that a row's ciphertext moved or put back does not open. Nothing secret is in the file, its log or
// its journal.
//
// Migrations go forward only, and a database of a newer version is refused in words. The SQL is what PostgreSQL and
// SQLite share; what is not is in dialect_sqlite.go and dialect_postgres.go.
package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"latchkey/internal/clock"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
)

// Config says what to open.
type Config struct {
	// Path is the SQLite database's file. It is made when it is not there; its folder must be.
	Path string
	// URL is a PostgreSQL database's address, postgres://…; with it, Path stands for nothing.
	URL secret.String
	// Root wraps the data keys, which are kept in the database itself. Another root than the one that the database
	// was made with is refused, but beside that one, which Previous then is: a rotation to it can begin.
	Root     seal.Root
	Previous seal.Root
	// Clock tells when what is recorded happened, where a room does not; nil is the machine's.
	Clock clock.Clock
	// Log gets migrations and what goes wrong in the background; nil means none.
	Log *slog.Logger
	// Readers is how many connections read; 0 means 4, of PostgreSQL 8.
	Readers int
	// Writers is how many connections to PostgreSQL write; 0 means 2. Over SQLite it is always one.
	Writers int

	// Tracer makes spans of writes, and Meter counts them; nil is none.
	Tracer trace.Tracer
	Meter  metric.Meter

	limit time.Duration // of a statement at the server, in tests; 0 is the dialect's
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	log         *slog.Logger
	clock       clock.Clock
	dialect     dialect
	readers     *sql.DB
	writer      *writer
	keyring     *seal.Keyring
	presence    *presence // nil over SQLite
	incarnation string
	// predecessors are the incarnations before it on this machine whose claims are not ended yet, lives the file of them.
	predecessors []string
	lives        string
	subscribers  subscribers
	emitted      chan struct{} // outbox.go
	// restartGrace is the constant, but in tests.
	restartGrace time.Duration
	tracer       trace.Tracer
	meters       *meters
	spill        atomic.Pointer[Spill]

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
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	s := &Store{
		log: config.Log, clock: config.Clock, incarnation: newIncarnation(), restartGrace: restartGrace, prepared: map[string]*sql.Stmt{},
		emitted: make(chan struct{}, 1),
	}
	if s.tracer = config.Tracer; s.tracer == nil {
		s.tracer = noop.NewTracerProvider().Tracer("store")
	}
	var err error
	if s.meters, err = newMeters(s, config.Meter); err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	if err := s.open(ctx, config); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("opening the store %s: %w", config.Place(), err)
	}
	return s, nil
}

// Place names the database for people, without a password.
func (c Config) Place() string {
	if c.URL.Empty() {
		return c.Path
	}
	return RedactURL(c.URL)
}

func (s *Store) open(ctx context.Context, config Config) (err error) {
	if config.URL.Empty() {
		err = s.openFile(ctx, config)
	} else {
		err = s.openServer(ctx, config)
	}
	if err != nil {
		return err
	}
	s.keyring, err = seal.Open(ctx, seal.Config{Root: config.Root, Previous: config.Previous, Store: dataKeys{s}, Clock: config.Clock, Log: config.Log})
	return err // it says that it opened the keyring
}

func (s *Store) openFile(ctx context.Context, config Config) error {
	s.dialect = sqliteDialect()
	if err := createFile(config.Path); err != nil {
		return err
	}
	one, err := sqliteWriter(config.Path)
	if err != nil {
		return err
	}
	if err := migrateSQLite(ctx, one, config.Log); err != nil {
		_ = one.Close()
		return err
	}
	if s.writer, err = newWriter(ctx, one, s, 1); err != nil {
		return err
	}
	s.readers, err = sqliteReaders(config.Path, cmp.Or(config.Readers, 4))
	return err
}

// MigrateFile makes a database file of this version, or brings one there, and leaves it closed.
func MigrateFile(ctx context.Context, path string) error {
	if err := createFile(path); err != nil {
		return err
	}
	one, err := sqliteWriter(path)
	if err != nil {
		return err
	}
	return errors.Join(migrateSQLite(ctx, one, slog.New(slog.DiscardHandler)), one.Close())
}

func (s *Store) openServer(ctx context.Context, config Config) error {
	s.dialect = postgresDialect()
	s.dialect.limit = cmp.Or(config.limit, s.dialect.limit)
	server, err := parseURL(config.URL)
	if err != nil {
		return err
	}
	if err := prepareServer(ctx, server, config.Log); err != nil {
		return err
	}
	if s.presence, err = openPresence(ctx, server, s.incarnation, s.subscribers.tell, config.Log); err != nil {
		return err
	}
	writers := cmp.Or(config.Writers, 2)
	s.writer, err = newWriter(ctx, openServer(server, writers, writerParams), s, writers)
	if err != nil {
		return err
	}
	s.readers = openServer(server, cmp.Or(config.Readers, 8), readerParams)
	return s.sweepMarks(ctx)
}

// Close ends the writer after what it was given, and closes the database.
func (s *Store) Close() error {
	var errs []error
	if s.keyring != nil {
		s.keyring.Close()
	}
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
	if s.presence != nil {
		s.presence.close()
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("closing the store: %w", err)
	}
	return nil
}

// Ping tells whether the database can be read and written, and whether the other nodes see this one; for readiness.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	if err := s.row(ctx, `SELECT 1`).Scan(&one); err != nil {
		return fmt.Errorf("reading the database: %w", err)
	}
	if err := s.write(ctx, func(*tx) error { return nil }); err != nil {
		return fmt.Errorf("writing the database: %w", err)
	}
	if s.presence != nil && !s.presence.held.Load() {
		return fmt.Errorf("telling the other nodes of this one: %w", ErrUnavailable)
	}
	return nil
}

// Keyring gives the keyring over the database's data keys.
func (s *Store) Keyring() *seal.Keyring { return s.keyring }
