package authority_test

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey/internal/access"
	"latchkey/internal/authority"
	"latchkey/internal/project"
)

const (
	exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange"
	accessType    = "urn:ietf:params:oauth:token-type:access_token"
	jwtType       = "urn:ietf:params:oauth:token-type:jwt"
	// Two services of the organization, beside the client with the account techID, and one of another.
	midID, endID, foreignID = "service-in-the-middle", "service-at-the-end", "service-elsewhere"
	midTech, endTech        = "00000000000000000000AAAA@techacct.adobe.com", "00000000000000000000BBBB@techacct.adobe.com"
)

func newServices(t testing.TB) *world {
	t.Helper()
	w := newWorld(t)
	for id, account := range map[string]string{midID: midTech, endID: endTech, foreignID: "00000000000000000000CCCC@techacct.adobe.com"} {
		like := *w.clients.byID[oauthID]
		like.ClientID, like.Credential, like.TechnicalAccount.ID = id, "cred-"+id, account
		like.Scopes = []string{"openid", "AdobeID", "target_sdk", "tokens:read"}
		w.clients.byID[id] = &like
	}
	w.clients.byID[foreignID].Organization = "2222222222BBBBBBBBBB2222@AdobeOrg"
	return w
}

// minted takes a token by client credentials.
func (w *world) minted(t testing.TB, client, scope string, more ...string) string {
	t.Helper()
	form := credentialsForm(scope)
	form.Set("client_id", client)
	for i := 0; i+1 < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	token, _ := w.post(t, "/ims/token/v3", form).body["access_token"].(string)
	if token == "" {
		t.Fatal("there is no token for " + client)
	}
	return token
}

// exchangeForm exchanges a token at a client; changes with "" take a parameter away.
func exchangeForm(client, subject string, changes ...string) url.Values {
	form := url.Values{"grant_type": {exchangeGrant}, "client_id": {client}, "client_secret": {password}, "subject_token": {subject}, "subject_token_type": {accessType}}
	for i := 0; i+1 < len(changes); i += 2 {
		if form.Set(changes[i], changes[i+1]); changes[i+1] == "" {
			form.Del(changes[i])
		}
	}
	return form
}

// traded exchanges a token that can be.
func (w *world) traded(t testing.TB, form url.Values) string {
	t.Helper()
	got := w.post(t, "/ims/token/v3", form)
	if got.status != 200 {
		t.Fatalf("the exchange: %s\n%s", got.error(), w.log)
	}
	return got.body["access_token"].(string)
}

// TestRFC8693_2_1_Request holds which parameters have to be there, and which together.
func TestRFC8693_2_1_Request(t *testing.T) {
	w := newServices(t)
	subject, actor := w.minted(t, oauthID, "openid,target_sdk"), w.minted(t, midID, "openid")
	for name, c := range map[string]struct {
		form url.Values
		want string // "" when it is taken
	}{
		"no subject_token":             {exchangeForm(midID, subject, "subject_token", ""), "400 invalid_request: The subject_token is missing."},
		"no subject_token_type":        {exchangeForm(midID, subject, "subject_token_type", ""), "400 invalid_request: The subject_token_type is missing."},
		"subject_token_type SAML":      {exchangeForm(midID, subject, "subject_token_type", "urn:ietf:params:oauth:token-type:saml2"), "400 invalid_request: The subject_token_type is neither access_token nor jwt."},
		"subject_token_type refresh":   {exchangeForm(midID, subject, "subject_token_type", "urn:ietf:params:oauth:token-type:refresh_token"), "400 invalid_request: The subject_token_type is neither access_token nor jwt."},
		"as a JWT":                     {exchangeForm(midID, subject, "subject_token_type", jwtType), ""},
		"requested_token_type refresh": {exchangeForm(midID, subject, "requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"), "400 invalid_request: The requested_token_type is neither access_token nor jwt."},
		"actor_token without its type": {exchangeForm(midID, subject, "actor_token", actor), "400 invalid_request: The actor_token_type is missing."},
		"actor_token_type alone":       {exchangeForm(midID, subject, "actor_token_type", accessType), "400 invalid_request: The actor_token_type comes without an actor_token."},
		"an actor":                     {exchangeForm(midID, subject, "actor_token", actor, "actor_token_type", jwtType), ""},
		"two subjects":                 {url.Values{"grant_type": {exchangeGrant}, "client_id": {midID}, "client_secret": {password}, "subject_token": {subject, actor}, "subject_token_type": {accessType}}, "400 invalid_request: The parameter subject_token is there more than once."},
	} {
		if got := w.post(t, "/ims/token/v3", c.form); c.want == "" && got.status != 200 || c.want != "" && got.error() != c.want {
			t.Errorf("%s = %s, want %q", name, got.error(), c.want)
		}
	}
}

