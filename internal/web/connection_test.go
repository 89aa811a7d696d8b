package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/internal/connection"
	"latchkey/internal/destination"
)

// account makes a definition and a connection to it that waits for its consent, and gives its path.
func (h *house) account() string {
	h.Helper()
	h.define("moviestar", "consent=allow", "", clientSecret)
	return "/connections/" + h.begin(connection.Create{Definition: "moviestar", Label: "acme"}).Connection.ID
}

// definePassword publishes a definition that asks for a name, a password and some more.
func (h *house) definePassword(name, fault string) {
	h.Helper()
	ctx := context.Background()
	document, err := destination.ParseDocument([]byte(`{"name":"` + name + `","customerAuthenticationConfigurations":[{"authType":"OAUTH2","grant":"OAUTH2_PASSWORD",
		"accessTokenUrl":"https://api.moviestar.com/OAuth/access_token` + fault + `","clientId":"Experience-Platform-client-id","clientSecret":"Experience-Platform-client-secret","scope":["read"],
		"authenticationDataFields":[
			{"name":"username","title":"User name","type":"string","isRequired":true,"source":"CUSTOMER"},
			{"name":"password","title":"Password","type":"string","isRequired":true,"format":"password","source":"CUSTOMER"},
			{"name":"region","title":"Region","type":"string","enum":["emea","apac"],"isRequired":true,"description":"Where the account is","source":"CUSTOMER"},
			{"name":"code","title":"Account code","type":"string","pattern":"^[A-Z]{3}$","isRequired":false,"source":"CUSTOMER"}]}]}`))
	check(h, err)
	_, err = h.catalogue.Create(ctx, h.caller, "", destination.Draft{Document: document})
	check(h, err)
	_, err = h.catalogue.Publish(ctx, h.caller, destination.Ref{Name: name})
	check(h, err)
}

// signed is a browser of the administrator.
func (h *house) signed() *http.Client {
	h.Helper()
	client := h.browser()
	h.get(client, h.link(h.ada))
	return client
}

// send sends the form of a page, filled, as a browser does.
func (h *house) send(client *http.Client, from string, values map[string]string) answer {
	h.Helper()
	page := h.get(client, h.url+from)
	form := fill(h, page, nil)
	for name, value := range values {
		form.Set(name, value)
	}
	return post(h, client, strings.SplitN(from, "?", 2)[0], form)
}

// TestConnectByForm makes a connection by its definition's fields: problems stand at their fields, a secret comes back in no page,
// and the layers of the first token are shown.
func TestConnectByForm(t *testing.T) {
	h := newHouse(t)
	h.definePassword("moviestar-form", "")
	client := h.signed()
	page := h.get(client, h.url+"/connections/new?definition=moviestar-form")
	for _, want := range []string{"User name", `type="password"`, "Where the account is.", "<option value=\"emea\"", "Account code <small>optional</small>"} {
		if !strings.Contains(page.text, want) {
			t.Errorf("the form has no %s: %s", want, page.text)
		}
	}
	const at = "/connections/new?definition=moviestar-form"
	got := h.send(client, at, map[string]string{"fields/username": "jane", "fields/password": "s3cret-and-wrong", "fields/region": "emea", "fields/code": "lower"})
	expect(t, got, http.StatusUnprocessableEntity, `id="f-fields-code-problem"`)
	if strings.Contains(got.text, "s3cret-and-wrong") || !strings.Contains(got.text, `value="jane"`) {
		t.Error("what was entered is lost, or the password comes back")
	}
	got = h.send(client, at, map[string]string{"fields/username": "jane", "fields/password": "hunter2", "fields/region": "emea", "fields/code": "ABC", "label": "acme-emea"})
	expect(t, got, http.StatusOK, "Connected. Its token is kept fresh from now on.")
	for _, want := range []string{"it gave a token", "token 1, Bearer", "Connected, with the first token", "••••••••", "HTTP 200"} {
		if !strings.Contains(strings.ToLower(got.text), strings.ToLower(want)) {
			t.Errorf("the page says not %q: %s", want, got.text)
		}
	}
	if strings.Contains(got.text, "hunter2") || strings.Contains(h.log.String(), "hunter2") {
		t.Error("the password is shown or logged")
	}
	got = h.send(client, at, map[string]string{"fields/username": "jane", "fields/password": "hunter2", "fields/region": "emea", "label": "acme-emea"})
	expect(t, got, http.StatusUnprocessableEntity, `id="f-label-problem"`)
}

