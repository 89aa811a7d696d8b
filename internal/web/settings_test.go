package web_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/internal/simulator"
)

var keyValue = regexp.MustCompile(`lk_[0-9A-Za-z]{43}`)

// A key is made with scopes in words, shown once, works, and is revoked by its name.
func TestSettingsKeys(t *testing.T) {
	h := newHouse(t)
	ada := h.browser()
	says(t, h.get(ada, h.link(h.ada)), http.StatusOK)
	token := h.tokenOf(ada)
	says(t, h.get(ada, h.url+"/settings/keys"), http.StatusOK, "There is no key in use")
	says(t, h.get(ada, h.url+"/settings/new-key"), http.StatusOK, "Read access tokens of connections", "Everything in the organization")
	says(t, post(h, ada, "/settings/new-key", url.Values{"csrf": {token}, "name": {"billing"}}), http.StatusUnprocessableEntity, "The key has no scope")
	says(t, post(h, ada, "/settings/new-key", url.Values{"csrf": {token}, "name": {"billing"}, "scopes": {"tokens:read"}, "expires_at": {"soon"}}), http.StatusUnprocessableEntity, "This is no day")
	says(t, post(h, ada, "/settings/new-key", url.Values{"csrf": {token}, "name": {"billing"}, "scopes": {"tokens:read"}, "expires_at": {"2020-01-01"}}), http.StatusUnprocessableEntity, "would end in the past")
	made := post(h, ada, "/settings/new-key", url.Values{"csrf": {token}, "name": {"billing"}, "scopes": {"tokens:read", "connections:read"}, "sandbox_limit": {"prod"}, "expires_at": {h.hand.Now().Add(72 * time.Hour).Format(time.DateOnly)}})
	says(t, made, http.StatusOK, "The key billing was made", "in the sandbox prod alone")
	caller, err := h.keys.Authenticate(keyValue.FindString(made.text))
	if err != nil || caller.Sandbox != "prod" || caller.Scopes.String() != "tokens:read connections:read" {
		t.Errorf("the value opens %+v, %v", caller, err)
	}
	proxied := post(h, ada, "/settings/new-key", url.Values{"csrf": {token}, "name": {"caller"}, "scopes": {"proxy:call"}, "calls/methods": {"get, post"}, "calls/paths": {"/v1/*"}})
	if caller, err := h.keys.Authenticate(keyValue.FindString(proxied.text)); err != nil || !caller.Calls.Allow("GET", "/v1/x", "/v1/x") || caller.Calls.Allow("PUT", "/v1/x", "/v1/x") {
		t.Errorf("a key that is bound to calls opens %+v, %v", caller, err)
	}
	list := h.get(ada, h.url+"/settings/keys")
	says(t, list, http.StatusOK, "billing", "See connections", "in 3 days")
	if keyValue.MatchString(list.text) {
		t.Error("the list has the key's value")
	}
	says(t, h.get(ada, h.url+"/settings"), http.StatusOK, "1 key to renew soon")
	at := "/settings/keys/" + caller.ID + "/revoke"
	says(t, post(h, ada, at, url.Values{"csrf": {token}, "confirm": {"other"}}), http.StatusUnprocessableEntity, "nothing was revoked", "Type billing")
	says(t, post(h, ada, at, url.Values{"csrf": {token}, "confirm": {"billing"}}), http.StatusOK, "The key billing was revoked", "GET, POST /v1/*")
	says(t, h.get(ada, h.url+"/settings/keys?past=on"), http.StatusOK, "billing", "revoked <time")
	if _, err := h.keys.Authenticate(keyValue.FindString(made.text)); err == nil {
		t.Error("the key works still")
	}
}

