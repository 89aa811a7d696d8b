// Package storetest gives tests a database that has its schema: making one anew costs ten times what opening it does, and most
// tests are about what comes after.
package storetest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"latchkey/internal/store"
)

// File is what the database is called in the folder.
const File = "latchkey.db"

// Folder makes a folder with a migrated database without data. It is to be called outside of a synctest bubble.
func Folder(t testing.TB) string {
	t.Helper()
	content, err := migrated()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, File), content, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// migrated is the file, made once a process.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "latchkey-schema-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, File)
	if err := store.MigrateFile(context.Background(), path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})
