package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/api"
	"latchkey/internal/clock"
)

// TestAuthentication tries to come in without a key, with a wrong one, with one that lacks a right.
func TestAuthentication(t *testing.T) {
	h := newHouse(t)
	h.define("moviestar", clientCreds)
	h.connect("moviestar", "acme")
	h.must(http.StatusCreated, "POST", "/api/v1/sandboxes", `{"name":"stage"}`)
	reader := h.key(access.TokensRead)
	staged := h.keyIn("stage", access.Admin)
	for _, c := range []struct {
		name, key, method, path, header string
		status                          int
		slug, challenge, detail         string
	}{
		{"none", "", "GET", "/api/v1/connections", "", 401, "unauthenticated", `Bearer realm="latchkey"`, "Authorization"},
		{"wrong", "lk_wrong", "GET", "/api/v1/connections", "", 401, "unauthenticated", `error="invalid_token"`, ""},
		{"basic", "", "GET", "/api/v1/connections", "Authorization: Basic bGs6", 401, "unauthenticated", "Bearer", ""},
		{"none, token", "", "GET", "/api/v1/connections/acme/token", "", 401, "unauthenticated", "Bearer", ""},
		{"scope", reader, "GET", "/api/v1/connections", "", 403, "missing_scope", `scope="connections:read"`, `"connections:read"`},
		{"scope, write", reader, "DELETE", "/api/v1/definitions/moviestar", "", 403, "missing_scope", "insufficient_scope", `"definitions:write"`},
		{"token", reader, "GET", "/api/v1/connections/acme/token", "", 200, "", "", ""},
		{"lower case", "", "GET", "/api/v1/connections/acme/token", "Authorization: bearer " + reader, 200, "", "", ""},
		{"other sandbox", staged, "GET", "/api/v1/connections?sandbox=prod", "", 403, "other_sandbox", "", ""},
		{"other sandbox by header", staged, "GET", "/api/v1/connections/acme/token", "X-Sandbox-Name: prod", 403, "other_sandbox", "", ""},
		{"own sandbox", staged, "GET", "/api/v1/connections", "", 200, "", "", ""},
		{"not in the sandbox", staged, "GET", "/api/v1/connections/acme/token", "", 404, "not_found", "", ""},
		{"two sandboxes", h.admin, "GET", "/api/v1/connections?sandbox=prod", "X-Sandbox-Name: stage", 400, "invalid_request", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := h.callWith(c.key, c.method, c.path, "", c.header)
			if got.StatusCode != c.status || got.slug() != c.slug {
				t.Fatalf("got %d %s, want %d %s: %s", got.StatusCode, got.slug(), c.status, c.slug, got.text)
			}
			if challenge := got.Header.Get("WWW-Authenticate"); !strings.Contains(challenge, c.challenge) {
				t.Errorf("WWW-Authenticate = %q, want %q in it", challenge, c.challenge)
			}
			if detail, _ := got.json["detail"].(string); !strings.Contains(detail, c.detail) {
				t.Errorf("detail = %q, want %q in it", detail, c.detail)
			}
			if got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("the answer may be cached or sniffed: %v", got.Header)
			}
		})
	}
}

// TestLimits asks too often, and again after the time in Retry-After.
func TestLimits(t *testing.T) {
	now := clock.NewManual(time.Now())
	h := newHouse(t, func(c *api.Config) {
		c.Clock = now
		c.Limits = api.Limits{
			Requests: api.Rate{Every: time.Second, Burst: 3},
			Tokens:   api.Rate{Every: time.Second, Burst: 2},
			Refused:  api.Rate{Every: 10 * time.Second, Burst: 2},
		}
	})
	for _, c := range []struct {
		name, key, path string
		burst, ok       int
		wait            time.Duration
	}{
		{"key", h.admin, "/api/v1", 3, 200, time.Second},
		{"tokens", h.key(access.TokensRead), "/api/v1/connections/x/token", 2, 404, time.Second},
		{"address", "lk_wrong", "/api/v1", 2, 401, 10 * time.Second},
	} {
		for i := range c.burst {
			if got := h.callWith(c.key, "GET", c.path, ""); got.StatusCode != c.ok {
				t.Fatalf("%s, call %d = %d, want %d: %s", c.name, i, got.StatusCode, c.ok, got.text)
			}
		}
		got := h.callWith(c.key, "GET", c.path, "")
		if got.StatusCode != http.StatusTooManyRequests || got.slug() != "rate_limited" {
			t.Errorf("%s, call %d = %d, want 429", c.name, c.burst, got.StatusCode)
		}
		if after := got.Header.Get("Retry-After"); after+"s" != c.wait.String() {
			t.Errorf("%s: Retry-After = %q, want %v", c.name, after, c.wait)
		}
		now.Advance(c.wait)
		if got := h.callWith(c.key, "GET", c.path, ""); got.StatusCode != c.ok {
			t.Errorf("%s, after the wait = %d, want %d", c.name, got.StatusCode, c.ok)
		}
	}
	if got := h.call("GET", "/api/v1", ""); got.StatusCode != http.StatusOK {
		t.Errorf("a good key from the address = %d, want 200", got.StatusCode)
	}
}