// An endpoint is made with its secret shown once, gets a test event, is paused, resumed, changed, rotated and deleted.
func TestSettingsWebhooks(t *testing.T) {
	h := newHouse(t)
	ada := h.browser()
	says(t, h.get(ada, h.link(h.ada)), http.StatusOK)
	token := h.tokenOf(ada)
	says(t, h.get(ada, h.url+"/settings/webhooks"), http.StatusOK, "There is no endpoint")
	says(t, post(h, ada, "/settings/new-webhook", url.Values{"csrf": {token}, "url": {"http://example.com"}}), http.StatusUnprocessableEntity, "Plain http would show the events on the way", `aria-invalid="true"`)
	secret := regexp.MustCompile(`whsec_[A-Za-z0-9+/&#;]+`)
	made := post(h, ada, "/settings/new-webhook", url.Values{"csrf": {token}, "url": {"https://example.com/hooks"}, "description": {"billing"}, "types": {"expiring", "connection.degraded"}})
	says(t, made, http.StatusOK, "The endpoint was made", "https://example.com/hooks")
	first := secret.FindString(made.text)
	if first == "" {
		t.Fatalf("there is no secret: %s", made.text)
	}
	all, err := h.webhooks.List(context.Background(), h.caller)
	check(t, err)
	at := "/settings/webhooks/" + all[0].ID
	page := h.get(ada, h.url+at)
	says(t, page, http.StatusOK, "delivering", "expiring, connection.degraded", "There is no such delivery")
	if secret.MatchString(page.text) {
		t.Error("the page has the secret")
	}
	says(t, post(h, ada, at+"/act", url.Values{"csrf": {token}, "do": {"test"}}), http.StatusOK, "is on its way", "webhook.test", "under way", "not asked yet", `http-equiv="refresh"`)
	says(t, h.get(ada, h.url+at+"?state=failed"), http.StatusOK, "There is no such delivery")
	says(t, post(h, ada, at+"/act", url.Values{"csrf": {token}, "do": {"pause"}}), http.StatusOK, "It is paused", "Resume")
	says(t, post(h, ada, at+"/act", url.Values{"csrf": {token}, "do": {"test"}}), http.StatusConflict, "Resume it first")
	says(t, post(h, ada, at+"/act", url.Values{"csrf": {token}, "do": {"resume"}}), http.StatusOK, "It is resumed")
	says(t, post(h, ada, at+"/replay", url.Values{"csrf": {token}, "since": {"never"}}), http.StatusConflict, "This is no day")
	says(t, post(h, ada, at+"/replay", url.Values{"csrf": {token}, "since": {"2020-01-01"}}), http.StatusOK, "There is nothing that it has missed")
	says(t, post(h, ada, at+"/edit", url.Values{"csrf": {token}, "url": {"https://example.com/other"}}), http.StatusOK, "was saved", "https://example.com/other", "all but those")
	again := post(h, ada, at+"/secret", url.Values{"csrf": {token}})
	says(t, again, http.StatusOK, "The secret was rotated")
	if got := secret.FindString(again.text); got == "" || got == first {
		t.Errorf("the new secret is %q", got)
	}
	says(t, h.get(ada, h.url+at), http.StatusOK, "Deliveries carry the signature of the secret before")
	says(t, post(h, ada, at+"/delete", url.Values{"csrf": {token}, "confirm": {all[0].ID}}), http.StatusOK, "was deleted", "There is no endpoint")
}

// What belongs to the installation: keys, simulators, configuration, a backup.
func TestSettingsOfInstallation(t *testing.T) {
	h := newHouse(t)
	ada := h.browser()
	says(t, h.get(ada, h.link(h.ada)), http.StatusOK)
	token := h.tokenOf(ada)
	says(t, h.get(ada, h.url+"/settings"), http.StatusOK, "none failed", "in order", "not set up", "no fault set")
	says(t, h.get(ada, h.url+"/settings/root-key"), http.StatusOK, "current", "in a file")
	says(t, post(h, ada, "/settings/root-key", url.Values{"csrf": {token}}), http.StatusConflict, "This server has one root key", "seal.previous_root")
	says(t, h.get(ada, h.url+"/settings/mail"), http.StatusOK, "No mail server is configured")
	says(t, h.get(ada, h.url+"/settings/about"), http.StatusOK, "Database", "works", "public_url", "latchkey backup")
	if page := h.get(ada, h.url+"/settings/about"); strings.Contains(page.text, "mail.host") {
		t.Error("the defaults are shown unasked")
	}
	says(t, h.get(ada, h.url+"/settings/about?all=on&q=smtp"), http.StatusOK, "mail.host")
	backup := post(h, ada, "/settings/backup", url.Values{"csrf": {token}, "recipients": {"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"}})
	says(t, backup, http.StatusOK, "age-encryption.org")
	if got := backup.Header.Get("Content-Disposition"); !strings.Contains(got, ".age") {
		t.Errorf("the backup is disposed %q", got)
	}
	says(t, post(h, ada, "/settings/backup", url.Values{"csrf": {token}, "recipients": {"me"}}), http.StatusUnprocessableEntity, "age-keygen")
	fault := url.Values{"csrf": {token}, "of": {"moviestar"}, "do": {"set"}, "fault": {"slow"}, "value": {"fast"}}
	says(t, post(h, ada, "/settings/simulators", fault), http.StatusUnprocessableEntity, "such as 1500ms")
	fault.Set("fault", "error")
	fault.Set("value", "invalid_grant")
	says(t, post(h, ada, "/settings/simulators", fault), http.StatusOK, "error=invalid_grant", "until it is cleared")
	says(t, h.get(ada, h.url+"/settings"), http.StatusOK, "1 fault set")
	says(t, post(h, ada, "/settings/simulators", url.Values{"csrf": {token}, "of": {"moviestar"}, "do": {"clear"}}), http.StatusOK, "1 fault was cleared")
	says(t, post(h, ada, "/settings/simulators", url.Values{"csrf": {token}, "of": {"products"}, "do": {"set"}, "fault": {"status"}, "value": {"503"}, "times": {"2"}}), http.StatusOK, "2 requests")
	if len(simulator.Faults()) == 0 {
		t.Error("the simulator has no faults")
	}
}
