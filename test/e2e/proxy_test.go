package e2e_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"latchkey/test/harness"
)

// TestProxy calls the sample service through the real server: the token is in its place, one that the provider has revoked is
// renewed and the call repeated, a key does what its lists say, and the use is recorded and counted.
func TestProxy(t *testing.T) {
	s := harness.Dev(t)
	const connection = "sample-client-credentials"
	call := func(key, method, path, body string) (int, http.Header, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, s.URL+"/api/v1/proxy/"+connection+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+key)
		response, err := s.Client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, response.Header, string(text)
	}
	if status, _, text := call(s.AdminKey, "GET", "/me", ""); status != 200 || !strings.Contains(text, `"client_id":"Experience-Platform-client-id"`) {
		t.Fatalf("%d %s", status, text)
	}
	before := s.Must(200, "GET", "/api/v1/connections/"+connection+"/token", nil).JSON(t)["generation"].(float64)
	s.Must(200, "POST", "/sim/_/revoke", map[string]any{"all": true})
	if status, _, text := call(s.AdminKey, "GET", "/me", ""); status != 200 {
		t.Errorf("with a revoked token: %d %s", status, text)
	}
	if after := s.Must(200, "GET", "/api/v1/connections/"+connection+"/token", nil).JSON(t)["generation"].(float64); after != before+1 {
		t.Errorf("generation %v became %v", before, after)
	}
	key := strings.TrimSpace(s.Run("key", "create", "app", "--scope", "proxy:call", "--call-method", "GET", "--call-path", "/me").Stdout)
	for _, c := range []struct {
		method, path string
		status       int
		says         string
	}{
		{"GET", "/me", 200, "client_id"},
		{"POST", "/me", 403, "call_not_allowed"},
		{"GET", "/other", 403, "call_not_allowed"},
		{"GET", "/%2e%2e/me", 400, "path"},
	} {
		if status, _, text := call(key, c.method, c.path, ""); status != c.status || !strings.Contains(text, c.says) {
			t.Errorf("%s %s = %d %s, want %d with %q", c.method, c.path, status, text, c.status, c.says)
		}
	}
	if got := s.Call("GET", "/api/v1/connections/"+connection+"/token", nil, "Authorization", "Bearer "+key); got.Status != 403 {
		t.Errorf("a key for calls reads the token: %d", got.Status)
	}
	if got := s.Run("key", "create", "wrong", "--scope", "tokens:read", "--call-path", "/me"); got.Code == 0 || !strings.Contains(got.Stderr, "proxy:call") {
		t.Errorf("lists without the scope: %d %s", got.Code, got.Stderr)
	}
	if metrics := string(s.Must(200, "GET", "/metrics", nil).Body); !strings.Contains(metrics, "proxy_calls_total{connection=\"conn_") {
		t.Error("the calls are not counted")
	}
	s.Must(200, "PUT", "/sim/_/faults", map[string]any{"path": "/me", "fault": "drop"})
	if status, _, text := call(s.AdminKey, "POST", "/me", "x"); status != 502 || !strings.Contains(text, "may have got the call") {
		t.Errorf("a service that breaks off: %d %s", status, text)
	}
}
