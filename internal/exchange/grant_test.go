package exchange_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/exchange"
	"latchkey/internal/secret"
)

// The published examples run as they are, where they are complete.

func TestPublishedAuthorizationCode(t *testing.T) {
	p := newProvider(t, saysJSON(usual))
	plan := planOf(t, "published/authorization-code.json")
	address, err := p.runner.AuthorizeURL(t.Context(), plan, exchange.Input{}, exchange.Attempt{
		State: secret.New("st-1"), RedirectURI: "https://latchkey.test/callback",
	})
	want := "https://www.moviestar.com/dialog/OAuth?response_type=code&client_id=Experience-Platform-client-id" +
		"&redirect_uri=https%3A%2F%2Flatchkey.test%2Fcallback&scope=read%20write&state=st-1"
	if err != nil || address != want {
		t.Errorf("AuthorizeURL = %q, %v\nwant %q", address, err, want)
	}
	set, err := p.runner.Acquire(t.Context(), plan, exchange.Input{Code: code("c0de")})
	if err != nil {
		t.Fatal(err)
	}
	request := p.only(t)
	if request.method != "POST" || request.url() != "https://api.moviestar.com/OAuth/access_token" {
		t.Errorf("the request went to %s %s", request.method, request.url())
	}
	wantBody := "grant_type=authorization_code&code=c0de&redirect_uri=https%3A%2F%2Flatchkey.test%2Fcallback" +
		"&client_id=Experience-Platform-client-id&client_secret=Experience-Platform-client-secret"
	if request.body != wantBody {
		t.Errorf("the body is %q\nwant %q", request.body, wantBody)
	}
	if got := request.header.Get("Accept"); got != "application/json" {
		t.Errorf("Accept = %q", got)
	}
	if diff := cmp.Diff(tokens{
		Access: "at-1", Refresh: "rt-1", Type: "bearer", Scope: "read", Expires: time.Hour, Source: exchange.ExpiryLifetime,
	}, told(set)); diff != "" {
		t.Errorf("tokens: -want +got\n%s", diff)
	}

	next, err := p.runner.Renew(t.Context(), plan, exchange.Input{Tokens: set})
	if err != nil {
		t.Fatal(err)
	}
	renewal := p.seen()[1]
	if renewal.url() != "https://api.moviestar.com/OAuth/refresh_token" {
		t.Errorf("the renewal went to %s", renewal.url())
	}
	wantBody = "grant_type=refresh_token&refresh_token=rt-1&client_id=Experience-Platform-client-id&client_secret=Experience-Platform-client-secret"
	if renewal.body != wantBody {
		t.Errorf("the renewal's body is %q\nwant %q", renewal.body, wantBody)
	}
	if next.RefreshToken.Reveal() != "rt-1" {
		t.Errorf("the renewed refresh token is %q", next.RefreshToken.Reveal())
	}
}

func TestPublishedPassword(t *testing.T) {
	p := newProvider(t, saysJSON(`{"access_token":"at-1"}`))
	plan := planOf(t, "published/password.json")
	in := exchange.Input{Fields: fields(t, plan, map[string]any{"username": "ann", "password": "p&ss wörd"})}
	if _, err := p.runner.Acquire(t.Context(), plan, in); err != nil {
		t.Fatal(err)
	}
	want := "grant_type=password&username=ann&password=p%26ss+w%C3%B6rd&scope=read+write" +
		"&client_id=Experience-Platform-client-id&client_secret=Experience-Platform-client-secret"
	if got := p.only(t).body; got != want {
		t.Errorf("the body is %q\nwant %q", got, want)
	}
	in.Tokens = have("at-1", "rt-1")
	if _, err := p.runner.Renew(t.Context(), plan, in); err != nil {
		t.Fatal(err)
	}
	if got := p.seen()[1].body; got != want { // there is no refreshTokenUrl
		t.Errorf("the renewal's body is %q\nwant %q", got, want)
	}
}

