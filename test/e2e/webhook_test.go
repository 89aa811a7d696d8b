package e2e_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/test/harness"
)

// hook is somebody's endpoint. It verifies as the specification of Standard Webhooks says, by itself.
type hook struct {
	*httptest.Server
	t *testing.T

	mu      sync.Mutex
	secrets []string // any of which may have signed
	hold    chan struct{}
	status  int
	got     []received
}

type received struct {
	id         string
	signatures int
	event      map[string]any
}

func newHook(t *testing.T) *hook {
	t.Helper()
	h := &hook{t: t, status: http.StatusNoContent}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	var event map[string]any
	if err := json.Unmarshal(body, &event); err != nil || r.Header.Get("Content-Type") != "application/json" {
		h.t.Errorf("the endpoint got %q: %v", body, err)
	}
	h.mu.Lock()
	signatures := strings.Fields(r.Header.Get("webhook-signature"))
	id, timestamp := r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp")
	if !slices.ContainsFunc(h.secrets, func(secret string) bool {
		return slices.Contains(signatures, "v1,"+signed(secret, id+"."+timestamp+"."+string(body)))
	}) {
		h.t.Errorf("none of the signatures %q is right", signatures)
	}
	h.got = append(h.got, received{id, len(signatures), event})
	hold, status := h.hold, h.status
	h.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	}
	w.WriteHeader(status)
}

func signed(secret, content string) string {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(content))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// await waits until the endpoint has got what is looked for.
func (h *hook) await(limit time.Duration, found func(received) bool) received {
	h.t.Helper()
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		h.mu.Lock()
		i := slices.IndexFunc(h.got, found)
		h.mu.Unlock()
		if i >= 0 {
			return h.got[i]
		}
	}
	h.t.Fatalf("the endpoint did not get it within %s; it has %v", limit, h.got)
	return received{}
}

func ofType(name string) func(received) bool {
	return func(r received) bool { return r.event["type"] == name }
}

// subscribe makes the endpoint known to a server.
func (h *hook) subscribe(s *harness.Server, types ...string) string {
	h.t.Helper()
	made := s.Must(http.StatusCreated, "POST", "/api/v1/webhooks", map[string]any{"url": h.URL + "/hook?for=us", "types": types}).JSON(h.t)
	h.secrets = append(h.secrets, made["secret"].(string))
	return made["id"].(string)
}

// A test event arrives signed; after a rotation with both secrets.
func TestWebhookArrivesSigned(t *testing.T) {
	s := harness.Dev(t)
	h := newHook(t)
	id := h.subscribe(s)
	result := s.Run("webhook", "test", id)
	if result.Code != 0 || !strings.Contains(result.Stdout, "204") {
		t.Fatalf("webhook test = %d %s%s", result.Code, result.Stdout, result.Stderr)
	}
	first := h.await(time.Second, ofType("webhook.test"))
	if first.id != first.event["id"] || first.event["subject"] != id || first.signatures != 1 {
		t.Errorf("the endpoint got %+v", first)
	}
	rotated := s.Must(http.StatusOK, "POST", "/api/v1/webhooks/"+id+"/rotate-secret", nil).JSON(t)
	for _, secret := range []string{h.secrets[0], rotated["secret"].(string)} {
		h.mu.Lock()
		h.secrets, h.got = []string{secret}, nil
		h.mu.Unlock()
		s.Must(http.StatusOK, "POST", "/api/v1/webhooks/"+id+"/test", nil)
		if got := h.await(5*time.Second, ofType("webhook.test")); got.signatures != 2 {
			t.Errorf("the endpoint got %d signatures after a rotation", got.signatures)
		}
	}
}

// What was committed before a kill -9 is delivered after it, with the same id: an event on its way to an endpoint that
// did not answer, and one whose endpoint was away.
func TestWebhookOutlivesKilledServer(t *testing.T) {
	data := t.TempDir()
	s := harness.DevIn(t, data)
	h, away := newHook(t), newHook(t)
	h.hold = make(chan struct{})
	away.status = http.StatusServiceUnavailable
	held, refused := h.subscribe(s), away.subscribe(s)
	s.Must(http.StatusOK, "POST", "/api/v1/webhooks/"+held+"/test", nil)
	s.Must(http.StatusOK, "POST", "/api/v1/webhooks/"+refused+"/test", nil)
	first := h.await(5*time.Second, ofType("webhook.test"))
	second := away.await(5*time.Second, ofType("webhook.test"))
	s.Kill()
	close(h.hold)
	for _, hook := range []*hook{h, away} {
		hook.mu.Lock()
		hook.hold, hook.status, hook.got = nil, http.StatusOK, nil
		hook.mu.Unlock()
	}

	began := time.Now()
	s = harness.DevIn(t, data)
	// The dead process's claim is void with it: nobody waits for its end.
	if again := h.await(5*time.Second, ofType("webhook.test")); again.id != first.id {
		t.Errorf("%s arrived after the kill, want %s", again.id, first.id)
	}
	if again := away.await(10*time.Second, ofType("webhook.test")); again.id != second.id {
		t.Errorf("%s arrived after the kill, want %s", again.id, second.id)
	}
	t.Logf("delivered %s after the start", time.Since(began).Round(time.Millisecond))
	for _, id := range []string{held, refused} {
		eventually(t, 5*time.Second, "the log of "+id+" says delivered", func() bool {
			log := s.Must(http.StatusOK, "GET", "/api/v1/webhooks/"+id+"/deliveries?state=delivered", nil).JSON(t)
			return len(log["items"].([]any)) == 1
		})
	}
}
