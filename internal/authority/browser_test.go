package authority_test

import (
	"context"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/internal/access"
	"latchkey/internal/authority"
	"latchkey/internal/project"
)

const (
	ada, bob   = "0123456789ABCDEF01234567@c62f24cc5b5b7e0e0a494004", "FEDCBA9876543210FEDCBA98@c62f24cc5b5b7e0e0a494004"
	callback   = "https://www.example.com/callback"
	spaID      = "single-page-app"
	nativeID   = "native-app"
	verifier   = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636, appendix B
	challenge  = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	otherOrg   = "2222222222BBBBBBBBBB2222@AdobeOrg"
	eve        = "AAAAAAAAAAAAAAAAAAAAAAAA@d73f24cc5b5b7e0e0a494004"
	personally = "openid AdobeID profile email offline_access"
)

// people are those who can sign in.
func people() map[string]authority.Person {
	return map[string]authority.Person{
		ada: {
			ID: ada, Organization: org, Email: "ada@example.com", FirstName: "Ada", LastName: "Lovelace", Name: "Ada Lovelace",
			Rights: access.Caller{ID: ada, Organization: org, User: ada, Role: access.Developer, Scopes: access.Scopes{access.RegistryWrite, access.ConnectionsRead}},
		},
		bob: {ID: bob, Organization: org, Email: "bob@example.com", Name: "bob@example.com"},
		eve: {ID: eve, Organization: otherOrg, Email: "eve@example.org", Name: "Eve"},
	}
}

// browserClients are those that people sign in to.
func browserClients() []*project.Client {
	services := []project.ClientService{
		{Code: project.LatchkeyAPI, Scopes: []string{"latchkey_api", "connections:read", "tokens:read"}},
	}
	make := func(id string, kind project.Kind, redirect project.Redirect) *project.Client {
		return &project.Client{
			ClientID: id, Name: "The " + id, Kind: kind, Enabled: true, Services: services, Redirect: project.NewClientRedirect(kind, redirect),
			Scopes: append(kind.BaseScopes(), "latchkey_api", "connections:read", "tokens:read"),
		}
	}
	return []*project.Client{
		make(webID, project.OAuthWebApp, project.Redirect{Default: callback, Patterns: []string{`https://www\.example\.com/more/.*`}}),
		make(spaID, project.OAuthSinglePageApp, project.Redirect{Default: callback}),
		make(nativeID, project.OAuthNativeApp, project.Redirect{Default: "http://127.0.0.1:8888/cb"}),
	}
}

// pages stand for the console's: who is signed in is said by a header, and what is shown is JSON.
type pages struct{ w *world }

func (p pages) Person(r *http.Request) (authority.Person, bool) {
	person, ok := people()[r.Header.Get("Test-Person")]
	person.SignedInAt = p.w.signedIn
	return person, ok
}

func show(w http.ResponseWriter, status int, page string, of any) {
	w.Header().Set("Test-Page", page)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(of)
}

func (p pages) SignIn(w http.ResponseWriter, _ *http.Request, back string) {
	show(w, http.StatusOK, "sign-in", map[string]any{"back": back})
}

func (p pages) Consent(w http.ResponseWriter, _ *http.Request, c authority.Consent) {
	show(w, http.StatusOK, "consent", map[string]any{
		"person": c.Person.ID, "client": c.Client, "organization": c.Organization, "scopes": c.Scopes, "redirect": c.Redirect, "action": c.Action, "fields": c.Fields,
	})
}

func (p pages) OwnForm(r *http.Request) bool { return r.PostFormValue("csrf") == "right" }

func (p pages) SignOut(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Test-Signed-Out", "yes")
}

func (p pages) SignedOut(w http.ResponseWriter, _ *http.Request) {
	show(w, http.StatusOK, "signed-out", nil)
}

func (p pages) Refuse(w http.ResponseWriter, _ *http.Request, refusal authority.Refusal) {
	show(w, refusal.Status, "refusal", map[string]any{"error": refusal.Code, "error_description": html.EscapeString(refusal.Says)})
}

