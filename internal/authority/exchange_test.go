package authority_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// TestExchange holds the answer and the token of spec §1.2 and §2.7, on each of the exchange's paths and for each way in
// which clients send parameters (§6.2). The token is verified with the published keys by another library.
func TestExchange(t *testing.T) {
	w := newWorld(t)
	var sent bytes.Buffer
	parts := multipart.NewWriter(&sent)
	for name, values := range jwtForm(good(nil)) {
		_ = parts.WriteField(name, values[0])
	}
	_ = parts.Close()
	query := jwtForm(good(nil))
	for name, ask := range map[string]func(path string) *http.Request{
		"form": func(path string) *http.Request {
			r, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, w.URL+path, strings.NewReader(jwtForm(good(nil)).Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			return r
		},
		"multipart": func(path string) *http.Request {
			r, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, w.URL+path, bytes.NewReader(sent.Bytes()))
			r.Header.Set("Content-Type", parts.FormDataContentType())
			return r
		},
		"query": func(path string) *http.Request {
			r, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, w.URL+path+"?"+query.Encode(), nil)
			return r
		},
		"client in the query": func(path string) *http.Request {
			r, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, w.URL+path+"?client_id="+jwtID,
				strings.NewReader(url.Values{"client_secret": {password}, "jwt_token": {good(nil)}}.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
			return r
		},
		"Basic": func(path string) *http.Request {
			r, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, w.URL+path, strings.NewReader(url.Values{"jwt_token": {good(nil)}}.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.SetBasicAuth(url.QueryEscape(jwtID), url.QueryEscape(password))
			return r
		},
	} {
		for _, path := range []string{"/ims/exchange/jwt", "/ims/exchange/jwt/", "//ims/exchange/jwt/", "/ims/exchange/v1/jwt"} {
			got := w.do(t, ask(path))
			if got.status != http.StatusOK || got.body["token_type"] != "bearer" || got.body["expires_in"] != 86399999.0 {
				t.Errorf("%s at %s = %s %v", name, path, got.error(), got.body["expires_in"])
				continue
			}
			if got.header.Get("X-Debug-Id") == "" || got.header.Get("Cache-Control") != "no-store" || got.header.Get("Content-Type") != "application/json;charset=UTF-8" {
				t.Errorf("%s at %s has the headers %v", name, path, got.header)
			}
			wantIMSToken(t, w, got.body["access_token"].(string), jwtID, "openid,AdobeID,target_sdk")
		}
	}
	if got := w.clients.used[0]; got != jwtID+" exchange_jwt new" {
		t.Errorf("the use is %q", got)
	}
}

// wantIMSToken verifies a token with the keys that are published, and looks at what IMS's clients read.
func wantIMSToken(t *testing.T, w *world, token, client, scope string) {
	t.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(w.get(t, "/ims/keys").text), &set); err != nil {
		t.Fatal(err)
	}
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	header, said := payload(t, token)
	if _, err := signed.Verify(set.Key(header["kid"].(string))[0]); err != nil {
		t.Errorf("the token's signature: %v", err)
	}
	if header["x5u"] != header["kid"].(string)+".cer" || header["itt"] != "at" {
		t.Errorf("the header is %v", header)
	}
	if got := w.get(t, "/keys/prod/"+header["x5u"].(string)); got.status != 200 || !strings.HasPrefix(got.text, "-----BEGIN CERTIFICATE") {
		t.Errorf("the certificate at x5u = %d %s", got.status, got.text)
	}
	for name, want := range map[string]any{
		"type": "access_token", "client_id": client, "user_id": techID, "as": "ims-na1", "scope": scope, "created_at": "1795251600000", "expires_in": "86400000",
	} {
		if said[name] != want {
			t.Errorf("%s is %v, want %v", name, said[name], want)
		}
	}
	for _, absent := range []string{"iss", "aud", "exp"} {
		if _, there := said[absent]; there {
			t.Errorf("the token has %s, which IMS's have not", absent)
		}
	}
}

