package api_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
)

func etag(token string) string {
	sum := sha256.Sum256([]byte(token))
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:]) + `"`
}

func TestToken(t *testing.T) {
	h := newHouse(t)
	h.define("moviestar", clientCreds)
	id := h.connect("moviestar", "acme emea:1")
	first := h.must(http.StatusOK, "GET", "/api/v1/connections/"+id+"/token", "")
	token, _ := first.json["access_token"].(string)
	if token == "" || first.at("token_type") != "Bearer" || first.at("connection") != id || first.at("generation") != 1.0 || first.at("scope") != "read write" {
		t.Errorf("token = %s", first.text)
	}
	if in, _ := first.at("expires_in").(float64); in < 3500 || in > 3600 {
		t.Errorf("expires_in = %v, want about an hour", first.at("expires_in"))
	}
	if got := first.Header.Get("ETag"); got != etag(token) {
		t.Errorf("ETag = %s, want %s", got, etag(token))
	}
	if first.Header.Get("Cache-Control") != "no-store" || first.Header.Get("Content-Type") != "application/json" {
		t.Errorf("header = %v", first.Header)
	}
	byLabel := h.must(http.StatusOK, "GET", "/api/v1/connections/acme%20emea%3A1/token", "")
	if byLabel.at("access_token") != token {
		t.Errorf("by label: %s", byLabel.text)
	}
	again := h.must(http.StatusOK, "GET", "/api/v1/connections/"+id+"/token", "", "If-None-Match: "+etag(token))
	if again.at("access_token") == token || again.at("generation") != 2.0 {
		t.Errorf("after the rejection of generation 1: %s", again.text)
	}
	old := h.must(http.StatusOK, "GET", "/api/v1/connections/"+id+"/token", "", "If-None-Match: "+etag(token))
	if old.at("generation") != 2.0 {
		t.Errorf("rejecting generation 1 again made a third: %s", old.text)
	}
	if got := h.call("GET", "/api/v1/connections/"+id+"/token?min_ttl=10s", ""); got.at("generation") != 2.0 {
		t.Errorf("min_ttl=10s made a new token: %s", got.text)
	}
	if got := h.call("HEAD", "/api/v1/connections/"+id+"/token", ""); got.StatusCode != 200 || got.text != "" {
		t.Errorf("HEAD = %d %q", got.StatusCode, got.text)
	}
}

func TestTokenPlacement(t *testing.T) {
	h := newHouse(t)
	h.define("moviestar", clientCreds)
	h.define("elsewhere", strings.Replace(clientCreds, `"grant"`, `"options": {"tokenPlacement": {"query": "key"}}, "grant"`, 1))
	for name, want := range map[string]string{"moviestar": `{"header":"Authorization","prefix":"Bearer "}`, "elsewhere": `{"query":"key"}`} {
		h.connect(name, name+"-1")
		got := h.must(http.StatusOK, "GET", "/api/v1/connections/"+name+"-1/placement", "")
		if strings.TrimSpace(got.text) != want {
			t.Errorf("%s: %s, want %s", name, got.text, want)
		}
	}
	h.must(http.StatusNotFound, "GET", "/api/v1/connections/nobody/placement", "")
}

// TestTokenErrors reads tokens of connections that have none.
func TestTokenErrors(t *testing.T) {
	h := newHouse(t)
	h.define("consent", codeGrant)
	h.define("moviestar", clientCreds)
	pending := h.must(http.StatusCreated, "POST", "/api/v1/connections", `{"definition":"consent","label":"pending"}`)
	if pending.at("state") != "pending_authorization" || pending.at("authorize_url") == nil || pending.at("authorize_url_expires_at") == nil || pending.at("token") != nil {
		t.Errorf("pending = %s", pending.text)
	}
	id, _ := pending.json["id"].(string)
	h.connect("moviestar", "off")
	h.must(http.StatusOK, "POST", "/api/v1/connections/off/disable", "")
	for _, c := range []struct {
		ref    string
		status int
		slug   string
	}{{"pending", 409, "pending_authorization"}, {"off", 409, "connection_disabled"}, {"nobody", 404, "not_found"}} {
		got := h.call("GET", "/api/v1/connections/"+c.ref+"/token", "")
		if got.StatusCode != c.status || got.slug() != c.slug {
			t.Errorf("token of %s = %d %s, want %d %s", c.ref, got.StatusCode, got.slug(), c.status, c.slug)
		}
	}
	if got := h.call("GET", "/api/v1/connections/pending/token", ""); got.at("reauthorize_url") != h.url+"/api/v1/connections/"+id+"/reauthorize" {
		t.Errorf("reauthorize_url = %v", got.at("reauthorize_url"))
	}
	h.must(http.StatusOK, "POST", "/api/v1/connections/off/enable", "")
	h.must(http.StatusOK, "GET", "/api/v1/connections/off/token", "")
}
