package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/access"
	"latchkey/internal/ident"
)

const authoringBase = "/data/core/activation/authoring"

// TestAuthoring walks a destination as scripts written against Destination SDK do (spec/destination-sdk.md §4.1).
func TestAuthoring(t *testing.T) {
	h := newHouse(t)
	document := `{"name":"Moviestar","description":"streams","status":"TEST","customerAuthenticationConfigurations":[` + clientCreds + `],"uiAttributes":{"category":"streaming","icon":{"url":"https://x"}},"futureMember":[1,2.50]}`
	made := h.must(http.StatusOK, "POST", authoringBase+"/destinations", document)
	id, _ := made.at("instanceId").(string)
	if !ident.IsUUID(id) || made.at("imsOrg") != organization || made.at("sandboxName") != "prod" || made.at("destConfigId") == nil || made.at("sandboxId") == nil {
		t.Errorf("made = %s", made.text)
	}
	if created, _ := made.at("createdDate").(string); !strings.HasSuffix(created, "Z") || len(created) != len("2020-10-28T06:14:09.784471Z") {
		t.Errorf("createdDate = %q, want microseconds in UTC", created)
	}
	if !strings.HasPrefix(made.text, `{"name":"Moviestar","description":"streams","status":"TEST",`) || !strings.Contains(made.text, `"futureMember":[1,2.50]`) {
		t.Errorf("members changed: %s", made.text)
	}
	if strings.Contains(made.text, clientSecret) || !strings.Contains(made.text, `"clientSecret":"********"`) {
		t.Errorf("the secret is not masked: %s", made.text)
	}
	one := h.must(http.StatusOK, "GET", authoringBase+"/destinations/"+id, "")
	all := h.must(http.StatusOK, "GET", authoringBase+"/destinations/", "")
	if diff := cmp.Diff(one.at("items"), all.at("items")); diff != "" {
		t.Errorf("one and all differ: %s", diff)
	}
	// What was read is sent back: server members and all.
	changed := h.must(http.StatusOK, "PUT", authoringBase+"/destinations/"+id, strings.Replace(made.text, `"streams"`, `"streams more"`, 1))
	if changed.at("description") != "streams more" || changed.at("instanceId") != id || strings.Count(changed.text, `"instanceId"`) != 1 {
		t.Errorf("changed = %s", changed.text)
	}
	published := h.must(http.StatusCreated, "POST", authoringBase+"/destinations/publish", `{"destinationId":"`+id+`","destinationAccess":"ALL"}`)
	if published.at("destinationId") != id || !strings.Contains(published.text, `"status":"PUBLISHED"`) {
		t.Errorf("published = %s", published.text)
	}
	if got := h.must(http.StatusOK, "GET", authoringBase+"/destinations/publish/"+id, ""); got.text != published.text {
		t.Errorf("published, read again = %s", got.text)
	}
	// The secret survived the mask.
	h.must(http.StatusCreated, "POST", "/api/v1/connections", `{"definition":"Moviestar","label":"acme"}`)
	if got := h.call("DELETE", authoringBase+"/destinations/"+id, ""); got.StatusCode != http.StatusConflict || got.at("title") != "ConflictError" {
		t.Errorf("deleting it in use = %d %s", got.StatusCode, got.text)
	}
	h.must(http.StatusNoContent, "DELETE", "/api/v1/connections/acme", "")
	if got := h.must(http.StatusOK, "DELETE", authoringBase+"/destinations/"+id, ""); got.text != "" {
		t.Errorf("deleted = %q, want an empty body", got.text)
	}
	if got := h.call("GET", authoringBase+"/destinations/"+id, ""); got.StatusCode != http.StatusNotFound || got.at("title") != "NotFoundError" {
		t.Errorf("after the end = %d %s", got.StatusCode, got.text)
	}
}

// TestAuthoringErrors reads the bodies of spec/destination-sdk.md §4.2.
func TestAuthoringErrors(t *testing.T) {
	h := newHouse(t)
	h.must(http.StatusCreated, "POST", "/api/v1/sandboxes", `{"name":"stage"}`)
	staged, reader := h.keyIn("stage", access.Admin), h.key(access.TokensRead)
	for _, c := range []struct {
		name, key, method, path, body, header string
		status                                int
		code, text                            string // error_code of the gateway; part of a service's body
	}{
		{name: "no token", method: "GET", path: "/destinations", status: 403, code: "403010", text: "Oauth token is missing."},
		{name: "wrong token", key: "lk_wrong", method: "GET", path: "/destinations", status: 401, code: "401013", text: "Oauth token is not valid"},
		{name: "api key", key: h.admin, method: "GET", path: "/destinations", header: "x-api-key: somebody", status: 403, code: "403003", text: "Api Key is invalid"},
		{name: "organization", key: h.admin, method: "GET", path: "/destinations", header: "x-gw-ims-org-id: 000000000000000000000000@AdobeOrg", status: 403, code: "403025", text: "Profile is not valid"},
		{name: "own organization", key: h.admin, method: "GET", path: "/destinations", header: "x-gw-ims-org-id: " + organization, status: 200, text: `{"items":[]}`},
		{name: "sandbox", key: staged, method: "GET", path: "/destinations", header: "x-sandbox-name: prod", status: 403, text: `"title":"ForbiddenError"`},
		{name: "own sandbox", key: staged, method: "GET", path: "/destinations", header: "x-sandbox-name: stage", status: 200},
		{name: "scope", key: reader, method: "GET", path: "/destinations", status: 403, text: `definitions:read`},
		{name: "malformed", key: h.admin, method: "POST", path: "/destinations", body: `{"name":}`, status: 400, text: `"line":1,"column":9`},
		{name: "content type", key: h.admin, method: "POST", path: "/destinations", body: `{}`, header: "Content-Type: text/plain", status: 400, text: "A valid content-type must be specified"},
		{name: "enum", key: h.admin, method: "POST", path: "/destinations", body: `{"name":"x","customerAuthenticationConfigurations":[{"authType":"Bearer"}]}`, status: 400, text: `"path":"/customerAuthenticationConfigurations/0/authType","code":"invalid_definition"`},
		{name: "unknown", key: h.admin, method: "GET", path: "/destinations/b0780cb5-2bb7-4409-bf2c-c625b28818f6", status: 404, text: `"type":"/placeholder/type/uri"`},
		{name: "credentials", key: h.admin, method: "POST", path: "/credentials", body: `{}`, status: 501, text: "PLATFORM_AUTHENTICATION"},
		{name: "one server", key: h.admin, method: "GET", path: "/destination-servers/x", status: 501, text: "not served"},
		{name: "route", key: h.admin, method: "GET", path: "/destination", status: 404, text: "/destinations"},
		{name: "method", key: h.admin, method: "PATCH", path: "/destinations", body: `{}`, status: 405, text: `"title":"MethodNotAllowedError"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := h.callWith(c.key, c.method, authoringBase+c.path, c.body, c.header)
			if got.StatusCode != c.status || !strings.Contains(got.text, c.text) {
				t.Errorf("got %d %s, want %d and %q in it", got.StatusCode, got.text, c.status, c.text)
			}
			if c.code != "" && got.at("error_code") != c.code {
				t.Errorf("error_code = %v, want %s", got.at("error_code"), c.code)
			}
		})
	}
}