// TestRefusals has each row of spec §1.3 and of the bad input: what is said, in which order, and that nothing secret is.
func TestRefusals(t *testing.T) {
	keys := pairs()
	none := strings.Join([]string{base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)), strings.Split(good(nil), ".")[1], ""}, ".")
	public, err := x509.MarshalPKIXPublicKey(&keys[1].PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	confused := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + strings.Split(good(nil), ".")[1]
	mac := hmac.New(sha256.New, public)
	mac.Write([]byte(confused))
	confused += "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	deep := strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)
	const nobody = "400 invalid_client: The client_id does not exist."
	const unreadable = "400 invalid_token: JWT token is incorrectly formatted, and can not be decoded."
	const unmatched = "400 invalid_token: Could not match JWT signature to any of the bindings"
	with := func(change url.Values) url.Values {
		form := jwtForm(good(nil))
		for name, values := range change {
			form[name] = values
		}
		return form
	}
	for name, c := range map[string]struct {
		form url.Values
		want string // "" when it is taken
	}{
		"§1.3 unknown client":             {with(url.Values{"client_id": {"nobody"}}), nobody},
		"§1.3 no client":                  {url.Values{"jwt_token": {good(nil)}}, "400 invalid_client: The client_id is missing."},
		"§1.3 unknown client comes first": {url.Values{"client_id": {"nobody"}, "client_secret": {"wrong"}, "jwt_token": {"x"}}, nobody},
		"§1.3 wrong secret":               {with(url.Values{"client_secret": {"wrong"}}), "401 invalid_client: The client_id and client_secret do not match."},
		"§1.3 no secret":                  {url.Values{"client_id": {jwtID}, "jwt_token": {good(nil)}}, "401 invalid_client: The client_secret is missing."},
		"§1.3 secret before the JWT":      {url.Values{"client_id": {jwtID}, "client_secret": {"wrong"}, "jwt_token": {"x"}}, "401 invalid_client: The client_id and client_secret do not match."},
		"§1.3 lacks exchange_jwt":         {with(url.Values{"client_id": {oauthID}}), "401 invalid_client: The client lacks the scope exchange_jwt."},
		"§1.3 disabled":                   {with(url.Values{"client_id": {offID}}), "400 invalid_client: The client is disabled."},
		"§1.3 JWT missing":                {url.Values{"client_id": {jwtID}, "client_secret": {password}}, "400 invalid_token: The jwt_token is missing."},
		"§1.3 undecodable":                {jwtForm("x.y.z"), unreadable},
		"§1.3 two parts":                  {jwtForm("x.y"), unreadable},
		"no JSON object":                  {jwtForm(sign(keys[1], rs256, []int{1})), unreadable},
		"deep JSON":                       {jwtForm(sign(keys[1], rs256, json.RawMessage(deep))), "400 invalid_client: The aud of the JWT is not a single string."},
		"JWE":                             {jwtForm("a.b.c.d.e"), unreadable},
		"1 MiB":                           {jwtForm(strings.Repeat("a", 1<<20)), "400 invalid_request: The body is not a form that can be read, or is too large."},
		"64 KiB":                          {jwtForm(strings.Repeat("a", 64<<10)), "400 invalid_token: The JWT is larger than 32768 bytes."},
		"alg none":                        {jwtForm(none), unreadable},
		"HS256 with the public key":       {jwtForm(confused), unreadable},
		"forged kid":                      {jwtForm(sign(keys[1], map[string]string{"alg": "RS256", "kid": "../../etc/passwd", "x5u": "https://evil.example/key"}, claims(nil))), ""},
		"§1.3 aud of another client":      {jwtForm(good(map[string]any{"aud": ims + "/c/" + oauthID})), "400 invalid_client: The client_id does not match the aud of the JWT."},
		"§1.3 aud of another environment": {jwtForm(good(map[string]any{"aud": "https://ims-na1-stg1.adobelogin.com/c/" + jwtID})), "400 invalid_client: The aud of the JWT points at another IMS environment."},
		"aud array":                       {jwtForm(good(map[string]any{"aud": []string{ims + "/c/" + jwtID}})), "400 invalid_client: The aud of the JWT is not a single string."},
		"aud of our own name":             {jwtForm(good(map[string]any{"aud": issuer + "/c/" + jwtID})), ""},
		"aud with a port":                 {jwtForm(good(map[string]any{"aud": issuer + ":8443/c/" + jwtID})), ""},
		"§1.3 exp as a date":              {jwtForm(good(map[string]any{"exp": "2026-11-21T10:00:00Z"})), "400 invalid_token: The exp of the JWT is not an integer: seconds since 1970."},
		"§1.3 exp with a fraction":        {jwtForm(good(map[string]any{"exp": 1795251900.5})), "400 invalid_token: The exp of the JWT is not an integer: seconds since 1970."},
		"no exp":                          {jwtForm(good(map[string]any{"exp": nil})), "400 invalid_token: The exp of the JWT is not an integer: seconds since 1970."},
		"exp in milliseconds":             {jwtForm(good(map[string]any{"exp": start.Add(time.Hour).UnixMilli()})), "400 invalid_token: The JWT expires more than 24 hours from now; exp is in seconds."},
		"skew of 29 s":                    {jwtForm(good(map[string]any{"exp": start.Add(-29 * time.Second).Unix()})), ""},
		"skew of 31 s":                    {jwtForm(good(map[string]any{"exp": start.Add(-31 * time.Second).Unix()})), "400 invalid_token: The JWT has expired."},
		"24 hours":                        {jwtForm(good(map[string]any{"exp": start.Add(24 * time.Hour).Unix()})), ""},
		"iat 31 s ahead":                  {jwtForm(good(map[string]any{"iat": start.Add(31 * time.Second).Unix()})), "400 invalid_token: The JWT is not valid yet: its iat is ahead of the server's clock."},
		"no iat":                          {jwtForm(good(map[string]any{"iat": nil})), ""},
		"unknown claims":                  {jwtForm(good(map[string]any{"x": deepValue()})), ""},
		"§1.3 iss form":                   {jwtForm(good(map[string]any{"iss": "acme"})), "400 bad_request: The iss of the JWT is missing, or has another form than ident@authsrc."},
		"§1.3 another iss":                {jwtForm(good(map[string]any{"iss": "2222222222BBBBBBBBBB2222@AdobeOrg"})), "400 bad_request: The iss of the JWT is not the client's."},
		"§1.3 another sub":                {jwtForm(good(map[string]any{"sub": "0000000000BBBBBBBBBB2222@techacct.adobe.com"})), "400 bad_request: The sub of the JWT is not the client's."},
		"§1.3 another key":                {jwtForm(sign(stranger(), rs256, claims(nil))), unmatched},
		"expired certificate":             {jwtForm(sign(keys[0], rs256, claims(nil))), unmatched},
		"§1.3 changed after signing":      {jwtForm(tampered(good(nil))), unmatched},
		"§1.3 no metascope":               {jwtForm(good(map[string]any{ims + "/s/ent_marketing_sdk": nil})), "400 invalid_scope: The JWT has no metascope."},
		"§1.3 metascope false":            {jwtForm(good(map[string]any{ims + "/s/ent_marketing_sdk": false})), "400 invalid_scope: The JWT has no metascope."},
		"§1.3 metascope of another":       {jwtForm(good(map[string]any{ims + "/s/ent_user_sdk": true})), "400 invalid_scope: The metascopes in the JWT are not a subset of the metascopes in the binding."},
		"metascope under our own name":    {jwtForm(good(map[string]any{ims + "/s/ent_marketing_sdk": nil, issuer + "/s/ent_latchkey_sdk": true})), ""},
		"jti where none is asked for":     {jwtForm(good(map[string]any{"jti": "x"})), ""},
		"§1.3 jti missing":                {jwtForm(sign(keys[2], rs256, claims(nil))), "400 invalid_jti: The jti of the JWT is missing, and the certificate's binding asks for one."},
		"§1.3 jti no number":              {jwtForm(sign(keys[2], rs256, claims(map[string]any{"jti": "abc"}))), "400 invalid_token: The jti of the JWT is not an integer in a string."},
		"duplicate parameter":             {url.Values{"client_id": {jwtID}, "client_secret": {password}, "jwt_token": {good(nil), good(nil)}}, "400 invalid_request: The parameter jwt_token is there more than once."},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			got := w.post(t, "/ims/exchange/jwt", c.form)
			switch {
			case c.want == "" && got.status != http.StatusOK:
				t.Errorf("it is refused: %s\n%s", got.error(), w.log)
			case c.want != "" && got.error() != c.want:
				t.Errorf("it is answered %s\nwant %s", got.error(), c.want)
			}
			for _, hidden := range []string{password, strings.Split(good(nil), ".")[2]} {
				if strings.Contains(w.log.String()+got.text, hidden) && !strings.Contains(got.text, "access_token") {
					t.Error("the answer or the log holds a secret")
				}
			}
		})
	}
}

