package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/internal/access"
	"latchkey/internal/connection"
	"latchkey/internal/pipelined/fleet"
	"latchkey/internal/project"
	"latchkey/internal/registry"
	"latchkey/internal/webhook"
)

// TestSearch finds each kind of thing by its name and by its id, and an exact id leads to its page.
func TestSearch(t *testing.T) {
	h := newHouse(t)
	atProject, atCredential := h.furnish()
	h.define("moviestar", "consent=allow", "", clientSecret)
	made := h.begin(connection.Create{Definition: "moviestar", Label: "acme-emea"})
	ctx := context.Background()
	_, err := h.keys.Create(ctx, h.caller, registry.NewKey{Name: "Warehouse key", Scopes: access.Scopes{access.TokensRead}})
	check(t, err)
	_, err = h.webhooks.Create(ctx, h.caller, webhook.Create{URL: "https://hooks.example.com/warehouse"})
	check(t, err)
	_, err = h.fleet.Tell(ctx, h.caller, fleet.Daemon{Instance: "winter-sale", Host: "one", Credential: "JWT", Fingerprint: "f1"})
	check(t, err)
	all, err := h.credentials.List(ctx, h.caller, project.Selection{Page: project.Page{Limit: 10}})
	check(t, err)
	credential := all[0]
	client := h.browser()
	h.get(client, h.link(h.ada))
	for q, want := range map[string]string{
		"acme":                   "acme-emea", // connections
		"MOVIE":                  "moviestar",
		"warehouse":              "Warehouse key",
		"hooks.example":          "https://hooks.example.com/warehouse",
		"lovelace":               "ada@example.com",
		"WINTER":                 `href="/instances/winter-sale"`,
		"AdobeAnalytics":         "AdobeAnalyticsSDK",
		"needs_reauthorization":  "/docs/errors#needs_reauthorization",
		"/connections/{ref}/tok": "API reference",
		credential.ClientID[:9]:  credential.ClientID,
		"nothing-like-that":      "Nothing in the sandbox prod",
		"x":                      "Write 2 to 200 characters",
	} {
		if found := h.get(client, h.url+"/search?q="+url.QueryEscape(q)); found.StatusCode != http.StatusOK || !strings.Contains(found.text, want) {
			t.Errorf("%q does not find %q: %d %s", q, want, found.StatusCode, found.text)
		}
	}
	for q, path := range map[string]string{
		credential.ClientID: atCredential, credential.TechnicalAccount.ID: atCredential, credential.TechnicalAccount.Email: atCredential,
		strings.TrimPrefix(atProject, "/projects/"): atProject,
	} {
		if found := h.get(client, h.url+"/search?q="+url.QueryEscape(q)); found.Request.URL.Path != path {
			t.Errorf("%q leads to %s, want %s", q, found.Request.URL, path)
		}
	}
	_ = made
	markup := h.get(client, h.url+"/search?q="+url.QueryEscape(`"><script>alert(1)</script>`))
	expect(t, markup, http.StatusOK, "Found for")
	if strings.Contains(markup.text, "<script>alert") {
		t.Error("markup is let through")
	}
}

// TestSearchKeeps looks for no secret, shows nothing that the role or the organization does not give, and says nothing of
// another sandbox.
func TestSearchKeeps(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	ctx := context.Background()
	key, err := h.keys.Create(ctx, h.caller, registry.NewKey{Name: "Warehouse key", Scopes: access.Scopes{access.TokensRead}})
	check(t, err)
	const other = "2222222222BBBBBBBBBB2222@AdobeOrg"
	_, err = h.directory.CreateOrganization(ctx, access.Caller{ID: "operator", Scopes: access.Scopes{access.Admin}}, other, "Other")
	check(t, err)
	bob := h.person(other, registry.NewUser{Email: "bob@example.com", Role: access.SystemAdministrator})
	ada, stranger := h.browser(), h.browser()
	h.get(ada, h.link(h.ada))
	h.get(stranger, h.link(bob))
	for _, secret := range []string{key.Value.Reveal(), "lk_x", "p8e-abcdef", "eyJhbGciOi.eyJpc3Mi.c2ln", "-----BEGIN PRIVATE KEY-----", "whsec_abc"} {
		found := h.get(ada, h.url+"/search?q="+url.QueryEscape(secret))
		expect(t, found, http.StatusOK, "looks like a secret")
		if strings.Contains(found.text, secret) {
			t.Errorf("%q is shown again", secret)
		}
	}
	if found := h.get(ada, h.url+"/search?q=hush-hush"); !strings.Contains(found.text, "Nothing in the sandbox") {
		t.Errorf("a client secret finds %s", found.text)
	}
	for _, q := range []string{"acme", "warehouse", "lovelace"} {
		if found := h.get(stranger, h.url+"/search?q="+q); !strings.Contains(found.text, "Nothing in the sandbox") {
			t.Errorf("another organization finds by %q: %s", q, found.text)
		}
	}
	if found := h.get(ada, h.url+"/search?q=hush&sandbox=nowhere"); found.StatusCode != http.StatusOK {
		t.Errorf("another sandbox = %d", found.StatusCode)
	}
}
