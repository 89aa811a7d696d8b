package store_test

import (
	"context"
	"database/sql"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/store/pgtest"
	"latchkey/internal/store/storetest"
)

// folder is a data directory with a root key, and with a database of PostgreSQL where that keeps the data.
type folder struct {
	path string
	root seal.Root
	url  secret.String
}

// onBoth runs a test over SQLite and over PostgreSQL.
func onBoth(t *testing.T, test func(t *testing.T, fresh func(testing.TB) folder)) {
	t.Run("SQLite", func(t *testing.T) { test(t, newFolder) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, newServed) })
}

func newFolder(t testing.TB) folder {
	t.Helper()
	path := t.TempDir()
	root, err := seal.CreateFileRoot(filepath.Join(path, "root.key"))
	if err != nil {
		t.Fatal(err)
	}
	return folder{path: path, root: root}
}

// newServed makes a folder with a database of its own on the test binary's server.
func newServed(t testing.TB) folder {
	t.Helper()
	f := newFolder(t)
	server := pgtest.Shared(t)
	f.url = server.URL(server.Database(t, template(t, server)))
	return f
}

// template gives a migrated database without data, made once.
func template(t testing.TB, server *pgtest.Server) string {
	t.Helper()
	const name = "migrated"
	migrated.Do(func() {
		server.Exec(t, `CREATE DATABASE `+name+` TEMPLATE template0`)
		if err := store.Migrate(context.Background(), server.URL(name)); err != nil {
			t.Fatal(err)
		}
	})
	return name
}

var migrated sync.Once

func (f folder) database() string { return filepath.Join(f.path, "latchkey.db") }

func (f folder) config() store.Config {
	return store.Config{Path: f.database(), URL: f.url, Root: f.root, Log: slog.New(slog.DiscardHandler)}
}

func (f folder) open(t testing.TB) *store.Store {
	t.Helper()
	if _, err := os.Stat(f.database()); err != nil && f.url.Empty() {
		if err := os.Rename(filepath.Join(storetest.Folder(t), storetest.File), f.database()); err != nil {
			t.Fatal(err)
		}
	}
	s, err := store.Open(context.Background(), f.config())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// raw opens the database beside the store.
func (f folder) raw(t testing.TB) *sql.DB {
	t.Helper()
	driver, name := "sqlite", f.database()
	if !f.url.Empty() {
		driver, name = "pgx", f.url.Reveal()
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
