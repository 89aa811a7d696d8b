package authority_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey/internal/project"
)

func marshalled(t testing.TB, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// clientProof is a good assertion of the client's.
func clientProof(t testing.TB, changes map[string]any) string {
	t.Helper()
	return signedWith(t, jose.ES256, ecKeys()[0], proof(keyID, changes))
}

// TestRFC7523_2_2_ClientAuthentication holds that a client proves itself by an assertion wherever it has to, with client_id or without.
func TestRFC7523_2_2_ClientAuthentication(t *testing.T) {
	w := newKeyWorld(t)
	form := authenticated(clientProof(t, nil))
	form.Set("grant_type", "client_credentials")
	form.Set("scope", "openid")
	got := w.post(t, "/ims/token/v2", form)
	if got.status != 200 {
		t.Fatalf("client credentials: %s\n%s", got.error(), w.log)
	}
	token, _ := got.body["access_token"].(string)
	wantIMSToken(t, w, token, keyID, "openid")
	if used := strings.Join(w.clients.used, ","); used != keyID+" client_credentials p256" {
		t.Errorf("the use is %q", used)
	}
	for _, path := range []string{"/ims/introspect", "/ims/revoke", "/ims/invalidate_token/v2"} {
		for _, id := range []string{keyID, ""} {
			form := authenticated(clientProof(t, nil))
			form.Set("token", token)
			if id != "" {
				form.Set("client_id", id)
			}
			got := w.post(t, path, form)
			if got.status != 200 || path == "/ims/introspect" && got.body["active"] != true {
				t.Errorf("%s with client_id %q = %d %s", path, id, got.status, got.text)
			}
		}
	}
	if got := w.post(t, "/ims/validate_token/v1", url.Values{"token": {token}}); got.body["reason"] != "revoked_token" {
		t.Errorf("after its revocation the token is %s", got.text)
	}
	// IMS's exchange of a JWT, whose client is one with a secret otherwise.
	w.clients.byID[jwtID].Bindings = append(w.clients.byID[jwtID].Bindings, w.clients.byID[keyID].Bindings...)
	form = authenticated(clientProof(t, map[string]any{"iss": jwtID, "sub": jwtID}))
	form.Set("jwt_token", good(nil))
	if got := w.post(t, "/ims/exchange/jwt", form); got.status != 200 {
		t.Errorf("the JWT exchange: %s\n%s", got.error(), w.log)
	}
}

// TestCodeByAssertion holds that a web app with a certificate redeems a code without its secret.
func TestCodeByAssertion(t *testing.T) {
	w := newKeyWorld(t)
	w.clients.byID[webID].Bindings = w.clients.byID[keyID].Bindings
	code, _ := w.allow(t, ada, asking(webID))
	form := redeem(webID, code, "client_secret", "")
	for name, values := range authenticated(clientProof(t, map[string]any{"iss": webID, "sub": webID})) {
		form[name] = values
	}
	got := w.post(t, "/ims/token/v3", form)
	if got.status != 200 {
		t.Fatalf("the code: %s\n%s", got.error(), w.log)
	}
	form = refreshing(got.token("refresh_token"), "client_secret", "")
	for name, values := range authenticated(clientProof(t, map[string]any{"iss": webID, "sub": webID})) {
		form[name] = values
	}
	if got := w.post(t, "/ims/token/v3", form); got.status != 200 {
		t.Errorf("the refresh: %s\n%s", got.error(), w.log)
	}
}

// TestRFC7521_4_2_ClientID holds that client_id, where it comes, names the client that the assertion is about.
func TestRFC7521_4_2_ClientID(t *testing.T) {
	w := newKeyWorld(t)
	for id, want := range map[string]string{keyID: "", oauthID: aims[0].refusal, "nobody": "400 invalid_client: The client_id does not exist."} {
		form := aims[0].form(clientProof(t, nil))
		form.Set("client_id", id)
		if got := w.post(t, "/ims/token/v3", form); want == "" && got.status != 200 || want != "" && got.error() != want {
			t.Errorf("with client_id %s: %s, want %q", id, got.error(), want)
		}
	}
}

// TestRFC6749_2_3_OneMethod holds that a client authenticates in one way, and that half of an assertion is none.
func TestRFC6749_2_3_OneMethod(t *testing.T) {
	w := newKeyWorld(t)
	with := func(name, value string) url.Values {
		form := aims[0].form(clientProof(t, nil))
		if form.Set(name, value); value == "" {
			form.Del(name)
		}
		return form
	}
	const twice, half = "400 invalid_request: The client authenticates in two ways; send one.", "400 invalid_request: client_assertion and client_assertion_type belong together; one is missing."
	if got := w.post(t, "/ims/token/v3", with("client_secret", password)); got.error() != twice {
		t.Errorf("with a secret too: %s", got.error())
	}
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(keyID+":"+password))
	for _, header := range []string{basic, "Basic " + base64.StdEncoding.EncodeToString([]byte(keyID+":"))} {
		if got := w.post(t, "/ims/token/v3", aims[0].form(clientProof(t, nil)), "Authorization", header); got.error() != twice {
			t.Errorf("with Basic too: %s", got.error())
		}
	}
	form := with("client_assertion", "")
	form.Set("client_id", keyID)
	if got := w.post(t, "/ims/token/v3", form); got.error() != half {
		t.Errorf("without the assertion: %s", got.error())
	}
	if got := w.post(t, "/ims/token/v3", with("client_assertion_type", "")); got.error() != half {
		t.Errorf("without its type: %s", got.error())
	}
	saml := "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"
	if got := w.post(t, "/ims/token/v3", with("client_assertion_type", saml)); got.error() != aims[0].refusal {
		t.Errorf("with another type: %s", got.error())
	}
}