func knownPeople(gone *map[string]bool) authority.People {
	return func(_ context.Context, id string) (authority.Person, error) {
		person, ok := people()[id]
		if !ok || (*gone)[id] {
			return person, authority.ErrNoPerson
		}
		return person, nil
	}
}

// asking is a good authorization request of a client's, with changes; "" takes one away.
func asking(client string, changes ...string) url.Values {
	out := url.Values{
		"client_id": {client}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {personally}, "state": {"a+/b c&d=é"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"}, "nonce": {"n-0S6_WzA2Mj"},
	}
	if client != webID {
		out.Set("scope", "openid AdobeID profile email")
	}
	if client == nativeID {
		out.Set("redirect_uri", "http://127.0.0.1:8888/cb")
	}
	for i := 0; i+1 < len(changes); i += 2 {
		out.Set(changes[i], changes[i+1])
		if changes[i+1] == "" {
			out.Del(changes[i])
		}
	}
	return out
}

// ask sends a person's browser to the authorization endpoint.
func (w *world) ask(t testing.TB, person string, form url.Values) reply {
	t.Helper()
	return w.get(t, "/ims/authorize/v2?"+form.Encode(), "Test-Person", person)
}

// allow goes all the way: the page asks, the person says yes.
func (w *world) allow(t testing.TB, person string, form url.Values) (code string, answer url.Values) {
	t.Helper()
	got := w.ask(t, person, form)
	if got.header.Get("Test-Page") == "consent" {
		got = w.decide(t, person, got, "allow")
	}
	answer = landed(t, got, form.Get("redirect_uri"))
	return answer.Get("code"), answer
}

// decide presses a button of the page.
func (w *world) decide(t testing.TB, person string, page reply, decision string) reply {
	t.Helper()
	if page.header.Get("Test-Page") != "consent" {
		t.Fatalf("there is no consent page but %d %s %s", page.status, page.header.Get("Test-Page"), page.text)
	}
	form := url.Values{"decision": {decision}, "csrf": {"right"}}
	for name, value := range page.body["fields"].(map[string]any) {
		form.Set(name, value.(string))
	}
	return w.post(t, page.body["action"].(string), form, "Test-Person", person)
}

// landed gives what the browser brings to the client.
func landed(t testing.TB, got reply, redirect string) url.Values {
	t.Helper()
	location := got.header.Get("Location")
	rest, ok := strings.CutPrefix(location, redirect)
	if got.status != http.StatusFound || !ok || rest == "" || !strings.ContainsRune("?#&", rune(rest[0])) {
		t.Fatalf("%d %q %s, and not a redirect to %s", got.status, location, got.text, redirect)
	}
	values, err := url.ParseQuery(rest[1:])
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// redeem exchanges a code, as the client would.
func redeem(client, code string, changes ...string) url.Values {
	form := url.Values{"grant_type": {"authorization_code"}, "client_id": {client}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier}}
	if client == webID {
		form.Set("client_secret", password)
	}
	if client == nativeID {
		form.Set("redirect_uri", "http://127.0.0.1:8888/cb")
	}
	return changed(form, changes)
}

// refreshing uses a refresh token.
func refreshing(token string, changes ...string) url.Values {
	return changed(url.Values{"grant_type": {"refresh_token"}, "client_id": {webID}, "client_secret": {password}, "refresh_token": {token}}, changes)
}

func changed(form url.Values, changes []string) url.Values {
	for i := 0; i+1 < len(changes); i += 2 {
		form.Set(changes[i], changes[i+1])
		if changes[i+1] == "" {
			form.Del(changes[i])
		}
	}
	return form
}

// tokens goes through the whole flow, and gives the answer of the token route.
func (w *world) tokens(t testing.TB, client string, changes ...string) reply {
	t.Helper()
	code, _ := w.allow(t, ada, asking(client, changes...))
	got := w.post(t, "/ims/token/v3", redeem(client, code))
	if got.status != 200 {
		t.Fatalf("redeeming a code: %s", got.error())
	}
	return got
}

func (r reply) token(name string) string {
	text, _ := r.body[name].(string)
	return text
}
