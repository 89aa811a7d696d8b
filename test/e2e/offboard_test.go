package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/test/harness"
)

// TestOffboard ends an organization whose provider does not answer at first; the server is killed in the midst of it, and
// the command is given again.
func TestOffboard(t *testing.T) {
	i := harness.Install(t)
	g := newGranter(t, i.Dir)
	i.Configure("egress: {allow: [\"" + g.Listener.Addr().String() + "\"], ca_files: [$DIR/provider.pem]}")
	i.Setup()
	s := i.Start()
	s.Must(http.StatusCreated, "POST", "/api/v1/definitions", g.definition())
	s.Must(http.StatusOK, "POST", "/api/v1/definitions/grants/publish", nil)
	s.Must(http.StatusCreated, "POST", "/api/v1/definitions", map[string]any{"name": "bare", "authentication": map[string]any{"authType": "BEARER"}})
	const grants = 12
	for n := range grants {
		s.Must(http.StatusCreated, "POST", "/api/v1/connections", map[string]any{
			"definition": "grants", "label": fmt.Sprint("acme-", n), "fields": map[string]any{"username": "u", "password": "p"}})
	}
	s.Must(http.StatusCreated, "POST", "/api/v1/connections", map[string]any{
		"definition": "bare", "label": "bare", "fields": map[string]any{"token": "b34rer"}})
	second, _ := s.Must(http.StatusCreated, "POST", "/api/v1/keys", map[string]any{"name": "second", "scopes": []string{"tokens:read"}}).JSON(t)["value"].(string)
	me, _ := s.Must(http.StatusOK, "GET", "/api/v1", nil).JSON(t)["organization"].(map[string]any)
	org, _ := me["id"].(string)
	path := "/api/v1/organizations/" + org + "/offboard"

	if reply := s.Call("POST", path, map[string]any{"confirm": "acme"}); reply.Status != http.StatusBadRequest || !strings.Contains(string(reply.Body), "/confirm") {
		t.Errorf("without its id: %d %s", reply.Status, reply.Body)
	}
	if reply := s.Call("GET", path, nil); reply.Status != http.StatusConflict {
		t.Errorf("before it begins: %d %s", reply.Status, reply.Body)
	}
	if reply := s.Call("POST", strings.Replace(path, org[:4], "FFFF", 1), map[string]any{"confirm": org}); reply.Status != http.StatusNotFound {
		t.Errorf("another organization: %d %s", reply.Status, reply.Body)
	}

	g.hold.Store(true)
	env := []string{"LATCHKEY_URL=" + s.URL, "LATCHKEY_KEY=" + i.Key()}
	report := filepath.Join(i.Dir, "report.jsonl")
	done := harness.CommandEnv(t, env, "org", "offboard", org, "--yes", "--wait", "1s", "--report", report)
	if done.Code != 1 || !strings.Contains(done.Stderr, "wait to be revoked") {
		t.Errorf("while the provider does not answer: %+v", done)
	}
	if reply := s.Call("GET", "/api/v1", nil, "Authorization", "Bearer "+second); reply.Status != http.StatusUnauthorized {
		t.Errorf("another key of the organization still works: %d", reply.Status)
	}
	if reply := s.Call("POST", path, map[string]any{"confirm": org, "erase": true}); reply.Status != http.StatusConflict || !strings.Contains(string(reply.Body), "wait to be revoked") {
		t.Errorf("erasing while grants wait: %d %s", reply.Status, reply.Body)
	}
	s.Kill()
	g.status.Store(http.StatusForbidden)
	g.hold.Store(false)
	s = i.Start()
	env[0] = "LATCHKEY_URL=" + s.URL
	done = harness.CommandEnv(t, env, "org", "offboard", org, "--yes", "--report", report, "--wait", "60s")
	if done.Code != 1 || !strings.Contains(done.Stderr, fmt.Sprint(grants)+" grants could not be revoked") {
		t.Errorf("while the provider refuses: %+v", done)
	}
	done = harness.CommandEnv(t, env, "org", "offboard", org, "--yes", "--report", report, "--forget-failed")
	if done.Code != 0 || !strings.Contains(done.Stdout, "is gone") || !strings.Contains(done.Stdout, fmt.Sprint(grants)+" could not be revoked, 1 without a way") {
		t.Errorf("at last: %+v", done)
	}
	text, err := os.ReadFile(report)
	if err != nil || strings.Count(string(text), "\n") != grants+1 || strings.Count(string(text), `"failed"`) != grants || !strings.Contains(string(text), `"bare"`) {
		t.Errorf("the report, %v:\n%s", err, text)
	}
	if reply := s.Call("GET", "/api/v1", nil); reply.Status != http.StatusUnauthorized {
		t.Errorf("the last key outlives its organization: %d", reply.Status)
	}
	s.Terminate()
	if err := s.Wait(20 * time.Second); err != nil {
		t.Errorf("stopping without an organization: %v", err)
	}
	for _, value := range []string{"acc3ss-v4lue", "r3fresh-v4lue", "sup3r-s3cret", "b34rer"} {
		if strings.Contains(s.Output(), value) || strings.Contains(string(text), value) {
			t.Errorf("the log or the report holds %s", value)
		}
	}
	if s = i.Start(); !strings.Contains(s.Output(), "/set-up?token=") {
		t.Errorf("a server without any organization says\n%s", s.Output())
	}
}
