package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/access"
)

// TestDefinition walks a definition from its first draft to its end.
func TestDefinition(t *testing.T) {
	h := newHouse(t)
	made := h.must(http.StatusCreated, "POST", "/api/v1/definitions", `{"name":"moviestar","description":"d","authentication":`+codeGrant+`}`)
	id, _ := made.json["id"].(string)
	if made.Header.Get("Location") != "/api/v1/definitions/"+id || made.at("status") != "draft" || made.at("published_revision") != nil {
		t.Errorf("made = %v %s", made.Header, made.text)
	}
	want := []any{h.url + "/data/core/activation/oauth/api/v1/callback", "https://latchkey.example.com/data/core/activation/oauth/api/v1/callback"}
	if diff := cmp.Diff(want, made.at("callback_urls")); diff != "" {
		t.Errorf("callback_urls: %s", diff)
	}
	if made.at("authentication", "clientSecret") != "********" || made.at("destination") != nil {
		t.Errorf("made = %s", made.text)
	}
	published := h.must(http.StatusOK, "POST", "/api/v1/definitions/moviestar/publish", "")
	if published.at("status") != "published" || published.at("published_revision") != 1.0 {
		t.Errorf("published = %s", published.text)
	}
	// The mask keeps the secret; a document that says the same makes no revision.
	masked := strings.Replace(codeGrant, clientSecret, "********", 1)
	same := h.must(http.StatusOK, "PUT", "/api/v1/definitions/"+id, `{"name":"moviestar","description":"d","authentication":`+masked+`}`)
	if same.at("revision") != 1.0 || same.at("status") != "published" {
		t.Errorf("unchanged = %s", same.text)
	}
	changed := h.must(http.StatusOK, "PUT", "/api/v1/definitions/"+id, `{"name":"moviestar","description":"new","authentication":`+masked+`}`)
	if changed.at("revision") != 2.0 || changed.at("status") != "changed" || changed.at("description") != "new" {
		t.Errorf("changed = %s", changed.text)
	}
	if got := h.must(http.StatusOK, "GET", "/api/v1/definitions/moviestar?revision=1", ""); got.at("description") != "d" {
		t.Errorf("revision 1 = %s", got.text)
	}
	revisions, _ := h.must(http.StatusOK, "GET", "/api/v1/definitions/moviestar/revisions", "").at("items").([]any)
	if len(revisions) != 2 {
		t.Errorf("revisions = %v", revisions)
	}
	h.must(http.StatusCreated, "POST", "/api/v1/connections", `{"definition":"moviestar","label":"acme"}`)
	if got := h.call("DELETE", "/api/v1/definitions/moviestar", ""); got.StatusCode != http.StatusConflict || got.slug() != "in_use" {
		t.Errorf("deleting it in use = %d %s", got.StatusCode, got.text)
	}
	h.must(http.StatusNoContent, "DELETE", "/api/v1/connections/acme", "")
	h.must(http.StatusNoContent, "DELETE", "/api/v1/definitions/moviestar", "")
	h.must(http.StatusNotFound, "GET", "/api/v1/definitions/"+id, "")
}

func TestPrompts(t *testing.T) {
	h := newHouse(t)
	h.define("login", password)
	got := h.must(http.StatusOK, "GET", "/api/v1/definitions/login/prompts", "")
	items, _ := got.at("items").([]any)
	if len(items) != 2 || got.at("grant") != "OAUTH2_PASSWORD" || got.at("needs_browser") != false {
		t.Fatalf("prompts = %s", got.text)
	}
	second, _ := items[1].(map[string]any)
	if second["name"] != "password" || second["secret"] != true || second["required"] != true {
		t.Errorf("the second prompt = %v", second)
	}
}

