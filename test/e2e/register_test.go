package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"latchkey/test/harness"
)

// post sends a form to the authorization server.
func post(t *testing.T, s *harness.Server, path string, form url.Values) (*http.Response, map[string]any) {
	t.Helper()
	response, err := s.Client.PostForm(s.URL+path, form)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var body map[string]any
	_ = json.NewDecoder(response.Body).Decode(&body)
	return response, body
}

// TestRegister registers a client as it comes, has a token refused to it, and explains by the answer's debug id why.
func TestRegister(t *testing.T) {
	s := harness.Dev(t)
	const native = `{"client_name":"Loyalty CLI","redirect_uris":["http://127.0.0.1/back"],"token_endpoint_auth_method":"none","scope":"openid"}`
	var names []string
	for range 2 { // of one name
		got := s.Call("POST", "/ims/register", json.RawMessage(native), "Authorization", "")
		if got.Status != http.StatusCreated {
			t.Fatalf("registering: %d %s", got.Status, got.Body)
		}
		name, _ := got.JSON(t)["client_name"].(string)
		names = append(names, name)
	}
	if names[0] != "Loyalty CLI" || names[1] == names[0] || !strings.HasPrefix(names[1], "Loyalty CLI ") {
		t.Errorf("two of one name are called %q", names)
	}
	web := s.Must(http.StatusCreated, "POST", "/ims/register", json.RawMessage(`{"client_name":"Shop","redirect_uris":["http://localhost:3000/back"]}`)).JSON(t)
	if listed := s.Run("credential", "list", "--project", "RegisteredClients"); strings.Count(listed.Stdout, "\n") != 4 || !strings.Contains(listed.Stdout, "Shop") {
		t.Errorf("the project of those that registered has\n%s%s", listed.Stdout, listed.Stderr)
	}
	id, _ := web["client_id"].(string)
	secret, _ := web["client_secret"].(string)
	response, body := post(t, s, "/ims/token/v3", url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}})
	if response.StatusCode != http.StatusBadRequest || body["error"] != "unauthorized_client" {
		t.Errorf("a client that registered itself acts for itself: %d %v", response.StatusCode, body)
	}
	explained := s.Run("credential", "explain", response.Header.Get("X-Debug-Id"))
	for _, want := range []string{"unauthorized_client: ", "oauth_web_app", "/ims/token/v3", "what to do: Make a credential of the kind oauth_server_to_server"} {
		if !strings.Contains(explained.Stdout+explained.Stderr, want) {
			t.Errorf("explain does not say %q:\n%s%s", want, explained.Stdout, explained.Stderr)
		}
	}
	if of := s.Run("credential", "decisions", "Shop", "--json"); !strings.Contains(of.Stdout, response.Header.Get("X-Debug-Id")) || strings.Contains(of.Stdout+s.Output(), secret) {
		t.Errorf("decisions: %s", of.Stdout)
	}
	_, discovery := post(t, s, "/ims/nothing", nil)
	if discovery["error"] != "not_found" {
		t.Errorf("%v", discovery)
	}
}

// TestRegisterMany lets many register at once, until there is no more room for those without a token.
func TestRegisterMany(t *testing.T) {
	s := harness.Dev(t)
	const client = `{"client_name":"Many","redirect_uris":["https://many.example.com/back"]}`
	var wait sync.WaitGroup
	var mu sync.Mutex
	names := map[any]bool{}
	for worker := range 6 {
		wait.Go(func() {
			for i := range 17 {
				headers := []string{}
				if i < 2 {
					headers = []string{"Authorization", ""}
				}
				got := s.Call("POST", "/ims/register", json.RawMessage(client), headers...)
				if got.Status != http.StatusCreated {
					t.Errorf("%d of %d: %d %s", i, worker, got.Status, got.Body)
					return
				}
				mu.Lock()
				names[got.JSON(t)["client_name"]] = true
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if len(names) != 102 {
		t.Errorf("%d names, want 102 that differ", len(names))
	}
	if got := s.Call("POST", "/ims/register", json.RawMessage(client), "Authorization", ""); got.Status != http.StatusForbidden || got.JSON(t)["error"] != "access_denied" {
		t.Errorf("one more without a token: %d %s", got.Status, got.Body)
	}
	workspaces := s.Must(http.StatusOK, "GET", "/api/v1/projects/RegisteredClients/workspaces", nil).JSON(t)
	if all, _ := workspaces["items"].([]any); len(all) < 2 {
		t.Errorf("the project has %d workspaces, want a further one", len(all))
	}
}

// TestRegisterProduction holds that production registers nobody, unless it is told to, and then by a token.
func TestRegisterProduction(t *testing.T) {
	const client = `{"client_name":"Shop","redirect_uris":["https://shop.example.com/back"]}`
	i := harness.Install(t)
	i.Setup()
	s := i.Start()
	if got := s.Call("POST", "/ims/register", json.RawMessage(client)); got.Status != http.StatusNotFound {
		t.Errorf("by default: %d %s", got.Status, got.Body)
	}
	s.Stop()
	i.Configure("authority: {registration: token}")
	s = i.Start()
	if got := s.Call("POST", "/ims/register", json.RawMessage(client), "Authorization", ""); got.Status != http.StatusUnauthorized {
		t.Errorf("without a token: %d %s", got.Status, got.Body)
	}
	s.Must(http.StatusCreated, "POST", "/ims/register", json.RawMessage(client))
	if got := s.Call("POST", "/ims/register", json.RawMessage(`{"redirect_uris":["http://localhost:3000/back"]}`)); got.Status != http.StatusBadRequest || got.JSON(t)["error"] != "invalid_redirect_uri" {
		t.Errorf("a web app without TLS: %d %s", got.Status, got.Body)
	}
	record := string(s.Must(http.StatusOK, "GET", "/api/v1/audit?action=credential.create", nil).Body)
	if !strings.Contains(record, "Shop") {
		t.Errorf("the record has %s", record)
	}
	s.Stop()
	i.Configure("authority: {registration: open}")
	if out := i.Run(); !strings.Contains(out.Stderr, "authority.registration_organization") {
		t.Errorf("open without an owner: %s", out.Stderr)
	}
}