func TestPublishedClientCredentials(t *testing.T) {
	p := newProvider(t, saysJSON(`{"access_token":"at-1","expires_in":"60"}`))
	plan := planOf(t, "published/client-credentials.json")
	set, err := p.runner.Acquire(t.Context(), plan, exchange.Input{})
	if err != nil {
		t.Fatal(err)
	}
	want := "grant_type=client_credentials&scope=read+write&client_id=Experience-Platform-client-id&client_secret=Experience-Platform-client-secret"
	if got := p.only(t).body; got != want {
		t.Errorf("the body is %q\nwant %q", got, want)
	}
	if diff := cmp.Diff(tokens{
		Access: "at-1", Type: "Bearer", Scope: "read write", Expires: time.Minute, Source: exchange.ExpiryLifetime,
	}, told(set)); diff != "" {
		t.Errorf("tokens: -want +got\n%s", diff)
	}
	if _, err := p.runner.Renew(t.Context(), plan, exchange.Input{Tokens: set}); err != nil {
		t.Fatal(err)
	}
	if got := p.seen()[1].body; got != want { // no refresh token was issued
		t.Errorf("the renewal's body is %q\nwant %q", got, want)
	}
}

func TestPublishedExample3(t *testing.T) {
	p := newProvider(t, saysJSON(`{"access_token":"at+/=1","scope":"all","token_type":"Bearer","expires_in":7200}`))
	plan := planOf(t, "published/example-3-customer-credentials.json")
	in := exchange.Input{Fields: fields(t, plan, map[string]any{"clientId": "id&1", "clientSecret": "s3cr<>t'\"+/= ~*", "moviestarId": "tenant-7"})}
	set, err := p.runner.Acquire(t.Context(), plan, in)
	if err != nil {
		t.Fatal(err)
	}
	request := p.only(t)
	if request.url() != "https://tenant-7.yourdestination.com/identity/oauth/token" {
		t.Errorf("the request went to %s", request.url())
	}
	want := "grant_type=client_credentials&client_id=id%261&client_secret=s3cr%3C%3Et%27%22%2B%2F%3D+%7E*"
	if request.body != want || request.header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		t.Errorf("the body is %q (%s)\nwant %q", request.body, request.header.Get("Content-Type"), want)
	}
	if diff := cmp.Diff(tokens{
		Access: "at+/=1", Type: "Bearer", Scope: "all", Expires: 2 * time.Hour, Source: exchange.ExpiryLifetime,
	}, told(set)); diff != "" {
		t.Errorf("tokens: -want +got\n%s", diff)
	}
}

// Example 1 and the refresh example run once what is missing is added.

func TestPublishedExample1Completed(t *testing.T) {
	text := read(t, "published/example-1-response-field.json")
	document := strings.Replace(text, `"clientSecret"`, `"clientId": "c-1", "clientSecret"`, 1)
	p := newProvider(t, saysJSON(`{"access_token":"at-1","refresh_token":"rt-1","refresh_token_expires_in":86400}`))
	set, err := p.runner.Acquire(t.Context(), plan(t, document), exchange.Input{Code: code("c0de")})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tokens{
		Access: "at-1", Refresh: "rt-1", Type: "Bearer", Scope: "read write delete", RefreshExpires: 24 * time.Hour,
		Outputs: map[string]any{"refreshTokenExpiration": "86400"},
	}, told(set)); diff != "" {
		t.Errorf("tokens: -want +got\n%s", diff)
	}
}

func TestPublishedRefreshExampleCompleted(t *testing.T) {
	text := read(t, "published/refresh-with-validations.json")
	document := strings.Replace(text, `"accessTokenRequest"`, `"clientId": "c-1", "clientSecret": "s-1",
		"authenticationDataFields": [{"name": "customerId", "source": "CUSTOMER", "type": "string"}], "accessTokenRequest"`, 1)
	p := newProvider(t, saysJSON(usual), says(200, "application/json", `{"access_token":""}`))
	plan := plan(t, document)
	in := exchange.Input{Fields: fields(t, plan, map[string]any{"customerId": "t1"})}
	set, err := p.runner.Acquire(t.Context(), plan, in)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.only(t).body; got != "grant_type=client_credentials&client_id=c-1&client_secret=s-1" {
		t.Errorf("the body is %q", got)
	}
	in.Tokens = set
	_, err = p.runner.Renew(t.Context(), plan, in)
	if f := failure(t, err); f.Kind != exchange.BadResponse || f.Validation != "access_token validation" {
		t.Errorf("a failed validation gives %v (%q)", f, f.Validation)
	}
}

