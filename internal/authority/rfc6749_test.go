package authority_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// The tests that are named for a section hold what a specification demands of an authorization server;
// docs/reference/conformance.md lists every demand with the test that holds it.

// confidential are requests that a client with a secret makes, which lack nothing.
func confidential(t *testing.T, w *world) map[string]url.Values {
	t.Helper()
	code, _ := w.allow(t, ada, asking(webID))
	return map[string]url.Values{
		"client_credentials": credentialsForm("openid"), "authorization_code": redeem(webID, code),
		"refresh_token": refreshing(w.tokens(t, webID).token("refresh_token")),
	}
}

// TestRFC6749_3_2_1_ClientAuthentication holds that a client with a secret proves itself at each grant, and that its name alone is
// no proof (§2.2).
func TestRFC6749_3_2_1_ClientAuthentication(t *testing.T) {
	w := newWorld(t)
	for grant, form := range confidential(t, w) {
		for secret, want := range map[string]int{"": 401, "wrong": 401, password: 200} {
			if got := w.post(t, "/ims/token/v3", changed(form, []string{"client_secret", secret})); got.status != want || want == 401 && got.body["error"] != "invalid_client" {
				t.Errorf("%s with the secret %q: %s, want %d", grant, secret, got.error(), want)
			}
		}
	}
}

// TestRFC6749_2_3_PublicClients holds that what a public client sends as a secret says nothing of who it is.
func TestRFC6749_2_3_PublicClients(t *testing.T) {
	w := newWorld(t)
	for _, secret := range []string{password, "anything"} {
		code, _ := w.allow(t, ada, asking(spaID))
		if got := w.post(t, "/ims/token/v3", redeem(spaID, code, "client_secret", secret, "code_verifier", "")); got.body["error"] != "invalid_grant" {
			t.Errorf("a secret stands for the code_verifier: %s", got.error())
		}
		if got := w.post(t, "/ims/token/v3", changed(credentialsForm("openid"), []string{"client_id", spaID, "client_secret", secret})); got.status == 200 {
			t.Errorf("a public client with a secret gets a token of its own: %s", got.text)
		}
	}
}

// basic encodes as RFC 6749 §2.3.1 has it.
func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
}

// TestRFC6749_2_3_1_Basic holds that a secret is taken by Basic wherever a client proves itself, and not beside another proof.
func TestRFC6749_2_3_1_Basic(t *testing.T) {
	w := newWorld(t)
	for path, form := range map[string]url.Values{
		"/ims/token/v3": credentialsForm("openid"), "/ims/introspect": {"token": {"x"}}, "/ims/revoke": {"token": {"x"}},
	} {
		form.Del("client_id")
		form.Del("client_secret")
		if got := w.post(t, path, form, "Authorization", basic(oauthID, password)); got.status != 200 {
			t.Errorf("%s: %s", path, got.error())
		}
		plain := "basic " + base64.StdEncoding.EncodeToString([]byte(oauthID+":"+strings.ReplaceAll(password, "+", "%2B")))
		if got := w.post(t, path, form, "Authorization", plain); got.status != 200 {
			t.Errorf("%s, half encoded: %s", path, got.error())
		}
		form.Set("client_secret", password)
		if got := w.post(t, path, form, "Authorization", basic(oauthID, password)); got.error() != "400 invalid_request: The client authenticates in two ways; send one." {
			t.Errorf("%s, two proofs: %s", path, got.error())
		}
	}
}

// TestRFC6749_3_1_Methods holds that the authorization endpoint takes GET, and POST as well.
func TestRFC6749_3_1_Methods(t *testing.T) {
	w := newWorld(t)
	if got := w.get(t, "/ims/authorize/v2?"+asking(webID).Encode(), "Test-Person", ada); got.header.Get("Test-Page") != "consent" {
		t.Errorf("GET: %d %s", got.status, got.text)
	}
	if got := w.post(t, "/ims/authorize/v2", asking(webID), "Test-Person", ada); got.header.Get("Test-Page") != "consent" {
		t.Errorf("POST: %d %s", got.status, got.text)
	}
}

