package api_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey/internal/access"
)

// TestAudit lists, verifies, signs and exports what a few calls recorded.
func TestAudit(t *testing.T) {
	h := newHouse(t)
	reader := h.key(access.AuditRead)
	if got := h.callWith(reader, http.MethodGet, "/api/v1/audit?action=key.&limit=1", ""); got.StatusCode != http.StatusOK || got.json["next_cursor"] == nil {
		t.Fatalf("the list = %d %s", got.StatusCode, got.text)
	}
	var seen int
	for cursor := ""; ; {
		page := h.callWith(reader, http.MethodGet, "/api/v1/audit?limit=2&cursor="+cursor, "")
		items, _ := page.json["items"].([]any)
		seen += len(items)
		next, more := page.json["next_cursor"].(string)
		if !more {
			break
		}
		cursor = next
	}
	last := h.callWith(reader, http.MethodGet, "/api/v1/audit?limit=1", "")
	newest, _ := last.json["items"].([]any)[0].(map[string]any)
	if n, _ := newest["sequence"].(float64); int(n) != seen || newest["action"] != "key.create" {
		t.Errorf("%d records were listed, the newest is %v", seen, newest)
	}
	if after := h.callWith(reader, http.MethodGet, "/api/v1/audit?after=1&limit=1", ""); !strings.Contains(after.text, `"sequence":2`) {
		t.Errorf("what comes after 1 = %s", after.text)
	}
	checkpoint := h.callWith(reader, http.MethodPost, "/api/v1/audit/checkpoints", "")
	if checkpoint.StatusCode != http.StatusCreated {
		t.Fatalf("the checkpoint = %d %s", checkpoint.StatusCode, checkpoint.text)
	}
	report := h.callWith(reader, http.MethodPost, "/api/v1/audit/verify", `{"checkpoints":[`+checkpoint.text+`]}`)
	if report.json["ok"] != true || report.json["held"] != float64(1) {
		t.Errorf("the report = %s", report.text)
	}
	forged := h.callWith(reader, http.MethodPost, "/api/v1/audit/verify", `{"checkpoints":[`+strings.Replace(checkpoint.text, `"sequence":`, `"sequence":1`, 1)+`]}`)
	if forged.json["ok"] != false || !strings.Contains(forged.text, "forged") {
		t.Errorf("with a forged checkpoint = %s", forged.text)
	}
	export := h.callWith(reader, http.MethodGet, "/api/v1/audit/export", "")
	if lines := strings.Split(strings.TrimSpace(export.text), "\n"); len(lines) != seen+3 || export.Header.Get("Content-Type") != "application/jsonl" {
		t.Errorf("the export has %d lines of %d records and a checkpoint:\n%s", len(lines), seen, export.text)
	}
	for path, want := range map[string]string{
		"/api/v1/audit?chain=installation": "missing_scope", "/api/v1/audit/export?chain=installation": "missing_scope",
		"/api/v1/audit?cursor=x": "invalid_request",
	} {
		if got := h.callWith(reader, http.MethodGet, path, ""); got.slug() != want {
			t.Errorf("%s = %d %s, want %s", path, got.StatusCode, got.text, want)
		}
	}
	bound := h.keyIn("prod", access.AuditRead)
	if got := h.callWith(bound, http.MethodGet, "/api/v1/audit", ""); got.slug() != "other_sandbox" {
		t.Errorf("the list to a key that is bound to a sandbox = %d %s", got.StatusCode, got.text)
	}
	if got := h.callWith(h.key(access.TokensRead), http.MethodGet, "/api/v1/audit", ""); got.slug() != "missing_scope" {
		t.Errorf("the list to a key without the scope = %d %s", got.StatusCode, got.text)
	}
	if got := h.callWith(h.admin, http.MethodGet, "/api/v1/audit?chain=installation", ""); !strings.Contains(got.text, "audit.key_create") {
		t.Errorf("the installation's record = %s", got.text)
	}
}
