package file_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"latchkey/internal/file"
)

// want fails unless the folder of path holds it alone, with the content and the mode.
func want(t *testing.T, path, content string, mode fs.FileMode) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil || string(text) != content {
		t.Errorf("%s = %q, %v, want %q", path, text, err, content)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
		t.Errorf("the mode is %v, %v, want %v", info.Mode().Perm(), err, mode)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("the folder holds %v, want one file", entries)
	}
}

func TestCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "root.key")
	if err := file.Create(path, []byte("first"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := file.Create(path, []byte("second"), 0o600); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create over a file = %v, want fs.ErrExist", err)
	}
	want(t, path, "first", 0o600)
}

func TestCreateAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "root.key")
	var group sync.WaitGroup
	var made atomic.Int32
	for i := range 16 {
		group.Go(func() {
			switch err := file.Create(path, []byte(strings.Repeat(strconv.Itoa(i%10), 1<<16)), 0o600); {
			case err == nil:
				made.Add(1)
			case !errors.Is(err, fs.ErrExist):
				t.Error(err)
			}
		})
	}
	group.Wait()
	text, err := os.ReadFile(path)
	if made.Load() != 1 || err != nil || len(text) != 1<<16 || strings.Trim(string(text), string(text[:1])) != "" {
		t.Errorf("%d of 16 made the file, which has %d bytes, %v", made.Load(), len(text), err)
	}
}

func TestReplace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ca.crt")
	for _, content := range []string{"first, and longer", "second"} {
		if err := file.Replace(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		want(t, path, content, 0o644)
	}
}

func TestNothingIsLeftOfAFailure(t *testing.T) {
	folder := t.TempDir()
	if err := file.Replace(filepath.Join(folder, "none", "x"), nil, 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Replace in no folder = %v, want fs.ErrNotExist", err)
	}
	path := filepath.Join(folder, "taken")
	if err := os.MkdirAll(filepath.Join(path, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := file.Replace(path, []byte("x"), 0o600); err == nil {
		t.Error("a folder was replaced by a file")
	}
	if entries, _ := os.ReadDir(folder); len(entries) != 1 {
		t.Errorf("the folder holds %v, want one folder", entries)
	}
}
