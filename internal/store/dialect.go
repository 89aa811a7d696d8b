package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"strings"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// This file is what is SQLite's alone.

// beginWrite takes the write lock at once: a transaction that read first could fail when it comes to write.
const beginWrite = `BEGIN IMMEDIATE`

//go:embed migrations/*.sql
var migrations embed.FS

// createFile makes the database's file for its owner alone; SQLite gives its log and index the same mode.
func createFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// source gives the driver's name of a database. FULL syncs the log at every commit: what is committed survives the
// machine.
func source(path string, more ...string) string {
	pragmas := append([]string{
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "temp_store(MEMORY)",
	}, more...)
	query := url.Values{"_pragma": pragmas, "_txlock": {"immediate"}}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query.Encode()}).String()
}

func openWriter(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", source(path, "cache_size(-16384)", "journal_size_limit(67108864)"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

func openReaders(path string, connections int) (*sql.DB, error) {
	db, err := sql.Open("sqlite", source(path, "query_only(ON)"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// migrate brings the schema to this version. A newer one is refused: this version can't know what it means.
func migrate(ctx context.Context, db *sql.DB, log *slog.Logger) error {
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, folder, goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	current, known, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("reading the schema's version: %w", err)
	}
	if current > known {
		return &NewerError{Database: current, Known: known}
	}
	applied, err := provider.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	for _, m := range applied {
		log.Info("migrated the database", "migration", m.Source.Path, "took", m.Duration)
	}
	return nil
}

// NewerError says that the database was written by a newer version of this program.
type NewerError struct{ Database, Known int64 }

func (e *NewerError) Error() string {
	return fmt.Sprintf("the database was written by a newer version of Latchkey: its schema is %d, and this version "+
		"knows up to %d. Run the newer version, or restore a backup that this version made", e.Database, e.Known)
}

// taken tells whether err is a unique constraint that names the column: "connections.label".
func taken(err error, column string) bool {
	failed, ok := errors.AsType[*sqlite.Error](err)
	return ok && (failed.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || failed.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY) &&
		strings.Contains(failed.Error(), column)
}

// dangling tells whether err is a reference to a row that is not there, or is still needed.
func dangling(err error) bool {
	failed, ok := errors.AsType[*sqlite.Error](err)
	return ok && failed.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
}

// selectRevisions reads revisions by a JSON array of numbers; all when it is NULL.
const selectRevisions = `SELECT d.organization, r.definition, r.number, r.document, r.secrets, r.published, r.published_at,
	r.created_at, r.created_by
	FROM revisions r JOIN definitions d ON d.id = r.definition
	WHERE r.definition = $1 AND ($2 IS NULL OR r.number IN (SELECT value FROM json_each($2)))
	ORDER BY r.number`
