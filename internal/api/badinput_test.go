package api_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestBadInput sends everything that the API refuses, and reads whether the answer tells what is wrong, where, and
// what to do.
func TestBadInput(t *testing.T) {
	h := newHouse(t)
	h.define("moviestar", clientCreds)
	h.define("login", password)
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		slug                     string
		pointer, message, fix    string // of the first error
		line, column             float64
	}{
		{name: "malformed JSON", method: "POST", path: "/connections", body: "{\n  \"definition\": \"moviestar\",\n  \"fields\": {,}\n}",
			status: 400, slug: "malformed_json", line: 3, column: 14},
		{name: "malformed definition", method: "POST", path: "/definitions", body: "{\n\"name\": \"x\"\n\"authentication\": {}}",
			status: 400, slug: "malformed_json", line: 3, column: 1},
		{name: "malformed explain", method: "POST", path: "/explain", body: `{"definition": moviestar}`,
			status: 400, slug: "malformed_json", line: 1, column: 16},
		{name: "malformed key", method: "POST", path: "/keys", body: `{"name": "x"`, status: 400, slug: "malformed_json", line: 1, column: 13},
		{name: "text after the end", method: "POST", path: "/keys", body: `{"name": "x"} {}`, status: 400, slug: "malformed_json", line: 1, column: 15},
		{name: "unknown member", method: "POST", path: "/connections", body: `{"definition":"moviestar","lable":"x"}`,
			status: 400, slug: "invalid_request", pointer: "/lable", message: "unknown member", fix: `Did you mean "label"?`},
		{name: "other case", method: "POST", path: "/keys", body: `{"Name":"x","scopes":[]}`,
			status: 400, slug: "invalid_request", pointer: "/Name", fix: `Did you mean "name"?`},
		{name: "member twice", method: "POST", path: "/keys", body: `{"name":"x","name":"y"}`,
			status: 400, slug: "invalid_request", pointer: "/name", message: "twice"},
		{name: "wrong type", method: "POST", path: "/keys", body: `{"name":7,"scopes":[]}`,
			status: 400, slug: "invalid_request", pointer: "/name", message: "expected a text in double quotes, found a number"},
		{name: "list for an object", method: "POST", path: "/connections", body: `[]`,
			status: 400, slug: "invalid_request", message: "expected an object, found a list"},
		{name: "no definition", method: "POST", path: "/connections", body: `{}`, status: 400, slug: "invalid_request", pointer: "/definition"},
		{name: "unknown scope", method: "POST", path: "/keys", body: `{"name":"x","scopes":["token:read"]}`, status: 400, slug: "invalid_request", pointer: "/scopes"},
		{name: "key without name", method: "POST", path: "/keys", body: `{"name":"","scopes":["tokens:read"]}`, status: 400, slug: "invalid_request", pointer: "/name"},
		{name: "sandbox's name", method: "POST", path: "/sandboxes", body: `{"name":"Not OK"}`, status: 400, slug: "invalid_request", pointer: "/name", fix: "a-z"},
		{name: "limit", method: "GET", path: "/connections?limit=0", status: 400, slug: "invalid_request"},
		{name: "limit's type", method: "GET", path: "/definitions?limit=many", status: 400, slug: "invalid_request"},
		{name: "state", method: "GET", path: "/connections?state=broken", status: 400, slug: "invalid_request"},
		{name: "cursor", method: "GET", path: "/connections?cursor=x", status: 400, slug: "invalid_request"},
		{name: "min_ttl", method: "GET", path: "/connections/x/token?min_ttl=soon", status: 400, slug: "invalid_request", fix: "min_ttl=5m"},
		{name: "unknown sandbox", method: "GET", path: "/connections?sandbox=nowhere", status: 404, slug: "not_found"},

		{name: "wrong enum", method: "POST", path: "/definitions", body: `{"name":"x","authentication":{"authType":"Bearer"}}`,
			status: 400, slug: "invalid_definition", pointer: "/authentication/authType", fix: "BEARER"},
		{name: "wrong grant", method: "POST", path: "/definitions", body: `{"name":"x","authentication":{"authType":"OAUTH2","grant":"CLIENT_CREDENTIALS"}}`,
			status: 400, slug: "invalid_definition", pointer: "/authentication/grant", fix: "OAUTH2_CLIENT_CREDENTIALS"},
		{name: "template", method: "POST", path: "/definitions", body: `{"name":"x","authentication":{"authType":"OAUTH2","grant":"OAUTH2_CLIENT_CREDENTIALS","clientId":"i","clientSecret":"s","accessTokenRequest":{"destinationServerType":"URL_BASED","urlBasedDestination":{"url":{"templatingStrategy":"PEBBLE_V1","value":"https://a.example/{{ authData. }}"}},"httpTemplate":{"httpMethod":"POST"},"responseFields":[{"name":"accessToken","templatingStrategy":"PEBBLE_V1","value":"{{ response.body.t }}"}]}}}`,
			status: 400, slug: "invalid_definition", pointer: "/authentication/accessTokenRequest/urlBasedDestination/url/value"},
		{name: "no name", method: "POST", path: "/definitions", body: `{"authentication":` + clientCreds + `}`, status: 400, slug: "invalid_definition", pointer: "/name"},
		{name: "name taken", method: "POST", path: "/definitions", body: `{"name":"moviestar","authentication":` + clientCreds + `}`, status: 409, slug: "name_taken"},
		{name: "unknown definition", method: "GET", path: "/definitions/nobody", status: 404, slug: "not_found"},
		{name: "unknown revision", method: "GET", path: "/definitions/moviestar?revision=9", status: 404, slug: "not_found"},

		{name: "connect to nothing", method: "POST", path: "/connections", body: `{"definition":"nobody"}`, status: 404, slug: "not_found"},
		{name: "unknown field", method: "POST", path: "/connections", body: `{"definition":"login","fields":{"username":"ada","password":"p","tenant":"x"}}`,
			status: 400, slug: "invalid_fields", pointer: "/fields/tenant"},
		{name: "missing field", method: "POST", path: "/connections", body: `{"definition":"login","fields":{"username":"ada"}}`,
			status: 400, slug: "invalid_fields", pointer: "/fields/password"},
		{name: "return URL", method: "POST", path: "/connections", body: `{"definition":"moviestar","return_url":"https://evil.example/"}`,
			status: 400, slug: "invalid_request", pointer: "/return_url"},
		{name: "explain nothing", method: "POST", path: "/explain", body: `{}`, status: 400, slug: "invalid_request", pointer: "/definition"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := h.call(c.method, "/api/v1"+c.path, c.body)
			if got.StatusCode != c.status || got.slug() != c.slug {
				t.Fatalf("got %d %s, want %d %s: %s", got.StatusCode, got.slug(), c.status, c.slug, got.text)
			}
			if kind := got.Header.Get("Content-Type"); kind != "application/problem+json" {
				t.Errorf("Content-Type = %q", kind)
			}
			for member, want := range map[string]string{"pointer": c.pointer, "message": c.message, "fix": c.fix} {
				text, _ := got.first(member).(string)
				if !strings.Contains(text, want) {
					t.Errorf("%s = %q, want %q in it: %s", member, text, want, got.text)
				}
			}
			if c.line != 0 && (got.at("line") != c.line || got.at("column") != c.column) {
				t.Errorf("line %v, column %v, want %v, %v: %s", got.at("line"), got.at("column"), c.line, c.column, got.text)
			}
		})
	}
	if list := h.must(http.StatusOK, "GET", "/api/v1/connections", ""); !strings.HasPrefix(list.text, `{"items":[],`) {
		t.Errorf("something was stored: %s", list.text)
	}
}