// TestRFC6749_3_1_Parameters holds for both endpoints (§3.1, §3.2) that an empty parameter is none, that one that is unknown means
// nothing, and that none may come twice.
func TestRFC6749_3_1_Parameters(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"scope", "prompt", "max_age", "response_mode", "response_type", "resource", "nonce", "redirect_uri", "code_challenge_method", "login_hint", "unknown"} {
		form := asking(webID)
		form.Set(name, "")
		if name == "code_challenge_method" { // without it the challenge is a plain one, which this one is as well
			form.Set("code_challenge", verifier)
		}
		if got := w.ask(t, ada, form); got.header.Get("Test-Page") != "consent" {
			t.Errorf("an empty %s: %d %q %s", name, got.status, got.header.Get("Location"), got.text)
		}
	}
	for _, name := range []string{"scope", "resource", "org_id", "client_assertion", "client_assertion_type", "unknown"} {
		form := credentialsForm("openid")
		form.Set(name, "")
		if got := w.post(t, "/ims/token/v3", form); got.status != 200 {
			t.Errorf("an empty %s: %s", name, got.error())
		}
	}
	form := credentialsForm("openid")
	if got := w.post(t, "/ims/token/v3?client_secret=&client_id=&scope=", form); got.status != 200 {
		t.Errorf("empty ones in the query: %s", got.error())
	}
	form.Set("request_uri", "urn:x")
	if got := w.post(t, "/ims/token/v3", form); got.status != 200 {
		t.Errorf("an unknown parameter: %s", got.error())
	}
	if got := w.ask(t, ada, asking(webID, "claims_locales", "x", "unknown", "y")); got.header.Get("Test-Page") != "consent" {
		t.Errorf("unknown parameters: %d %s", got.status, got.text)
	}
	for _, name := range []string{"grant_type", "client_id", "client_secret", "scope", "unknown"} {
		form := credentialsForm("openid")
		form[name] = []string{form.Get(name), form.Get(name)}
		if got := w.post(t, "/ims/token/v3", form); got.status != 400 || got.body["error"] != "invalid_request" {
			t.Errorf("%s twice: %s", name, got.error())
		}
	}
	for _, name := range []string{"state", "scope", "redirect_uri", "response_type"} {
		form := asking(webID)
		form.Add(name, "other")
		if got := w.ask(t, ada, form); got.status != 400 || got.token("error") != "invalid_request" || got.header.Get("Location") != "" {
			t.Errorf("%s twice: %d %s", name, got.status, got.text)
		}
	}
}

// TestRFC6749_3_1_2_RedirectURI holds that the query of a redirect URI stays, and that the registered one is used where none comes
// (§3.1.2.3).
func TestRFC6749_3_1_2_RedirectURI(t *testing.T) {
	w := newWorld(t)
	const with = "https://www.example.com/more/x?y=1&z=%2B"
	w.allow(t, ada, asking(webID, "redirect_uri", with))
	got := w.ask(t, ada, asking(webID, "redirect_uri", with))
	if location := got.header.Get("Location"); !strings.HasPrefix(location, with+"&") || landed(t, got, with).Get("code") == "" {
		t.Errorf("the browser goes to %q", location)
	}
	got = w.ask(t, ada, asking(webID, "redirect_uri", ""))
	if answer := landed(t, got, callback); answer.Get("code") == "" {
		t.Errorf("without a redirect_uri: %d %v", got.status, answer)
	}
}

// TestRFC6749_3_3_Scope holds that an answer names the scopes where they are not the ones that were asked for, and what they are
// where none was.
func TestRFC6749_3_3_Scope(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		form url.Values
		want any
	}{
		"as asked for":             {credentialsForm("openid,target_sdk"), nil},
		"none asked for":           {credentialsForm(""), "openid AdobeID target_sdk latchkey_api tokens:read connections:read"},
		"left out for an audience": {changed(credentialsForm("openid,target_sdk"), []string{"resource", issuer}), "openid"},
	} {
		got := w.post(t, "/ims/token/v3", c.form)
		if got.status != 200 || got.body["scope"] != c.want {
			t.Errorf("%s: %s, scope %v, want %v", name, got.error(), got.body["scope"], c.want)
		}
	}
	code, _ := w.allow(t, ada, asking(webID, "scope", ""))
	got := w.post(t, "/ims/token/v3", redeem(webID, code))
	if _, said := payload(t, got.token("access_token")); got.token("scope") != strings.ReplaceAll(said["scope"].(string), ",", " ") || got.token("scope") == "" {
		t.Errorf("of a code without scopes the answer says %q, the token %q", got.token("scope"), said["scope"])
	}
}

