package authority_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
)

// TestAuthorizationCode goes the whole way of spec §2.3: what the page asks, what the browser brings back, what the code gives.
func TestAuthorizationCode(t *testing.T) {
	w := newWorld(t)
	form := asking(webID)
	if got := w.ask(t, "", form); got.header.Get("Test-Page") != "sign-in" {
		t.Fatalf("nobody is signed in: %d %s", got.status, got.text)
	} else if back := w.get(t, got.token("back"), "Test-Person", ada); back.header.Get("Test-Page") != "consent" {
		t.Errorf("the address to come back to gives %d %s", back.status, back.text)
	}
	page := w.ask(t, ada, form)
	want := map[string]any{
		"person": ada, "client": "The web-app", "organization": "Acme", "redirect": callback, "action": "/ims/authorize/decision",
		"scopes": []any{"openid", "AdobeID", "profile", "email", "offline_access"},
	}
	fields := page.body["fields"]
	delete(page.body, "fields")
	if diff := cmp.Diff(want, page.body); diff != "" {
		t.Errorf("what is asked (-want +got):\n%s", diff)
	}
	page.body["fields"] = fields
	answer := landed(t, w.decide(t, ada, page, "allow"), callback)
	if answer.Get("state") != "a+/b c&d=é" || answer.Get("iss") != issuer || len(answer) != 3 {
		t.Errorf("the answer is %v", answer)
	}
	wantCode(t, answer.Get("code"))

	got := w.post(t, "/ims/token/v3", redeem(webID, answer.Get("code")))
	if got.status != 200 || got.body["sub"] != ada || got.body["expires_in"] != 86399.0 || got.body["token_type"] != "bearer" {
		t.Fatalf("the code gives %s %v", got.error(), got.body)
	}
	if _, said := payload(t, got.token("access_token")); said["user_id"] != ada || said["type"] != "access_token" || said["scope"] != strings.ReplaceAll(personally, " ", ",") {
		t.Errorf("the access token says %v", said)
	}
	if _, said := payload(t, got.token("refresh_token")); said["type"] != "refresh_token" || said["expires_in"] != "1209600000" || said["created_at"] != "1795251600000" {
		t.Errorf("the refresh token says %v", said)
	}
	wantIdentity(t, w, got.token("id_token"), got.token("access_token"), "")
	if second := w.ask(t, ada, form); second.status != http.StatusFound {
		t.Errorf("a person who has agreed is asked again: %d %s", second.status, second.text)
	}
	if more := w.ask(t, ada, asking(webID, "scope", personally+" latchkey_api")); more.header.Get("Test-Page") != "consent" {
		t.Errorf("a scope more is not asked for: %d %s", more.status, more.text)
	}
	if forced := w.ask(t, ada, asking(webID, "prompt", "consent")); forced.header.Get("Test-Page") != "consent" {
		t.Errorf("prompt=consent: %d %s", forced.status, forced.text)
	}
}

func wantCode(t *testing.T, code string) {
	t.Helper()
	_, said := payload(t, code)
	if said["type"] != "authorization_code" || said["client_id"] != webID || said["created_at"] != "1795251600000" || said["expires_in"] != "300000" {
		t.Errorf("the code says %v", said)
	}
	if strings.Contains(fmt.Sprint(said), verifier) {
		t.Error("the verifier is in it")
	}
}

// wantIdentity checks an id_token as a client does: by the published keys.
func wantIdentity(t *testing.T, w *world, token, access, code string) {
	t.Helper()
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(w.get(t, "/ims/keys").text), &keys); err != nil {
		t.Fatal(err)
	}
	if _, err := signed.Verify(keys); err != nil {
		t.Errorf("the id_token's signature: %v", err)
	}
	_, said := payload(t, token)
	want := map[string]any{
		"iss": issuer, "sub": ada, "aud": webID, "iat": float64(start.Unix()), "exp": float64(start.Add(time.Hour).Unix()),
		"auth_time": float64(start.Add(-time.Minute).Unix()), "nonce": "n-0S6_WzA2Mj", "jti": said["jti"],
		"email": "ada@example.com", "email_verified": true, "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace",
	}
	for name, text := range map[string]string{"at_hash": access, "c_hash": code} {
		if text != "" {
			sum := sha256.Sum256([]byte(text))
			want[name] = base64.RawURLEncoding.EncodeToString(sum[:16])
		}
	}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Errorf("the id_token (-want +got):\n%s", diff)
	}
}

