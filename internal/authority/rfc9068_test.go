package authority_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey/internal/authority"
)

// profiled are the claims of a good token of RFC 9068, with changes; nil takes one away.
func profiled(changes map[string]any) map[string]any {
	out := map[string]any{
		"iss": issuer, "sub": techID, "aud": []string{issuer}, "exp": start.Add(time.Hour).Unix(), "iat": start.Unix(), "jti": "1-2", "client_id": oauthID,
		"scope": "openid tokens:read", "org": org,
	}
	maps.Copy(out, changes)
	maps.DeleteFunc(out, func(_ string, value any) bool { return value == nil })
	return out
}

// The names of the server's keys.
const rsaKid, ecKid = "ims_na1-key-at-1", "latchkey-key-1"

// key gives the server's own.
func (w *world) key(t testing.TB, algorithm string) crypto.Signer {
	t.Helper()
	private, err := x509.ParsePKCS8PrivateKey([]byte(w.store.signing(algorithm).Private.Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	return private.(crypto.Signer)
}

// signed makes a token of RFC 9068 as the server would, but for the changes.
func (w *world) signed(t testing.TB, algorithm, typ string, changes map[string]any) string {
	t.Helper()
	kid := map[string]string{"RS256": rsaKid, "ES256": ecKid}[algorithm]
	return signedWith(t, jose.SignatureAlgorithm(algorithm), w.key(t, algorithm), profiled(changes), "kid", kid, "typ", typ)
}

// TestRFC9068_2_Token holds the header and the claims of a token for our own APIs, with a person and without.
func TestRFC9068_2_Token(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct{ token, sub, client string }{
		"a client's": {w.post(t, "/ims/token/v3", changed(credentialsForm("tokens:read"), []string{"resource", issuer})).token("access_token"), techID, oauthID},
		"a person's": {w.tokens(t, webID, "scope", "openid tokens:read", "resource", issuer).token("access_token"), ada, webID},
	} {
		header, said := payload(t, c.token)
		if header["typ"] != "at+jwt" || header["alg"] != "ES256" {
			t.Errorf("%s: the header is %v", name, header)
		}
		for claim, want := range map[string]any{"iss": issuer, "sub": c.sub, "client_id": c.client, "exp": float64(start.Add(24 * time.Hour).Unix()), "iat": float64(start.Unix())} {
			if said[claim] != want {
				t.Errorf("%s: %s is %v, want %v", name, claim, said[claim], want)
			}
		}
		if id, _ := said["jti"].(string); len(id) < 36 || string(marshalled(t, said["aud"])) != `["`+issuer+`"]` {
			t.Errorf("%s: jti %v, aud %v", name, said["jti"], said["aud"])
		}
	}
}

// TestRFC9068_2_1_Algorithms holds that RS256 is among the algorithms, of keys that are published and of tokens that are taken, and
// that no token goes without a signature.
func TestRFC9068_2_1_Algorithms(t *testing.T) {
	w := newWorld(t)
	if keys := w.get(t, "/ims/keys").text; !strings.Contains(keys, `"alg":"RS256"`) || !strings.Contains(keys, `"alg":"ES256"`) {
		t.Errorf("the keys are %s", keys)
	}
	for _, algorithm := range []string{"RS256", "ES256"} {
		if _, err := w.server.Caller(t.Context(), w.signed(t, algorithm, "at+jwt", nil)); err != nil {
			t.Errorf("a token that is signed with %s: %v", algorithm, err)
		}
	}
}

// TestRFC9068_2_2_3_Scopes holds that each scope of a token means something to whom it is for: those of other services are left out.
func TestRFC9068_2_2_3_Scopes(t *testing.T) {
	w := newWorld(t)
	for asked, want := range map[string]string{
		"openid,target_sdk,tokens:read": "openid tokens:read", "": "openid AdobeID latchkey_api tokens:read connections:read", "tokens:read": "tokens:read",
	} {
		for _, form := range [][]string{{"resource", issuer}, {"resource", ims}} {
			got := w.post(t, "/ims/token/v3", changed(credentialsForm(asked), form))
			if _, said := payload(t, got.token("access_token")); said["scope"] != want {
				t.Errorf("of %q for %s the token has %q, want %q", asked, form[1], said["scope"], want)
			}
		}
	}
	exchanged := w.post(t, "/ims/exchange/jwt", changed(jwtForm(good(nil)), []string{"resource", issuer}))
	if _, said := payload(t, exchanged.token("access_token")); said["scope"] != "openid AdobeID" {
		t.Errorf("the exchange of a JWT gives %v", said["scope"])
	}
}

// TestRFC9068_3_Audience holds that a token without a resource is none of this profile, which needs no default audience then.
func TestRFC9068_3_Audience(t *testing.T) {
	w := newWorld(t)
	header, said := payload(t, w.post(t, "/ims/token/v3", credentialsForm("tokens:read")).token("access_token"))
	if header["typ"] != nil || said["aud"] != nil || said["iss"] != nil {
		t.Errorf("without a resource the token has the header %v, and says %v", header, said)
	}
}

// TestRFC9068_4_Validation holds which tokens our own APIs take, each wrong in one point alone.
func TestRFC9068_4_Validation(t *testing.T) {
	w := newWorld(t)
	lying := func(alg string) string {
		return sign(w.key(t, "RS256").(*rsa.PrivateKey), map[string]string{"alg": alg, "typ": "at+jwt", "kid": rsaKid}, profiled(nil))
	}
	good := w.signed(t, "ES256", "at+jwt", nil)
	parts := strings.Split(good, ".")
	for name, c := range map[string]struct {
		token string
		taken bool
	}{
		"as it should be":       {good, true},
		"the whole media type":  {w.signed(t, "ES256", "application/at+jwt", nil), true},
		"in capitals":           {w.signed(t, "ES256", "at+JWT", nil), true},
		"another of our names":  {w.signed(t, "ES256", "at+jwt", map[string]any{"iss": ims}), true},
		"one of two audiences":  {w.signed(t, "ES256", "at+jwt", map[string]any{"aud": []string{"https://a.example", issuer + "/"}}), true},
		"typ JWT":               {w.signed(t, "ES256", "JWT", nil), false},
		"typ of a logout token": {w.signed(t, "ES256", "logout+jwt", nil), false},
		"no typ":                {w.signed(t, "ES256", "", nil), false},
		"another issuer":        {w.signed(t, "ES256", "at+jwt", map[string]any{"iss": "https://evil.example"}), false},
		"issuer with a slash":   {w.signed(t, "ES256", "at+jwt", map[string]any{"iss": issuer + "/"}), false},
		"no issuer":             {w.signed(t, "ES256", "at+jwt", map[string]any{"iss": nil}), false},
		"another audience":      {w.signed(t, "ES256", "at+jwt", map[string]any{"aud": []string{"https://a.example"}}), false},
		"no audience":           {w.signed(t, "ES256", "at+jwt", map[string]any{"aud": nil}), false},
		"audience of nobody":    {w.signed(t, "ES256", "at+jwt", map[string]any{"aud": []string{}}), false},
		"ended":                 {w.signed(t, "ES256", "at+jwt", map[string]any{"exp": start.Unix()}), false},
		"without an end":        {w.signed(t, "ES256", "at+jwt", map[string]any{"exp": nil}), false},
		"end as text":           {w.signed(t, "ES256", "at+jwt", map[string]any{"exp": "1795255200"}), false},
		"changed":               {parts[0] + "." + parts[1][:8] + "A" + parts[1][9:] + "." + parts[2], false},
		"alg none":              {"eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0Iiwia2lkIjoibGF0Y2hrZXkta2V5LTEifQ." + parts[1] + ".", false},
		"another's key":         {signedWith(t, jose.ES256, ecKeys()[0], profiled(nil), "kid", ecKid, "typ", "at+jwt"), false},
		"an unknown key":        {signedWith(t, jose.ES256, w.key(t, "ES256"), profiled(nil), "kid", "latchkey-key-9", "typ", "at+jwt"), false},
		"no key":                {signedWith(t, jose.ES256, w.key(t, "ES256"), profiled(nil), "typ", "at+jwt"), false},
		"another algorithm":     {signedWith(t, jose.PS256, w.key(t, "RS256"), profiled(nil), "kid", rsaKid, "typ", "at+jwt"), false},
		"RS256, said to be":     {lying("RS256"), true},
		"RS256, not said to be": {lying("RS512"), false},
		"RS256, said to be no":  {lying("none"), false},
		"an id_token":           {w.tokens(t, webID).token("id_token"), false},
	} {
		if _, err := w.server.Caller(t.Context(), c.token); (err == nil) != c.taken || errors.Is(err, authority.ErrNotSubscribed) {
			t.Errorf("%s: our own API says %v", name, err)
		}
		got := w.get(t, "/ims/userinfo/v2", "Authorization", "Bearer "+c.token)
		if want := map[bool]int{true: 200, false: 401}[c.taken]; got.status != want || want == 401 && got.body["error"] != "invalid_token" {
			t.Errorf("%s: userinfo says %d %s", name, got.status, got.text)
		}
		if challenge := got.header.Get("WWW-Authenticate"); got.status == http.StatusUnauthorized && !strings.Contains(challenge, `error="invalid_token"`) { // RFC 6750 §3.1
			t.Errorf("%s: the challenge is %q", name, challenge)
		}
	}
}

// TestRFC9068_4_Keys holds that the published keys are those by which anybody can check a token.
func TestRFC9068_4_Keys(t *testing.T) {
	w := newWorld(t)
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(w.get(t, "/ims/keys").text), &set); err != nil {
		t.Fatal(err)
	}
	token := w.post(t, "/ims/token/v3", changed(credentialsForm("tokens:read"), []string{"resource", issuer})).token("access_token")
	parsed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	key := set.Key(parsed.Signatures[0].Header.KeyID)
	if len(key) != 1 {
		t.Fatalf("%d keys have the id %q", len(key), parsed.Signatures[0].Header.KeyID)
	}
	if _, isPublic := key[0].Key.(*ecdsa.PublicKey); !isPublic {
		t.Errorf("what is published is a %T", key[0].Key)
	}
	if _, err := parsed.Verify(key[0]); err != nil {
		t.Error(err)
	}
}

// TestRFC9068_5_Audiences holds that tokens for several of our names say which: the aud is as it was asked for.
func TestRFC9068_5_Audiences(t *testing.T) {
	w := newWorld(t)
	for _, resources := range [][]string{{issuer}, {ims}, {issuer + "/"}, {issuer, ims}} {
		form := credentialsForm("tokens:read")
		form["resource"] = resources
		token := w.post(t, "/ims/token/v3", form).token("access_token")
		if _, said := payload(t, token); string(marshalled(t, said["aud"])) != string(marshalled(t, resources)) {
			t.Errorf("for %v the aud is %v", resources, said["aud"])
		}
		if _, err := w.server.Caller(t.Context(), token); err != nil {
			t.Errorf("our own API, of a token for %v: %v", resources, err)
		}
	}
}