// TestRFC7523_2_OneJWT holds that the parameter is one JWT (§2.1, §2.2).
func TestRFC7523_2_OneJWT(t *testing.T) {
	w := newKeyWorld(t)
	for _, name := range []string{"client_assertion", "assertion"} {
		form := url.Values{"grant_type": {bearerGrant}, "client_assertion_type": {assertionType}, name: {clientProof(t, nil), clientProof(t, nil)}}
		if got := w.post(t, "/ims/token/v3", form); got.error() != "400 invalid_request: The parameter "+name+" is there more than once." {
			t.Errorf("%s twice: %s", name, got.error())
		}
	}
	if got := w.post(t, "/ims/token/v3", url.Values{"grant_type": {bearerGrant}}); got.error() != "400 invalid_request: The assertion is missing." {
		t.Errorf("without an assertion: %s", got.error())
	}
}

// TestRFC7523_2_1_Grant holds who the token is for, how the client is named, and that its authentication has to be right.
func TestRFC7523_2_1_Grant(t *testing.T) {
	bearer := func(changes map[string]any, more ...string) url.Values {
		form := aims[1].form(signedWith(t, jose.RS256, pairs()[1], proof(techID, changes)))
		for i := 0; i+1 < len(more); i += 2 {
			form.Set(more[i], more[i+1])
		}
		return form
	}
	account := map[string]any{"iss": techID}
	for name, c := range map[string]struct {
		form url.Values
		want string // "" when it is taken
	}{
		"client by iss":               {bearer(nil, "scope", "openid target_sdk"), ""},
		"client by client_id":         {bearer(account, "client_id", keyID, "scope", "openid,target_sdk"), ""},
		"with the secret":             {bearer(account, "client_id", keyID, "client_secret", password, "scope", "openid,target_sdk"), ""},
		"with a wrong secret":         {bearer(nil, "client_id", keyID, "client_secret", "wrong"), "401 invalid_client: The client_id and client_secret do not match."},
		"another client's secret":     {bearer(nil, "client_id", oauthID, "client_secret", password), aims[1].refusal},
		"account without a client_id": {bearer(account), aims[1].refusal},
		"unknown iss":                 {bearer(map[string]any{"iss": "nobody"}), aims[1].refusal},
		"disabled":                    {bearer(map[string]any{"iss": offID}), aims[1].refusal},
		"unknown client_id":           {bearer(nil, "client_id", "nobody"), "400 invalid_client: The client_id does not exist."},
		"scope of nobody":             {bearer(nil, "scope", "admin"), "400 invalid_scope: A scope is unknown, or the client is not subscribed to a service that has it."},
	} {
		w := newKeyWorld(t)
		got := w.post(t, "/ims/token/v3", c.form)
		if c.want != "" {
			if got.error() != c.want {
				t.Errorf("%s = %s, want %s", name, got.error(), c.want)
			}
			continue
		}
		if got.status != 200 {
			t.Errorf("%s = %s\n%s", name, got.error(), w.log)
			continue
		}
		wantIMSToken(t, w, got.body["access_token"].(string), keyID, "openid,target_sdk")
		if _, there := got.body["refresh_token"]; there {
			t.Errorf("%s: there is a refresh token", name)
		}
	}
	w := newKeyWorld(t)
	form := bearer(nil)
	for name, values := range authenticated(clientProof(t, nil)) {
		form[name] = values
	}
	form.Set("resource", issuer)
	got := w.post(t, "/ims/token/v3", form)
	if got.status != 200 {
		t.Fatalf("with a client assertion: %s\n%s", got.error(), w.log)
	}
	if header, said := payload(t, got.body["access_token"].(string)); header["typ"] != "at+jwt" || said["sub"] != techID {
		t.Errorf("the token is %v %v", header, said)
	}
	if used := strings.Join(w.clients.used, ","); used != keyID+" "+bearerGrant+" p256,"+keyID+" "+bearerGrant+" rsa" {
		t.Errorf("the uses are %s", used)
	}
	w.clients.byID[keyID].Kind = project.OAuthWebApp
	if got := w.post(t, "/ims/token/v3", bearer(nil)); got.error() != "400 unauthorized_client: The client may not use the jwt-bearer grant." {
		t.Errorf("a web app: %s", got.error())
	}
}

