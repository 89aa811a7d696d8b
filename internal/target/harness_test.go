package target_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/egress"
	"latchkey/internal/secret"
	"latchkey/internal/target"
)

const token = "canary-token"

// account is who calls in these tests.
func account() target.Account {
	return target.Account{Tenant: "acme", Access: target.Access{Token: secret.New(token), APIKey: "key1"}}
}

// seen is a request as it arrived.
type seen struct {
	Method, Path, Query, Body, Accept, Content string
}

// vendor is a server that answers what a test has written down, and remembers what it was asked.
type vendor struct {
	*httptest.Server
	mu   sync.Mutex
	seen []seen
}

func serve(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) *vendor {
	t.Helper()
	v := &vendor{}
	v.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		v.mu.Lock()
		v.seen = append(v.seen, seen{r.Method, r.URL.Path, r.URL.RawQuery, strings.TrimSpace(string(body)), r.Header.Get("Accept"), r.Header.Get("Content-Type")})
		n := len(v.seen)
		v.mu.Unlock()
		answer(n, w, r)
	}))
	t.Cleanup(v.Close)
	return v
}

func (v *vendor) requests() []seen {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]seen(nil), v.seen...)
}

func says(status int, body string, header ...string) func(int, http.ResponseWriter, *http.Request) {
	return func(_ int, w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func sender(t *testing.T) *egress.Client {
	t.Helper()
	client, err := egress.New(egress.Config{AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// hasty is a clock whose timers fire at once, and which adds up what was waited for.
type hasty struct {
	clock.Clock
	waited []time.Duration
}

func (h *hasty) NewTimer(d time.Duration) clock.Timer {
	h.waited = append(h.waited, d)
	return h.Clock.NewTimer(0)
}

func client(t *testing.T, at string) (*target.Client, *hasty) {
	t.Helper()
	h := &hasty{Clock: clock.System()}
	return target.New(target.Config{Sender: sender(t), Base: at + "/", Clock: h}), h
}

func audience(id int) string {
	return fmt.Sprintf(`{"id":%d,"name":"Audience %d","origin":"target","status":"saved","type":"reusable","modifiedAt":"2026-01-02T03:04:05.678Z","targetRule":{"and":[{"geo":"region","matches":["california"]}]}}`, id, id)
}