func deepValue() map[string]any { return map[string]any{"y": []any{1, map[string]any{"z": nil}}} }

// strangerKey is one that nobody has bound.
var strangerKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func stranger() *rsa.PrivateKey { return strangerKey() }

// tampered changes the payload and keeps the signature.
func tampered(token string) string {
	parts := strings.Split(token, ".")
	text, _ := base64.RawURLEncoding.DecodeString(parts[1])
	parts[1] = base64.RawURLEncoding.EncodeToString(bytes.Replace(text, []byte(`"exp":17952`), []byte(`"exp": 17952`), 1))
	return strings.Join(parts, ".")
}

// TestDecisionLog holds that the reasons in full are in the log, and not in the answer.
func TestDecisionLog(t *testing.T) {
	w := newWorld(t)
	got := w.post(t, "/ims/exchange/jwt", jwtForm(sign(pairs()[0], rs256, claims(nil))))
	for _, detail := range []string{"sha1-of-new", "sha1-of-old", "fingerprints_expired", got.header.Get("X-Debug-Id")} {
		if !strings.Contains(w.log.String(), detail) || strings.Contains(got.text, detail) {
			t.Errorf("%q is not in the log alone\n%s", detail, w.log)
		}
	}
	w.post(t, "/ims/exchange/jwt", jwtForm(good(map[string]any{"exp": start.Add(-time.Hour).Unix()})))
	if !strings.Contains(w.log.String(), "delta=-1h0m0s") {
		t.Errorf("the clocks' difference is not in the log\n%s", w.log)
	}
}

