package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/test/harness"
)

// A POST that creates, sent again with its Idempotency-Key, is answered as the first time and carried out once.
func TestIdempotencyKey(t *testing.T) {
	data := t.TempDir()
	s := harness.DevIn(t, data)
	for path, body := range map[string]func(n int) map[string]any{
		"/api/v1/definitions": func(n int) map[string]any {
			return map[string]any{"name": fmt.Sprint("idem-", n), "authentication": map[string]any{"authType": "BEARER"}}
		},
		"/api/v1/sandboxes": func(n int) map[string]any { return map[string]any{"name": fmt.Sprint("idem-", n)} },
		"/api/v1/connections": func(n int) map[string]any {
			return map[string]any{"definition": "sample-client-credentials", "label": fmt.Sprint("idem-", n)}
		},
		"/api/v1/keys": func(n int) map[string]any {
			return map[string]any{"name": fmt.Sprint("idem-", n), "scopes": []string{"tokens:read"}}
		},
	} {
		first := s.Must(http.StatusCreated, "POST", path, body(1), "Idempotency-Key", "k-1")
		again := s.Must(http.StatusCreated, "POST", path, body(1), "Idempotency-Key", "k-1")
		if diff := cmp.Diff(string(first.Body), string(again.Body)); diff != "" || again.Header.Get("Idempotent-Replayed") != "true" || first.Header.Get("Idempotent-Replayed") != "" {
			t.Errorf("%s again: Idempotent-Replayed %q\n%s", path, again.Header.Get("Idempotent-Replayed"), diff)
		}
		if got, want := again.Header.Get("Location"), first.Header.Get("Location"); got != want {
			t.Errorf("%s again: Location %q, want %q", path, got, want)
		}
		says(t, string(s.Must(http.StatusUnprocessableEntity, "POST", path, body(2), "Idempotency-Key", "k-1").Body), "Idempotency-Key")
		if path != "/api/v1/keys" {
			s.Must(http.StatusConflict, "POST", path, body(1), "Idempotency-Key", "k-2")
		}
	}
	// The answer outlives a crash.
	label := map[string]any{"definition": "sample-client-credentials", "label": "kept"}
	first := s.Must(http.StatusCreated, "POST", "/api/v1/connections", label, "Idempotency-Key", "k-3")
	s.Kill()
	s = harness.DevIn(t, data)
	if again := s.Must(http.StatusCreated, "POST", "/api/v1/connections", label, "Idempotency-Key", "k-3"); string(again.Body) != string(first.Body) {
		t.Errorf("after a crash the answer is\n%s\nwant\n%s", again.Body, first.Body)
	}
}