// TestRFC7523_3_Issuer holds point 1: iss is there, and who the client says it is.
func TestRFC7523_3_Issuer(t *testing.T) {
	wantTaken(t, false, map[string]map[string]any{"no iss": {"iss": nil}, "another iss": {"iss": oauthID}, "iss no text": {"iss": []string{keyID}}, "an organization": {"iss": org}})
}

// TestRFC7523_3_Subject holds point 2: sub is there; of a client it is the client, of a grant the account.
func TestRFC7523_3_Subject(t *testing.T) {
	wantTaken(t, false, map[string]map[string]any{"no sub": {"sub": nil}, "another sub": {"sub": oauthID}, "sub no text": {"sub": 1}, "empty": {"sub": ""}})
	// What is good for one aim is not for the other.
	w := newKeyWorld(t)
	w.wantAnswer(t, "a grant's", aims[0], signedWith(t, jose.RS256, pairs()[1], proof(techID, nil)), false)
	w.wantAnswer(t, "a client's", aims[1], signedWith(t, jose.RS256, pairs()[1], proof(keyID, nil)), false)
}

// TestRFC7523_3_Audience holds point 3: this server is in aud, by a name that is compared as it is written.
func TestRFC7523_3_Audience(t *testing.T) {
	wantTaken(t, true, map[string]map[string]any{
		"the issuer": {"aud": issuer}, "with a port": {"aud": issuer + ":8443"}, "IMS's name": {"aud": ims}, "a slash": {"aud": issuer + "/"},
		"the token endpoint": {"aud": issuer + "/ims/token/v3"}, "an array": {"aud": []string{issuer}}, "an array of many": {"aud": []string{"https://other.example", issuer + "/ims/token/v3"}},
	})
	wantTaken(t, false, map[string]map[string]any{
		"no aud": {"aud": nil}, "empty": {"aud": ""}, "no names": {"aud": []string{}}, "others": {"aud": []string{"https://a.example", "https://b.example", "c", "d", "e"}}, "a number": {"aud": 1},
		"another server": {"aud": "https://latchkey.example.com.evil.example"}, "in other case": {"aud": strings.ToUpper(issuer)}, "another path": {"aud": issuer + "/ims/token/v2"},
		"IMS's form": {"aud": issuer + "/c/" + keyID}, "a name in it": {"aud": "https://evil.example/" + issuer}, "another port": {"aud": issuer + ":444"},
	})
	w := newKeyWorld(t)
	for path, aud := range map[string]string{"/ims/token/v2/": "/ims/token/v2", "//ims/token/v4": "/ims/token/v4", "/ims/introspect": "/ims/introspect", "/ims/revoke": "/ims/token/v3"} {
		form := aims[0].form(clientProof(t, map[string]any{"aud": issuer + aud}))
		form.Set("token", "x")
		if got := w.post(t, path, form); got.status != 200 {
			t.Errorf("%s with its own aud = %s", path, got.error())
		}
	}
}