// TestLegacyTokenRoutes holds spec §2.3: the older routes tell the profile, and milliseconds.
func TestLegacyTokenRoutes(t *testing.T) {
	w := newWorld(t)
	code, _ := w.allow(t, ada, asking(webID))
	got := w.post(t, "/ims/token/v1", redeem(webID, code, "redirect_uri", "", "scope", personally)) // as aio-lib-ims does it
	if got.status != 200 || got.body["expires_in"] != 86399999.0 || got.body["userId"] != ada || got.body["email"] != "ada@example.com" || got.body["first_name"] != "Ada" {
		t.Errorf("%s %v", got.error(), got.body)
	}
}

// TestAuthorizationRefused holds what is wrong with a request, and who is told: the client where it is known where that is,
// else the person alone.
func TestAuthorizationRefused(t *testing.T) {
	w := newWorld(t)
	w.allow(t, ada, asking(webID, "scope", "openid"))
	long := strings.Repeat("s", 4097)
	for name, c := range map[string]struct {
		form url.Values
		want string // the page's error, or the one that the client gets
	}{
		"client unknown":             {asking("nobody"), "page 400 invalid_client"},
		"client missing":             {asking(webID, "client_id", ""), "page 400 invalid_client"},
		"client disabled":            {asking(offID), "page 400 invalid_client"},
		"client of another kind":     {asking(oauthID), "page 400 unauthorized_client"},
		"parameter twice":            {url.Values{"client_id": {webID, webID}}, "page 400 invalid_request"},
		"response type unknown":      {asking(webID, "response_type", "device"), "?unsupported_response_type"},
		"token for a web app":        {asking(webID, "response_type", "token"), "#unauthorized_client"},
		"id_token without nonce":     {asking(webID, "response_type", "id_token", "nonce", ""), "#invalid_request"},
		"id_token without openid":    {asking(webID, "response_type", "id_token", "scope", "email"), "#invalid_scope"},
		"tokens in the query":        {asking(spaID, "response_type", "token", "response_mode", "query"), "#invalid_request"},
		"response mode unknown":      {asking(webID, "response_mode", "form_post"), "?invalid_request"},
		"state too long":             {asking(webID, "state", long), "?invalid_request"},
		"nonce too long":             {asking(webID, "nonce", long), "?invalid_request"},
		"scope unknown":              {asking(webID, "scope", "openid admin"), "?invalid_scope"},
		"scope in another case":      {asking(webID, "scope", "OpenID"), "?invalid_scope"},
		"public, no challenge":       {asking(spaID, "code_challenge", "", "code_challenge_method", ""), "?invalid_request"},
		"method without challenge":   {asking(webID, "code_challenge", ""), "?invalid_request"},
		"challenge too short":        {asking(webID, "code_challenge", "abc"), "?invalid_request"},
		"challenge of odd letters":   {asking(webID, "code_challenge", strings.Repeat("é", 43)), "?invalid_request"},
		"challenge no SHA-256":       {asking(webID, "code_challenge", challenge+"A"), "?invalid_request"},
		"method unknown":             {asking(webID, "code_challenge_method", "S512"), "?invalid_request"},
		"prompt unknown":             {asking(webID, "prompt", "create"), "?invalid_request"},
		"prompt none and another":    {asking(webID, "prompt", "none login"), "?invalid_request"},
		"max_age no number":          {asking(webID, "max_age", "soon"), "?invalid_request"},
		"not agreed, prompt none":    {asking(webID, "prompt", "none"), "?consent_required"},
		"sign-in old, prompt none":   {asking(webID, "prompt", "none", "scope", "openid", "max_age", "30"), "?login_required"},
		"resource with a fragment":   {asking(webID, "resource", issuer+"#x"), "?invalid_target"},
		"agreed, prompt none":        {asking(webID, "prompt", "none", "scope", "openid"), "?"},
		"agreed, signed in lately":   {asking(webID, "prompt", "none", "scope", "openid", "max_age", "90"), "?"},
		"offline for public: none":   {asking(spaID, "scope", "openid offline_access"), "page 200 "},
		"another's address: its own": {asking(webID, "redirect_uri", "https://evil.example.net/", "scope", "openid"), "?"},
	} {
		t.Run(name, func(t *testing.T) {
			got := w.ask(t, ada, c.form)
			if want, ok := strings.CutPrefix(c.want, "page "); ok {
				if told := fmt.Sprint(got.status, " ", got.token("error")); told != want || got.header.Get("Location") != "" {
					t.Errorf("the page says %s %s, want %s", told, got.text, want)
				}
				return
			}
			answer := landed(t, got, callback)
			mark := got.header.Get("Location")[len(callback):][:1]
			if told := mark + answer.Get("error"); told != c.want || (answer.Get("error") != "" && (answer.Get("error_description") == "" || answer.Get("code") != "")) {
				t.Errorf("the client is told %s %v, want %s", told, answer, c.want)
			}
			if state := c.form.Get("state"); state != long && answer.Get("state") != state {
				t.Errorf("the state is %q", answer.Get("state"))
			}
		})
	}
}