// Every list comes in parts that together hold each item once, in order, even while items are made and deleted.
func TestPagination(t *testing.T) {
	s := harness.Dev(t)
	for n := range 7 {
		name := fmt.Sprint("page-", n)
		s.Must(http.StatusCreated, "POST", "/api/v1/definitions", map[string]any{"name": name, "authentication": map[string]any{"authType": "BEARER"}})
		s.Must(http.StatusCreated, "POST", "/api/v1/connections", map[string]any{"definition": "sample-client-credentials", "label": name})
		s.Must(http.StatusCreated, "POST", "/api/v1/sandboxes", map[string]any{"name": name})
		s.Must(http.StatusCreated, "POST", "/api/v1/keys", map[string]any{"name": name, "scopes": []string{"tokens:read"}})
		s.Must(http.StatusOK, "PUT", "/api/v1/definitions/page-0", map[string]any{"name": "page-0", "description": name, "authentication": map[string]any{"authType": "BEARER"}})
	}
	for _, path := range []string{"definitions", "connections", "sandboxes", "keys", "definitions/page-0/revisions"} {
		whole := s.Must(http.StatusOK, "GET", "/api/v1/"+path, nil).JSON(t)
		if whole["limit"] != 50.0 || whole["next_cursor"] != nil {
			t.Errorf("%s: limit %v, next_cursor %v", path, whole["limit"], whole["next_cursor"])
		}
		var parts []any
		next := ""
		for range 20 {
			page := s.Must(http.StatusOK, "GET", "/api/v1/"+path+"?limit=3"+next, nil).JSON(t)
			items := page["items"].([]any)
			if len(items) > 3 || page["limit"] != 3.0 {
				t.Errorf("%s: a page of %d items, limit %v", path, len(items), page["limit"])
			}
			parts = append(parts, items...)
			cursor, more := page["next_cursor"].(string)
			if !more {
				break
			}
			next = "&cursor=" + cursor
		}
		if diff := cmp.Diff(whole["items"], parts, cmp.FilterPath(func(p cmp.Path) bool { return strings.Contains(p.String(), "last_used_at") }, cmp.Ignore())); diff != "" && path != "keys" {
			t.Errorf("%s in parts (-whole +parts):\n%s", path, diff)
		}
		if len(parts) != len(whole["items"].([]any)) {
			t.Errorf("%s: %d items in parts, %d whole", path, len(parts), len(whole["items"].([]any)))
		}
		for _, wrong := range []string{"limit=0", "limit=201", "limit=x", "cursor=%00nonsense"} {
			if status := s.Call("GET", "/api/v1/"+path+"?"+wrong, nil).Status; status != http.StatusBadRequest && !(strings.HasPrefix(wrong, "cursor") && status == http.StatusOK) {
				t.Errorf("%s?%s answers %d", path, wrong, status)
			}
		}
	}
	found := s.Must(http.StatusOK, "GET", "/api/v1/connections?q=page-3", nil).JSON(t)["items"].([]any)
	if len(found) != 1 {
		t.Errorf("?q=page-3 finds %d connections", len(found))
	}
	if got := len(s.Must(http.StatusOK, "GET", "/api/v1/connections?state=pending_authorization", nil).JSON(t)["items"].([]any)); got != 1 {
		t.Errorf("?state=pending_authorization finds %d connections, want the sample", got)
	}
}

// New fields of a password connection are tried first: the old account serves unless they work.
func TestPatchPasswordConnection(t *testing.T) {
	s := harness.Dev(t)
	s.Must(http.StatusCreated, "POST", "/api/v1/definitions", document(t, "password.json", "patch-pw"))
	s.Must(http.StatusCreated, "POST", "/api/v1/connections", map[string]any{"definition": "patch-pw", "label": "patch-pw", "fields": map[string]any{"username": "ada@example.com", "password": "moviestar"}})
	const path = "/api/v1/connections/patch-pw"
	before := token(t, s, "patch-pw")

	says(t, string(s.Must(http.StatusBadRequest, "PATCH", path, map[string]any{"fields": map[string]any{"password": ""}}).Body), "/fields/password", "missing")
	s.Must(http.StatusUnprocessableEntity, "PATCH", path, map[string]any{"fields": map[string]any{"password": "wrong"}})
	says(t, string(s.Must(http.StatusBadRequest, "PATCH", path, map[string]any{"fields": map[string]any{"pasword": "x"}}).Body), "/fields/pasword", "password")
	s.Must(http.StatusOK, "PUT", "/sim/_/faults", map[string]any{"host": "api.moviestar.com", "path": "/OAuth/access_token", "fault": "status=500", "times": 1})
	s.Must(http.StatusFailedDependency, "PATCH", path, map[string]any{"fields": map[string]any{"username": "grace@example.com", "password": "moviestar"}})
	if after := token(t, s, "patch-pw"); after["access_token"] != before["access_token"] {
		t.Error("fields that did not work replaced the token")
	}
	kept := s.Must(http.StatusOK, "GET", path, nil).JSON(t)
	if kept["fields"].(map[string]any)["username"] != "ada@example.com" || kept["state"] != "active" {
		t.Errorf("fields that did not work are kept: %v, state %v", kept["fields"], kept["state"])
	}

	changed := s.Must(http.StatusOK, "PATCH", path, map[string]any{"fields": map[string]any{"username": "grace@example.com", "password": mask}}).JSON(t)
	if changed["fields"].(map[string]any)["username"] != "grace@example.com" || changed["fields"].(map[string]any)["password"] != mask {
		t.Errorf("fields are %v", changed["fields"])
	}
	after := token(t, s, "patch-pw")
	if after["generation"] != 2.0 || after["access_token"] == before["access_token"] {
		t.Errorf("after fields that work the token is of generation %v", after["generation"])
	}
	if who := me(t, s, "api.moviestar.com", after["access_token"].(string)); !strings.Contains(fmt.Sprint(who), "grace@example.com") {
		t.Errorf("the new token is of %v", who)
	}
	s.Must(http.StatusConflict, "PATCH", path, map[string]any{"label": "sample-password"})
	s.Must(http.StatusOK, "PATCH", path, map[string]any{"label": "patched"})
	token(t, s, "patched")
	s.Must(http.StatusNotFound, "GET", path, nil)
}