// TestRFC6749_4_1_2_State holds that the client gets its state back as it was, with an answer and with an error, in the query and
// in the fragment (§4.2.2), and that it breaks out of neither (§10.14).
func TestRFC6749_4_1_2_State(t *testing.T) {
	w := newWorld(t)
	for _, state := range []string{"xyz", "a+/b c&d=é", "%2B%20", "#?&error=x", "\r\nSet-Cookie: a=b", `"<script>`, strings.Repeat("s", 4096), "a;b"} {
		for _, changes := range [][]string{{}, {"scope", "admin"}, {"response_type", "code id_token"}, {"response_type", "code id_token", "scope", "admin"}} {
			got := w.ask(t, ada, asking(webID, append(changes, "state", state)...))
			if got.header.Get("Test-Page") == "consent" {
				got = w.decide(t, ada, got, "allow")
			}
			answer := landed(t, got, callback)
			if answer.Get("state") != state || len(answer["state"]) != 1 || got.header.Get("Set-Cookie") != "" {
				t.Errorf("%q comes back as %q in %q", state, answer["state"], got.header.Get("Location"))
			}
		}
	}
	if answer := landed(t, w.ask(t, ada, asking(webID, "state", "", "scope", "admin")), callback); answer.Has("state") {
		t.Errorf("without a state the answer is %v", answer)
	}
}

// TestRFC6749_4_1_3_AnotherClient holds that a code is good for its own client alone, whoever is authenticated (§10.5).
func TestRFC6749_4_1_3_AnotherClient(t *testing.T) {
	w := newWorld(t)
	other := *w.clients.byID[webID]
	other.ClientID = "another-web-app"
	w.clients.byID[other.ClientID] = &other
	code, _ := w.allow(t, ada, asking(webID))
	if got := w.post(t, "/ims/token/v3", redeem(other.ClientID, code, "client_secret", password)); got.error() != "400 invalid_grant: The code was given to another client." {
		t.Errorf("another client's code: %s", got.error())
	}
	if got := w.post(t, "/ims/token/v3", redeem(webID, code)); got.status != 200 {
		t.Errorf("its own, afterwards: %s", got.error())
	}
}

// TestRFC6749_4_2_2_Implicit holds what comes by the fragment, and that a refresh token never does.
func TestRFC6749_4_2_2_Implicit(t *testing.T) {
	w := newWorld(t)
	form := asking(spaID, "response_type", "token", "scope", "openid email offline_access")
	got := w.decide(t, ada, w.ask(t, ada, form), "allow")
	if !strings.HasPrefix(got.header.Get("Location"), callback+"#") || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("the answer is at %q", got.header.Get("Location"))
	}
	answer := landed(t, got, callback)
	names := make([]string, 0, len(answer))
	for name := range answer {
		names = append(names, name)
	}
	slices.Sort(names)
	if want := []string{"access_token", "expires_in", "iss", "scope", "state", "token_type"}; !slices.Equal(names, want) || answer.Get("scope") != "openid email" {
		t.Errorf("the answer has %v with the scopes %q, want %v", names, answer.Get("scope"), want)
	}
}

// TestRFC6749_4_3_NotOffered holds that nobody is asked to give a person's password to a client.
func TestRFC6749_4_3_NotOffered(t *testing.T) {
	form := changed(credentialsForm("openid"), []string{"grant_type", "password", "username", "ada@example.com", "password", "x"})
	if got := newWorld(t).post(t, "/ims/token/v3", form); got.status != 400 || got.body["error"] != "unsupported_grant_type" {
		t.Errorf("the grant of a password: %s", got.error())
	}
}

