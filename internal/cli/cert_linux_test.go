package cli_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// At a terminal the passphrase of an encrypted key is asked for, and not shown.
func TestVerifyAsksForThePassphrase(t *testing.T) {
	locked, err := filepath.Abs(filepath.Join("..", "keypair", "testdata", "scrypt.pem"))
	if err != nil {
		t.Fatal(err)
	}
	s := newShell(t, newFakeAPI(t)) // in a folder of its own
	folder := t.TempDir()
	if got := s.run("cert", "create", "--ec", "--dir", folder); got.code != 0 {
		t.Fatalf("= %d\n%s", got.code, got.err)
	}
	p, terminal := newPerson(t)
	done := s.atTerminal(terminal, "cert", "verify", locked, filepath.Join(folder, "certificate_pub.crt"))
	p.answer("Passphrase of "+locked+": ", "test\n")
	if code := <-done; code != 1 {
		t.Errorf("= %d", code)
	}
	// It was opened: what is told is of the key inside. The terminal may show it a moment later.
	p.answer("certificate that were made together\n", "")
	if !strings.Contains(p.screen(), "both are EC P-256, and their public keys differ") {
		t.Errorf("the screen shows\n%s", p.screen())
	}
	lacks(t, "the screen", p.screen(), "pem: test")
}