// TestProviderRefuses connects to providers that don't give a token. Nothing is stored, and the answer says whose
// fault it is.
func TestProviderRefuses(t *testing.T) {
	h := newHouse(t)
	at := func(query string) string {
		return strings.Replace(clientCreds, "OAuth/access_token", "OAuth/access_token?fault="+query, 1)
	}
	for _, c := range []struct {
		name, authentication string
		status               int
		kind                 string
	}{
		{"secret", strings.Replace(clientCreds, clientSecret, "wrong-secret", 1), 422, "client_dead"},
		{"html", at("html"), 422, "bad_response"},
		{"error200", at("error200=invalid_scope"), 422, ""},
		{"huge", at("huge"), 422, "bad_response"},
		{"status", at("status=503"), 424, "provider_down"},
		{"drop", at("drop_before"), 424, "provider_down"},
		{"rate", at("rate_limit=7"), 424, "provider_down"},
		{"private", at("redirect=http://169.254.169.254/latest"), 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h.define(c.name, c.authentication)
			got := h.call("POST", "/api/v1/connections", `{"definition":"`+c.name+`"}`)
			if c.status != 0 && got.StatusCode != c.status || got.StatusCode < 400 {
				t.Errorf("status = %d, want %d: %s", got.StatusCode, c.status, got.text)
			}
			if kind := got.at("failure", "kind"); c.kind != "" && kind != c.kind {
				t.Errorf("kind = %v, want %s: %s", kind, c.kind, got.text)
			}
			if strings.Contains(got.text, "wrong-secret") || strings.Contains(got.text, clientSecret) {
				t.Errorf("the answer holds the secret: %s", got.text)
			}
			if c.name == "rate" && got.Header.Get("Retry-After") != "7" {
				t.Errorf("Retry-After = %q", got.Header.Get("Retry-After"))
			}
		})
	}
	if list := h.must(http.StatusOK, "GET", "/api/v1/connections", ""); !strings.HasPrefix(list.text, `{"items":[],`) {
		t.Errorf("something was stored: %s", list.text)
	}
}