// TestRFC6749_4_4_ConfidentialOnly holds that clients without a secret get no token of their own, whatever they send.
func TestRFC6749_4_4_ConfidentialOnly(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{spaID, nativeID} {
		for _, secret := range []string{"", password} {
			if got := w.post(t, "/ims/token/v3", changed(credentialsForm(""), []string{"client_id", id, "client_secret", secret})); got.status < 400 {
				t.Errorf("%s: %d %s", id, got.status, got.text)
			}
		}
	}
}

// TestRFC6749_5_1_Response holds the members and the headers of every answer with a token, and that no cache keeps one.
func TestRFC6749_5_1_Response(t *testing.T) {
	w := newWorld(t)
	for grant, form := range confidential(t, w) {
		got := w.post(t, "/ims/token/v3", form)
		if got.status != 200 || got.token("access_token") == "" || !strings.EqualFold(got.token("token_type"), "bearer") || got.body["expires_in"] != 86399.0 {
			t.Errorf("%s: %s %v", grant, got.error(), got.body)
		}
		wantKept(t, grant, got)
	}
	token := w.tokens(t, webID)
	wantKept(t, "introspection", w.post(t, "/ims/introspect", url.Values{"client_id": {webID}, "client_secret": {password}, "token": {token.token("access_token")}}))
	wantKept(t, "userinfo", w.get(t, "/ims/userinfo/v2", "Authorization", "Bearer "+token.token("access_token")))
	if got := w.ask(t, ada, asking(webID)); got.header.Get("Cache-Control") != "no-store" || got.header.Get("Pragma") != "no-cache" {
		t.Errorf("a redirect with a code has the headers %v", got.header)
	}
}

func wantKept(t *testing.T, name string, got reply) {
	t.Helper()
	media, _, _ := strings.Cut(got.header.Get("Content-Type"), ";")
	if media != "application/json" || got.header.Get("Cache-Control") != "no-store" || got.header.Get("Pragma") != "no-cache" {
		t.Errorf("%s has the headers %v", name, got.header)
	}
}

// TestRFC6749_5_2_Basic holds that a client which failed to prove itself by the header Authorization is told with 401 and the scheme.
func TestRFC6749_5_2_Basic(t *testing.T) {
	w := newWorld(t)
	for name, header := range map[string]string{
		"wrong secret": basic(oauthID, "wrong"), "unknown client": basic("nobody", "x"), "no client": basic("", "x"), "disabled client": basic(offID, password),
		"no secret": basic(oauthID, ""), "no base64": "Basic !", "nothing": "Basic", "in small letters": "basic " + basic("nobody", "x")[6:],
	} {
		for _, path := range []string{"/ims/token/v3", "/ims/introspect", "/ims/revoke"} {
			form := url.Values{"grant_type": {"client_credentials"}, "token": {"x"}}
			got := w.post(t, path, form, "Authorization", header)
			if got.status != http.StatusUnauthorized || got.body["error"] != "invalid_client" || got.header.Get("WWW-Authenticate") != `Basic realm="ims"` {
				t.Errorf("%s at %s: %s, WWW-Authenticate %q", name, path, got.error(), got.header.Get("WWW-Authenticate"))
			}
		}
	}
	if got := w.post(t, "/ims/token/v3", changed(credentialsForm("openid"), []string{"grant_type", "x"}), "Authorization", basic(oauthID, password)); got.status != 400 {
		t.Errorf("another error: %s", got.error())
	}
}

