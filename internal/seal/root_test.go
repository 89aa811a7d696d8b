package seal_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"latchkey/internal/seal"
)

func TestFileRoot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "root.key")
	made, err := seal.CreateFileRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("the file has mode %v, %v, want 0600", info.Mode(), err)
	}
	read, err := seal.FileRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	if made.KeyID() != read.KeyID() || !strings.HasPrefix(read.KeyID(), "root_") {
		t.Errorf("KeyID() = %q when made, %q when read", made.KeyID(), read.KeyID())
	}
	wrapped, err := made.Wrap(context.Background(), []byte("data key"), []byte("place"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := read.Unwrap(context.Background(), wrapped, []byte("place")); err != nil || string(got) != "data key" {
		t.Errorf("Unwrap() = %q, %v", got, err)
	}
	if _, err := read.Unwrap(context.Background(), wrapped, []byte("another place")); err == nil {
		t.Error("Unwrap() for another place succeeds")
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v, want the key alone", entries, err)
	}
}

func TestCreateFileRootNeverOverwrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "root.key")
	var made atomic.Int32
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			_, err := seal.CreateFileRoot(path)
			switch {
			case err == nil:
				made.Add(1)
			case !errors.Is(err, fs.ErrExist):
				t.Errorf("CreateFileRoot() = %v, want fs.ErrExist", err)
			}
		})
	}
	wait.Wait()
	if made.Load() != 1 {
		t.Errorf("%d of 8 made the file, want 1", made.Load())
	}
	if _, err := seal.FileRoot(path); err != nil {
		t.Error(err)
	}
}

func TestFileRootRefuses(t *testing.T) {
	folder := t.TempDir()
	good := filepath.Join(folder, "good")
	if _, err := seal.CreateFileRoot(good); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	whole := string(text)
	mark := strings.Index(whole, "latchkey-root-1:")
	for name, c := range map[string]struct {
		text string
		mode fs.FileMode
		want string
	}{
		"group":   {whole, 0o640, "chmod 600 "},
		"others":  {whole, 0o604, "mode 0604"},
		"empty":   {"", 0o600, "no key"},
		"notice":  {whole[:mark], 0o600, "no key"},
		"cut":     {whole[:mark+30], 0o600, "damaged"},
		"foreign": {"canary-secret", 0o600, "not a root key"},
		"base64":  {"latchkey-root-1:canary!", 0o600, "damaged"},
	} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		_, err := seal.FileRoot(path)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("FileRoot() of %s = %v, want %q and the path in it", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("FileRoot() of %s = %q quotes the file", name, err)
		}
	}
	if _, err := seal.FileRoot(filepath.Join(folder, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("FileRoot() of no file = %v, want fs.ErrNotExist", err)
	}
	if _, err := seal.FileRoot(folder); err == nil {
		t.Error("FileRoot() of a folder succeeds")
	}
	if _, err := seal.FileRoot(good); err != nil {
		t.Errorf("FileRoot() of the good one = %v", err)
	}
}