// TestConnection changes a connection.
func TestConnection(t *testing.T) {
	h := newHouse(t)
	h.define("login", password)
	made := h.must(http.StatusCreated, "POST", "/api/v1/connections", `{"definition":"login","label":"acme","fields":{"username":"ada@example.com","password":"moviestar"}}`)
	if diff := cmp.Diff(map[string]any{"username": "ada@example.com", "password": "********"}, made.at("fields")); diff != "" {
		t.Errorf("fields: %s", diff)
	}
	if got := h.call("POST", "/api/v1/connections", `{"definition":"login","label":"acme","fields":{"username":"b","password":"b"}}`); got.slug() != "name_taken" {
		t.Errorf("the label again = %s", got.text)
	}
	// U10: a change that does not work leaves the old account.
	if got := h.call("PATCH", "/api/v1/connections/acme", `{"fields":{"password":"wrong"}}`); got.StatusCode != 422 || got.at("failure", "kind") != "grant_dead" {
		t.Errorf("a wrong password = %d %s", got.StatusCode, got.text)
	}
	h.must(http.StatusOK, "GET", "/api/v1/connections/acme/token", "")
	patched := h.must(http.StatusOK, "PATCH", "/api/v1/connections/acme", `{"fields":{"username":"grace@example.com"},"label":"emea"}`)
	if patched.at("label") != "emea" || patched.at("fields", "username") != "grace@example.com" || patched.at("token", "generation") != 2.0 {
		t.Errorf("patched = %s", patched.text)
	}
	refreshed := h.must(http.StatusOK, "POST", "/api/v1/connections/emea/refresh", "")
	if refreshed.at("token", "generation") != 3.0 {
		t.Errorf("refreshed = %s", refreshed.text)
	}
	renewed := h.must(http.StatusOK, "POST", "/api/v1/connections/emea/reauthorize", "")
	if renewed.at("token", "generation") != 4.0 {
		t.Errorf("reauthorized = %s", renewed.text)
	}
	h.must(http.StatusNoContent, "DELETE", "/api/v1/connections/emea", "")
	h.must(http.StatusNotFound, "GET", "/api/v1/connections/emea/token", "")
}

// TestLists reads lists in parts.
func TestLists(t *testing.T) {
	h := newHouse(t)
	h.define("moviestar", clientCreds)
	for i := range 5 {
		h.must(http.StatusCreated, "POST", "/api/v1/sandboxes", fmt.Sprintf(`{"name":"s%d"}`, i))
		h.connect("moviestar", fmt.Sprintf("c-%d", i)) // no id has a hyphen
		h.key(access.TokensRead)
		h.must(http.StatusCreated, "POST", "/api/v1/definitions", fmt.Sprintf(`{"name":"d%d","authentication":%s}`, i, clientCreds))
	}
	for path, member := range map[string]string{"/sandboxes": "name", "/connections": "label", "/keys": "id", "/definitions": "name"} {
		var names []string
		for cursor := ""; ; {
			got := h.must(http.StatusOK, "GET", "/api/v1"+path+"?limit=2&cursor="+url.QueryEscape(cursor), "")
			items, _ := got.at("items").([]any)
			if len(items) > 2 || got.at("limit") != 2.0 {
				t.Fatalf("%s: %s", path, got.text)
			}
			for _, item := range items {
				name, _ := item.(map[string]any)[member].(string)
				names = append(names, name)
			}
			if cursor, _ = got.at("next_cursor").(string); cursor == "" {
				break
			}
		}
		slices.Sort(names)
		if got := len(slices.Compact(names)); got < 5 || got != len(names) {
			t.Errorf("%s has %v", path, names)
		}
	}
	if got := h.must(http.StatusOK, "GET", "/api/v1/connections?q=c-3", ""); !strings.Contains(got.text, `"label":"c-3"`) || strings.Contains(got.text, `"label":"c-2"`) {
		t.Errorf("q=c-3 gives %s", got.text)
	}
}