// TestConnectRefused shows what the provider said, and stores nothing.
func TestConnectRefused(t *testing.T) {
	h := newHouse(t)
	h.definePassword("moviestar-refuses", "?fault=error%3Dinvalid_client")
	client := h.signed()
	got := h.send(client, "/connections/new?definition=moviestar-refuses", map[string]string{"fields/username": "jane", "fields/password": "hunter2", "fields/region": "emea"})
	expect(t, got, http.StatusUnprocessableEntity, "The provider refused: invalid_client")
	expect(t, h.get(client, h.url+"/connections"), http.StatusOK, "There is no connection in this sandbox")
}

// TestConnectByRedirect goes to the provider and back, to the connection's page.
func TestConnectByRedirect(t *testing.T) {
	h := newHouse(t)
	h.define("moviestar", "consent=allow", "", clientSecret)
	client := h.signed()
	got := h.send(client, "/connections/new?definition=moviestar", map[string]string{"label": "acme"})
	expect(t, got, http.StatusOK, "Go on to the provider")
	_, rest, _ := strings.Cut(got.text, `<a class="button primary" href="`)
	address, _, _ := strings.Cut(rest, `"`)
	got = h.get(client, address)
	expect(t, got, http.StatusOK, "Connected. Its token is kept fresh from now on.")
	for _, want := range []string{"Authorized", "A consent was begun", "ended in a token", "created; waits for its customer"} {
		if !strings.Contains(strings.ToLower(got.text), strings.ToLower(want)) {
			t.Errorf("the page says not %q", want)
		}
	}
}

// TestConnectionActs renews, edits, switches and revokes one.
func TestConnectionActs(t *testing.T) {
	h := newHouse(t)
	h.definePassword("moviestar-acts", "")
	made, err := h.connector.Create(t.Context(), h.caller, connection.Create{Definition: "moviestar-acts", Label: "acme", Fields: map[string]any{"username": "jane", "password": "hunter2", "region": "emea"}})
	check(t, err)
	client := h.signed()
	at := "/connections/" + made.Connection.ID
	act := func(to string, values url.Values) answer {
		values.Set("csrf", h.tokenOf(client))
		return post(h, client, at+to, values)
	}
	got := act("/refresh", url.Values{})
	expect(t, got, http.StatusOK, "It has a new token.")
	expect(t, got, http.StatusOK, "Token 2, Bearer")
	expect(t, act("/enabled", url.Values{"do": {"off"}}), http.StatusOK, "It was switched off")
	expect(t, act("/refresh", url.Values{}), http.StatusConflict, "It is switched off. Switch it on first.")
	expect(t, act("/reauthorize", url.Values{}), http.StatusConflict, "It is switched off")
	expect(t, act("/enabled", url.Values{"do": {"on"}}), http.StatusOK, "It gives tokens again.")
	got = h.send(client, at+"/edit", map[string]string{"label": "acme-2", "fields/region": "emea"})
	expect(t, got, http.StatusOK, "Renamed to acme-2")
	got = h.send(client, at+"/edit", map[string]string{"fields/region": "apac"})
	expect(t, got, http.StatusOK, "It was changed, and the new fields have worked.")
	expect(t, got, http.StatusOK, "<dt>region</dt><dd>apac</dd>")
	expect(t, h.send(client, at+"/delete", map[string]string{"confirm": "acme"}), http.StatusUnprocessableEntity, "nothing was deleted")
	got = h.send(client, at+"/delete", map[string]string{"confirm": "acme-2"})
	expect(t, got, http.StatusOK, "The connection acme-2 was deleted.")
	expect(t, h.get(client, h.url+at), http.StatusNotFound, "There is no such connection")
}

// TestConnectionList filters and pages.
func TestConnectionList(t *testing.T) {
	h := newHouse(t)
	h.define("moviestar", "consent=allow", "", clientSecret)
	for range 51 {
		h.begin(connection.Create{Definition: "moviestar"})
	}
	h.begin(connection.Create{Definition: "moviestar", Label: "the-one"})
	client := h.signed()
	first := h.get(client, h.url+"/connections")
	expect(t, first, http.StatusOK, "the-one")
	_, rest, _ := strings.Cut(first.text, `<a class="button" href="/connections?after=`)
	cursor, _, _ := strings.Cut(rest, `"`)
	second := h.get(client, h.url+"/connections?after="+cursor)
	if n := strings.Count(second.text, `<small class="id">conn_`); n != 2 {
		t.Errorf("the second page has %d connections, want 2", n)
	}
	expect(t, h.get(client, h.url+"/connections?after=nonsense"), http.StatusOK, "the-one")
	if got := h.get(client, h.url+"/connections?q=THE-ONE"); strings.Count(got.text, `<small class="id">conn_`) != 1 {
		t.Errorf("a search finds more or less than one: %s", got.text)
	}
	expect(t, h.get(client, h.url+"/connections?state=degraded"), http.StatusOK, "No connection of this sandbox is like that.")
	expect(t, h.get(client, h.url+"/connections?definition=other"), http.StatusOK, "No connection of this sandbox is like that.")
}
