package api_test

import (
	"context"
	"net/http"
	"testing"

	"latchkey/internal/access"
	"latchkey/internal/api"
	"latchkey/internal/provider"
)

func TestProviders(t *testing.T) {
	health, err := provider.New(provider.Config{})
	check(t, err)
	h := newHouse(t, func(c *api.Config) { c.Providers = health })
	ask := func(host provider.Host, o provider.Outcome) {
		gate, err := health.Enter(context.Background(), provider.Call{
			Host: host, Organization: organization, Sandbox: "prod", Definition: "def_1", Connection: "conn_1", Client: provider.Client{ID: "app"},
		})
		check(t, err)
		gate.Done(o)
	}
	ask("id.example.org:8443", provider.Outcome{Class: provider.Good})
	ask("login.example.com", provider.Outcome{Class: provider.ClientDead, Status: 401, Code: "invalid_client"})
	ask("other.example.com", provider.Outcome{Class: provider.Throttled, Status: 429, RetryAfter: 1 << 40})

	reader := h.key(access.ConnectionsRead)
	list := h.callWith(reader, "GET", "/api/v1/providers?limit=2", "")
	items, _ := list.at("items").([]any)
	if list.StatusCode != http.StatusOK || len(items) != 2 || list.at("next_cursor") == nil {
		t.Fatalf("list = %d %s", list.StatusCode, list.text)
	}
	if got := h.must(http.StatusOK, "GET", "/api/v1/providers?state=throttled", ""); len(got.at("items").([]any)) != 1 {
		t.Errorf("those that are throttled: %s", got.text)
	}
	one := h.must(http.StatusOK, "GET", "/api/v1/providers/login.example.com", "")
	incidents, _ := one.at("incidents").([]any)
	if one.at("state") != "up" || one.at("paused_connections") != 1.0 || len(incidents) != 1 || one.at("last_failure", "code") != "invalid_client" {
		t.Errorf("one with an incident: %s", one.text)
	}
	if got := h.must(http.StatusOK, "GET", "/api/v1/providers/ID.example.org:8443", ""); got.at("latency_ms") == nil || got.at("last_good_at") == nil {
		t.Errorf("one with a port: %s", got.text)
	}
	if got := h.callWith(reader, "POST", "/api/v1/providers/login.example.com/resume", ""); got.StatusCode != http.StatusForbidden {
		t.Errorf("resume with a key that only reads = %d %s", got.StatusCode, got.text)
	}
	h.must(http.StatusOK, "POST", "/api/v1/providers/login.example.com/resume", "")
	if got := h.call("GET", "/api/v1/providers/nobody.example.com", ""); got.slug() != "not_found" {
		t.Errorf("an unknown one = %d %s", got.StatusCode, got.text)
	}
}