// New fields of an authorization code connection begin a consent; the old token serves until it is given.
func TestPatchConsentedConnection(t *testing.T) {
	s := harness.Dev(t)
	doc := document(t, "authorization-code.json", "patch-code")
	entry := doc["customerAuthenticationConfigurations"].([]any)[0].(map[string]any)
	entry["authenticationDataFields"] = []any{map[string]any{"name": "region", "title": "Region", "type": "string", "isRequired": true, "source": "CUSTOMER"}}
	s.Must(http.StatusCreated, "POST", "/api/v1/definitions", doc)
	made := s.Must(http.StatusCreated, "POST", "/api/v1/connections", map[string]any{"definition": "patch-code", "label": "patch-code", "fields": map[string]any{"region": "eu"}}).JSON(t)
	s.Must(http.StatusConflict, "GET", "/api/v1/connections/patch-code/token", nil)
	consent(t, made["authorize_url"].(string))
	before := token(t, s, "patch-code")

	patched := s.Must(http.StatusOK, "PATCH", "/api/v1/connections/patch-code", map[string]any{"fields": map[string]any{"region": "us"}}).JSON(t)
	link, ok := patched["authorize_url"].(string)
	if !ok || patched["state"] != "active" || patched["fields"].(map[string]any)["region"] != "eu" {
		t.Fatalf("PATCH answers state %v, fields %v, authorize_url %q", patched["state"], patched["fields"], link)
	}
	if now := token(t, s, "patch-code"); now["access_token"] != before["access_token"] {
		t.Error("the old token does not serve until the consent")
	}
	consent(t, link)
	if now := token(t, s, "patch-code"); now["generation"] != 2.0 || now["access_token"] == before["access_token"] {
		t.Errorf("after the consent the token is of generation %v", now["generation"])
	}
	if now := s.Must(http.StatusOK, "GET", "/api/v1/connections/patch-code", nil).JSON(t); now["fields"].(map[string]any)["region"] != "us" {
		t.Errorf("after the consent the fields are %v", now["fields"])
	}
}

// A disabled connection gives no token and is not refreshed; a deleted one is gone with what was asked of it.
func TestDisableEnableDelete(t *testing.T) {
	s := harness.Dev(t)
	const path = "/api/v1/connections/sample-password"
	before := token(t, s, "sample-password")
	for range 2 { // saying it again changes nothing
		if got := s.Must(http.StatusOK, "POST", path+"/disable", nil).JSON(t)["state"]; got != "disabled" {
			t.Errorf("state %v", got)
		}
	}
	for _, act := range []struct{ method, path string }{{"GET", path + "/token"}, {"POST", path + "/refresh"}} {
		says(t, string(s.Must(http.StatusConflict, act.method, act.path, nil).Body), "disabled")
	}
	for range 2 {
		if got := s.Must(http.StatusOK, "POST", path+"/enable", nil).JSON(t)["state"]; got != "active" {
			t.Errorf("state %v", got)
		}
	}
	if got := token(t, s, "sample-password"); got["access_token"] != before["access_token"] {
		t.Error("after enabling, a token that is still valid is not served")
	}

	pending := s.Must(http.StatusOK, "POST", "/api/v1/connections/sample-authorization-code/reauthorize", map[string]any{}).JSON(t)
	s.Must(http.StatusNoContent, "DELETE", "/api/v1/connections/sample-authorization-code", nil)
	if response, page := harness.Browse(t, pending["authorize_url"].(string), nil); response.StatusCode != http.StatusNotFound {
		t.Errorf("the consent of a deleted connection answers %d\n%s", response.StatusCode, page)
	}
	for _, method := range []string{"GET", "DELETE"} {
		s.Must(http.StatusNotFound, method, "/api/v1/connections/sample-authorization-code", nil)
	}
}