// TestRFC8693_2_1_Client holds who may exchange: a service that proves itself.
func TestRFC8693_2_1_Client(t *testing.T) {
	w := newServices(t)
	subject := w.minted(t, oauthID, "openid")
	for name, c := range map[string]struct{ client, secret, want string }{
		"a service":        {midID, password, ""},
		"a JWT credential": {jwtID, password, ""},
		"no secret":        {midID, "", "401 invalid_client: The client_secret is missing."},
		"a wrong secret":   {midID, "wrong", "401 invalid_client: The client_id and client_secret do not match."},
		"a web app":        {webID, password, "400 unauthorized_client: The client may not exchange tokens: it is no service."},
		"a disabled one":   {offID, password, "400 invalid_client: The client is disabled."},
		"another tenant's": {foreignID, password, "400 invalid_request: The subject_token does not count, or is not one to exchange."},
	} {
		got := w.post(t, "/ims/token/v3", exchangeForm(c.client, subject, "client_secret", c.secret))
		if c.want == "" && got.status != 200 || c.want != "" && got.error() != c.want {
			t.Errorf("%s = %s, want %q", name, got.error(), c.want)
		}
	}
}

// TestRFC8693_2_2_1_Response holds the members that an answer has to have, on every version of the route.
func TestRFC8693_2_2_1_Response(t *testing.T) {
	w := newServices(t)
	subject := w.minted(t, oauthID, "openid,target_sdk,connections:read")
	w.clock.Advance(time.Hour)
	for path, unit := range map[string]float64{"/ims/token/v1": 23*3600_000 - 1, "/ims/token/v3": 23*3600 - 1, "/ims/token/v4": 23*3600 - 1} {
		for asked, issued := range map[string]string{"": accessType, accessType: accessType, jwtType: jwtType} {
			got := w.post(t, path, exchangeForm(midID, subject, "requested_token_type", asked))
			if got.status != 200 || got.body["issued_token_type"] != issued || got.body["token_type"] != "bearer" || got.body["expires_in"] != unit || got.body["scope"] != "openid target_sdk" {
				t.Errorf("%s for %q = %s", path, asked, got.text)
			}
			if _, there := got.body["refresh_token"]; there {
				t.Error("there is a refresh token")
			}
		}
	}
	if used := w.clients.used[len(w.clients.used)-1]; used != midID+" "+exchangeGrant+" uuid-1" {
		t.Errorf("the use is %q", used)
	}
}

// TestRFC8693_OnBehalfOf is the request of ims-go, to the letter (spec §2.4, §6.2).
func TestRFC8693_OnBehalfOf(t *testing.T) {
	w := newServices(t)
	form := exchangeForm(midID, w.minted(t, oauthID, "openid,target_sdk"), "requested_token_type", accessType, "scope", "openid,target_sdk")
	got := w.post(t, "/ims/token/v4?client_id="+midID, form)
	if got.status != 200 {
		t.Fatal(got.error())
	}
	_, said := payload(t, got.body["access_token"].(string))
	for name, want := range map[string]any{"user_id": techID, "client_id": midID, "scope": "openid,target_sdk", "org": org, "type": "access_token", "as": "ims-na1"} {
		if said[name] != want {
			t.Errorf("%s is %v, want %v", name, said[name], want)
		}
	}
}