// TestSignInAgain holds prompt=login and max_age: a new proof, once.
func TestSignInAgain(t *testing.T) {
	w := newWorld(t)
	for _, changes := range [][]string{{"prompt", "login"}, {"prompt", "select_account"}, {"max_age", "0"}, {"max_age", "59"}} {
		got := w.ask(t, ada, asking(webID, changes...))
		back := got.token("back")
		if got.header.Get("Test-Page") != "sign-in" || !strings.HasPrefix(back, "/ims/authorize/v2?") {
			t.Errorf("%v: %d %s", changes, got.status, got.text)
			continue
		}
		if got := w.get(t, back, "Test-Person", ada); got.header.Get("Test-Page") != "sign-in" {
			t.Errorf("%v: without a new sign-in the address gives %d %s", changes, got.status, got.text)
		}
		w.signedIn = start
		if got := w.get(t, back, "Test-Person", ada); got.header.Get("Test-Page") != "consent" {
			t.Errorf("%v: after the sign-in: %d %s", changes, got.status, got.text)
		}
		w.signedIn = start.Add(-time.Minute)
	}
}

// TestDecision holds that a form counts only from a page that the person saw, and that no is no.
func TestDecision(t *testing.T) {
	w := newWorld(t)
	page := w.ask(t, ada, asking(webID))
	denied := landed(t, w.decide(t, ada, page, "deny"), callback)
	if denied.Get("error") != "access_denied" || denied.Get("state") != "a+/b c&d=é" {
		t.Errorf("no gives %v", denied)
	}
	if got := w.ask(t, ada, asking(webID)); got.header.Get("Test-Page") != "consent" {
		t.Errorf("after no: %d %s", got.status, got.text)
	}
	form := url.Values{"decision": {"allow"}, "csrf": {"wrong"}}
	for name, value := range page.body["fields"].(map[string]any) {
		form.Set(name, value.(string))
	}
	if got := w.post(t, "/ims/authorize/decision", form, "Test-Person", ada); got.status != 403 || got.header.Get("Location") != "" {
		t.Errorf("a stranger's form: %d %s", got.status, got.text)
	}
	form.Set("csrf", "right")
	if got := w.post(t, "/ims/authorize/decision", form, "Test-Person", ""); got.header.Get("Test-Page") != "sign-in" {
		t.Errorf("the session has ended meanwhile: %d %s", got.status, got.text)
	}
	form.Set("scope", "openid admin")
	if got := landed(t, w.post(t, "/ims/authorize/decision", form, "Test-Person", ada), callback); got.Get("error") != "invalid_scope" {
		t.Errorf("a form with more scopes: %v", got)
	}
	if got := w.ask(t, eve, asking(webID)); got.status != 403 || got.header.Get("Test-Page") != "refusal" {
		t.Errorf("a person of another organization: %d %s", got.status, got.text)
	}
}

// TestFrontChannel holds the response types that need no token route.
func TestFrontChannel(t *testing.T) {
	w := newWorld(t)
	_, answer := w.allow(t, ada, asking(spaID, "response_type", "id_token token"))
	if answer.Get("token_type") != "bearer" || answer.Get("expires_in") != "86399" || answer.Get("code") != "" || answer.Get("refresh_token") != "" {
		t.Errorf("the answer is %v", answer)
	}
	if _, said := payload(t, answer.Get("access_token")); said["user_id"] != ada || said["client_id"] != spaID {
		t.Errorf("the access token says %v", said)
	}
	_, said := payload(t, answer.Get("id_token"))
	if said["aud"] != spaID || said["at_hash"] == nil {
		t.Errorf("the id_token says %v", said)
	}
	code, answer := w.allow(t, ada, asking(webID, "response_type", "code id_token"))
	wantIdentity(t, w, answer.Get("id_token"), "", code)
	if got := w.post(t, "/ims/token/v3", redeem(webID, code)); got.status != 200 {
		t.Errorf("the code gives %s", got.error())
	}
}