// TestRFC7523_3_Expiry holds point 4: exp is there, has not passed but for the skew, and is not far ahead.
func TestRFC7523_3_Expiry(t *testing.T) {
	at := func(d time.Duration) map[string]any { return map[string]any{"exp": start.Add(d).Unix()} }
	wantTaken(t, true, map[string]map[string]any{
		"29 s ago": at(-29 * time.Second), "in an hour": at(time.Hour), "a fraction": {"exp": float64(start.Unix()) + 30.5},
	})
	wantTaken(t, false, map[string]map[string]any{
		"no exp": {"exp": nil}, "31 s ago": at(-31 * time.Second), "30 s ago": at(-30 * time.Second), "in two hours": at(2 * time.Hour), "milliseconds": {"exp": start.UnixMilli()},
		"a text": {"exp": "1795251900"}, "a date": {"exp": "2026-11-21T10:00:00Z"}, "null": {"exp": json.RawMessage("null")}, "huge": {"exp": json.RawMessage("1e400")}, "large": {"exp": json.RawMessage("1e300")},
		"negative": {"exp": -5},
	})
}

// TestRFC7523_3_NotBefore and IssuedAt hold points 5 and 6.
func TestRFC7523_3_NotBefore(t *testing.T) { wantBegun(t, "nbf") }

func TestRFC7523_3_IssuedAt(t *testing.T) { wantBegun(t, "iat") }

func wantBegun(t *testing.T, claim string) {
	t.Helper()
	wantTaken(t, true, map[string]map[string]any{"none": {claim: nil}, "29 s ahead": {claim: start.Add(29 * time.Second).Unix()}, "past": {claim: start.Add(-time.Hour).Unix()}})
	wantTaken(t, false, map[string]map[string]any{"31 s ahead": {claim: start.Add(31 * time.Second).Unix()}, "a text": {claim: "now"}})
}

// TestRFC7523_3_JTI holds point 7: no assertion counts twice, whatever it is for, while it would count; and that a client's
// authentication has a jti (OpenID Connect Core §9).
func TestRFC7523_3_JTI(t *testing.T) {
	w := newKeyWorld(t)
	send := func(a aim, changes map[string]any) reply {
		return w.post(t, "/ims/token/v3", a.form(signedWith(t, jose.ES256, ecKeys()[0], proof(a.subject, changes))))
	}
	for i, a := range aims {
		once := map[string]any{"jti": "once " + a.name, "exp": start.Add(-20 * time.Second).Unix()}
		if got := send(a, once); got.status != 200 {
			t.Fatalf("the first time: %s", got.error())
		}
		for _, again := range []aim{a, aims[1-i]} {
			if got := send(again, once); got.error() != again.refusal {
				t.Errorf("a %s's jti again, as a %s: %s", a.name, again.name, got.error())
			}
		}
	}
	for name, jti := range map[string]any{"none": nil, "a number": 5, "empty": "", "long": strings.Repeat("x", 257)} {
		if got := send(aims[0], map[string]any{"jti": jti}); got.error() != aims[0].refusal {
			t.Errorf("a client with the jti %s: %s", name, got.error())
		}
	}
	if got := send(aims[1], map[string]any{"jti": nil}); got.status != 200 {
		t.Errorf("a grant without jti: %s", got.error())
	}
	w.clients.byID[keyID].Bindings[3].RequireJTI = true
	if got := send(aims[1], map[string]any{"jti": nil}); got.error() != aims[1].refusal {
		t.Errorf("a grant without the jti that its binding asks for: %s", got.error())
	}
	w.store.away = true
	if got := send(aims[0], nil); got.status != 503 || got.body["error"] != "temporarily_unavailable" {
		t.Errorf("while it can't be noted: %s", got.error())
	}
}

