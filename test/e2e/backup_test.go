package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/test/harness"
)

// TestBackupAndRestore brings a server with its samples back in another data directory, and refuses what would not.
func TestBackupAndRestore(t *testing.T) {
	data := t.TempDir()
	passphrase, file := filepath.Join(data, "passphrase"), filepath.Join(data, "backup.age")
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(passphrase, "correct horse battery\n")
	s := harness.DevIn(t, filepath.Join(data, "first"))
	if done := s.Run("backup", "--out", file, "--passphrase", "@"+passphrase); done.Code != 0 {
		t.Fatalf("backup: %+v", done)
	}
	s.Stop()
	other := filepath.Join(data, "other")
	restore := func(file, passphrase string) harness.Result {
		return harness.Command(t, "", "restore", file, "--passphrase", "@"+passphrase, "--data", other)
	}
	if done := restore(file, passphrase); done.Code != 1 || !strings.Contains(done.Stderr, "root key") {
		t.Errorf("restore without the root key: %+v", done)
	}
	root, err := os.ReadFile(filepath.Join(data, "first", "keys", "root.key"))
	if err != nil {
		t.Fatal(err)
	}
	write(filepath.Join(other, "keys", "root.key"), string(root))
	write(filepath.Join(data, "wrong"), "another passphrase\n")
	if done := restore(file, filepath.Join(data, "wrong")); done.Code != 1 || !strings.Contains(done.Stderr, "the passphrase is another one") {
		t.Errorf("restore with another passphrase: %+v", done)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(filepath.Join(data, "cut.age"), string(whole[:len(whole)-50]))
	if done := restore(filepath.Join(data, "cut.age"), passphrase); done.Code != 1 || !strings.Contains(done.Stderr, "damaged") {
		t.Errorf("restore of a part: %+v", done)
	}
	if _, err := os.Stat(filepath.Join(other, "latchkey.db")); err == nil {
		t.Error("a restore that was refused left a database")
	}
	if done := restore(file, passphrase); done.Code != 0 || !strings.Contains(done.Stdout, "restored") {
		t.Fatalf("restore: %+v", done)
	}
	if done := restore(file, passphrase); done.Code != 1 || !strings.Contains(done.Stderr, "not empty") {
		t.Errorf("restore over data: %+v", done)
	}
	again := harness.DevIn(t, other)
	for _, args := range [][]string{{"audit", "verify"}, {"audit", "verify", "--installation"}, {"audit", "list", "--installation", "--action", "backup.restore"}} {
		if done := again.Run(args...); done.Code != 0 {
			t.Errorf("%v: %+v", args, done)
		}
	}
	if done := again.Run("connection", "list", "--json"); done.Code != 0 || !strings.Contains(done.Stdout, "conn_") {
		t.Errorf("connection list: %+v", done)
	}
}
