package egress

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// TestIdleConnectionsEnd calls a host and never again: its connection ends, and the host is forgotten.
func TestIdleConnectionsEnd(t *testing.T) {
	var open atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed:
			open.Add(-1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	client, err := New(Config{AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	carrier := client.NewCarrier()
	carrier.idle = 20 * time.Millisecond
	t.Cleanup(carrier.Close)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := carrier.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(response.Body); string(text) != "hello" || err != nil {
		t.Fatalf("%q, %v", text, err)
	}
	if open.Load() != 1 {
		t.Fatalf("%d connections are open after the call", open.Load())
	}
	kept := func() int {
		carrier.mu.Lock()
		defer carrier.mu.Unlock()
		return len(carrier.pools)
	}
	for end := time.Now().Add(10 * time.Second); open.Load() > 0 || kept() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d connections are open and %d hosts known", open.Load(), kept())
		}
	}
}
