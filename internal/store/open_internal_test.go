package store

import (
	"context"
	"path/filepath"
	"testing"

	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/store/pgtest"
)

// testRoot makes a root key.
func testRoot(t *testing.T) seal.Root {
	t.Helper()
	root, err := seal.CreateFileRoot(filepath.Join(t.TempDir(), "root.key"))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func openConfig(t *testing.T, config Config) *Store {
	t.Helper()
	s, err := Open(t.Context(), config)
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

func openForTest(t *testing.T) *Store {
	t.Helper()
	return openConfig(t, Config{Path: filepath.Join(t.TempDir(), "latchkey.db"), Root: testRoot(t)})
}

// openNodes opens stores on one new database, by the addresses that at makes of its own.
func openNodes(t *testing.T, server *pgtest.Server, at ...func(secret.String) secret.String) []*Store {
	t.Helper()
	root, database := testRoot(t), server.URL(server.Database(t, ""))
	stores := make([]*Store, len(at))
	for i, address := range at {
		stores[i] = openConfig(t, Config{URL: address(database), Root: root})
		stores[i].restartGrace = 0
	}
	if _, err := rawExec(t, stores[0], `CREATE TABLE things (name TEXT PRIMARY KEY, number BIGINT NOT NULL)`); err != nil {
		t.Fatal(err)
	}
	return stores
}

// itself leaves an address as it is.
func itself(address secret.String) secret.String { return address }

func rawExec(t *testing.T, s *Store, text string, args ...any) (n int64, err error) {
	t.Helper()
	err = s.write(context.Background(), func(t *tx) error {
		n, err = t.exec(text, args...)
		return err
	})
	return n, err
}

func number(t *testing.T, s *Store, name string) (n int) {
	t.Helper()
	if err := s.row(t.Context(), `SELECT number FROM things WHERE name = $1`, name).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
