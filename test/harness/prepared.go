package harness

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// prepared is what a first `latchkey dev` leaves in its data directory: path → content. Making keys, schema and samples takes
// three quarters of a start's time, and most tests are about what comes after.
var prepared = sync.OnceValues(func() (files map[string][]byte, err error) {
	program, err := binary()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "latchkey-prepared-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	data, ready := filepath.Join(dir, "data"), filepath.Join(dir, "ready.json")
	command := exec.Command(program, "dev", "--listen", "127.0.0.1:0", "--data", data, "--ready", ready, "--log-level", "error")
	command.Env, command.Stderr = environment(), os.Stderr
	if err := command.Start(); err != nil {
		return nil, err
	}
	for begun := time.Now(); time.Since(begun) < 30*time.Second; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(ready); err == nil {
			break
		}
	}
	_ = command.Process.Signal(terminate)
	if err := command.Wait(); err != nil {
		return nil, fmt.Errorf("preparing a data directory: %w", err)
	}
	files = map[string][]byte{}
	err = filepath.WalkDir(data, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(data, path)
		if err == nil {
			files[name], err = os.ReadFile(path)
		}
		return err
	})
	return files, err
})

// Prepare fills a data directory with what a first `latchkey dev` leaves. All that are prepared by a test's process hold the
// same keys and samples.
func Prepare(t testing.TB, data string) {
	t.Helper()
	files, err := prepared()
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		path := filepath.Join(data, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, content, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}
