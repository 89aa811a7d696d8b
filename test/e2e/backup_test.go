package e2e_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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

// TestOfflineBackup backs up a data directory whose server does not run, and brings it back elsewhere. One that a server
// holds is refused.
func TestOfflineBackup(t *testing.T) {
	data := t.TempDir()
	first, other := filepath.Join(data, "first"), filepath.Join(data, "other")
	passphrase, file := filepath.Join(data, "passphrase"), filepath.Join(data, "backup.age")
	if err := os.WriteFile(passphrase, []byte("correct horse battery\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	backup := func() harness.Result {
		return harness.Command(t, "", "backup", "--offline", "--out", file, "--passphrase", "@"+passphrase, "--data", first)
	}
	s := harness.DevIn(t, first)
	want := sampleIDs(t, s)
	if done := backup(); done.Code != 1 || !strings.Contains(done.Stderr, "is in use by process") {
		t.Errorf("backup of what a server holds: %+v", done)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a backup that was refused left a file")
	}
	s.Stop()
	if done := backup(); done.Code != 0 || !strings.Contains(done.Stdout, "wrote "+file) {
		t.Fatalf("backup: %+v", done)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup is %v, %v, want it readable by its owner alone", info, err)
	}
	root, err := os.ReadFile(filepath.Join(first, "keys", "root.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(other, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(other, "keys", "root.key"), root, 0o600); err != nil {
		t.Fatal(err)
	}
	if done := harness.Command(t, "", "restore", file, "--passphrase", "@"+passphrase, "--data", other); done.Code != 0 {
		t.Fatalf("restore: %+v", done)
	}
	again := harness.DevIn(t, other)
	if done := again.Run("audit", "verify"); done.Code != 0 {
		t.Errorf("audit verify: %+v", done)
	}
	if diff := cmp.Diff(want, sampleIDs(t, again)); diff != "" {
		t.Errorf("the connections that came back (-want +got)\n%s", diff)
	}
}

// sampleIDs gives the samples' ids by their labels. Those of IMS configurations are not among them: they follow the server to another
// port by a new connection.
func sampleIDs(t *testing.T, s *harness.Server) map[string]string {
	t.Helper()
	ids := map[string]string{}
	for _, label := range []string{"sample-authorization-code", "sample-password", "sample-client-credentials"} {
		found := s.Must(http.StatusOK, "GET", "/api/v1/connections/"+label, nil).JSON(t)
		ids[label], _ = found["id"].(string)
	}
	return ids
}