// TestRFC8693_2_2_2_Subject holds that a token which does not count is the request's fault, as is one that policy refuses; whether
// it is the subject's or the actor's.
func TestRFC8693_2_2_2_Subject(t *testing.T) {
	w := newServices(t)
	good, mine := w.minted(t, oauthID, "openid"), w.minted(t, midID, "openid")
	revoked := w.minted(t, oauthID, "openid")
	w.post(t, "/ims/revoke", url.Values{"client_id": {oauthID}, "client_secret": {password}, "token": {revoked}})
	now := strconv.FormatInt(start.UnixMilli(), 10)
	own := func(change string, value any) string {
		claims := map[string]any{
			"id": "1-2", "type": "access_token", "client_id": oauthID, "user_id": techID, "as": "ims-na1", "scope": "openid", "created_at": now, "expires_in": "86400000", "org": org,
		}
		if claims[change] = value; value == nil {
			delete(claims, change)
		}
		return w.ownToken(t, claims)
	}
	for name, token := range map[string]string{
		"no token": "x", "JWE": "a.b.c.d.e", "tampered": tamperedScope(good), "large": strings.Repeat("a", 64<<10), "a client's own": signedWith(t, jose.RS256, pairs()[1], proof(techID, nil)),
		"alg none": "eyJhbGciOiJub25lIn0." + strings.Split(good, ".")[1] + ".", "revoked": revoked, "another tenant's": w.minted(t, foreignID, "openid"),
		"ended": own("expires_in", "0"), "a refresh token": own("type", "refresh_token"), "a code": own("type", "authorization_code"), "no type": own("type", nil),
		"of a client that is gone": own("client_id", "gone"), "of a disabled client": own("client_id", offID), "about to end": own("expires_in", "1500"),
	} {
		if got := w.post(t, "/ims/token/v3", exchangeForm(midID, token)); got.status != 400 || got.body["error"] != "invalid_request" {
			t.Errorf("a subject_token that is %s = %s", name, got.error())
		}
		if name == "about to end" {
			continue
		}
		if got := w.post(t, "/ims/token/v3", exchangeForm(midID, good, "actor_token", token, "actor_token_type", accessType)); got.error() != "400 invalid_request: The actor_token does not count, or is not one to exchange." {
			t.Errorf("an actor_token that is %s = %s", name, got.error())
		}
	}
	if got := w.post(t, "/ims/token/v3", exchangeForm(midID, own("x", 1), "actor_token", mine, "actor_token_type", accessType)); got.status != 200 {
		t.Errorf("a good one = %s", got.error())
	}
	if !strings.Contains(w.log.String(), "reason=revoked_token") {
		t.Error("the reason is not in the log")
	}
}