// TestUsedAssertionsGo holds that an assertion is remembered for as long as it would count, and not much longer.
func TestUsedAssertionsGo(t *testing.T) {
	w := newKeyWorld(t)
	w.server.Start()
	defer w.server.Close()
	use := func() {
		w.post(t, "/ims/token/v3", aims[0].form(clientProof(t, map[string]any{"exp": w.clock.Now().Add(time.Minute).Unix(), "iat": nil})))
	}
	count := func() int {
		w.store.mu.Lock()
		defer w.store.mu.Unlock()
		return len(w.store.used)
	}
	use()
	for id, ends := range w.store.used {
		if want := start.Add(90 * time.Second); !ends.Equal(want) || len(id) != 43 {
			t.Errorf("it is kept as %q until %v, want %v", id, ends, want)
		}
	}
	for range 200 {
		if count() == 0 {
			break
		}
		w.clock.Advance(time.Minute)
		time.Sleep(2 * time.Millisecond)
	}
	if n, passed := count(), w.clock.Now().Sub(start); n > 0 || passed < 6*time.Minute {
		t.Errorf("%d are kept after %v", n, passed)
	}
}

// TestRFC7523_3_OtherClaims holds point 8: what else there is, is let be.
func TestRFC7523_3_OtherClaims(t *testing.T) {
	wantTaken(t, true, map[string]map[string]any{"more": {"x": deepValue(), "scope": "admin"}, "deep": {"x": json.RawMessage(strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100))}})
}

