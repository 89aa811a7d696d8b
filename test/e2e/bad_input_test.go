package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"latchkey/test/harness"
)

// Each wrong input has its own clear error: the words that must be in it, and nothing stored.
func TestWrongDefinitions(t *testing.T) {
	s := harness.Dev(t)
	entry := `"authType":"OAUTH2","grant":"OAUTH2_CLIENT_CREDENTIALS","clientId":"c","clientSecret":"sup3r-s3cret"`
	for _, c := range []struct {
		name, body string
		status     int
		want       []string
	}{
		{"malformed JSON", "{\"name\":\"bad\",\n  \"authentication\": {\"authType\": OAUTH2}}", 400, []string{`"line":2`, `"column":34`}},
		{"cut off", `{"name":"bad","authentication":{`, 400, []string{`"line":1`}},
		{"wrong authType", `{"name":"bad","authentication":{"authType":"Bearer"}}`, 400, []string{"/authentication/authType", "BEARER"}},
		{"wrong grant", `{"name":"bad","authentication":{"authType":"OAUTH2","grant":"CLIENT_CREDENTIALS"}}`, 400, []string{"/authentication/grant", "OAUTH2_CLIENT_CREDENTIALS"}},
		{"no grant", `{"name":"bad","authentication":{"authType":"OAUTH2"}}`, 400, []string{"grant"}},
		{"template", `{"name":"bad","authentication":{` + entry + `,"accessTokenUrl":"https://{{ authData.x | nope }}.example.com/t"}}`, 400,
			[]string{"/authentication/accessTokenUrl", "nope", `"line":1`, `"column":`}},
		{"template's caret", `{"name":"bad","authentication":{` + entry + `,"accessTokenUrl":"https://example.com/{{ authData. }}"}}`, 400,
			[]string{"/authentication/accessTokenUrl", "^"}},
		{"field twice", `{"name":"bad","authentication":{` + entry + `,"authenticationDataFields":[{"name":"a","source":"CUSTOMER"},{"name":"a","source":"CUSTOMER"}]}}`, 400,
			[]string{"/authentication/authenticationDataFields/1"}},
		{"source and fieldType", `{"name":"bad","authentication":{` + entry + `,"authenticationDataFields":[{"name":"a","source":"CUSTOMER","fieldType":"PARTNER","value":"x"}]}}`, 400,
			[]string{"fieldType"}},
		{"no name", `{"authentication":{` + entry + `}}`, 400, []string{"/name"}},
		{"nothing", `{"name":"bad"}`, 400, []string{"/authentication", "customerAuthenticationConfigurations"}},
		{"unknown member", `{"name":"bad","authentification":{` + entry + `}}`, 400, []string{"authentification", "authentication"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			reply := s.Call("POST", "/api/v1/definitions", c.body)
			if reply.Status != c.status {
				t.Errorf("status %d, want %d", reply.Status, c.status)
			}
			if got := reply.Header.Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("Content-Type %q", got)
			}
			for _, want := range c.want {
				if !strings.Contains(string(reply.Body), want) {
					t.Errorf("the answer does not say %s:\n%s", want, reply.Body)
				}
			}
			if strings.Contains(string(reply.Body), "sup3r-s3cret") {
				t.Error("the answer holds the secret")
			}
			s.Must(http.StatusNotFound, "GET", "/api/v1/definitions/bad", nil)
		})
	}
}

func TestWrongFields(t *testing.T) {
	s := harness.Dev(t)
	s.Must(http.StatusCreated, "POST", "/api/v1/definitions", document(t, "example-3-customer-credentials.json", "fields"))
	good := func() map[string]any {
		return map[string]any{"clientId": "c", "clientSecret": "shh-1234", "moviestarId": "m1"}
	}
	for _, c := range []struct {
		name   string
		change func(map[string]any)
		status int
		want   []string
	}{
		{"unknown", func(f map[string]any) { f["movistarId"] = "x" }, 400, []string{"/fields/movistarId", "moviestarId"}},
		{"missing", func(f map[string]any) { delete(f, "clientSecret") }, 400, []string{"/fields/clientSecret", "Client Secret"}},
		{"wrong type", func(f map[string]any) { f["moviestarId"] = []string{"m"} }, 400, []string{"/fields/moviestarId", "string"}},
		{"host injection", func(f map[string]any) { f["moviestarId"] = "evil.example/" }, 400, []string{"moviestarId"}},
		{"wrong secret", func(f map[string]any) { f["clientSecret"] = "wrong-secret" }, 422, []string{"invalid_client", "client_dead"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			fields := good()
			c.change(fields)
			reply := s.Call("POST", "/api/v1/connections", map[string]any{"definition": "fields", "label": "none", "fields": fields})
			if reply.Status != c.status {
				t.Errorf("status %d, want %d", reply.Status, c.status)
			}
			for _, want := range c.want {
				if !strings.Contains(string(reply.Body), want) {
					t.Errorf("the answer does not say %s:\n%s", want, reply.Body)
				}
			}
			for _, hidden := range []string{"shh-1234", "wrong-secret"} {
				if strings.Contains(string(reply.Body), hidden) {
					t.Error("the answer holds the secret")
				}
			}
			s.Must(http.StatusNotFound, "GET", "/api/v1/connections/none", nil)
		})
	}
}

