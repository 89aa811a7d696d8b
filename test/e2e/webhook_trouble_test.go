package e2e_test

import (
	"net/http"
	"testing"
	"time"

	"latchkey/test/harness"
)

// fail lets the simulated provider answer every token request with 503, or mends it.
func fail(t *testing.T, s *harness.Server, failing bool) {
	t.Helper()
	if failing {
		s.Must(http.StatusOK, "PUT", "/sim/_/faults", map[string]any{"path": "/OAuth/access_token", "fault": "status=503"})
		return
	}
	s.Call("DELETE", "/sim/_/faults", nil)
}

const troubled = "sample-client-credentials"

// A provider's fault ends in signed webhooks: the connection is degraded, once, and recovers, once. What was committed
// before a kill -9 arrives after it, with the same id.
func TestTroubleIsDelivered(t *testing.T) {
	data := t.TempDir()
	s := harness.DevIn(t, data)
	h := newHook(t)
	h.hold = make(chan struct{})
	h.subscribe(s, "connection.degraded", "connection.recovered")
	fail(t, s, true)
	s.Call("POST", "/api/v1/connections/"+troubled+"/refresh", nil)
	first := h.await(10*time.Second, ofType("connection.degraded"))
	s.Kill()
	close(h.hold)
	h.mu.Lock()
	h.hold, h.got = nil, nil
	h.mu.Unlock()

	s = harness.DevIn(t, data)
	again := h.await(10*time.Second, ofType("connection.degraded"))
	details, _ := again.event["data"].(map[string]any)
	if again.id != first.id || details["label"] != troubled || details["error_kind"] != "provider_down" {
		t.Errorf("after the kill arrived %v, want %s", again.event, first.id)
	}
	fail(t, s, false)
	eventually(t, 30*time.Second, "the connection has recovered", func() bool {
		return s.Call("POST", "/api/v1/connections/"+troubled+"/refresh", nil).Status == http.StatusOK
	})
	h.await(10*time.Second, ofType("connection.recovered"))
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.got) != 2 {
		t.Errorf("the endpoint got %v, want one of each", h.got)
	}
}

// A provider that fails again and again is told of once, and once when it is back.
func TestProviderDownIsDelivered(t *testing.T) {
	s := harness.Dev(t)
	h := newHook(t)
	h.subscribe(s, "provider.down", "provider.up")
	arrived := func(n int) func() bool {
		return func() bool {
			s.Call("POST", "/api/v1/connections/"+troubled+"/refresh", nil)
			h.mu.Lock()
			defer h.mu.Unlock()
			return len(h.got) >= n
		}
	}
	fail(t, s, true)
	eventually(t, 20*time.Second, "the provider counts as down", arrived(1))
	if down := h.await(time.Second, ofType("provider.down")); down.event["subject"] != "api.moviestar.com" {
		t.Errorf("the event is %v", down.event)
	}
	fail(t, s, false)
	eventually(t, 30*time.Second, "the provider is up again", arrived(2))
	h.await(time.Second, ofType("provider.up"))
}
