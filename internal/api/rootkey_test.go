package api_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/internal/access"
	"latchkey/internal/api"
	"latchkey/internal/seal"
	"latchkey/internal/store"
)

// TestRootKeys reads and rotates as an administrator, as somebody else, and as one of a sandbox.
func TestRootKeys(t *testing.T) {
	h := newHouse(t)
	list := h.must(http.StatusOK, "GET", "/api/v1/root-keys", "")
	items, _ := list.at("items").([]any)
	if len(items) != 1 || !strings.Contains(list.text, `"state":"current"`) || !strings.Contains(list.text, `"held":true`) {
		t.Errorf("root keys = %s", list.text)
	}
	if got := h.must(http.StatusOK, "GET", "/api/v1/root-keys/rotation", ""); got.at("state") != "none" || got.at("from") != nil {
		t.Errorf("rotation = %s", got.text)
	}
	if got := h.call("POST", "/api/v1/root-keys/rotate", ""); got.StatusCode != http.StatusConflict || !strings.Contains(got.text, "seal.previous_root") {
		t.Errorf("rotate with one root key = %d %s", got.StatusCode, got.text)
	}
	h.must(http.StatusCreated, "POST", "/api/v1/sandboxes", `{"name":"stage"}`)
	for _, path := range []string{"GET /api/v1/root-keys", "GET /api/v1/root-keys/rotation", "POST /api/v1/root-keys/rotate"} {
		method, path, _ := strings.Cut(path, " ")
		if got := h.callWith(h.key(access.RegistryWrite, access.AuditRead), method, path, ""); got.slug() != "missing_scope" {
			t.Errorf("%s %s without admin = %d %s", method, path, got.StatusCode, got.text)
		}
		if got := h.callWith(h.keyIn("stage", access.Admin), method, path, ""); got.slug() != "other_sandbox" {
			t.Errorf("%s %s of a sandbox's admin = %d %s", method, path, got.StatusCode, got.text)
		}
	}
}

// TestRotateRootKey goes through a rotation over HTTP.
func TestRotateRootKey(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "latchkey.db")
	old, err := seal.CreateFileRoot(filepath.Join(dir, "old.key"))
	check(t, err)
	next, err := seal.CreateFileRoot(filepath.Join(dir, "new.key"))
	check(t, err)
	first, err := store.Open(t.Context(), store.Config{Path: path, Root: old})
	check(t, err)
	check(t, first.Close())
	kept, err := store.Open(t.Context(), store.Config{Path: path, Root: next, Previous: old})
	check(t, err)
	t.Cleanup(func() { _ = kept.Close() })
	kept.Keyring().Start()
	h := newHouse(t, func(c *api.Config) { c.RootKeys = kept.Keyring() })
	begun := h.must(http.StatusAccepted, "POST", "/api/v1/root-keys/rotate", "")
	if begun.at("from") != old.KeyID() || begun.at("to") != next.KeyID() || begun.at("total") != 1.0 {
		t.Errorf("rotate = %s", begun.text)
	}
	for h.must(http.StatusOK, "GET", "/api/v1/root-keys/rotation", "").at("state") != "finished" {
		if t.Context().Err() != nil {
			t.Fatal("it does not end")
		}
	}
	list := h.must(http.StatusOK, "GET", "/api/v1/root-keys", "").text
	if !strings.Contains(list, `"state":"retired"`) || strings.Contains(list, `"next"`) {
		t.Errorf("root keys = %s", list)
	}
}