// TestSandbox keeps what is in one sandbox apart from the others.
func TestSandbox(t *testing.T) {
	h := newHouse(t)
	h.must(http.StatusCreated, "POST", "/api/v1/sandboxes", `{"name":"stage","title":"Stage"}`)
	h.must(http.StatusCreated, "POST", "/api/v1/definitions?sandbox=stage", `{"name":"moviestar","authentication":`+clientCreds+`}`)
	h.must(http.StatusNotFound, "GET", "/api/v1/definitions/moviestar", "")
	made := h.must(http.StatusCreated, "POST", "/api/v1/connections", `{"definition":"moviestar","label":"acme"}`, "X-Sandbox-Name: stage")
	if made.at("sandbox") != "stage" {
		t.Errorf("sandbox = %v", made.at("sandbox"))
	}
	h.must(http.StatusNotFound, "GET", "/api/v1/connections/acme/token", "")
	h.must(http.StatusOK, "GET", "/api/v1/connections/acme/token?sandbox=stage", "")
	if got := h.call("DELETE", "/api/v1/sandboxes/stage", ""); got.slug() != "in_use" {
		t.Errorf("deleting it in use = %d %s", got.StatusCode, got.text)
	}
	if got := h.call("DELETE", "/api/v1/sandboxes/prod", ""); got.StatusCode != http.StatusBadRequest {
		t.Errorf("deleting prod = %d %s", got.StatusCode, got.text)
	}
}

// TestKey makes a key, uses it, and revokes it.
func TestKey(t *testing.T) {
	h := newHouse(t)
	made := h.must(http.StatusCreated, "POST", "/api/v1/keys", `{"name":"billing","scopes":["registry:read"],"expires_at":"2099-01-01T00:00:00Z"}`)
	value, _ := made.at("key").(string)
	id, _ := made.at("id").(string)
	who := h.callWith(value, "GET", "/api/v1", "")
	if diff := cmp.Diff(map[string]any{"id": id, "name": "billing", "scopes": []any{"registry:read"}, "sandbox": nil}, who.at("caller")); diff != "" {
		t.Errorf("who am I: %s", diff)
	}
	if who.at("organization", "id") != organization {
		t.Errorf("organization = %v", who.at("organization"))
	}
	if got := h.callWith(value, "POST", "/api/v1/keys", `{"name":"more","scopes":["admin"]}`); got.StatusCode != http.StatusForbidden {
		t.Errorf("granting itself admin = %d %s", got.StatusCode, got.text)
	}
	if got := h.must(http.StatusOK, "GET", "/api/v1/keys/"+id, ""); got.at("key") != nil || strings.Contains(got.text, value) {
		t.Errorf("the value is shown again: %s", got.text)
	}
	h.must(http.StatusNoContent, "DELETE", "/api/v1/keys/"+id, "")
	if got := h.callWith(value, "GET", "/api/v1", ""); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("after it was revoked = %d", got.StatusCode)
	}
	if got := h.must(http.StatusOK, "GET", "/api/v1/keys/"+id, ""); got.at("revoked_at") == nil {
		t.Errorf("revoked = %s", got.text)
	}
}

// TestExplain shows requests without sending any.
func TestExplain(t *testing.T) {
	h := newHouse(t)
	before := len(h.sim.Requests())
	for _, body := range []string{
		`{"authentication":` + password + `,"fields":{"username":"ada","password":"hunter2!"}}`,
		`{"definition":{"name":"x","authentication":` + password + `},"fields":{"username":"ada","password":"hunter2!"}}`,
	} {
		got := h.must(http.StatusOK, "POST", "/api/v1/explain", body)
		requests, _ := got.at("requests").([]any)
		first, _ := requests[0].(map[string]any)
		text, _ := first["body"].(string)
		if first["purpose"] != "acquire" || first["method"] != "POST" || !strings.Contains(text, "grant_type=password") || !strings.Contains(text, "username=ada") {
			t.Errorf("explain = %s", got.text)
		}
		if strings.Contains(got.text, clientSecret) || strings.Contains(got.text, "hunter2") {
			t.Errorf("explain shows a secret: %s", got.text)
		}
	}
	if after := len(h.sim.Requests()); after != before {
		t.Errorf("%d requests were sent", after-before)
	}
}

func TestHealth(t *testing.T) {
	h := newHouse(t)
	if got := h.callWith("", "GET", "/healthz", ""); got.StatusCode != 200 || got.at("status") != "ok" {
		t.Errorf("healthz = %d %s", got.StatusCode, got.text)
	}
	if got := h.callWith("", "GET", "/readyz", ""); got.StatusCode != 200 || got.at("checks", "store") != "ok" {
		t.Errorf("readyz = %d %s", got.StatusCode, got.text)
	}
}