// TestReplay holds the order of jti where the binding asks for one (spec §1.1).
func TestReplay(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ jti, want string }{
		{"1470000000", ""}, {"1470000000", "invalid_jti"}, {"1469999999", "invalid_jti"}, {"1470000001", ""},
	} {
		got := w.post(t, "/ims/exchange/jwt", jwtForm(sign(pairs()[2], rs256, claims(map[string]any{"jti": c.jti}))))
		if code, _ := got.body["error"].(string); code != c.want {
			t.Errorf("jti %s = %s, want %q", c.jti, got.error(), c.want)
		}
	}
}

// TestUnusualHeaders holds that an assertion is taken or not as go-jose has it, whichever way its signature is checked.
func TestUnusualHeaders(t *testing.T) {
	w := newWorld(t)
	key := pairs()[1]
	for name, assertion := range map[string]string{
		"alone":          sign(key, rs256, claims(nil)),
		"much beside":    sign(key, map[string]any{"alg": "RS256", "kid": "k", "x5t": "x", "jku": "https://evil.example.net/", "own": []int{1}}, claims(nil)),
		"crit":           sign(key, map[string]any{"alg": "RS256", "crit": []string{"own"}, "own": 1}, claims(nil)),
		"crit of b64":    sign(key, map[string]any{"alg": "RS256", "crit": []string{"b64"}, "b64": true}, claims(nil)),
		"b64":            sign(key, map[string]any{"alg": "RS256", "b64": false}, claims(nil)),
		"empty crit":     sign(key, map[string]any{"alg": "RS256", "crit": []string{}}, claims(nil)),
		"line ends":      strings.ReplaceAll(sign(key, rs256, claims(nil)), ".", "\r\n.\n"),
		"another's":      sign(pairs()[0], rs256, claims(nil)),
		"another's hash": strings.Replace(sign(key, rs256, claims(nil)), base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256`)), base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS512`)), 1),
	} {
		want := false
		if signed, err := jose.ParseSignedCompact(assertion, []jose.SignatureAlgorithm{jose.RS256, jose.RS512}); err == nil {
			_, err = signed.Verify(&key.PublicKey)
			want = err == nil
		}
		if got := w.post(t, "/ims/exchange/jwt", jwtForm(assertion)); (got.status == http.StatusOK) != want {
			t.Errorf("%s: %s, and go-jose says %v", name, got.error(), want)
		}
	}
}
