package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/test/harness"
)

// granter is a provider that gives a refresh token and can be told how to answer revocations.
type granter struct {
	*httptest.Server
	status atomic.Int64
	hold   atomic.Bool
	traced atomic.Bool // whether a request carried a traceparent
	began  chan string // the bodies of revocations, as they arrive
}

func newGranter(t *testing.T, dir string) *granter {
	t.Helper()
	g := &granter{began: make(chan string, 100)}
	g.status.Store(http.StatusOK)
	g.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		if r.Header.Get("Traceparent")+r.Header.Get("Baggage") != "" {
			g.traced.Store(true)
		}
		if r.URL.Path != "/revoke" {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"access_token":"acc3ss-v4lue","refresh_token":"r3fresh-v4lue","token_type":"Bearer","expires_in":3600}`))
			return
		}
		g.began <- r.PostForm.Encode()
		for g.hold.Load() {
			time.Sleep(10 * time.Millisecond)
		}
		w.WriteHeader(int(g.status.Load()))
	}))
	t.Cleanup(g.Close)
	harness.WritePEM(t, filepath.Join(dir, "provider.pem"), "CERTIFICATE", g.Certificate().Raw)
	return g
}

func (g *granter) definition() map[string]any {
	return map[string]any{"name": "grants", "authentication": map[string]any{
		"authType": "OAUTH2", "grant": "OAUTH2_PASSWORD", "clientId": "c", "clientSecret": "sup3r-s3cret", "accessTokenUrl": g.URL + "/token",
		"refreshTokenUrl": g.URL + "/token", "options": map[string]any{"revocationUrl": g.URL + "/revoke"}}}
}

func (g *granter) await(t *testing.T, token string) {
	t.Helper()
	for {
		select {
		case body := <-g.began:
			if strings.Contains(body, "token="+token) {
				return
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("no revocation of %s came", token)
		}
	}
}

// settled waits until the revocation has a state.
func settled(t *testing.T, s *harness.Server, path, state string) map[string]any {
	t.Helper()
	for range 400 {
		if got := s.Must(http.StatusOK, "GET", path, nil).JSON(t); got["state"] == state {
			return got
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("it is not %s: %s", state, s.Must(http.StatusOK, "GET", path, nil).Body)
	return nil
}

// TestDeletedGrantIsRevoked deletes a connection while the provider is away, kills the server in the midst of the
// revocation, and has it done by the next one; then the ways in which it goes wrong.
func TestDeletedGrantIsRevoked(t *testing.T) {
	i := harness.Install(t)
	g := newGranter(t, i.Dir)
	i.Configure("egress: {allow: [\"" + g.Listener.Addr().String() + "\"], ca_files: [$DIR/provider.pem]}")
	i.Setup()
	s := i.Start()
	s.Must(http.StatusCreated, "POST", "/api/v1/definitions", g.definition())
	s.Must(http.StatusOK, "POST", "/api/v1/definitions/grants/publish", nil)
	create := func(label string) {
		t.Helper()
		s.Must(http.StatusCreated, "POST", "/api/v1/connections", map[string]any{
			"definition": "grants", "label": label, "fields": map[string]any{"username": "u", "password": "p"}})
	}
	create("acme")
	g.hold.Store(true)
	where := s.Must(http.StatusNoContent, "DELETE", "/api/v1/connections/acme", nil).Header.Get("Location")
	if !strings.HasPrefix(where, "/api/v1/revocations/rev_") {
		t.Fatalf("the deletion leads to %q", where)
	}
	g.await(t, "r3fresh-v4lue")
	if got := settled(t, s, where, "waiting"); got["label"] != "acme" || got["provider"] != g.Listener.Addr().String() {
		t.Errorf("under way it is %v", got)
	}
	if reply := s.Call("DELETE", "/api/v1/definitions/grants", nil); reply.Status != http.StatusConflict || !strings.Contains(string(reply.Body), "revoked") {
		t.Errorf("deleting the definition meanwhile: %d %s", reply.Status, reply.Body)
	}
	s.Kill()
	g.hold.Store(false)
	s = i.Start()
	g.await(t, "r3fresh-v4lue")
	g.await(t, "acc3ss-v4lue")
	settled(t, s, where, "revoked")

	create("beta")
	g.status.Store(http.StatusForbidden)
	where = s.Must(http.StatusNoContent, "DELETE", "/api/v1/connections/beta", nil).Header.Get("Location")
	got := settled(t, s, where, "failed")
	if failure, _ := got["last_failure"].(map[string]any); failure["class"] != "denied" || failure["status"] != 403.0 {
		t.Errorf("a refused revocation is %v", got)
	}
	told := s.Must(http.StatusOK, "GET", "/api/v1/events?type=connection.not_revoked", nil).JSON(t)
	if items, _ := told["items"].([]any); len(items) != 1 {
		t.Errorf("told by %v", told)
	}
	env := []string{"LATCHKEY_URL=" + s.URL, "LATCHKEY_KEY=" + i.Key()}
	says(t, harness.CommandEnv(t, env, "revocation", "list", "--state", "failed").Stdout, "beta", "denied", "403")
	g.status.Store(http.StatusOK)
	id := where[strings.LastIndex(where, "/")+1:]
	if done := harness.CommandEnv(t, env, "revocation", "retry", id); done.Code != 0 {
		t.Errorf("retry ended with %d: %s", done.Code, done.Stderr)
	}
	settled(t, s, where, "revoked")
	if reply := s.Call("POST", where+"/retry", nil); reply.Status != http.StatusConflict {
		t.Errorf("what is revoked was tried again: %d", reply.Status)
	}
	if done := harness.CommandEnv(t, env, "revocation", "forget", id, "--yes"); done.Code != 0 {
		t.Errorf("forget ended with %d: %s", done.Code, done.Stderr)
	}
	s.Must(http.StatusNotFound, "GET", where, nil)
	for _, value := range []string{"acc3ss-v4lue", "r3fresh-v4lue", "sup3r-s3cret"} {
		if strings.Contains(s.Output(), value) {
			t.Errorf("the log holds %s", value)
		}
	}
}