// If-None-Match says "this token was rejected": a newer one is fetched, once a generation, or there is none: 304.
func TestRejectedToken(t *testing.T) {
	s := harness.Dev(t)
	const path, upstream = "/api/v1/connections/rejected/token", "/OAuth/access_token"
	s.Must(http.StatusCreated, "POST", "/api/v1/definitions", map[string]any{"name": "rejected", "authentication": map[string]any{
		"authType": "OAUTH2", "grant": "OAUTH2_CLIENT_CREDENTIALS", "clientId": "rejected", "clientSecret": "rejected-secret", "accessTokenUrl": "https://api.moviestar.com" + upstream}})
	s.Must(http.StatusCreated, "POST", "/api/v1/connections", map[string]any{"definition": "rejected", "label": "rejected"})
	first := s.Must(http.StatusOK, "GET", path, nil)
	etag := first.Header.Get("ETag")
	if first.Header.Get("Cache-Control") != "no-store" || len(etag) != 45 {
		t.Errorf("ETag %s, Cache-Control %s", etag, first.Header.Get("Cache-Control"))
	}
	if other := s.Must(http.StatusOK, "GET", path, nil, "If-None-Match", `"`+strings.Repeat("A", 43)+`"`); other.Header.Get("ETag") != etag {
		t.Error("rejecting a token that is not this one refreshed it")
	}
	second := s.Must(http.StatusOK, "GET", path, nil, "If-None-Match", etag)
	if second.JSON(t)["generation"] != 2.0 || second.Header.Get("ETag") == etag {
		t.Errorf("a rejected token is answered with generation %v", second.JSON(t)["generation"])
	}
	if again := s.Must(http.StatusOK, "GET", path, nil, "If-None-Match", etag); again.Header.Get("ETag") != second.Header.Get("ETag") {
		t.Error("the old token rejected once more refreshed the new one")
	}
	asked := requests(t, s, upstream, "client_credentials")
	s.Must(http.StatusOK, "PUT", "/sim/_/faults", map[string]any{"host": "api.moviestar.com", "path": upstream, "fault": "status=500", "times": 50})
	none := s.Must(http.StatusNotModified, "GET", path, nil, "If-None-Match", second.Header.Get("ETag"))
	if len(none.Body) != 0 || none.Header.Get("ETag") != second.Header.Get("ETag") {
		t.Errorf("304 has the body %q and ETag %s", none.Body, none.Header.Get("ETag"))
	}
	for range 5 {
		s.Must(http.StatusNotModified, "GET", path, nil, "If-None-Match", second.Header.Get("ETag"))
	}
	if got := requests(t, s, upstream, "client_credentials") - asked; got != 1 {
		t.Errorf("six rejections of one token made %d requests, want 1", got)
	}
	token(t, s, "rejected") // whoever does not reject it still gets it
}

// A min_ttl that no token can have is answered with the freshest one, and does not refresh at every read.
func TestMinTTLLongerThanLife(t *testing.T) {
	s := harness.Dev(t)
	const upstream = "/OAuth/access_token"
	s.Must(http.StatusCreated, "POST", "/api/v1/definitions", map[string]any{"name": "short", "authentication": map[string]any{
		"authType": "OAUTH2", "grant": "OAUTH2_CLIENT_CREDENTIALS", "clientId": "short", "clientSecret": "short-secret", "accessTokenUrl": "https://api.moviestar.com" + upstream}})
	s.Must(http.StatusCreated, "POST", "/api/v1/connections", map[string]any{"definition": "short", "label": "short"})
	asked := requests(t, s, upstream, "client_credentials")
	for _, ttl := range []string{"86400", "24h", "1000h", "86400"} {
		s.Must(http.StatusOK, "GET", "/api/v1/connections/short/token?min_ttl="+ttl, nil)
	}
	if got := requests(t, s, upstream, "client_credentials") - asked; got > 1 {
		t.Errorf("four reads that ask for more than a token's life made %d requests, want one at most", got)
	}
	for _, wrong := range []string{"soon", "-1", "1y"} {
		s.Must(http.StatusBadRequest, "GET", "/api/v1/connections/short/token?min_ttl="+wrong, nil)
	}
}