// TestRFC6749_5_2_Characters holds that errors are of the characters that are allowed, whatever a request had in it; also those
// that a browser brings (§4.1.2.1, §4.2.2.1).
func TestRFC6749_5_2_Characters(t *testing.T) {
	w := newWorld(t)
	const odd = "é\"\\\r\n\t<ß>日本" + "\x00\x7f\xff"
	var told []string
	tell := func(values ...any) {
		for _, value := range values {
			told = append(told, value.(string))
		}
	}
	for _, form := range []url.Values{
		{odd: {"a", "b"}}, {strings.Repeat("é", 50): {"a", "b"}}, changed(credentialsForm(odd), nil), changed(credentialsForm(""), []string{"grant_type", odd}),
		changed(credentialsForm(""), []string{"client_id", odd}), redeem(webID, odd), refreshing(odd), changed(credentialsForm(""), []string{"resource", odd}),
	} {
		got := w.post(t, "/ims/token/v3", form)
		if got.status < 400 {
			t.Fatalf("%v: %s", form, got.text)
		}
		tell(got.body["error"], got.body["error_description"])
	}
	for _, name := range []string{"response_type", "scope", "prompt", "max_age", "response_mode", "code_challenge", "code_challenge_method", "resource"} {
		for _, mode := range []string{"query", "fragment"} {
			form := asking(webID, "response_mode", mode)
			form.Set(name, odd)
			answer := landed(t, w.ask(t, ada, form), callback)
			tell(answer.Get("error"), answer.Get("error_description"))
		}
	}
	for _, text := range told {
		if text == "" || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
			t.Errorf("an error says %q", text)
		}
	}
}

// TestRFC6749_6_Binding holds that a refresh token is good for its own client alone (§10.4).
func TestRFC6749_6_Binding(t *testing.T) {
	w := newWorld(t)
	other := *w.clients.byID[webID]
	other.ClientID = "another-web-app"
	w.clients.byID[other.ClientID] = &other
	token := w.tokens(t, webID).token("refresh_token")
	if got := w.post(t, "/ims/token/v3", refreshing(token, "client_id", other.ClientID)); got.error() != "400 invalid_grant: The refresh_token was given to another client." {
		t.Errorf("another client's: %s", got.error())
	}
	next := w.post(t, "/ims/token/v3", refreshing(token))
	if next.status != 200 {
		t.Fatal(next.error())
	}
	_, before := payload(t, token)
	if _, after := payload(t, next.token("refresh_token")); after["scope"] != before["scope"] || after["client_id"] != webID {
		t.Errorf("the next one has the scopes %v, the one before had %v", after["scope"], before["scope"])
	}
}

// TestRFC6749_10_3_Changed holds that a token of any kind which somebody changed, or made, is none (§10.3, §10.4, §10.10).
func TestRFC6749_10_3_Changed(t *testing.T) {
	w := newWorld(t)
	got := w.tokens(t, webID, "scope", personally+" tokens:read")
	for name, token := range map[string]string{"access_token": got.token("access_token"), "refresh_token": got.token("refresh_token"), "id_token": got.token("id_token")} {
		parts := strings.Split(token, ".")
		head, _ := base64.RawURLEncoding.DecodeString(parts[0])
		none := base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(head), `"RS256"`, `"none"`, 1)))
		_, said := payload(t, token)
		for how, changed := range map[string]string{
			"payload": tamperedScope(token), "no signature": parts[0] + "." + parts[1] + ".", "alg none": none + "." + parts[1] + ".",
			"another key": sign(stranger(), map[string]string{"alg": "RS256", "kid": "ims_na1-key-at-1", "itt": "at"}, said),
		} {
			if got := w.validates(t, changed); got == "true" {
				t.Errorf("the %s counts: %s", name, how)
			}
			if got := w.post(t, "/ims/token/v3", refreshing(changed)); got.body["error"] != "invalid_grant" {
				t.Errorf("the %s refreshes, %s: %s", name, how, got.error())
			}
			if _, err := w.server.Caller(t.Context(), changed); err == nil {
				t.Errorf("the %s calls the API: %s", name, how)
			}
		}
	}
}

// TestRFC6749_10_10_Ids holds that tokens of one moment have ids that can't be told from each other: beside the signature they
// have 122 bits at random.
func TestRFC6749_10_10_Ids(t *testing.T) {
	w := newWorld(t)
	seen := map[any]bool{}
	for range 16 {
		token := w.post(t, "/ims/token/v3", credentialsForm("openid")).token("access_token")
		_, said := payload(t, token)
		id, _ := said["id"].(string)
		_, random, _ := strings.Cut(id, "-")
		if len(random) != 36 || seen[id] {
			t.Errorf("the id %q", id)
		}
		seen[id] = true
	}
}
