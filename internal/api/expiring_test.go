package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/internal/access"
)

// TestExpiring lists what ends to those who may see it, page by page.
func TestExpiring(t *testing.T) {
	h := newHouse(t)
	for name, life := range map[string]time.Duration{"b": 48, "a": 24, "c": 24 * 50} {
		h.must(http.StatusCreated, "POST", "/api/v1/keys",
			`{"name":"`+name+`","scopes":["tokens:read"],"expires_at":"`+time.Now().Add(life*time.Hour).UTC().Format(time.RFC3339)+`"}`)
	}
	first := h.must(http.StatusOK, "GET", "/api/v1/expiring?within=30d&limit=1", "")
	if strings.Count(first.text, `"name"`) != 1 || !strings.Contains(first.text, `"name":"a"`) || first.at("next_cursor") == nil {
		t.Errorf("the first part is %s", first.text)
	}
	next, _ := first.at("next_cursor").(string)
	second := h.must(http.StatusOK, "GET", "/api/v1/expiring?within=30d&limit=1&cursor="+next, "")
	if !strings.Contains(second.text, `"name":"b"`) || second.at("next_cursor") != nil {
		t.Errorf("the second part is %s", second.text)
	}
	if got := h.callWith(h.key(access.ConnectionsRead), "GET", "/api/v1/expiring", ""); got.StatusCode != 200 || strings.Contains(got.text, "api_key") {
		t.Errorf("a key without registry:read sees keys: %d %s", got.StatusCode, got.text)
	}
	for path, status := range map[string]int{"?within=soon": 400, "?within=-1h": 400, "?cursor=x": 400, "?kind=x": 400, "?kind=api_key": 200} {
		if got := h.call("GET", "/api/v1/expiring"+path, ""); got.StatusCode != status {
			t.Errorf("GET %s = %d, want %d: %s", path, got.StatusCode, status, got.text)
		}
	}
}

// TestFeed reads the calendar by a feed's address, and nothing else by it.
func TestFeed(t *testing.T) {
	h := newHouse(t)
	h.must(http.StatusCreated, "POST", "/api/v1/keys",
		`{"name":"ci; one","scopes":["tokens:read"],"expires_at":"`+time.Now().Add(48*time.Hour).UTC().Format(time.RFC3339)+`"}`)
	made := h.must(http.StatusCreated, "POST", "/api/v1/expiring/feeds", `{"name":"team"}`)
	address, _ := made.at("url").(string)
	_, path, _ := strings.Cut(address, h.url)
	_, query, _ := strings.Cut(path, "?")
	got := h.callWith("", "GET", path, "")
	if got.StatusCode != 200 || !strings.HasPrefix(got.Header.Get("Content-Type"), "text/calendar") || !strings.Contains(got.text, `SUMMARY:API key ends: ci\; one`) {
		t.Errorf("GET by the address = %d %s\n%s", got.StatusCode, got.Header.Get("Content-Type"), got.text)
	}
	token := strings.TrimPrefix(query, "feed=")
	for _, c := range []struct{ key, method, path string }{
		{"", "GET", "/api/v1/expiring.ics?feed=lkf_wrong"}, {"", "GET", "/api/v1/expiring?" + query}, {"", "GET", "/api/v1/connections?" + query},
		{"", "GET", "/api/v1/expiring/feeds?" + query}, {token, "GET", "/api/v1/expiring.ics"}, {"lk_wrong", "GET", path}, {"", "GET", "/api/v1/expiring.ics"},
	} {
		if got := h.callWith(c.key, c.method, c.path, ""); got.StatusCode != http.StatusUnauthorized || strings.Contains(got.text, token) {
			t.Errorf("%s %s = %d, want 401: %s", c.method, c.path, got.StatusCode, got.text)
		}
	}
	if list := h.call("GET", "/api/v1/expiring/feeds", ""); strings.Contains(list.text, token) || !strings.Contains(list.text, `"team"`) {
		t.Errorf("the list of feeds is %s", list.text)
	}
	id, _ := made.at("id").(string)
	h.must(http.StatusNoContent, "DELETE", "/api/v1/expiring/feeds/"+id, "")
	if got := h.callWith("", "GET", path, ""); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("GET by a revoked address = %d", got.StatusCode)
	}
}