// TestCodeRefused has every way in which a code gives nothing.
func TestCodeRefused(t *testing.T) {
	w := newWorld(t)
	code, _ := w.allow(t, ada, asking(webID))
	bare, _ := w.allow(t, ada, asking(webID, "code_challenge", "", "code_challenge_method", ""))
	plain, _ := w.allow(t, ada, asking(spaID, "code_challenge", verifier, "code_challenge_method", "plain"))
	tokens := w.tokens(t, webID)
	for name, c := range map[string]struct {
		form url.Values
		want string
	}{
		"no code":                 {redeem(webID, ""), "400 invalid_request: The code is missing."},
		"no JWT":                  {redeem(webID, "abc"), "400 invalid_grant: The code is not one of this server's."},
		"an access token":         {redeem(webID, tokens.token("access_token")), "400 invalid_grant: The code is not one of this server's."},
		"a refresh token":         {redeem(webID, tokens.token("refresh_token")), "400 invalid_grant: The code is not one of this server's."},
		"another client's":        {redeem(spaID, code), "400 invalid_grant: The code was given to another client."},
		"a wrong secret":          {redeem(webID, code, "client_secret", "guess"), "401 invalid_client: The client_id and client_secret do not match."},
		"no secret":               {redeem(webID, code, "client_secret", ""), "401 invalid_client: The client_secret is missing."},
		"another redirect_uri":    {redeem(webID, code, "redirect_uri", callback+"/"), "400 invalid_grant: The redirect_uri is not the one that the code was sent to."},
		"no verifier":             {redeem(webID, code, "code_verifier", ""), "400 invalid_grant: The code_verifier is missing."},
		"another verifier":        {redeem(webID, code, "code_verifier", verifier[1:]+"A"), "400 invalid_grant: The code_verifier does not belong to the code_challenge."},
		"the challenge again":     {redeem(webID, code, "code_verifier", challenge), "400 invalid_grant: The code_verifier does not belong to the code_challenge."},
		"a verifier too short":    {redeem(webID, code, "code_verifier", "abc"), "400 invalid_grant: The code_verifier is not 43 to 128 letters, digits and -._~."},
		"a verifier for nothing":  {redeem(webID, bare), "400 invalid_grant: There is a code_verifier, and the code was asked for without a code_challenge."},
		"plain, another verifier": {redeem(spaID, plain, "code_verifier", challenge), "400 invalid_grant: The code_verifier does not belong to the code_challenge."},
		"a service account":       {redeem(oauthID, code, "client_secret", password), "400 unauthorized_client: The client may not use the authorization_code grant."},
		"a changed letter":        {redeem(webID, otherLetter(code)), "400 invalid_grant: The code is not one of this server's."},
	} {
		if got := w.post(t, "/ims/token/v3", c.form); got.error() != c.want {
			t.Errorf("%s: %s, want %s", name, got.error(), c.want)
		}
	}
	if got := w.post(t, "/ims/token/v3", redeem(spaID, plain)); got.status != 200 || got.body["refresh_token"] != nil {
		t.Errorf("plain: %s, and a public client has the refresh token %v", got.error(), got.body["refresh_token"])
	}
	w.gone[ada] = true
	if got := w.post(t, "/ims/token/v3", redeem(webID, code)); got.error() != "400 invalid_grant: The person who granted it is disabled or deleted." {
		t.Errorf("a person who is gone: %s", got.error())
	}
	w.gone[ada] = false
	w.clock.Advance(5 * time.Minute)
	if got := w.post(t, "/ims/token/v3", redeem(webID, code)); got.error() != "400 invalid_grant: The code has ended: it is good for five minutes." {
		t.Errorf("after five minutes: %s", got.error())
	}
}

