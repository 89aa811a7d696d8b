package authority_test

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// revoking is what a client sends to end a token.
func revoking(client, token string, changes ...string) url.Values {
	form := url.Values{"client_id": {client}, "client_secret": {password}, "token": {token}}
	if client == spaID {
		form.Del("client_secret")
	}
	return changed(form, changes)
}

// TestRFC7009_2_1_Request holds that the token has to be there, and that a wrong hint misleads nobody.
func TestRFC7009_2_1_Request(t *testing.T) {
	w := newWorld(t)
	if got := w.post(t, "/ims/revoke", revoking(webID, "")); got.error() != "400 invalid_request: The token is missing." {
		t.Errorf("without a token: %s", got.error())
	}
	for token, hint := range map[string]string{"refresh_token": "access_token", "access_token": "refresh_token"} {
		for _, hint := range []string{hint, "", "saml", "x y"} {
			text := w.tokens(t, webID).token(token)
			got := w.post(t, "/ims/revoke", revoking(webID, text, "token_type_hint", hint))
			if valid := w.validates(t, text); got.status != 200 || valid != "false revoked_token" {
				t.Errorf("the %s with the hint %q: %s, and its validity is %s", token, hint, got.error(), valid)
			}
		}
	}
}

// TestRFC7009_2_1_Client holds that a client ends its own tokens alone, once it has proven who it is, and is told where it may not.
func TestRFC7009_2_1_Client(t *testing.T) {
	w := newWorld(t)
	mine := w.tokens(t, webID)
	public := w.tokens(t, spaID).token("access_token")
	for _, c := range []struct {
		name  string
		form  url.Values
		want  string
		token string // which stays
	}{
		{"no secret", revoking(webID, mine.token("access_token"), "client_secret", ""), "401 invalid_client: The client_secret is missing.", mine.token("access_token")},
		{"a wrong secret", revoking(webID, mine.token("access_token"), "client_secret", "x"), "401 invalid_client: The client_id and client_secret do not match.", mine.token("access_token")},
		{"no client", revoking("", mine.token("access_token")), "400 invalid_client: The client_id is missing.", mine.token("access_token")},
		{"another client, access", revoking(oauthID, mine.token("access_token")), "400 invalid_grant: The token was given to another client.", mine.token("access_token")},
		{"another client, refresh", revoking(oauthID, mine.token("refresh_token")), "400 invalid_grant: The token was given to another client.", mine.token("refresh_token")},
		{"a public one", revoking(spaID, mine.token("refresh_token")), "400 invalid_grant: The token was given to another client.", mine.token("refresh_token")},
		{"a public one's", revoking(webID, public), "400 invalid_grant: The token was given to another client.", public},
	} {
		got := w.post(t, "/ims/revoke", c.form)
		if valid := w.validates(t, c.token); got.error() != c.want || valid != "true" {
			t.Errorf("%s: %s, want %s; the token's validity is %s", c.name, got.error(), c.want, valid)
		}
	}
	if got := w.post(t, "/ims/revoke", revoking(spaID, public)); got.status != 200 || w.validates(t, public) != "false revoked_token" {
		t.Errorf("a public client's own: %s", got.error())
	}
}

// TestRFC7009_2_1_AtOnce holds that a revoked token opens nothing from then on.
func TestRFC7009_2_1_AtOnce(t *testing.T) {
	w := newWorld(t)
	got := w.tokens(t, webID, "scope", personally+" latchkey_api tokens:read")
	access, refresh := got.token("access_token"), got.token("refresh_token")
	if got := w.post(t, "/ims/revoke", revoking(webID, refresh)); got.status != 200 {
		t.Fatal(got.error())
	}
	if got := w.post(t, "/ims/token/v3", refreshing(refresh)); got.body["error"] != "invalid_grant" {
		t.Errorf("it refreshes: %s", got.error())
	}
	if got := w.get(t, "/ims/userinfo/v2", "Authorization", "Bearer "+access); got.status != 401 {
		t.Errorf("the access token that came with it opens userinfo: %d", got.status)
	}
	if _, err := w.server.Caller(t.Context(), access); err == nil {
		t.Error("the access token that came with it calls the API")
	}
}

// TestRFC7009_2_2_UnknownToken holds that 200 is said of what counts for nothing already.
func TestRFC7009_2_2_UnknownToken(t *testing.T) {
	w := newWorld(t)
	token := w.tokens(t, webID).token("refresh_token")
	code, _ := w.allow(t, ada, asking(webID))
	w.post(t, "/ims/revoke", revoking(webID, token))
	old := w.tokens(t, webID).token("access_token")
	w.clock.Advance(25 * time.Hour)
	for name, text := range map[string]string{
		"nonsense": "x", "a large one": strings.Repeat("x", 64<<10), "a changed one": tamperedScope(token), "revoked before": token, "ended": old, "a code": code,
	} {
		if got := w.post(t, "/ims/revoke", revoking(webID, text)); got.status != 200 || got.text != "" {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
	}
}

// TestRFC7009_5_Guesses holds that guesses at secrets are limited here as they are at the token endpoint.
func TestRFC7009_5_Guesses(t *testing.T) {
	w := newWorld(t)
	answers := map[int]int{}
	for range 30 {
		answers[w.post(t, "/ims/revoke", revoking(webID, "x", "client_secret", "guess")).status]++
	}
	if got := w.post(t, "/ims/revoke", revoking(webID, "x")); answers[401] != 20 || answers[400] != 10 || got.status != 400 {
		t.Errorf("30 guesses are answered %v, and the right secret %s", answers, got.error())
	}
}
