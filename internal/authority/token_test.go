package authority_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey/internal/access"
	"latchkey/internal/authority"
	"latchkey/internal/project"
)

// TestClientCredentials holds spec §2.2 on every version of the route: the unit of expires_in, how scopes are written, and
// what is refused.
func TestClientCredentials(t *testing.T) {
	w := newWorld(t)
	for path, unit := range map[string]float64{
		"/ims/token": 86399999, "/ims/token/": 86399999, "/ims/token/v1": 86399999, "/ims/token/v2": 86399, "/ims/token/v2/": 86399, "/ims/token/v3": 86399, "/ims/token/v4": 86399,
	} {
		got := w.post(t, path, credentialsForm("openid,AdobeID, target_sdk target_sdk"))
		if got.status != 200 || got.body["expires_in"] != unit || got.body["token_type"] != "bearer" {
			t.Errorf("%s = %s %v", path, got.error(), got.body["expires_in"])
			continue
		}
		wantIMSToken(t, w, got.body["access_token"].(string), oauthID, "openid,AdobeID,target_sdk")
		if _, there := got.body["refresh_token"]; there {
			t.Error("there is a refresh token")
		}
	}
	if got := w.post(t, "/ims/token/v3", credentialsForm("")); got.status != 200 {
		t.Errorf("without scopes: %s", got.error())
	} else if _, said := payload(t, got.body["access_token"].(string)); said["scope"] != "openid,AdobeID,target_sdk,latchkey_api,tokens:read,connections:read" {
		t.Errorf("without scopes the token has %v", said["scope"])
	}
	with := func(name, value string) url.Values {
		form := credentialsForm("openid")
		form.Set(name, value)
		return form
	}
	for name, c := range map[string]struct {
		form url.Values
		want string
	}{
		"grant missing":        {url.Values{"client_id": {oauthID}, "client_secret": {password}}, "400 invalid_request: The grant_type is missing."},
		"grant unknown":        {with("grant_type", "implicit"), "400 unsupported_grant_type: The grant_type is not one that is supported."},
		"scope unknown":        {with("scope", "openid,admin"), "400 invalid_scope: A scope is unknown, or the client is not subscribed to a service that has it."},
		"scope in other case":  {with("scope", "OpenID"), "400 invalid_scope: A scope is unknown, or the client is not subscribed to a service that has it."},
		"another organization": {with("org_id", "2222222222BBBBBBBBBB2222@AdobeOrg"), "400 invalid_request: The org_id is not the client's organization."},
		"its organization":     {with("org_id", org), ""},
		"a JWT credential":     {with("client_id", jwtID), "400 unauthorized_client: The client may not use the client_credentials grant."},
		"a web app":            {with("client_id", webID), "400 unauthorized_client: The client may not use the client_credentials grant."},
		"resource no URI":      {with("resource", "latchkey"), "400 invalid_target: A resource is no absolute URI without a fragment."},
	} {
		got := w.post(t, "/ims/token/v3", c.form)
		if c.want == "" && got.status != 200 || c.want != "" && got.error() != c.want {
			t.Errorf("%s = %s, want %s", name, got.error(), c.want)
		}
	}
	w.clients.down = true
	if got := w.post(t, "/ims/token/v2", credentialsForm("openid")); got.status != http.StatusServiceUnavailable || got.body["error"] != "temporarily_unavailable" {
		t.Errorf("while clients can't be read: %s", got.error())
	}
}

// TestMigrating holds that a JWT credential has both ways while it migrates, with the same account (spec §2.8).
func TestMigrating(t *testing.T) {
	w := newWorld(t)
	w.clients.byID[jwtID].Migration = project.MigrationStarted
	form := credentialsForm("openid")
	form.Set("client_id", jwtID)
	got := w.post(t, "/ims/token/v3", form)
	if got.status != 200 || w.post(t, "/ims/exchange/jwt", jwtForm(good(nil))).status != 200 {
		t.Errorf("while it migrates: %s", got.error())
	}
	if _, said := payload(t, got.body["access_token"].(string)); said["user_id"] != techID {
		t.Errorf("the account is %v", said["user_id"])
	}
}

