package exchange_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/secret"
)

// TestService holds where calls go and what is put into them, by what the definition says.
func TestService(t *testing.T) {
	const base = `"proxy": {"baseUrl": "https://api.moviestar.com/v1/"}`
	for name, c := range map[string]struct {
		options, tokenType string
		want               string // base, headers, query; or the failure's words
	}{
		"usual":         {base, "bearer", "https://api.moviestar.com/v1 Authorization=Bearer the-token"},
		"another type":  {base, "MAC", "https://api.moviestar.com/v1 Authorization=MAC the-token"},
		"no type":       {base, "", "https://api.moviestar.com/v1 Authorization=Bearer the-token"},
		"header":        {base + `, "tokenPlacement": {"header": "X-Token"}`, "bearer", "https://api.moviestar.com/v1 X-Token=the-token"},
		"query":         {base + `, "tokenPlacement": {"query": "access_token"}`, "bearer", "https://api.moviestar.com/v1 ?access_token=the-token"},
		"beside":        {`"proxy": {"baseUrl": "https://api.moviestar.com", "headers": {"x-api-key": "{{ authData.clientId }}"}, "query": {"v": "2"}}`, "bearer", "https://api.moviestar.com x-api-key=mc Authorization=Bearer the-token ?v=2"},
		"in its place":  {`"proxy": {"baseUrl": "https://api.moviestar.com", "headers": {"authorization": "OAuth {{ authData.accessToken }}"}}`, "bearer", "https://api.moviestar.com authorization=OAuth the-token"},
		"field":         {`"proxy": {"baseUrl": "https://{{ authData.scope }}.moviestar.com/x"}`, "bearer", "https://read.moviestar.com/x Authorization=Bearer the-token"},
		"field missing": {`"proxy": {"baseUrl": "https://api.moviestar.com/{{ authData.refreshToken }}"}`, "bearer", "authData.refreshToken"},
		"nowhere":       {`"pkce": "S256"`, "bearer", "options.proxy.baseUrl is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			tokens := &exchange.TokenSet{AccessToken: secret.New("the-token"), TokenType: c.tokenType}
			got, err := p.runner.Service(context.Background(), serviceOf(t, c.options), exchange.Input{Tokens: tokens})
			if failure, ok := errors.AsType[*exchange.Failure](err); ok {
				if !strings.Contains(failure.Error(), c.want) {
					t.Errorf("the failure is %v", failure)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			said := got.Base.String()
			for _, h := range got.Headers {
				said += " " + h.Name + "=" + h.Value.Reveal()
			}
			for _, q := range got.Query {
				said += " ?" + q.Name + "=" + q.Value.Reveal()
			}
			if said != c.want {
				t.Errorf("got  %s\nwant %s", said, c.want)
			}
		})
	}
}

func serviceOf(t *testing.T, options string) *destination.Plan {
	t.Helper()
	doc, err := destination.ParseDocument([]byte(`{"name": "moviestar", "authentication": {"authType": "OAUTH2", "grant": "OAUTH2_CLIENT_CREDENTIALS",
		"accessTokenUrl": "https://api.moviestar.com/token", "clientId": "mc", "clientSecret": "m s", "scope": ["read"], "options": {` + options + `}}}`))
	if err != nil {
		t.Fatal(err)
	}
	plan, problems := doc.Compile(0)
	if plan == nil {
		t.Fatal(problems)
	}
	return plan
}
