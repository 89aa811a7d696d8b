package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrateSQLite brings the schema of the file to this version.
func migrateSQLite(ctx context.Context, db *sql.DB, log *slog.Logger) error {
	return migrate(ctx, db, log, goose.DialectSQLite3, migrations)
}

// migratePostgres does so for one node at a time, while others that start wait.
func migratePostgres(ctx context.Context, db *sql.DB, log *slog.Logger) error {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return fmt.Errorf("locking the migrations: %w", err)
	}
	return migrate(ctx, db, log, goose.DialectPostgres, translated{migrations}, goose.WithSessionLocker(locker))
}

// migrate brings the schema to this version. A newer one is refused: this version can't know what it means.
func migrate(ctx context.Context, db *sql.DB, log *slog.Logger, dialect goose.Dialect, all fs.FS, options ...goose.ProviderOption) error {
	folder, err := fs.Sub(all, "migrations")
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	provider, err := goose.NewProvider(dialect, db, folder, append(options, goose.WithLogger(goose.NopLogger()))...)
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
	var took time.Duration
	for _, m := range applied {
		took += m.Duration
		log.Debug("a migration was made", "migration", m.Source.Path, "took", m.Duration)
	}
	if len(applied) > 0 {
		log.Info("migrated the database", "from", current, "to", known, "migrations", len(applied), "took", took)
	}
	return nil
}

// migrateTo brings the schema to a version, for what an older program has written; one that is past it is refused.
func migrateTo(ctx context.Context, db *sql.DB, version int64, dialect goose.Dialect, all fs.FS) error {
	folder, err := fs.Sub(all, "migrations")
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	provider, err := goose.NewProvider(dialect, db, folder, goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	current, err := provider.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("reading the schema's version: %w", err)
	}
	if current > version {
		return fmt.Errorf("the database's schema is %d already, and the backup's is %d: give a database without tables", current, version)
	}
	if _, err := provider.UpTo(ctx, version); err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	return nil
}

// translated is the migrations as PostgreSQL reads them.
type translated struct{ embed.FS }

func (t translated) Open(name string) (fs.File, error) {
	file, err := t.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return file, err
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	return translatedFile{file, strings.NewReader(translate(string(text)))}, nil
}

// ReadFile keeps [fs.ReadFile] from reading past Open.
func (t translated) ReadFile(name string) ([]byte, error) {
	text, err := t.FS.ReadFile(name)
	return []byte(translate(string(text))), err
}

type translatedFile struct {
	fs.File
	text *strings.Reader
}

func (f translatedFile) Read(p []byte) (int, error) { return f.text.Read(p) }

// NewerError says that the database was written by a newer version of this program.
type NewerError struct{ Database, Known int64 }

func (e *NewerError) Error() string {
	return fmt.Sprintf("the database was written by a newer version of Latchkey: its schema is %d, and this version "+
		"knows up to %d. Run the newer version, or restore a backup that this version made", e.Database, e.Known)
}