// TestOurAudience holds that a resource of ours gets a token of RFC 9068 §2, signed with ES256.
func TestOurAudience(t *testing.T) {
	w := newWorld(t)
	form := credentialsForm("openid tokens:read")
	form.Set("resource", issuer)
	got := w.post(t, "/ims/token/v3", form)
	if got.status != 200 {
		t.Fatal(got.error())
	}
	token := got.body["access_token"].(string)
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	var set jose.JSONWebKeySet
	_ = json.Unmarshal([]byte(w.get(t, "/ims/keys").text), &set)
	header, said := payload(t, token)
	if _, err := signed.Verify(set.Key(header["kid"].(string))[0]); err != nil || header["typ"] != "at+jwt" {
		t.Errorf("the header is %v, its signature: %v", header, err)
	}
	want := map[string]any{"iss": issuer, "sub": techID, "client_id": oauthID, "scope": "openid tokens:read", "exp": float64(start.Add(24 * time.Hour).Unix()), "iat": float64(start.Unix()), "org": org}
	for name, value := range want {
		if said[name] != value {
			t.Errorf("%s is %v, want %v", name, said[name], value)
		}
	}
	if fmt.Sprint(said["aud"]) != "["+issuer+"]" || said["jti"] == "" {
		t.Errorf("aud is %v, jti %v", said["aud"], said["jti"])
	}
	caller, err := w.server.Caller(context.Background(), token)
	if err != nil || !slices.Equal(caller.Scopes, access.Scopes{access.TokensRead}) {
		t.Errorf("Caller() = %+v, %v", caller, err)
	}
}

// TestValidateAndRevoke follows a token through validate_token, introspection, both ways to end it, and its natural end.
func TestValidateAndRevoke(t *testing.T) {
	w := newWorld(t)
	mint := func() string {
		t.Helper()
		return w.post(t, "/ims/token/v3", credentialsForm("openid,tokens:read,latchkey_api")).body["access_token"].(string)
	}
	valid := func(token string, form url.Values) string {
		t.Helper()
		got := w.post(t, "/ims/validate_token/v1", form, "Authorization", "Bearer "+token)
		if got.status != 200 {
			t.Errorf("validate_token answers %d", got.status)
		}
		if got.body["valid"] == true {
			inner, _ := got.body["token"].(map[string]any)
			return fmt.Sprint("valid ", inner["client_id"])
		}
		return fmt.Sprint(got.body["reason"])
	}
	token := mint()
	for want, form := range map[string]url.Values{
		"valid " + oauthID: {"type": {"access_token"}, "client_id": {oauthID}},
		"wrong_client":     {"type": {"access_token"}, "client_id": {jwtID}},
		"wrong_type":       {"type": {"refresh_token"}},
	} {
		if got := valid(token, form); got != want {
			t.Errorf("validate_token with %v = %s, want %s", form, got, want)
		}
	}
	if got := w.get(t, "/ims/validate_token/v1?token="+token+"&client_id="+oauthID); got.body["valid"] != true {
		t.Errorf("validate_token by GET = %s", got.text)
	}
	for _, broken := range []string{"", "x", "a.b.c", token + "x", tamperedScope(token)} {
		if got := valid(broken, nil); got != "malformed_token" && got != "bad_signature" {
			t.Errorf("a broken token is %s", got)
		}
	}
	introspected := func(token string) bool {
		t.Helper()
		got := w.post(t, "/ims/introspect", url.Values{"token": {token}, "client_id": {oauthID}, "client_secret": {password}})
		if active := got.body["active"] == true; !active && len(got.body) != 1 {
			t.Errorf("of a token that counts for nothing it says %s", got.text)
		}
		return got.body["active"] == true
	}
	if !introspected(token) || w.post(t, "/ims/introspect", url.Values{"token": {token}}).status != 400 {
		t.Error("introspection says otherwise")
	}
	for name, form := range map[string]url.Values{
		"/ims/invalidate_token/v2": {"token_type": {"access_token"}, "cascading": {"all"}, "client_id": {oauthID}, "client_secret": {password}},
		"/ims/revoke":              {"client_id": {oauthID}, "client_secret": {password}, "token_type_hint": {"access_token"}},
	} {
		token := mint()
		stolen := url.Values{"client_id": {jwtID}, "client_secret": {password}, "token": {token}}
		told := map[string]int{"/ims/invalidate_token/v2": 200, "/ims/revoke": 400}[name]
		if got := w.post(t, name, stolen); got.status != told || valid(token, nil) == "revoked_token" {
			t.Errorf("%s by another client = %d, and the token is %s", name, got.status, valid(token, nil))
		}
		form.Set("token", token)
		if got := w.post(t, name, form); got.status != 200 || got.text != "" {
			t.Errorf("%s = %d %q", name, got.status, got.text)
		}
		if got := valid(token, nil); got != "revoked_token" || introspected(token) {
			t.Errorf("after %s the token is %s", name, got)
		}
		if _, err := w.server.Caller(context.Background(), token); err == nil {
			t.Error("a revoked token calls the API")
		}
		w.open(t) // the next process knows of it
		if got := valid(token, nil); got != "revoked_token" {
			t.Errorf("after a restart the token is %s", got)
		}
	}
	if got := w.post(t, "/ims/revoke", url.Values{"client_id": {oauthID}, "client_secret": {"x"}, "token": {"y"}}); got.status != 401 {
		t.Errorf("revoking with a wrong secret = %s", got.error())
	}
	if got := w.post(t, "/ims/revoke", url.Values{"client_id": {oauthID}, "client_secret": {password}, "token": {"unknown"}}); got.status != 200 {
		t.Errorf("revoking what there is not (RFC 7009 §2.2) = %s", got.error())
	}
	w.clock.Advance(24 * time.Hour)
	if got := valid(token, nil); got != "expired_token" {
		t.Errorf("a day later it is %s", got)
	}
}