// ownToken signs claims as the server does.
func (w *world) ownToken(t testing.TB, claims map[string]any) string {
	t.Helper()
	private, err := x509.ParsePKCS8PrivateKey([]byte(w.store.signing("RS256").Private.Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	return signedWith(t, jose.RS256, private.(*rsa.PrivateKey), claims, "kid", "ims_na1-key-at-1", "itt", "at")
}

func (m *memory) signing(algorithm string) authority.StoredKey {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range m.keys {
		if key.Algorithm == algorithm {
			return key
		}
	}
	return authority.StoredKey{}
}

// TestRFC8693_2_2_2_Target holds that a target which tokens are not issued for is told as such.
func TestRFC8693_2_2_2_Target(t *testing.T) {
	w := newServices(t)
	subject := w.minted(t, oauthID, "openid,tokens:read")
	for _, name := range []string{"resource", "audience"} {
		for _, target := range []string{"https://elsewhere.example", "latchkey", issuer + "#x", issuer + ".evil.example"} {
			got := w.post(t, "/ims/token/v3", exchangeForm(midID, subject, name, target))
			if got.error() != "400 invalid_target: A resource or audience is none that tokens are issued for." {
				t.Errorf("%s %s = %s", name, target, got.error())
			}
		}
		token := w.traded(t, exchangeForm(midID, subject, name, issuer))
		header, said := payload(t, token)
		if header["alg"] != "ES256" || header["typ"] != "at+jwt" || fmt.Sprint(said["aud"]) != "["+issuer+"]" || said["sub"] != techID || said["client_id"] != midID {
			t.Errorf("for our own %s the token is %v %v", name, header, said)
		}
	}
	form := exchangeForm(midID, subject)
	form["resource"] = []string{issuer, "https://elsewhere.example"}
	if got := w.post(t, "/ims/token/v3", form); got.body["error"] != "invalid_target" {
		t.Errorf("two resources of which we know one = %s", got.error())
	}
	// What is for us alone does not become something for everybody.
	bound := w.traded(t, exchangeForm(midID, subject, "resource", issuer))
	header, said := payload(t, w.traded(t, exchangeForm(endID, bound)))
	if header["typ"] != "at+jwt" || fmt.Sprint(said["aud"]) != "["+issuer+"]" {
		t.Errorf("of a token with an audience comes %v %v", header, said)
	}
}

// TestRFC8693_Scope holds that a token has no scope which its subject's or its client lacks.
func TestRFC8693_Scope(t *testing.T) {
	w := newServices(t)
	subject := w.minted(t, oauthID, "openid,target_sdk,connections:read")
	const over = "400 invalid_scope: A scope is unknown, or the client is not subscribed to a service that has it."
	for asked, want := range map[string]string{
		"": "openid,target_sdk", "target_sdk openid": "target_sdk,openid", "target_sdk": "target_sdk", "connections:read": over, "tokens:read": over, "AdobeID": over, "openid admin": over,
	} {
		got := w.post(t, "/ims/token/v3", exchangeForm(midID, subject, "scope", asked))
		if token, ok := got.body["access_token"].(string); ok {
			_, said := payload(t, token)
			if said["scope"] != want {
				t.Errorf("for %q the token has %v, want %s", asked, said["scope"], want)
			}
		} else if got.error() != want {
			t.Errorf("for %q: %s, want %s", asked, got.error(), want)
		}
	}
	if got := w.post(t, "/ims/token/v3", exchangeForm(midID, w.minted(t, oauthID, "connections:read"))); got.error() != "400 invalid_scope: The subject_token and the client have no scope in common." {
		t.Errorf("nothing in common: %s", got.error())
	}
}

// TestRFC8693_4_1_Actor holds who acts, and who acted before, in either kind of token and in introspection.
func TestRFC8693_4_1_Actor(t *testing.T) {
	w := newServices(t)
	first := w.traded(t, exchangeForm(midID, w.minted(t, oauthID, "openid,tokens:read")))
	chain := fmt.Sprintf(`{"act":{"client_id":"%s","sub":"%s"},"client_id":"%s","sub":"%s"}`, midID, midTech, endID, endTech)
	for name, second := range map[string]string{
		"an IMS token": w.traded(t, exchangeForm(endID, first)), "an at+jwt": w.traded(t, exchangeForm(endID, first, "resource", issuer)),
		"with an actor token": w.traded(t, exchangeForm(endID, first, "actor_token", w.minted(t, endID, "openid"), "actor_token_type", accessType)),
		"another presents it": w.traded(t, exchangeForm(jwtID, first, "actor_token", w.minted(t, endID, "openid"), "actor_token_type", accessType)),
	} {
		_, said := payload(t, second)
		if got := string(marshalled(t, said["act"])); got != chain {
			t.Errorf("%s: act is %s, want %s", name, got, chain)
		}
		for _, absent := range []string{"exp", "aud", "nbf"} {
			if strings.Contains(string(marshalled(t, said["act"])), absent) {
				t.Errorf("%s: act has %s", name, absent)
			}
		}
		got := w.post(t, "/ims/introspect", url.Values{"token": {second}, "client_id": {said["client_id"].(string)}, "client_secret": {password}})
		if string(marshalled(t, got.body["act"])) != chain || got.body["sub"] != techID {
			t.Errorf("%s: introspection says %s", name, got.text)
		}
	}
	plain := w.post(t, "/ims/introspect", url.Values{"token": {w.minted(t, oauthID, "openid")}, "client_id": {oauthID}, "client_secret": {password}})
	if _, there := plain.body["act"]; there || plain.body["active"] != true {
		t.Errorf("of a token that was not exchanged introspection says %s", plain.text)
	}
	// A chain ends somewhere.
	token := first
	for range 7 {
		token = w.traded(t, exchangeForm(endID, token))
	}
	if got := w.post(t, "/ims/token/v3", exchangeForm(midID, token)); got.error() != "400 invalid_request: The subject_token was exchanged too often." {
		t.Errorf("the ninth exchange: %s", got.error())
	}
}

// TestRFC8693_4_1_PriorActors holds that whoever acted before has no say: may_act is for the one who acts now.
func TestRFC8693_4_1_PriorActors(t *testing.T) {
	w := newServices(t)
	token := w.ownToken(t, map[string]any{
		"id": "1-2", "type": "access_token", "client_id": oauthID, "user_id": techID, "as": "ims-na1", "scope": "openid", "org": org,
		"created_at": strconv.FormatInt(start.UnixMilli(), 10), "expires_in": "86400000",
		"act": map[string]any{"sub": midTech, "client_id": midID}, "may_act": map[string]any{"sub": midTech},
	})
	for client, want := range map[string]int{midID: 200, endID: 400} {
		if got := w.post(t, "/ims/token/v3", exchangeForm(client, token)); got.status != want {
			t.Errorf("%s: %s, want %d", client, got.error(), want)
		}
	}
}

// TestRFC8693_4_4_MayAct holds that a token which says who may act is exchanged for nobody else.
func TestRFC8693_4_4_MayAct(t *testing.T) {
	w := newServices(t)
	mine := w.minted(t, midID, "openid")
	for name, c := range map[string]struct {
		may   any
		taken bool
	}{
		"the account": {map[string]any{"sub": midTech}, true}, "the client": {map[string]any{"client_id": midID}, true},
		"all of it":         {map[string]any{"sub": midTech, "client_id": midID, "iss": issuer, "org": org}, true},
		"another account":   {map[string]any{"sub": endTech}, false},
		"another client":    {map[string]any{"sub": midTech, "client_id": endID}, false},
		"another issuer":    {map[string]any{"sub": midTech, "iss": "https://elsewhere.example"}, false},
		"another tenant":    {map[string]any{"sub": midTech, "org": "x"}, false},
		"what we can't say": {map[string]any{"sub": midTech, "email": "a@example.com"}, false},
		"nobody":            {map[string]any{}, false}, "the issuer alone": {map[string]any{"iss": issuer}, false}, "a text": {midTech, false}, "null": {nil, false},
	} {
		claims := map[string]any{
			"id": "1-2", "type": "access_token", "client_id": oauthID, "user_id": techID, "scope": "openid", "created_at": strconv.FormatInt(start.UnixMilli(), 10), "expires_in": "86400000", "org": org, "may_act": c.may,
		}
		token := w.ownToken(t, claims)
		for _, form := range []url.Values{exchangeForm(midID, token), exchangeForm(endID, token, "actor_token", mine, "actor_token_type", accessType)} {
			if got := w.post(t, "/ims/token/v3", form); c.taken != (got.status == 200) || !c.taken && got.body["error"] != "invalid_request" {
				t.Errorf("may_act %s: %s", name, got.error())
			}
		}
	}
}

// TestExchangedLife holds that a token which was exchanged ends with the one that it came from: by time, and when that is revoked.
func TestExchangedLife(t *testing.T) {
	w := newServices(t)
	subject := w.minted(t, oauthID, "openid,tokens:read")
	w.clock.Advance(23*time.Hour + 30*time.Minute)
	first := w.traded(t, exchangeForm(midID, subject))
	tokens := []string{first, w.traded(t, exchangeForm(midID, subject, "resource", issuer)), w.traded(t, exchangeForm(endID, first))}
	state := func(token string) string {
		got := w.post(t, "/ims/validate_token/v1", url.Values{"token": {token}})
		return fmt.Sprintf("%v %v", got.body["valid"], got.body["reason"])
	}
	want := func(when, said string) {
		t.Helper()
		for i, token := range tokens {
			if got := state(token); got != said {
				t.Errorf("%s token %d is %s, want %s", when, i, got, said)
			}
		}
	}
	want("before", "true <nil>")
	w.clock.Advance(29*time.Minute + 59*time.Second)
	want("a second before the end", "true <nil>")
	w.clock.Advance(time.Second)
	want("at the end", "false expired_token")

	w = newServices(t)
	subject = w.minted(t, oauthID, "openid,tokens:read")
	first = w.traded(t, exchangeForm(midID, subject))
	tokens = []string{first, w.traded(t, exchangeForm(midID, subject, "resource", issuer)), w.traded(t, exchangeForm(endID, first))}
	if caller, err := w.server.Caller(context.Background(), tokens[1]); err != nil || caller.ID != midID || caller.User != techID {
		t.Errorf("our own API's caller is %+v, %v", caller, err)
	}
	w.post(t, "/ims/revoke", url.Values{"client_id": {oauthID}, "client_secret": {password}, "token": {subject}})
	want("when the first is revoked", "false revoked_token")
	w.open(t)
	want("in the next process", "false revoked_token")

	w = newServices(t)
	subject = w.minted(t, oauthID, "openid")
	first = w.traded(t, exchangeForm(midID, subject))
	w.post(t, "/ims/revoke", url.Values{"client_id": {midID}, "client_secret": {password}, "token": {first}})
	if state(first) != "false revoked_token" || state(subject) != "true <nil>" {
		t.Errorf("an exchanged token that is revoked is %s, the one that it came from %s", state(first), state(subject))
	}
}

// TestExchangedPerson holds that a service may call on for a person: with the person's rights, and until the person is disabled or
// takes the consent back.
func TestExchangedPerson(t *testing.T) {
	w := newServices(t)
	w.clients.byID[midID].Scopes = append(w.clients.byID[midID].Scopes, "profile", "email", "connections:read", "tokens:read")
	answer := w.tokens(t, webID, "scope", "openid profile email offline_access connections:read tokens:read")
	token := w.traded(t, exchangeForm(midID, answer.token("access_token")))
	_, said := payload(t, token)
	if said["user_id"] != ada || said["client_id"] != midID || said["scope"] != "openid,profile,email,connections:read,tokens:read" || said["sid"] != nil {
		t.Errorf("the token says %v", said)
	}
	if got := w.get(t, "/ims/userinfo/v2", "Authorization", "Bearer "+token); got.body["sub"] != ada || got.body["email"] != "ada@example.com" {
		t.Errorf("userinfo = %s", got.text)
	}
	caller, err := w.server.Caller(context.Background(), token)
	if err != nil || caller.ID != ada || !slices.Equal(caller.Scopes, access.Scopes{access.ConnectionsRead}) {
		t.Errorf("our own API's caller is %+v, %v", caller, err)
	}
	// The service can't end what the person granted to the web app, whatever it asks.
	w.post(t, "/ims/invalidate_token/v2", url.Values{"client_id": {midID}, "client_secret": {password}, "token": {token}, "cascading": {"all"}})
	if got := w.post(t, "/ims/token/v3", refreshing(answer.token("refresh_token"))); got.status != 200 {
		t.Errorf("after the service ended its token: %s", got.error())
	}
	token = w.traded(t, exchangeForm(midID, answer.token("access_token")))
	w.gone[ada] = true
	if got := w.post(t, "/ims/token/v3", exchangeForm(midID, answer.token("access_token"))); got.error() != "400 invalid_request: The subject_token does not count, or is not one to exchange." {
		t.Errorf("of a person who is disabled: %s", got.error())
	}
	w.gone[ada] = false
	w.post(t, "/ims/invalidate_token/v2", url.Values{"client_id": {webID}, "client_secret": {password}, "token": {answer.token("access_token")}, "cascading": {"all"}})
	if got := w.validates(t, token); got != "false revoked_token" {
		t.Errorf("when the consent's tokens end, the service's is %s", got)
	}
}

// TestExchangedElsewhere holds what a service shows and may do for another's account: no name or address of its own, and at the
// console's API no more than to look.
func TestExchangedElsewhere(t *testing.T) {
	w := newServices(t)
	for _, id := range []string{oauthID, midID} {
		w.clients.byID[id].Scopes = []string{"openid", "email", "adobeio_api", "manage_client_secrets"}
		w.clients.byID[id].Services = []project.ClientService{{Code: project.IOManagementAPI, Scopes: []string{"adobeio_api", "manage_client_secrets"}}}
	}
	token := w.traded(t, exchangeForm(midID, w.minted(t, oauthID, "openid,email,adobeio_api,manage_client_secrets")))
	for _, path := range []string{"/ims/userinfo/v2", "/ims/profile/v1"} {
		got := w.get(t, path, "Authorization", "Bearer "+token)
		if got.status != 200 || !strings.Contains(got.text, techID) || strings.Contains(got.text, "c9adf360") || strings.Contains(got.text, `"Sample"`) {
			t.Errorf("%s = %s", path, got.text)
		}
	}
	for role, text := range map[access.Role]string{access.Viewer: token, access.Developer: w.minted(t, midID, "openid,adobeio_api,manage_client_secrets")} {
		if caller, err := w.server.ConsoleCaller(context.Background(), text); err != nil || caller.Role != role {
			t.Errorf("the console's caller is %+v, %v, want a %s", caller, err, role)
		}
	}
	// A person is there what the person is.
	w.clients.byID[webID].Services = w.clients.byID[midID].Services
	w.clients.byID[webID].Scopes = append(w.clients.byID[webID].Scopes, "adobeio_api", "manage_client_secrets")
	person := w.tokens(t, webID, "scope", "openid adobeio_api manage_client_secrets").token("access_token")
	for name, text := range map[string]string{"a person": person, "a service for a person": w.traded(t, exchangeForm(midID, person))} {
		caller, err := w.server.ConsoleCaller(context.Background(), text)
		if err != nil || caller.ID != ada || caller.Role != access.Developer || !caller.Scopes.Has(access.RegistryWrite) {
			t.Errorf("%s at the console is %+v, %v", name, caller, err)
		}
	}
	w.gone[ada] = true
	if caller, err := w.server.ConsoleCaller(context.Background(), person); err == nil {
		t.Errorf("who is disabled is at the console %+v", caller)
	}
}

// TestRFC8693_PrivateKeyJWT holds that the exchanging client may prove itself by an assertion.
func TestRFC8693_PrivateKeyJWT(t *testing.T) {
	w := newKeyWorld(t)
	form := authenticated(clientProof(t, nil))
	for name, value := range map[string]string{"grant_type": exchangeGrant, "subject_token": w.minted(t, oauthID, "openid"), "subject_token_type": accessType} {
		form.Set(name, value)
	}
	if got := w.post(t, "/ims/token/v3", form); got.status != 200 {
		t.Errorf("with an assertion: %s\n%s", got.error(), w.log)
	}
	w.clients.byID[keyID].Kind = project.OAuthSinglePageApp
	form.Set("client_assertion", clientProof(t, nil))
	if got := w.post(t, "/ims/token/v3", form); got.body["error"] != "unauthorized_client" {
		t.Errorf("a public client: %s", got.error())
	}
}
