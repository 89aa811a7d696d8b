package exchange_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"latchkey/internal/exchange"
	"latchkey/internal/secret"
)

// The worked configurations of spec §5.6 run unchanged.

func acquire(t *testing.T, p *provider, file string, in map[string]any, grant *exchange.CodeGrant) *exchange.TokenSet {
	t.Helper()
	plan := planOf(t, "worked/"+file+".json")
	set, err := p.runner.Acquire(t.Context(), plan, exchange.Input{Fields: fields(t, plan, in), Code: grant})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestWorkedZoom(t *testing.T) {
	p := newProvider(t, saysJSON(`{"access_token":"at-1","token_type":"bearer","expires_in":3599,"scope":"user:read"}`))
	set := acquire(t, p, "zoom", map[string]any{"clientId": "id", "clientSecret": "se:cret", "accountId": "a 1"}, nil)
	request := p.only(t)
	if request.header.Get("Authorization") != "Basic aWQ6c2U6Y3JldA==" || request.body != "grant_type=account_credentials&account_id=a+1" || request.url() != "https://zoom.us/oauth/token" {
		t.Errorf("the request is %s with %q and %q", request.url(), request.header.Get("Authorization"), request.body)
	}
	if diff := cmp.Diff(tokens{Access: "at-1", Type: "bearer", Scope: "user:read", Expires: 3599 * time.Second, Source: exchange.ExpiryLifetime}, told(set)); diff != "" {
		t.Errorf("tokens: -want +got\n%s", diff)
	}
}

func TestWorkedToast(t *testing.T) {
	p := newProvider(t, saysJSON(`{"token":{"accessToken":"at-1","expiresIn":86400}}`))
	set := acquire(t, p, "toast", map[string]any{"clientId": "id", "clientSecret": `q"\`, "subdomain": "ws-api"}, nil)
	request := p.only(t)
	if want := `{"clientId":"id","clientSecret":"q\"\\","userAccessType":"TOAST_MACHINE_CLIENT"}`; request.body != want || request.host != "ws-api.toasttab.com" || request.header.Get("Content-Type") != "application/json" {
		t.Errorf("the request to %s has %s", request.host, request.body)
	}
	if got := told(set); got.Access != "at-1" || got.Expires != 24*time.Hour {
		t.Errorf("tokens are %+v", got)
	}
}

func TestWorkedSlack(t *testing.T) {
	p := newProvider(t, saysJSON(`{"ok":true,"access_token":"xoxb","token_type":"bot","scope":"chat:write","team":{"id":"T1"},"authed_user":{"access_token":"xoxp"}}`),
		saysJSON(`{"ok":false,"error":"invalid_code"}`))
	set := acquire(t, p, "slack", nil, code("c"))
	if diff := cmp.Diff(tokens{Access: "xoxb", Type: "bot", Scope: "chat:write", Outputs: map[string]any{"teamId": "T1", "userToken": secret.Redacted}},
		told(set)); diff != "" {
		t.Errorf("tokens: -want +got\n%s", diff)
	}
	if output := set.Outputs["userToken"]; output.Value != "xoxp" || !output.Secret {
		t.Error("the user's token is not a secret output")
	}
	plan := planOf(t, "worked/slack.json")
	_, err := p.runner.Acquire(t.Context(), plan, exchange.Input{Code: code("c")})
	f := failure(t, err)
	if f.Validation != "ok flag" || f.Code != "invalid_code" {
		t.Errorf("a failed validation gives %+v", f)
	}
}

func TestWorkedInstagram(t *testing.T) {
	p := newProvider(t, saysJSON(`{"access_token":"short","user_id":17,"expires_in":3600}`), saysJSON(`{"access_token":"long","token_type":"bearer","expires_in":5184000}`),
		saysJSON(`{"access_token":"longer","expires_in":5184000}`))
	plan := planOf(t, "worked/instagram.json")
	set := acquire(t, p, "instagram", nil, code("c"))
	seen := p.seen()
	if len(seen) != 2 || seen[1].method != "GET" || seen[1].body != "" ||
		seen[1].url() != "https://graph.instagram.com/access_token?grant_type=ig_exchange_token&client_secret=s&access_token=short" {
		t.Errorf("the step is %s %s", seen[1].method, seen[1].url())
	}
	if got := told(set); got.Access != "long" || got.Expires != 60*24*time.Hour {
		t.Errorf("tokens are %+v", got)
	}
	next, err := p.runner.Renew(t.Context(), plan, exchange.Input{Tokens: set})
	if err != nil {
		t.Fatal(err)
	}
	seen = p.seen()
	if len(seen) != 3 || seen[2].url() != "https://graph.instagram.com/refresh_access_token?grant_type=ig_refresh_token&access_token=long" {
		t.Errorf("the renewal is %s", seen[len(seen)-1].url())
	}
	if next.AccessToken.Reveal() != "longer" {
		t.Error("the renewed token is not taken")
	}
}

func TestWorkedTikTokAds(t *testing.T) {
	p := newProvider(t, saysJSON(`{"code":0,"data":{"access_token":"at-1","advertiser_ids":["1","2"]}}`), saysJSON(`{"code":40105,"message":"bad auth code"}`))
	plan := planOf(t, "worked/tiktok-ads.json")
	address, err := p.runner.AuthorizeURL(t.Context(), plan, exchange.Input{}, exchange.Attempt{State: secret.New("st"), RedirectURI: "https://l.test/cb"})
	if want := "https://business-api.tiktok.com/portal/auth?response_type=code&redirect_uri=https%3A%2F%2Fl.test%2Fcb&state=st&app_id=c"; err != nil || address != want {
		t.Errorf("AuthorizeURL = %q, %v, want %q", address, err, want)
	}
	set := acquire(t, p, "tiktok-ads", nil, code("c0de"))
	if got := p.only(t).body; got != `{"app_id":"c","secret":"s","auth_code":"c0de"}` {
		t.Errorf("the body is %s", got)
	}
	if got := told(set); got.Access != "at-1" || got.Outputs["advertiserIds"] != "1,2" || got.Source != exchange.ExpiryUnknown {
		t.Errorf("tokens are %+v", got)
	}
	if exchange.Renewable(plan, set) {
		t.Error("nothing renews this token")
	}
	_, err = p.runner.Acquire(t.Context(), plan, exchange.Input{Code: code("c0de")})
	if f := failure(t, err); f.Kind != exchange.BadResponse || f.Validation != "has data" {
		t.Errorf("a failed validation gives %+v", f)
	}
}

func TestWorkedClover(t *testing.T) {
	p := newProvider(t, saysJSON(`{"access_token":"at-1","access_token_expiration":1795254600,"refresh_token":"rt-1"}`),
		saysJSON(`{"access_token":"at-2","access_token_expiration":1795258200,"refresh_token":"rt-2"}`))
	plan := planOf(t, "worked/clover.json")
	in := map[string]any{"authorizeHost": "www.clover.com", "apiHost": "api.eu.clover.com"}
	grant := code("c0de")
	grant.Captured = map[string]string{"merchantId": "M1"}
	set := acquire(t, p, "clover", in, grant)
	if got := p.only(t); got.url() != "https://api.eu.clover.com/oauth/v2/token" || got.body != `{"client_id":"c","client_secret":"s","code":"c0de"}` {
		t.Errorf("the request to %s has %s", got.url(), got.body)
	}
	at := time.Unix(1795254600, 0)
	if got := told(set); got.Outputs["merchantId"] != "M1" || !set.ExpiresAt.Equal(at) || got.Source != exchange.ExpiryAbsolute {
		t.Errorf("tokens are %+v, want the expiry %v", got, at)
	}
	set, err := p.runner.Renew(t.Context(), plan, exchange.Input{Fields: fields(t, plan, in), Tokens: set})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.seen()[1]; got.url() != "https://api.eu.clover.com/oauth/v2/refresh" || got.body != `{"client_id":"c","refresh_token":"rt-1"}` {
		t.Errorf("the renewal to %s has %s", got.url(), got.body)
	}
	if got := told(set); got.Refresh != "rt-2" || got.Outputs["merchantId"] != "M1" {
		t.Errorf("tokens are %+v", got)
	}
}

func TestWorkedGoogleServiceAccount(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	p := newProvider(t, saysJSON(`{"access_token":"at-1","expires_in":3599}`))
	plan := planOf(t, "worked/google-service-account.json")
	in := exchange.Input{Fields: fields(t, plan, map[string]any{"clientEmail": "svc@x.iam", "privateKey": text})}
	for range 2 {
		if _, err := p.runner.Acquire(t.Context(), plan, in); err != nil {
			t.Fatal(err)
		}
	}
	seen := p.seen()
	form := seen[0].form(t)
	if form.Get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" || seen[0].url() != "https://oauth2.googleapis.com/token" {
		t.Errorf("the request to %s has %v", seen[0].url(), form)
	}
	signed, err := jose.ParseSignedCompact(form.Get("assertion"), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := signed.Verify(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	if claims["jti"] == "" || claims["jti"] == nil {
		t.Error("the assertion has no jti")
	}
	delete(claims, "jti")
	want := map[string]any{
		"iss": "svc@x.iam", "aud": "https://oauth2.googleapis.com/token", "scope": "https://www.googleapis.com/auth/cloud-platform",
		"iat": float64(start.Unix()), "exp": float64(start.Unix() + 3600),
	}
	if diff := cmp.Diff(want, claims); diff != "" {
		t.Errorf("claims: -want +got\n%s", diff)
	}
	if strings.Contains(seen[1].body, form.Get("assertion")) {
		t.Error("an assertion is sent twice")
	}
	in.Fields = fields(t, plan, map[string]any{"clientEmail": "svc@x.iam", "privateKey": "not-a-key-" + text[40:80]})
	_, err = p.runner.Acquire(t.Context(), plan, in)
	f := failure(t, err)
	contains(t, "the failure of a bad key", f.Description, "cannot be signed")
	if f.Field != "privateKey" {
		t.Errorf("the failure of a bad key names the field %q", f.Field)
	}
	in.Fields = fields(t, plan, map[string]any{"clientEmail": "svc@x.iam", "privateKey": "-----BEGIN PUBLIC KEY-----\n" + text[40:80] + "\n-----END PUBLIC KEY-----"})
	_, err = p.runner.Acquire(t.Context(), plan, in)
	contains(t, "the failure of a public key", failure(t, err).Description, "begins with -----BEGIN PRIVATE KEY")
	if strings.Contains(f.Error(), text[40:80]) || f.Sent {
		t.Errorf("the failure of a bad key is %v, sent %v", f, f.Sent)
	}
}
