package web_test

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/internal/connection"
	"latchkey/internal/destination"
)

const moviestar = `{
  "name": "movies",
  "authentication": {
    "authType": "OAUTH2",
    "grant": "OAUTH2_CLIENT_CREDENTIALS",
    "accessTokenUrl": "https://api.moviestar.com/OAuth/access_token",
    "clientId": "Experience-Platform-client-id",
    "clientSecret": "Experience-Platform-client-secret"
  }
}`

// definitions signs somebody in who may write them, and gives what sends a form.
func (h *house) definitions() (*http.Client, func(path string, pairs ...string) answer) {
	h.Helper()
	client := h.browser()
	h.get(client, h.link(h.ada))
	token := h.tokenOf(client)
	return client, func(path string, pairs ...string) answer {
		h.Helper()
		form := url.Values{"csrf": {token}}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return post(h, client, path, form)
	}
}

// reads wants a status and texts, as a reader sees them.
func reads(t *testing.T, got answer, status int, texts ...string) {
	t.Helper()
	seen := html.UnescapeString(got.text)
	if _, main, ok := strings.Cut(seen, "<main"); ok {
		seen = main
	}
	if got.StatusCode != status {
		t.Errorf("%s: got %d, want %d", got.Request.URL, got.StatusCode, status)
	}
	for _, text := range texts {
		if !strings.Contains(seen, text) {
			t.Errorf("%s: no %q in\n%s", got.Request.URL, text, seen)
		}
	}
}

// TestWriteDefinition goes from a mistake to a published definition, its changes and back.
func TestWriteDefinition(t *testing.T) {
	h := newHouse(t)
	client, send := h.definitions()
	reads(t, h.get(client, h.url+"/definitions"), http.StatusOK, "There is no definition in this sandbox")
	begun := h.get(client, h.url+"/definitions/new?start=client-credentials")
	reads(t, begun, http.StatusOK, "the address that gives tokens")
	if policy := begun.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "connect-src 'self'") {
		t.Errorf("the editor may ask nobody: %s", policy)
	}

	broken := strings.Replace(moviestar, `"OAUTH2",`, `"OAUTH2"`, 1)
	reads(t, send("/definitions/new", "document", broken), http.StatusUnprocessableEntity, `Line 5, column 5`, "Nothing was saved", `"movies"`)
	typo := strings.Replace(moviestar, "OAUTH2_CLIENT_CREDENTIALS", "OAUTH2_CLIENT_CREDENTIAL", 1)
	reads(t, send("/definitions/new", "document", typo), http.StatusUnprocessableEntity, `Line 5, column 14`, "OAUTH2_CLIENT_CREDENTIALS")

	draft := strings.Replace(moviestar, "\n    \"clientId\": \"Experience-Platform-client-id\",", "", 1)
	saved := send("/definitions/new", "document", draft, "note", "the first")
	reads(t, saved, http.StatusOK, "Draft revision 1 of movies was saved. 1 thing to mend", "clientId is missing")
	at := saved.Request.URL.Path
	if page := h.get(client, h.url+at); strings.Contains(page.text, ">Connect</a>") {
		t.Error("what can’t be connected to offers it")
	}
	reads(t, send(at+"/publish", "revision", "1"), http.StatusConflict, "Nothing was published")
	reads(t, h.get(client, h.url+at+"/edit"), http.StatusOK, destination.Mask, `name="base" value="1"`)

	whole := strings.Replace(moviestar, clientSecret, destination.Mask, 1)
	reads(t, send(at+"/edit", "document", whole, "base", "1", "note", "with the client", "do", "publish"), http.StatusOK, "Publish movies", "the first that is published")
	reads(t, send(at+"/publish", "revision", "1"), http.StatusConflict, "there is a newer revision")
	reads(t, send(at+"/publish", "revision", "2"), http.StatusOK, "Revision 2 of movies is published")
	reads(t, h.get(client, h.url+"/definitions?q=movies"), http.StatusOK, "published", "client credentials")
	reads(t, h.get(client, h.url+at), http.StatusOK, `<a class="button primary" href="/connections/new?definition=`+strings.TrimPrefix(at, "/definitions/")+`">Connect</a>`)

	other := strings.Replace(whole, "access_token", "refresh_token", 1)
	reads(t, send(at+"/edit", "document", other, "base", "1"), http.StatusConflict, "Nothing was saved yet", "OAuth/refresh_token", "you saved revision 2", `name="base" value="2"`)
	reads(t, send(at+"/edit", "document", other, "base", "2"), http.StatusOK, "Draft revision 3")
	reads(t, h.get(client, h.url+at+"/changes?from=2&to=3"), http.StatusOK, "/authentication/accessTokenUrl", "added: ", "removed: ")
	reads(t, h.get(client, h.url+at+"/revisions"), http.StatusOK, "with the client", "the first", "Go back to 2")
	reads(t, send(at+"/revisions/2/restore"), http.StatusOK, "Draft revision 4")
	reads(t, h.get(client, h.url+at+"/changes?from=2&to=4"), http.StatusOK, "Both say the same")
	reads(t, send(at+"/delete", "confirm", "movies"), http.StatusOK, "The definition movies was deleted.")
}