// TestCodeReplayed holds RFC 6749 §4.1.2: a code that comes again ends what came of it.
func TestCodeReplayed(t *testing.T) {
	w := newWorld(t)
	code, _ := w.allow(t, ada, asking(webID))
	first := w.post(t, "/ims/token/v3", redeem(webID, code))
	if got := w.validates(t, first.token("access_token")); got != "true" {
		t.Fatalf("the access token's validity is %s", got)
	}
	if got := w.post(t, "/ims/token/v3", redeem(webID, code)); got.error() != "400 invalid_grant: The code was used before; what came of it has been revoked." {
		t.Errorf("the second time: %s", got.error())
	}
	if got := w.validates(t, first.token("access_token")); got != "false revoked_token" {
		t.Errorf("the access token's validity is %s after that", got)
	}
	if got := w.post(t, "/ims/token/v3", refreshing(first.token("refresh_token"))); got.error() != "400 invalid_grant: The refresh_token was revoked." {
		t.Errorf("the refresh token: %s", got.error())
	}
}

func (w *world) validates(t *testing.T, token string) string {
	t.Helper()
	got := w.post(t, "/ims/validate_token/v1", url.Values{"token": {token}})
	if got.body["valid"] == true {
		return "true"
	}
	return fmt.Sprint(got.body["valid"], " ", got.body["reason"])
}

// TestRedirectTricks holds that a browser goes nowhere but to a client's own addresses.
func TestRedirectTricks(t *testing.T) {
	w := newWorld(t)
	for uri, taken := range map[string]bool{
		callback: true, "https://www.example.com/more/x?y=1": true,
		"http://www.example.com/callback": false, "https://www.example.com/callback/": false, "https://www.example.com/Callback": false, "https://WWW.example.com/callback": false,
		"https://www.example.com/callback#x": false, "https://www.example.com/more/#x": false, "https://www.example.com/callback?x=1": false,
		"https://www.example.com@evil.example.net/more/": false, "https://www.example.com.evil.example.net/more/": false, "https://wwwXexample.com/more/": false,
		"https://user@www.example.com/more/": false, `https://www.example.com\@evil.example.net/more/`: false, "https://www.example.com/more/\n": false,
		`https://www.example.com/more/\\evil`: false, "//www.example.com/more/": false, "javascript:alert(1)//https://www.example.com/more/": false,
		" https://www.example.com/more/": false, "https://www.example.com/more/é": false, "https://evil.example.net/?https://www.example.com/more/": false,
	} {
		got := w.ask(t, ada, asking(webID, "redirect_uri", uri))
		if to := got.token("redirect"); taken && to != uri || !taken && to != callback {
			t.Errorf("%q leads to %q", uri, to)
		}
	}
}

// TestLoopbackPorts holds RFC 8252 §7.3: a native app listens where there is room, and nobody else does.
func TestLoopbackPorts(t *testing.T) {
	w := newWorld(t)
	for uri, taken := range map[string]bool{
		"http://127.0.0.1:51004/cb": true, "http://127.0.0.1/cb": true, "http://127.0.0.1:51004/other": false, "http://localhost:8888/cb": false,
		"https://127.0.0.1:51004/cb": false, "http://127.0.0.1.evil.example.net:8888/cb": false,
	} {
		got := w.ask(t, ada, asking(nativeID, "redirect_uri", uri))
		if to := got.token("redirect"); (to == uri) != taken {
			t.Errorf("%s leads to %s", uri, to)
		}
	}
}