// TestPublishRefuses publishes a draft that refers to what nobody declared.
func TestPublishRefuses(t *testing.T) {
	h := newHouse(t)
	made := h.must(http.StatusCreated, "POST", "/api/v1/definitions", `{"name":"x","authentication":{"authType":"OAUTH2","grant":"OAUTH2_CLIENT_CREDENTIALS","clientId":"i","clientSecret":"s","accessTokenUrl":"https://{{ authData.tenant }}.yourdestination.com/identity/oauth/token"}}`)
	if problems, _ := made.at("problems").([]any); len(problems) == 0 {
		t.Errorf("the draft has no problems: %s", made.text)
	}
	got := h.call("POST", "/api/v1/definitions/x/publish", "")
	if got.StatusCode != http.StatusUnprocessableEntity || got.slug() != "not_publishable" || !strings.Contains(got.text, "tenant") {
		t.Errorf("publish = %d: %s", got.StatusCode, got.text)
	}
	lint := h.must(http.StatusOK, "POST", "/api/v1/definitions/x/lint", "")
	if lint.at("publishable") != false {
		t.Errorf("lint = %s", lint.text)
	}
	if got := h.call("POST", "/api/v1/connections", `{"definition":"x"}`); got.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("connecting to it = %d: %s", got.StatusCode, got.text)
	}
}

// TestRoutes asks for what is not there, and in ways that are not meant.
func TestRoutes(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		name, method, path, body, header string
		status                           int
		slug, detail                     string
	}{
		{name: "mistyped", method: "GET", path: "/api/v1/conections", status: 404, slug: "no_such_route", detail: "GET, POST /api/v1/connections"},
		{name: "mistyped act", method: "POST", path: "/api/v1/connections/acme/refrehs", status: 404, slug: "no_such_route", detail: "POST /api/v1/connections/{ref}/refresh"},
		{name: "other version", method: "GET", path: "/api/v2", status: 404, slug: "no_such_route", detail: "GET /api/v1"},
		{name: "method", method: "PATCH", path: "/api/v1/keys", body: "{}", status: 405, slug: "method_not_allowed", detail: "GET, POST"},
		{name: "token's method", method: "POST", path: "/api/v1/connections/x/token", body: "{}", status: 405, slug: "method_not_allowed", detail: "GET"},
		{name: "form", method: "POST", path: "/api/v1/keys", body: "{}", header: "Content-Type: application/x-www-form-urlencoded", status: 415, slug: "unsupported_media_type"},
		{name: "large", method: "POST", path: "/api/v1/definitions", body: `{"name":"` + strings.Repeat("x", 1<<20) + `"}`, status: 413, slug: "too_large"},
		{name: "large explain", method: "POST", path: "/api/v1/explain", body: `{"definition":"` + strings.Repeat("x", 1<<20) + `"}`, status: 413, slug: "too_large"},
		{name: "cross-site", method: "POST", path: "/api/v1/keys", body: "{}", header: "Sec-Fetch-Site: cross-site", status: 403, slug: "cross_origin"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := h.call(c.method, c.path, c.body, c.header)
			if got.StatusCode != c.status || got.slug() != c.slug {
				t.Fatalf("got %d %s, want %d %s: %s", got.StatusCode, got.slug(), c.status, c.slug, got.text)
			}
			if detail, _ := got.json["detail"].(string); !strings.Contains(detail, c.detail) {
				t.Errorf("detail = %q, want %q in it", detail, c.detail)
			}
			if c.status == 405 && got.Header.Get("Allow") != c.detail {
				t.Errorf("Allow = %q, want %q", got.Header.Get("Allow"), c.detail)
			}
		})
	}
}

// TestSlash asks for paths with and without a slash at their end.
func TestSlash(t *testing.T) {
	h := newHouse(t)
	h.define("moviestar", clientCreds)
	h.connect("moviestar", "acme")
	for _, path := range []string{"/api/v1", "/api/v1/connections", "/api/v1/connections/acme", "/api/v1/connections/acme/token", "/healthz", "/readyz", "/openapi.json"} {
		for _, slash := range []string{"", "/"} {
			if got := h.call("GET", path+slash, ""); got.StatusCode != http.StatusOK {
				t.Errorf("GET %s = %d, want 200", path+slash, got.StatusCode)
			}
		}
	}
}