// TestRFC7523_3_Signature holds points 9 and 10: signed by a key of a certificate that counts, with an algorithm that fits it.
func TestRFC7523_3_Signature(t *testing.T) {
	keys, ec := pairs(), ecKeys()
	for _, a := range aims {
		w := newKeyWorld(t)
		claims := func() map[string]any { return proof(a.subject, nil) }
		for algorithm, key := range map[jose.SignatureAlgorithm]crypto.Signer{
			jose.RS256: keys[1], jose.RS384: keys[1], jose.RS512: keys[1], jose.PS256: keys[1], jose.ES256: ec[0], jose.ES384: ec[1],
		} {
			w.wantAnswer(t, string(algorithm), a, signedWith(t, algorithm, key, claims()), true)
		}
		header := []any{"kid", "../../etc/passwd", "x5u", "https://evil.example/key", "jku", "https://evil.example/keys", "jwk", &jose.JSONWebKey{Key: &stranger().PublicKey}}
		w.wantAnswer(t, "forged header, own key", a, signedWith(t, jose.RS256, keys[1], claims(), header...), true)
		w.wantAnswer(t, "forged header", a, signedWith(t, jose.RS256, stranger(), claims(), header...), false)
		w.wantAnswer(t, "PS512", a, signedWith(t, jose.PS512, keys[1], claims()), false)
		w.wantAnswer(t, "ended certificate", a, signedWith(t, jose.RS256, keys[0], claims()), false)
		w.wantAnswer(t, "certificate that has not begun", a, signedWith(t, jose.RS256, keys[2], claims()), false)
		good := signedWith(t, jose.RS256, keys[1], claims())
		parts := strings.Split(good, ".")
		b64 := base64.RawURLEncoding.EncodeToString
		public, err := x509.MarshalPKIXPublicKey(&keys[1].PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		for name, key := range map[string][]byte{"DER": public, "PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})} {
			input := b64([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + parts[1]
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte(input))
			w.wantAnswer(t, "HS256 with the public key in "+name, a, input+"."+b64(mac.Sum(nil)), false)
		}
		for name, text := range map[string]string{
			"alg none": b64([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".", "alg None": b64([]byte(`{"alg":"None"}`)) + "." + parts[1] + ".", "no signature": parts[0] + "." + parts[1] + ".",
			"another algorithm in the header": b64([]byte(`{"alg":"ES256"}`)) + "." + parts[1] + "." + parts[2],
			"changed after signing":           parts[0] + "." + b64(marshalled(t, proof(a.subject, nil))) + "." + parts[2],
		} {
			w.wantAnswer(t, name, a, text, false)
		}
	}
}

// TestRFC7523_3_Malformed holds point 10 of what is no JWT, is encrypted, is large, or asks for what is not understood.
func TestRFC7523_3_Malformed(t *testing.T) {
	for _, a := range aims {
		w := newKeyWorld(t)
		signed := func(header ...any) string {
			return signedWith(t, jose.RS256, pairs()[1], proof(a.subject, nil), header...)
		}
		array := sign(pairs()[1], rs256, []int{1})
		for name, text := range map[string]string{
			"text": "x", "two parts": "x.y", "three parts": "x.y.z", "JWE": "a.b.c.d.e", "an array": array, "64 KiB": strings.Repeat("a", 64<<10), "JSON serialization": `{"payload":"e30"}`,
			"unknown crit": signed("crit", []string{"exp2"}, "exp2", 1),
			"two objects":  sign(pairs()[1], rs256, json.RawMessage(`{}`)),
		} {
			w.wantAnswer(t, name, a, text, false)
		}
		if got := w.post(t, "/ims/token/v3", a.form(strings.Repeat("a", 1<<20))); got.error() != "400 invalid_request: The body is not a form that can be read, or is too large." {
			t.Errorf("1 MiB as a %s: %s", a.name, got.error())
		}
	}
}

// TestRFC7523_3_1_Reasons holds that what was wrong is told to the decision log, and not to who asked.
func TestRFC7523_3_1_Reasons(t *testing.T) {
	for _, a := range aims {
		w := newKeyWorld(t)
		got := w.post(t, "/ims/token/v3", a.form(signedWith(t, jose.RS256, pairs()[0], proof(a.subject, nil))))
		w.post(t, "/ims/token/v3", a.form(signedWith(t, jose.RS256, pairs()[1], proof(a.subject, map[string]any{"exp": start.Add(-time.Hour).Unix()}))))
		for _, detail := range []string{"sha1-of-rsa", "sha1-of-ended", "delta=-1h0m0s", "credential=cred-" + keyID} {
			if !strings.Contains(w.log.String(), detail) || strings.Contains(got.text, detail) {
				t.Errorf("%q is not in the log alone\n%s", detail, w.log)
			}
		}
	}
}

// TestAssertionGuesses holds that forged assertions are limited as wrong secrets are.
func TestAssertionGuesses(t *testing.T) {
	for _, a := range aims {
		w := newKeyWorld(t)
		answers := map[string]int{}
		for range 25 {
			answers[w.post(t, "/ims/token/v3", a.form(signedWith(t, jose.RS256, stranger(), proof(a.subject, nil)))).error()]++
		}
		if answers[a.refusal] != 20 || answers["400 invalid_client: Too many wrong secrets came from there; wait a minute."] != 5 {
			t.Errorf("25 forged ones as a %s are answered %v", a.name, answers)
		}
		if got := w.post(t, "/ims/token/v3", a.form(signedWith(t, jose.RS256, pairs()[1], proof(a.subject, nil)))); got.status != 400 {
			t.Errorf("a good one from there: %s", got.error())
		}
	}
}

// TestDiscoveryOfAssertions holds that discovery names the ways and their algorithms (RFC 8414 §2).
func TestDiscoveryOfAssertions(t *testing.T) {
	got := newWorld(t).get(t, "/.well-known/oauth-authorization-server")
	for _, endpoint := range []string{"token", "revocation", "introspection"} {
		methods := string(marshalled(t, got.body[endpoint+"_endpoint_auth_methods_supported"]))
		algorithms := string(marshalled(t, got.body[endpoint+"_endpoint_auth_signing_alg_values_supported"]))
		if !strings.Contains(methods, `"private_key_jwt"`) || algorithms != `["RS256","RS384","RS512","PS256","ES256","ES384"]` {
			t.Errorf("of the %s endpoint: %s %s", endpoint, methods, algorithms)
		}
	}
	if grants := string(marshalled(t, got.body["grant_types_supported"])); !strings.Contains(grants, bearerGrant) || !strings.Contains(grants, exchangeGrant) {
		t.Errorf("the grants are %s", grants)
	}
}