// TestPeople holds what a person's token opens, and that it ends with the person.
func TestPeople(t *testing.T) {
	w := newWorld(t)
	got := w.tokens(t, webID, "scope", personally+" latchkey_api connections:read tokens:read")
	token := got.token("access_token")
	for path, want := range map[string]map[string]any{
		"/ims/userinfo/v2": {"sub": ada, "account_type": "ent", "email": "ada@example.com", "email_verified": true, "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace"},
		"/ims/profile/v1": {
			"userId": ada, "email": "ada@example.com", "emailVerified": "true", "displayName": "Ada Lovelace", "name": "Ada Lovelace", "first_name": "Ada", "last_name": "Lovelace",
			"countryCode": "", "account_type": "type3", "roles": []any{map[string]any{"organization": org, "named_role": "DEVELOPER"}},
		},
	} {
		if diff := cmp.Diff(want, w.get(t, path, "Authorization", "Bearer "+token).body); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	caller, err := w.server.Caller(t.Context(), token)
	if err != nil || caller.User != ada || caller.Role != "developer" || !slices.Equal(caller.Scopes.Strings(), []string{"connections:read"}) {
		t.Errorf("our own API is called by %+v, %v: no more than the person may do, and than the token is for", caller, err)
	}
	w.gone[ada] = true
	if got := w.get(t, "/ims/userinfo/v2", "Authorization", "Bearer "+token); got.status != 401 {
		t.Errorf("the person is gone: %d %s", got.status, got.text)
	}
	if _, err := w.server.Caller(t.Context(), token); err == nil {
		t.Error("the person is gone, and our own API takes the token")
	}
	for _, name := range []string{"refresh_token", "id_token"} {
		if got := w.get(t, "/ims/userinfo/v2", "Authorization", "Bearer "+got.token(name)); got.status != 401 {
			t.Errorf("userinfo takes the %s: %d", name, got.status)
		}
		if _, err := w.server.Caller(t.Context(), got.token(name)); err == nil {
			t.Errorf("our own API takes the %s", name)
		}
	}
}

// TestCrossOrigin holds DESIGN.md §7: scripts of a public client's own origins read its answers, and no others.
func TestCrossOrigin(t *testing.T) {
	w := newWorld(t)
	code, _ := w.allow(t, ada, asking(spaID))
	for client, form := range map[string]url.Values{spaID: redeem(spaID, code), webID: redeem(webID, code)} {
		for origin, want := range map[string]string{"https://www.example.com": "https://www.example.com", "https://evil.example.net": "", "null": ""} {
			if client == webID {
				want = ""
			}
			got := w.post(t, "/ims/token/v3", form, "Origin", origin)
			if allowed := got.header.Get("Access-Control-Allow-Origin"); allowed != want || got.header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s at %s is allowed %q, want %q", client, origin, allowed, want)
			}
		}
	}
	if got := w.get(t, "/ims/keys", "Origin", "https://anybody.example"); got.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Error("the keys are not everybody's")
	}
}

// TestLogout holds spec §2.1's three routes.
func TestLogout(t *testing.T) {
	w := newWorld(t)
	got := w.get(t, "/ims/logout/v1?"+url.Values{"client_id": {webID}, "redirect_uri": {callback}, "state": {"x"}}.Encode())
	if got.status != 302 || got.header.Get("Location") != callback+"?state=x" || got.header.Get("Test-Signed-Out") != "yes" {
		t.Errorf("%d %q", got.status, got.header.Get("Location"))
	}
	if got := w.get(t, "/ims/logout?client_id="+webID+"&redirect_uri=https://evil.example.net/"); got.header.Get("Test-Page") != "signed-out" || got.header.Get("Location") != "" {
		t.Errorf("an address that is not the client's: %d %q", got.status, got.header.Get("Location"))
	}
	if got := w.get(t, "/ims/logout/v1?callback=done"); got.status != 200 || got.text != `/**/done({"loggedOut":true});` {
		t.Errorf("JSONP: %d %s", got.status, got.text)
	}
	if got := w.get(t, "/ims/logout/v1?callback="+url.QueryEscape("alert(1)//")); got.status != 400 {
		t.Errorf("JSONP with code: %d %s", got.status, got.text)
	}
	first, second := w.tokens(t, webID), w.tokens(t, webID)
	back := w.post(t, "/ims/logout/v1", url.Values{"client_id": {webID}, "client_secret": {password}, "access_token": {first.token("access_token")}})
	token := w.post(t, "/ims/logout/v1/token", url.Values{"access_token": {second.token("access_token")}})
	if back.status != 200 || back.text != "" || token.status != 200 || back.header.Get("Test-Signed-Out") != "" {
		t.Errorf("the back channel: %d %q, by the token: %d", back.status, back.text, token.status)
	}
	for _, tokens := range []reply{first, second} {
		if got := w.validates(t, tokens.token("access_token")); got != "false revoked_token" {
			t.Errorf("the access token's validity is %s", got)
		}
	}
}

// otherLetter gives a text with another letter near its end.
func otherLetter(text string) string {
	at := len(text) - 9
	other := "A"
	if text[at:at+1] == other {
		other = "B"
	}
	return text[:at] + other + text[at+1:]
}