func TestPublishedExample2Completed(t *testing.T) {
	document := strings.Replace(read(t, "published/example-2-special-refresh-token.json"), `"authenticationDataFields"`,
		`"authType": "OAUTH2", "grant": "OAUTH2_AUTHORIZATION_CODE", "authorizationUrl": "https://www.moviestar.com/a",
		"accessTokenUrl": "https://api.moviestar.com/t", "refreshTokenUrl": "https://api.moviestar.com/r",
		"clientId": "c-1", "clientSecret": "s-1", "authenticationDataFields"`, 1)
	p := newProvider(t, saysJSON(`{"access_token":"at-1"}`), saysJSON(`{"access_token":"at-2","refresh_token":"rt-2"}`), saysJSON(`{"access_token":"at-3"}`))
	plan := plan(t, document)
	set, err := p.runner.Acquire(t.Context(), plan, exchange.Input{Code: code("c0de")})
	if err != nil {
		t.Fatal(err)
	}
	if got := told(set); got.Expires != time.Hour || got.Source != exchange.ExpiryConstant || !exchange.Renewable(plan, set) {
		t.Errorf("tokens are %+v, want a constant life of an hour and a way to renew", got)
	}
	for _, want := range []string{"special_refresh_token", "rt-2"} {
		if set, err = p.runner.Renew(t.Context(), plan, exchange.Input{Tokens: set}); err != nil {
			t.Fatal(err)
		}
		seen := p.seen()
		if got := seen[len(seen)-1].form(t).Get("refresh_token"); got != want {
			t.Errorf("the renewal sent the refresh token %q, want %q", got, want)
		}
	}
}

func TestBearerAndBasic(t *testing.T) {
	p := newProvider(t, saysJSON(usual))
	bearer := plan(t, `{"authentication": {"authType": "BEARER"}}`)
	set, err := p.runner.Acquire(t.Context(), bearer, exchange.Input{Fields: fields(t, bearer, map[string]any{"token": "t0k"})})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tokens{Access: "t0k", Type: "Bearer"}, told(set)); diff != "" {
		t.Errorf("BEARER: -want +got\n%s", diff)
	}
	basic := plan(t, `{"authentication": {"authType": "BASIC"}}`)
	set, err = p.runner.Acquire(t.Context(), basic, exchange.Input{Fields: fields(t, basic, map[string]any{"username": "ann", "password": "pw"})})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tokens{Access: "YW5uOnB3", Type: "Basic"}, told(set)); diff != "" {
		t.Errorf("BASIC: -want +got\n%s", diff)
	}
	if exchange.Renewable(bearer, set) || exchange.Renewable(basic, set) || len(p.seen()) > 0 {
		t.Error("BEARER and BASIC need no provider")
	}
}

// A token is often pasted with the end of its line; one with more lines would break a header.
func TestBearerAsPasted(t *testing.T) {
	p := newProvider(t)
	plan := plan(t, `{"name": "n", "authentication": {"authType": "BEARER"}}`)
	set, err := p.runner.Acquire(t.Context(), plan, exchange.Input{Fields: fields(t, plan, map[string]any{"token": " t0k\r\n"})})
	if err != nil || set.AccessToken.Reveal() != "t0k" {
		t.Errorf("a token with the end of its line gives %v, %v", told(set), err)
	}
	_, err = p.runner.Acquire(t.Context(), plan, exchange.Input{Fields: fields(t, plan, map[string]any{"token": "t0k\r\nX-Evil: 1"})})
	if f := failure(t, err); f.Field != "token" || f.Code != exchange.CannotSend {
		t.Errorf("a token of two lines gives %v at %q", f, f.Field)
	}
}

// A name with a colon cannot be told from a shorter one (RFC 7617 §2).
func TestBasicWithAColon(t *testing.T) {
	p := newProvider(t)
	plan := plan(t, `{"name": "n", "authentication": {"authType": "BASIC"}}`)
	_, err := p.runner.Acquire(t.Context(), plan, exchange.Input{Fields: fields(t, plan, map[string]any{"username": "a:b", "password": "c"})})
	if f := failure(t, err); f.Kind != exchange.Denied || f.Field != "username" || f.Code != exchange.CannotSend {
		t.Errorf("a name with a colon gives %v at %q", f, f.Field)
	}
}