// A provider that misbehaves, on the first exchange: what is said, with which status, and that nothing is stored.
func TestMisbehavingProvider(t *testing.T) {
	s := harness.Dev(t)
	for _, c := range []struct {
		name, url string
		status    int
		want      []string
	}{
		{"HTML", "https://api.moviestar.com/OAuth/access_token?fault=html", 422, []string{"HTML"}},
		{"2 MiB", "https://api.moviestar.com/OAuth/access_token?fault=huge", 422, []string{"1 MiB"}},
		{"redirect inside", "https://api.moviestar.com/OAuth/access_token?fault=redirect=http://10.0.0.1/", 422, []string{"redirect", "10.0.0.1"}},
		{"private address", "https://10.11.12.13/token", 424, []string{"10.11.12.13", "private"}},
		{"no such host", "https://no-such-host.invalid/token", 424, []string{"no-such-host.invalid"}},
		{"dead server", "http://127.0.0.1:1/token", 424, []string{"127.0.0.1:1", "refused"}},
		{"500", "https://api.moviestar.com/OAuth/access_token?fault=status=500", 424, []string{"500"}},
		{"429", "https://api.moviestar.com/OAuth/access_token?fault=rate_limit=7", 424, []string{"429"}},
		{"dropped reply", "https://api.moviestar.com/OAuth/access_token?fault=drop", 424, []string{"api.moviestar.com"}},
		{"error with 200", "https://api.moviestar.com/OAuth/access_token?fault=error200", 422, []string{"invalid_auth"}},
		{"cut off", "https://api.moviestar.com/OAuth/access_token?fault=truncated", 422, []string{"JSON"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := strings.ReplaceAll(strings.ToLower(c.name), " ", "-")
			s.Must(http.StatusCreated, "POST", "/api/v1/definitions", map[string]any{"name": name, "authentication": map[string]any{
				"authType": "OAUTH2", "grant": "OAUTH2_CLIENT_CREDENTIALS", "clientId": "Experience-Platform-client-id",
				"clientSecret": "Experience-Platform-client-secret", "accessTokenUrl": c.url}})
			reply := s.Call("POST", "/api/v1/connections", map[string]any{"definition": name, "label": name})
			if reply.Status != c.status {
				t.Errorf("status %d, want %d\n%s", reply.Status, c.status, reply.Body)
			}
			for _, want := range c.want {
				if !strings.Contains(string(reply.Body), want) {
					t.Errorf("the answer does not say %q:\n%s", want, reply.Body)
				}
			}
			s.Must(http.StatusNotFound, "GET", "/api/v1/connections/"+name, nil)
		})
	}
}

func TestWrongCallbacks(t *testing.T) {
	s := harness.Dev(t)
	s.Must(http.StatusCreated, "POST", "/api/v1/definitions", document(t, "authorization-code.json", "callbacks"))
	connection := s.Must(http.StatusCreated, "POST", "/api/v1/connections", map[string]any{"definition": "callbacks", "label": "callbacks"}).JSON(t)
	link := connection["authorize_url"].(string)
	const callback = "/data/core/activation/oauth/api/v1/callback"

	get := func(address string) (int, string) {
		response, page := harness.Browse(t, address, nil)
		return response.StatusCode, page
	}
	if status, page := get(s.URL + callback + "?state=made-up&code=x"); status != http.StatusBadRequest {
		t.Errorf("an unknown state answers %d, want 400\n%s", status, page)
	}
	if status, page := get(s.URL + callback); status != http.StatusBadRequest {
		t.Errorf("a callback without a state answers %d, want 400\n%s", status, page)
	}
	if status, page := get(s.URL + "/connect/made-up"); status != http.StatusNotFound {
		t.Errorf("an unknown attempt answers %d, want 404\n%s", status, page)
	}
	done, page := harness.Browse(t, link, nil)
	if done.StatusCode != http.StatusOK {
		t.Fatalf("the consent ends with %d\n%s", done.StatusCode, page)
	}
	used := done.Request.URL
	if strings.Contains(used.RawQuery, "code=") {
		if status, page := get(used.String()); status != http.StatusGone && status != http.StatusBadRequest {
			t.Errorf("a used state answers %d, want 410\n%s", status, page)
		}
	}
	if status, page := get(link); status != http.StatusGone {
		t.Errorf("a used attempt answers %d, want 410\n%s", status, page)
	}
	if got := token(t, s, "callbacks")["generation"]; got != 1.0 {
		t.Errorf("generation %v after wrong callbacks, want 1", got)
	}
}

func TestWrongKeys(t *testing.T) {
	s := harness.Dev(t)
	reader := s.Must(http.StatusCreated, "POST", "/api/v1/keys", map[string]any{"name": "reader", "scopes": []string{"tokens:read"}}).JSON(t)
	key := reader["key"].(string)
	for _, c := range []struct {
		name, key, method, path string
		status                  int
		want                    string
	}{
		{"none", "", "GET", "/api/v1/connections", 401, "Bearer"},
		{"unknown", "lk_" + strings.Repeat("A", 43), "GET", "/api/v1/connections", 401, "key"},
		{"scope", key, "GET", "/api/v1/connections", 403, "connections:read"},
		{"allowed", key, "GET", "/api/v1/connections/sample-password/token", 200, "access_token"},
		{"no such", key, "GET", "/api/v1/connections/nothing/token", 404, "no connection"},
	} {
		authorization := ""
		if c.key != "" {
			authorization = "Bearer " + c.key
		}
		reply := s.Call(c.method, c.path, nil, "Authorization", authorization)
		if reply.Status != c.status || !strings.Contains(string(reply.Body), c.want) {
			t.Errorf("%s: %d %s, want %d and %q", c.name, reply.Status, reply.Body, c.status, c.want)
		}
	}
	s.Must(http.StatusNoContent, "DELETE", fmt.Sprint("/api/v1/keys/", reader["id"]), nil)
	if reply := s.Call("GET", "/api/v1/connections/sample-password/token", nil, "Authorization", "Bearer "+key); reply.Status != 401 {
		t.Errorf("a revoked key answers %d, want 401", reply.Status)
	}
}
