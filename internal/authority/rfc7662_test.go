package authority_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// asked gives what introspection says of a token to a client.
func (w *world) asked(t *testing.T, client, token string) reply {
	t.Helper()
	return w.post(t, "/ims/introspect", url.Values{"client_id": {client}, "client_secret": {password}, "token": {token}})
}

// TestRFC7662_2_1_Request holds that the token has to be there, that a wrong hint misleads nobody, and that no stranger may ask.
func TestRFC7662_2_1_Request(t *testing.T) {
	w := newWorld(t)
	tokens := w.tokens(t, webID)
	if got := w.asked(t, webID, ""); got.error() != "400 invalid_request: The token is missing." {
		t.Errorf("without a token: %s", got.error())
	}
	for token, hint := range map[string]string{"refresh_token": "access_token", "access_token": "refresh_token"} {
		form := url.Values{"client_id": {webID}, "client_secret": {password}, "token": {tokens.token(token)}, "token_type_hint": {hint}}
		if got := w.post(t, "/ims/introspect", form); got.body["active"] != true {
			t.Errorf("the %s with the hint %s: %s", token, hint, got.text)
		}
	}
	if got := w.get(t, "/ims/introspect?"+url.Values{"client_id": {webID}, "client_secret": {password}, "token": {"x"}}.Encode()); got.status != 405 {
		t.Errorf("GET, by which a token gets into logs: %d", got.status)
	}
}

// TestRFC7662_2_3_Caller holds that nobody learns anything of a token who has not proven to be a client (§2.1, §2.3).
func TestRFC7662_2_3_Caller(t *testing.T) {
	w := newWorld(t)
	token := w.tokens(t, webID).token("access_token")
	for name, c := range map[string]struct {
		form url.Values
		want int
	}{
		"nobody":       {url.Values{"token": {token}}, 400},
		"a name alone": {url.Values{"token": {token}, "client_id": {webID}}, 401},
		"wrong secret": {url.Values{"token": {token}, "client_id": {webID}, "client_secret": {"x"}}, 401},
		"public":       {url.Values{"token": {token}, "client_id": {spaID}}, 401},
		"disabled":     {url.Values{"token": {token}, "client_id": {offID}, "client_secret": {password}}, 400},
	} {
		got := w.post(t, "/ims/introspect", c.form)
		if got.status != c.want || got.body["error"] != "invalid_client" || got.body["active"] != nil {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
	}
	if got := w.post(t, "/ims/introspect", url.Values{"token": {token}}, "Authorization", "Bearer "+token); got.status < 400 {
		t.Errorf("the token itself is no authorization: %s", got.text)
	}
}

// TestRFC7662_2_2_Response holds what is said of a token that counts.
func TestRFC7662_2_2_Response(t *testing.T) {
	w := newWorld(t)
	token := w.tokens(t, webID).token("access_token")
	_, said := payload(t, token)
	got := w.asked(t, oauthID, token)
	want := map[string]any{
		"active": true, "client_id": webID, "sub": ada, "scope": personally, "token_type": "Bearer", "iat": float64(start.Unix()), "exp": float64(start.Add(24 * time.Hour).Unix()),
		"jti": said["id"], "iss": issuer, "org": org,
	}
	if diff := cmp.Diff(want, got.body); diff != "" {
		t.Errorf("introspection (-want +got):\n%s", diff)
	}
	wantKept(t, "introspection", got)
}

// TestRFC7662_2_2_Inactive holds that of a token that does not count, or is not the caller's to ask about, it is said that it
// does not, and nothing else. The reasons are those of §4: its end, its revocation, its signature, whom it is for.
func TestRFC7662_2_2_Inactive(t *testing.T) {
	w := newServices(t)
	ours := w.minted(t, oauthID, "openid,tokens:read", "resource", issuer)
	revoked := w.minted(t, oauthID, "openid")
	w.post(t, "/ims/revoke", revoking(oauthID, revoked))
	first := w.tokens(t, webID)
	w.post(t, "/ims/token/v3", refreshing(first.token("refresh_token")))
	code, _ := w.allow(t, ada, asking(webID))
	w.gone[ada] = false
	check := func(name, client, token string) {
		t.Helper()
		if got := w.asked(t, client, token); got.status != 200 || len(got.body) != 1 || got.body["active"] != false {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
	}
	for name, token := range map[string]string{
		"nonsense": "x", "changed": tamperedScope(w.minted(t, oauthID, "openid")), "revoked": revoked, "a refresh token that has a successor": first.token("refresh_token"),
		"another organization's": w.minted(t, foreignID, "openid"), "a code": code, "an id_token": first.token("id_token"),
		"signed by another": sign(stranger(), map[string]string{"alg": "RS256", "kid": "ims_na1-key-at-1", "itt": "at"}, map[string]any{"type": "access_token"}),
	} {
		check(name, oauthID, token)
	}
	if got := w.asked(t, oauthID, ours); got.body["active"] != true || got.body["aud"] == nil || got.body["iss"] != issuer {
		t.Errorf("its own token for our API: %s", got.text)
	}
	check("a token for our API, asked about by another", midID, ours)
	live := w.minted(t, oauthID, "openid")
	w.clock.Advance(24 * time.Hour)
	check("ended", oauthID, live)
}

// TestRFC7662_4_Unreadable holds that a token is not called dead, or alive, while that can't be told.
func TestRFC7662_4_Unreadable(t *testing.T) {
	w := newWorld(t)
	token := w.tokens(t, webID).token("refresh_token")
	w.store.fail = true
	if got := w.asked(t, webID, token); got.status != 503 || got.body["active"] != nil || got.body["error"] != "temporarily_unavailable" {
		t.Errorf("introspection: %d %s", got.status, got.text)
	}
	if got := w.validates(t, token); got != "false temporarily_unavailable" {
		t.Errorf("validate_token: %s", got)
	}
	if got := w.post(t, "/ims/revoke", revoking(webID, token)); got.status != 503 { // RFC 7009 §2.2.1
		t.Errorf("revocation: %d %s", got.status, got.text)
	}
}