func tamperedScope(token string) string {
	parts := strings.Split(token, ".")
	return parts[0] + "." + parts[1][:len(parts[1])-4] + "AAAA." + parts[2]
}

// TestCaller holds who may call our own API, and with which rights.
func TestCaller(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	mint := func(scope string) string {
		return w.post(t, "/ims/token/v3", credentialsForm(scope)).body["access_token"].(string)
	}
	for scope, want := range map[string]string{
		"tokens:read,connections:read": "tokens:read connections:read",
		"latchkey_api":                 "tokens:read connections:read definitions:read registry:read",
		"latchkey_api,tokens:read":     "tokens:read",
		"openid":                       "",
	} {
		caller, err := w.server.Caller(ctx, mint(scope))
		if err != nil || caller.Scopes.String() != want || caller.Organization != org || caller.ID != oauthID || caller.User != techID {
			t.Errorf("the caller with %s is %+v, %v", scope, caller, err)
		}
	}
	token := mint("tokens:read")
	w.clients.byID[oauthID].Services = w.clients.byID[oauthID].Services[:1]
	if _, err := w.server.Caller(ctx, token); !errors.Is(err, authority.ErrNotSubscribed) {
		t.Errorf("a client that is not subscribed: %v", err)
	}
	w.clients.byID[oauthID].Enabled = false
	if _, err := w.server.Caller(ctx, token); err == nil {
		t.Error("a disabled client calls the API")
	}
	delete(w.clients.byID, oauthID)
	if _, err := w.server.Caller(ctx, token); err == nil {
		t.Error("a client that is gone calls the API")
	}
}

// TestBruteForce holds that guesses at a secret end, with 400 and not 429 (spec §6.3), and that the owner elsewhere is not kept out.
func TestBruteForce(t *testing.T) {
	w := newWorld(t)
	guess := credentialsForm("openid")
	guess.Set("client_secret", "wrong")
	answers := map[int]int{}
	for range 40 {
		answers[w.post(t, "/ims/token/v3", guess).status]++
	}
	if answers[401] != 20 || answers[400] != 20 {
		t.Errorf("40 guesses are answered %v", answers)
	}
	if got := w.post(t, "/ims/token/v3", credentialsForm("openid")); got.status != 400 {
		t.Errorf("the right secret from there = %s", got.error())
	}
	w.clock.Advance(time.Minute)
	if got := w.post(t, "/ims/token/v3", credentialsForm("openid")); got.status != 200 {
		t.Errorf("a minute later = %s", got.error())
	}
}

