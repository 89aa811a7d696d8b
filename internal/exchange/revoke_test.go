package exchange_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/secret"
)

// revocable is a definition whose options say how a grant is revoked.
func revocable(t *testing.T, options string) *destination.Plan {
	t.Helper()
	doc, err := destination.ParseDocument([]byte(`{"name": "moviestar", "authentication": {"authType": "OAUTH2", "grant": "OAUTH2_AUTHORIZATION_CODE",
		"authorizationUrl": "https://api.moviestar.com/authorize", "accessTokenUrl": "https://api.moviestar.com/token",
		"refreshTokenUrl": "https://api.moviestar.com/token", "clientId": "mc", "clientSecret": "m s", "options": {` + options + `}}}`))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := doc.Compile(0)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

const (
	rfc7009 = `"revocationUrl": "https://api.moviestar.com/revoke"`
	own     = `"revocationRequest": {"destinationServerType": "URL_BASED",
		"urlBasedDestination": {"url": {"templatingStrategy": "PEBBLE_V1", "value": "https://api.moviestar.com/grants/{{ authData.refreshToken }}"}},
		"httpTemplate": {"httpMethod": "DELETE", "headers": [{"header": "Authorization", "value": {"templatingStrategy": "PEBBLE_V1", "value": "Bearer {{ authData.accessToken }}"}}]}}`
)

func status(code int, body string) func(http.ResponseWriter, got) {
	return func(w http.ResponseWriter, _ got) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}
}

// TestRevoke holds what is sent, in order, and what an answer means.
func TestRevoke(t *testing.T) {
	both := &exchange.TokenSet{AccessToken: secret.New("the-access-token"), RefreshToken: secret.New("the-refresh-token")}
	access := &exchange.TokenSet{AccessToken: secret.New("the-access-token")}
	const refreshed = "POST /revoke client_id=mc&client_secret=m+s&token=the-refresh-token&token_type_hint=refresh_token"
	const accessed = "POST /revoke client_id=mc&client_secret=m+s&token=the-access-token&token_type_hint=access_token"
	ok := status(200, "")
	for name, c := range map[string]struct {
		options string
		tokens  *exchange.TokenSet
		answers []func(http.ResponseWriter, got)
		sent    []string
		want    string // kind and code; "" when it worked
	}{
		"both":              {rfc7009, both, []func(http.ResponseWriter, got){ok}, []string{refreshed, accessed}, ""},
		"access alone":      {rfc7009, access, []func(http.ResponseWriter, got){ok}, []string{accessed}, ""},
		"204":               {rfc7009, access, []func(http.ResponseWriter, got){status(204, "")}, []string{accessed}, ""},
		"unknown":           {rfc7009, both, []func(http.ResponseWriter, got){status(400, `{"error": "invalid_token"}`)}, []string{refreshed, accessed}, ""},
		"no access tokens":  {rfc7009, both, []func(http.ResponseWriter, got){ok, status(400, `{"error": "unsupported_token_type"}`)}, []string{refreshed, accessed}, ""},
		"no refresh tokens": {rfc7009, both, []func(http.ResponseWriter, got){status(400, `{"error": "unsupported_token_type"}`)}, []string{refreshed}, "denied unsupported_token_type"},
		"wrong client":      {rfc7009, both, []func(http.ResponseWriter, got){status(401, `{"error": "invalid_client"}`)}, []string{refreshed}, "client_dead invalid_client"},
		"busy":              {rfc7009, both, []func(http.ResponseWriter, got){status(503, `{}`)}, []string{refreshed}, "provider_down status_503"},
		"busy then":         {rfc7009, both, []func(http.ResponseWriter, got){ok, status(429, ``)}, []string{refreshed, accessed}, "provider_down status_429"},
		"bare 400":          {rfc7009, both, []func(http.ResponseWriter, got){status(400, ``)}, []string{refreshed}, "denied status_400"},
		"own":               {own, both, []func(http.ResponseWriter, got){status(204, "")}, []string{"DELETE /grants/the-refresh-token "}, ""},
		"own, gone":         {own, both, []func(http.ResponseWriter, got){status(404, `{}`)}, []string{"DELETE /grants/the-refresh-token "}, "bad_response status_404"},
		"own, without":      {own, access, []func(http.ResponseWriter, got){ok}, nil, "denied cannot_send"},
		"none":              {`"pkce": "S256"`, both, []func(http.ResponseWriter, got){ok}, nil, "denied cannot_send"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t, c.answers...)
			err := p.runner.Revoke(context.Background(), revocable(t, c.options), exchange.Input{Tokens: c.tokens})
			said := ""
			if failure, ok := errors.AsType[*exchange.Failure](err); ok {
				said = failure.Kind.String() + " " + failure.Code
				if text := failure.Error(); strings.Contains(text, "the-") || strings.Contains(text, "m s") {
					t.Errorf("the failure holds a secret: %s", text)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			if said != c.want {
				t.Errorf("Revoke() = %q, want %q", said, c.want)
			}
			var sent []string
			for _, r := range p.seen() {
				form := ""
				if r.body != "" {
					form = r.form(t).Encode()
				}
				sent = append(sent, r.method+" "+r.path+" "+form)
			}
			if strings.Join(sent, "\n") != strings.Join(c.sent, "\n") {
				t.Errorf("sent:\n%s\nwant:\n%s", strings.Join(sent, "\n"), strings.Join(c.sent, "\n"))
			}
		})
	}
}

// TestRevocable tells with what and of what a grant can be revoked, and where.
func TestRevocable(t *testing.T) {
	p := newProvider(t, status(200, ""))
	plan, none := revocable(t, rfc7009), revocable(t, `"pkce": "S256"`)
	tokens := &exchange.TokenSet{AccessToken: secret.New("a")}
	if !exchange.Revocable(plan, tokens) || exchange.Revocable(plan, nil) || exchange.Revocable(none, tokens) || exchange.Revocable(plan, &exchange.TokenSet{}) {
		t.Error("Revocable() says otherwise")
	}
	target := p.runner.RevocationTarget(context.Background(), plan, exchange.Input{Tokens: tokens})
	if target.URL != "https://api.moviestar.com/revoke" || target.ClientID != "mc" {
		t.Errorf("RevocationTarget() = %+v", target)
	}
}

// TestExplainRevocation shows what is sent when a connection is deleted, with every token masked.
func TestExplainRevocation(t *testing.T) {
	for name, c := range map[string]struct {
		options string
		want    []string
	}{
		"RFC 7009": {rfc7009, []string{
			"revoke POST https://api.moviestar.com/revoke token=********&token_type_hint=refresh_token&client_id=mc&client_secret=********",
			"revoke POST https://api.moviestar.com/revoke token=********&token_type_hint=access_token&client_id=mc&client_secret=********",
		}},
		"own":  {own, []string{"revoke DELETE https://api.moviestar.com/grants/******** "}},
		"none": {"", nil},
	} {
		p := newProvider(t, saysJSON(usual))
		all, err := p.runner.Explain(t.Context(), revocable(t, c.options), exchange.Input{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range all {
			if e.Purpose == "revoke" {
				got = append(got, e.Purpose+" "+e.Method+" "+e.URL+" "+e.Body)
				if !strings.HasPrefix(e.When, "when the connection is deleted") {
					t.Errorf("%s: it is sent %s", name, e.When)
				}
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}