// TestPublishForConnections says what publishing means for those who are connected, and keeps what is in use.
func TestPublishForConnections(t *testing.T) {
	h := newHouse(t)
	client, send := h.definitions()
	at := send("/definitions/new", "document", moviestar).Request.URL.Path
	h.begin(connection.Create{Definition: "movies", Label: "one"})
	reads(t, send(at+"/edit", "document", strings.Replace(moviestar, "OAuth/access_token", "OAuth/refresh_token", 1), "base", "1"), http.StatusOK, "Draft revision 2")
	reads(t, h.get(client, h.url+at+"/publish"), http.StatusOK, "Made with revision 1: renew with revision 2, at another address")
	asks := strings.Replace(moviestar, `"authType"`, `"authenticationDataFields": [{"name": "tenant", "type": "string", "source": "CUSTOMER"}], "authType"`, 1)
	reads(t, send(at+"/edit", "document", asks, "base", "2"), http.StatusOK, "Draft revision 3")
	reads(t, h.get(client, h.url+at+"/publish"), http.StatusOK, "Made with revision 1: stay with what they have")
	reads(t, send(at+"/delete", "confirm", "movies"), http.StatusConflict, "1 connection to the definition exists")
}

// TestCheckDefinition tells a script where problems stand, the masks' secrets known.
func TestCheckDefinition(t *testing.T) {
	h := newHouse(t)
	_, send := h.definitions()
	at := send("/definitions/new", "document", moviestar).Request.URL.Path
	whole := strings.Replace(moviestar, clientSecret, destination.Mask, 1)
	reads(t, send("/definitions/check", "document", whole, "definition", strings.TrimPrefix(at, "/definitions/")), http.StatusOK, `{"problems":[]}`)
	reads(t, send("/definitions/check", "document", whole), http.StatusOK, `"line":8,"column":21`, `"weight":"publish"`)
	template := strings.Replace(moviestar, "access_token\"", "{{ authData.tenant | uper }}\"", 1)
	reads(t, send("/definitions/check", "document", template), http.StatusOK, `"line":6,"column":77`, `Did you mean \"upper\"`)
}

// tenanted is a definition that asks its customers for something.
func tenanted() string {
	return strings.Replace(moviestar, `"authType"`, `"authenticationDataFields": [{"name": "tenant", "title": "Tenant", "type": "string", "pattern": "[a-z]+", "isRequired": true, "source": "CUSTOMER"}], "authType"`, 1)
}

// TestPlayground renders as the command line does, and says where a template fails.
func TestPlayground(t *testing.T) {
	h := newHouse(t)
	client, send := h.definitions()
	const path = "/definitions/playground"
	reads(t, send(path, "template", "{{ authData.name | upper }} & {{ missing }}", "context", `{"authData":{"name":"ada"}}`), http.StatusOK, "ADA & ", "authData.name, missing")
	reads(t, send(path, "template", "{{ missing }}", "strict", "on"), http.StatusOK, "Line 1, column 4")
	reads(t, send(path, "template", "a\n{{ x | uper }}"), http.StatusOK, `Did you mean "upper"?`, "Line 2, column 8")
	reads(t, send(path, "template", "{{ x }}", "dialect", "language", "context", `{"x":"<"}`), http.StatusOK, `<pre class="out">&lt;`)
	reads(t, send(path, "template", "{{ x }}", "context", `["x"]`), http.StatusOK, "The variables are no JSON object")
	at := send("/definitions/new", "document", strings.Replace(tenanted(), "api.moviestar.com", "{{ authData.tenant }}.moviestar.com", 1)).Request.URL.Path
	opened := h.get(client, h.url+path+"?definition="+strings.TrimPrefix(at, "/definitions/")+"&at=/authentication/accessTokenUrl")
	reads(t, opened, http.StatusOK, "https://{{ authData.tenant }}.moviestar.com/OAuth/access_token", `"clientSecret": "`+destination.Mask)
	if strings.Contains(opened.text, clientSecret) {
		t.Error("the playground shows a secret")
	}
}

// TestExplain shows requests with masks, and as a command.
func TestExplain(t *testing.T) {
	h := newHouse(t)
	client, send := h.definitions()
	at := send("/definitions/new", "document", strings.Replace(tenanted(), "api.moviestar.com", "{{ authData.tenant }}.moviestar.com", 1)).Request.URL.Path
	reads(t, h.get(client, h.url+at+"/explain"), http.StatusOK, "https://<tenant>.moviestar.com/OAuth/access_token", "client_secret="+destination.Mask, "curl -X POST 'https://")
	reads(t, send(at+"/explain", "tenant", "api"), http.StatusOK, "POST https://api.moviestar.com/OAuth/access_token")
	reads(t, send(at+"/explain", "tenant", "API"), http.StatusUnprocessableEntity, "This doesn't have the form that the field wants")
	bearer := send("/definitions/new", "document", `{"name": "key", "authentication": {"authType": "BEARER"}}`).Request.URL.Path
	reads(t, h.get(client, h.url+bearer+"/explain"), http.StatusOK, "what the customer enters is the token")
}

// TestTryDefinition runs one against a provider of its own, with a fault; and says so where there is none.
func TestTryDefinition(t *testing.T) {
	h := newHouse(t)
	client, send := h.definitions()
	at := send("/definitions/new", "document", tenanted()).Request.URL.Path
	reads(t, h.get(client, h.url+at+"/try"), http.StatusOK, "What the provider does wrong", "A sample stands in when this is empty.")
	reads(t, send(at+"/try"), http.StatusOK, "A token of type Bearer came", "The connection goes on", destination.Mask)
	failed := send(at+"/try", "fault", "status=503", "when", "renewal", "fields/tenant", "acme")
	reads(t, failed, http.StatusOK, "The provider answered 503", "it is tried again, later each time")
	if strings.Contains(failed.text, clientSecret) {
		t.Error("the page shows a secret")
	}
	reads(t, send(at+"/try", "other", "none-such"), http.StatusUnprocessableEntity, "Unknown fault")
	reads(t, send(at+"/try", "fields/tenant", "ACME"), http.StatusUnprocessableEntity, "This doesn't have the form")
	h.pages.Trials = nil
	reads(t, h.get(client, h.url+at+"/try"), http.StatusOK, "There is no simulator here", "latchkey dev")
}
