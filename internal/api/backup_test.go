package api_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"latchkey/internal/access"
	"latchkey/internal/secret"
	"latchkey/internal/workflow"
)

// TestBackup makes a backup over HTTP, and opens it.
func TestBackup(t *testing.T) {
	h := newHouse(t)
	made := h.must(http.StatusOK, "POST", "/api/v1/backups", `{"passphrase":"a long passphrase"}`)
	plain, err := workflow.Open(strings.NewReader(made.text), workflow.Opening{Passphrase: secret.New("a long passphrase")})
	check(t, err)
	text, err := io.ReadAll(plain)
	check(t, err)
	if !strings.HasPrefix(string(text), `{"latchkey_backup":1`) || !strings.Contains(string(text), `"backup.create"`) {
		t.Errorf("the backup begins as %.100s", text)
	}
	for _, body := range []string{`{}`, `{"passphrase":"short"}`, `{"recipients":["age1xyz"]}`} {
		if got := h.call("POST", "/api/v1/backups", body); got.StatusCode != http.StatusUnprocessableEntity && got.StatusCode != http.StatusBadRequest {
			t.Errorf("%s = %d %s", body, got.StatusCode, got.text)
		}
	}
	if got := h.callWith(h.key(access.RegistryWrite, access.AuditRead), "POST", "/api/v1/backups", `{"passphrase":"a long passphrase"}`); got.slug() != "missing_scope" {
		t.Errorf("without admin = %d %s", got.StatusCode, got.text)
	}
	h.must(http.StatusCreated, "POST", "/api/v1/sandboxes", `{"name":"stage"}`)
	if got := h.callWith(h.keyIn("stage", access.Admin), "POST", "/api/v1/backups", `{"passphrase":"a long passphrase"}`); got.slug() != "other_sandbox" {
		t.Errorf("a sandbox's admin = %d %s", got.StatusCode, got.text)
	}
}