// TestKeysRotate holds that the next key is published for the soak before it signs, and the old one until its tokens have ended.
func TestKeysRotate(t *testing.T) {
	w := newWorld(t)
	w.server.Start()
	defer w.server.Close()
	published := func() (kids []string) {
		var set jose.JSONWebKeySet
		_ = json.Unmarshal([]byte(w.get(t, "/ims/keys").text), &set)
		for _, key := range set.Keys {
			if key.Algorithm == "RS256" {
				kids = append(kids, key.KeyID)
			}
		}
		slices.Sort(kids)
		return kids
	}
	signs := func() string {
		header, _ := payload(t, w.post(t, "/ims/token/v3", credentialsForm("openid")).body["access_token"].(string))
		return header["kid"].(string)
	}
	until := func(at time.Duration, want []string, signer string) {
		t.Helper()
		w.clock.Advance(start.Add(at).Sub(w.clock.Now()))
		for range 400 {
			if slices.Equal(published(), want) {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		if got := published(); !slices.Equal(got, want) || signs() != signer {
			t.Errorf("after %v %v are published and %s signs; want %v and %s", at, got, signs(), want, signer)
		}
	}
	const day, one, two = 24 * time.Hour, "ims_na1-key-at-1", "ims_na1-key-at-2"
	until(0, []string{one}, one)
	until(88*day, []string{one}, one)
	until(89*day+2*time.Minute, []string{one, two}, one)
	until(89*day+20*time.Hour, []string{one, two}, one)
	token := w.post(t, "/ims/token/v3", credentialsForm("openid")).body["access_token"].(string)
	until(90*day+4*time.Minute, []string{one, two}, two)
	if got := w.post(t, "/ims/validate_token/v1", url.Values{"token": {token}}); got.body["valid"] != true {
		t.Errorf("a token of the key before: %s", got.text)
	}
	until(92*day+10*time.Minute, []string{two}, two)
}

// TestRoutes holds that what is no route, or no method of one, is told in JSON, and that nothing redirects.
func TestRoutes(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]int{"/ims/nothing": 404, "/ims": 404, "/keys/prod/x.cer": 404, "/ims/token/v9": 404} {
		if got := w.get(t, path); got.status != want || got.body["error"] == nil || got.body["error_description"] == nil {
			t.Errorf("GET %s = %d %s", path, got.status, got.text)
		}
	}
	if got := w.get(t, "/ims/token/v3"); got.status != 405 || got.header.Get("Allow") != "POST" {
		t.Errorf("GET of a token route = %d %s", got.status, got.header.Get("Allow"))
	}
	for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/ims/.well-known/openid-configuration/"} {
		if got := w.get(t, path); got.body["issuer"] != issuer || got.body["token_endpoint"] != issuer+"/ims/token/v3" || got.body["jwks_uri"] != issuer+"/ims/keys" {
			t.Errorf("%s = %s", path, got.text)
		}
	}
}

// TestProfile holds what a technical account's token tells of it (spec §2.5).
func TestProfile(t *testing.T) {
	w := newWorld(t)
	w.clients.byID[oauthID].Scopes = append(w.clients.byID[oauthID].Scopes, "additional_info.projectedProductContext")
	bearer := "Bearer " + w.post(t, "/ims/token/v3", credentialsForm("openid,additional_info.projectedProductContext")).body["access_token"].(string)
	if got := w.get(t, "/ims/userinfo/v2", "Authorization", bearer); got.body["sub"] != techID {
		t.Errorf("userinfo = %s", got.text)
	}
	got := w.get(t, "/ims/profile/v1?client_id="+oauthID, "Authorization", bearer)
	contexts, _ := got.body["projectedProductContext"].([]any)
	if got.body["userId"] != techID || len(contexts) != 1 || !strings.Contains(got.text, `"serviceCode":"dma_tartan"`) {
		t.Errorf("profile = %s", got.text)
	}
	if got := w.get(t, "/ims/organizations/v6", "Authorization", bearer); !strings.Contains(got.text, `"ident":"1111111111AAAAAAAAAA1111"`) {
		t.Errorf("organizations = %s", got.text)
	}
	for _, path := range []string{"/ims/userinfo", "/ims/profile/v1", "/ims/organizations/v5"} {
		if got := w.get(t, path, "Authorization", "Bearer x"); got.status != 401 || got.body["error"] != "invalid_token" {
			t.Errorf("%s without a token = %s", path, got.error())
		}
	}
}
