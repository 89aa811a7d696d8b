// Package peers_test runs Latchkey against authorization servers that others wrote, over real sockets.
package peers_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"latchkey/test/harness"
)

// peer starts a Node server and gives its URL.
func peer(t *testing.T, script string, args ...string) string {
	t.Helper()
	command := exec.Command("node", append([]string{script}, args...)...)
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	command.Stderr = &stderr
	if err := command.Start(); err != nil {
		t.Fatalf("starting %s: %v (run test/install first)", script, err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	var hello struct{ URL string }
	if err != nil || json.Unmarshal([]byte(line), &hello) != nil {
		_ = command.Wait()
		t.Fatalf("%s did not start: %v\n%s%s", script, err, line, stderr.String())
	}
	return hello.URL
}

// define creates a definition and publishes it.
func define(t *testing.T, s *harness.Server, name string, authentication map[string]any) map[string]any {
	t.Helper()
	s.Must(http.StatusCreated, "POST", "/api/v1/definitions", map[string]any{"name": name, "authentication": authentication})
	return s.Must(http.StatusOK, "POST", "/api/v1/definitions/"+name+"/publish", nil).JSON(t)
}

// callback gives the redirect URI that a definition's owner has to register.
func callback(s *harness.Server) string {
	return s.URL + "/data/core/activation/oauth/api/v1/callback"
}

// token reads a connection's token.
func token(t *testing.T, s *harness.Server, connection string) map[string]any {
	t.Helper()
	return s.Must(http.StatusOK, "GET", "/api/v1/connections/"+connection+"/token", nil).JSON(t)
}

// introspect asks the provider what it thinks of a token (RFC 7662).
func introspect(t *testing.T, provider, client, secret, token string) map[string]any {
	t.Helper()
	response, err := http.PostForm(provider+"/token/introspection", url.Values{"token": {token}, "client_id": {client}, "client_secret": {secret}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var out map[string]any
	if err := json.NewDecoder(response.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOIDCProviderAuthorizationCode(t *testing.T) {
	s := harness.Dev(t)
	provider := peer(t, "oidc-provider.mjs", fmt.Sprintf("[%q]", callback(s)))
	for _, c := range []struct {
		name, client, secret string
		options              map[string]any
	}{
		{"basic", "web app", "web:secret/+&=%", map[string]any{"pkce": "S256", "useBasicAuth": true, "basicAuthEncoding": "form"}},
		{"post", "post-app", "post-secret-0123456789", map[string]any{"pkce": "S256"}},
		{"public", "public-app", "", map[string]any{"pkce": "S256", "clientAuth": "none"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			authentication := map[string]any{
				"authType": "OAUTH2", "grant": "OAUTH2_AUTHORIZATION_CODE", "clientId": c.client,
				"authorizationUrl": provider + "/auth?prompt=consent", "accessTokenUrl": provider + "/token",
				"refreshTokenUrl": provider + "/token", "scope": []string{"openid", "offline_access"}, "options": c.options,
			}
			if c.secret != "" {
				authentication["clientSecret"] = c.secret
			}
			definition := define(t, s, "oidc-"+c.name, authentication)
			if got := fmt.Sprint(definition["callback_urls"]); !strings.Contains(got, callback(s)) {
				t.Errorf("callback_urls = %v, want %v in it", got, callback(s))
			}
			connection := s.Must(http.StatusCreated, "POST", "/api/v1/connections",
				map[string]any{"definition": "oidc-" + c.name, "label": c.name}).JSON(t)
			if connection["state"] != "pending_authorization" {
				t.Errorf("state = %v, want pending_authorization", connection["state"])
			}
			response, page := harness.Browse(t, connection["authorize_url"].(string), url.Values{"login": {"ada"}, "password": {"x"}})
			if response.StatusCode != http.StatusOK {
				t.Fatalf("the browser ended at %s with %d\n%s", response.Request.URL.Path, response.StatusCode, page)
			}
			first := token(t, s, c.name)
			if active := introspect(t, provider, "post-app", "post-secret-0123456789", first["access_token"].(string)); active["active"] != true {
				t.Errorf("the provider does not know the token: %v", active)
			}
			for generation := 2.0; generation <= 4; generation++ {
				s.Must(http.StatusOK, "POST", "/api/v1/connections/"+c.name+"/refresh", nil)
				next := token(t, s, c.name)
				if next["generation"] != generation || next["access_token"] == first["access_token"] {
					t.Fatalf("after a refresh: generation %v, want %v and another token", next["generation"], generation)
				}
			}
		})
	}
}

func TestOIDCProviderDeny(t *testing.T) {
	s := harness.Dev(t)
	provider := peer(t, "oidc-provider.mjs", fmt.Sprintf("[%q]", callback(s)))
	define(t, s, "unregistered", map[string]any{
		"authType": "OAUTH2", "grant": "OAUTH2_AUTHORIZATION_CODE", "clientId": "post-app", "clientSecret": "post-secret-0123456789",
		"authorizationUrl": provider + "/auth?prompt=none", "accessTokenUrl": provider + "/token", "scope": []string{"openid"},
		"options": map[string]any{"pkce": "S256"},
	})
	connection := s.Must(http.StatusCreated, "POST", "/api/v1/connections", map[string]any{"definition": "unregistered", "label": "denied"}).JSON(t)
	response, page := harness.Browse(t, connection["authorize_url"].(string), nil)
	if response.StatusCode != http.StatusBadRequest || !strings.Contains(page, "login_required") {
		t.Errorf("a refused consent ends with %d, want 400 and the provider's login_required in words\n%s", response.StatusCode, page)
	}
	reply := s.Must(http.StatusConflict, "GET", "/api/v1/connections/denied/token", nil)
	if !strings.Contains(string(reply.Body), "authoriz") {
		t.Errorf("a pending connection's token answers %s", reply.Body)
	}
}

func TestOIDCProviderClientCredentials(t *testing.T) {
	s := harness.Dev(t)
	provider := peer(t, "oidc-provider.mjs")
	authentication := map[string]any{
		"authType": "OAUTH2", "grant": "OAUTH2_CLIENT_CREDENTIALS", "clientId": "machine", "clientSecret": "machine-secret-0123456789",
		"accessTokenUrl": provider + "/token", "scope": []string{"api:read", "api:write"},
	}
	define(t, s, "machine", authentication)
	s.Must(http.StatusCreated, "POST", "/api/v1/connections", map[string]any{"definition": "machine", "label": "machine"})
	got := token(t, s, "machine")
	if got["scope"] != "api:read api:write" || got["token_type"] != "Bearer" {
		t.Errorf("scope %v, token_type %v", got["scope"], got["token_type"])
	}
	if left := got["expires_in"].(float64); left <= 110 || left > 120 {
		t.Errorf("expires_in = %v, want what the provider said (120)", left)
	}

	authentication["clientSecret"] = "not-the-machine-secret"
	define(t, s, "machine-wrong", authentication)
	reply := s.Must(http.StatusUnprocessableEntity, "POST", "/api/v1/connections", map[string]any{"definition": "machine-wrong", "label": "nothing"})
	if body := string(reply.Body); !strings.Contains(body, "invalid_client") || strings.Contains(body, "not-the-machine-secret") {
		t.Errorf("a wrong secret answers %s, want invalid_client and no secret", body)
	}
	s.Must(http.StatusNotFound, "GET", "/api/v1/connections/nothing", nil)
}

func TestOAuth2MockServer(t *testing.T) {
	s := harness.Dev(t)
	provider := peer(t, "oauth2-mock-server.mjs")
	define(t, s, "mock-cc", map[string]any{
		"authType": "OAUTH2", "grant": "OAUTH2_CLIENT_CREDENTIALS", "clientId": "c", "clientSecret": "s-123456",
		"accessTokenUrl": provider + "/token", "scope": []string{"a", "b"},
	})
	define(t, s, "mock-password", map[string]any{
		"authType": "OAUTH2", "grant": "OAUTH2_PASSWORD", "clientId": "c", "clientSecret": "s-123456",
		"accessTokenUrl": provider + "/token", "refreshTokenUrl": provider + "/token",
	})
	define(t, s, "mock-silent", map[string]any{
		"authType": "OAUTH2", "grant": "OAUTH2_CLIENT_CREDENTIALS", "clientId": "c", "clientSecret": "s-123456",
		"accessTokenUrl": provider + "/token", "scope": []string{"silent"}, "options": map[string]any{"expiry": map[string]any{"fromJwt": true}},
	})
	define(t, s, "mock-code", map[string]any{
		"authType": "OAUTH2", "grant": "OAUTH2_AUTHORIZATION_CODE", "clientId": "c", "clientSecret": "s-123456", "scope": []string{"openid"},
		"authorizationUrl": provider + "/authorize", "accessTokenUrl": provider + "/token", "refreshTokenUrl": provider + "/token",
	})
	for _, c := range []struct {
		definition string
		fields     map[string]any
	}{
		{"mock-cc", nil},
		{"mock-password", map[string]any{"username": "ada@example.com", "password": "p&ss wörd"}},
		{"mock-silent", nil},
		{"mock-code", nil},
	} {
		t.Run(c.definition, func(t *testing.T) {
			connection := s.Must(http.StatusCreated, "POST", "/api/v1/connections",
				map[string]any{"definition": c.definition, "label": c.definition, "fields": c.fields}).JSON(t)
			if link, ok := connection["authorize_url"].(string); ok {
				if response, page := harness.Browse(t, link, nil); response.StatusCode != http.StatusOK {
					t.Fatalf("the browser ended with %d\n%s", response.StatusCode, page)
				}
			}
			first := token(t, s, c.definition)
			if left, ok := first["expires_in"].(float64); !ok || left < 3000 || left > 3600 {
				t.Errorf("expires_in = %v, want about an hour", first["expires_in"])
			}
			s.Must(http.StatusOK, "POST", "/api/v1/connections/"+c.definition+"/refresh", nil)
			if next := token(t, s, c.definition); next["generation"] != 2.0 {
				t.Errorf("generation = %v after one refresh, want 2", next["generation"])
			}
		})
	}
}
