package exchange_test

import (
	"strings"
	"testing"
	"time"

	"latchkey/internal/exchange"
)

// A provider that rotates has ended the refresh token that it was given, whatever fails after that: the failure has the
// new one.
func TestRotatedRefreshTokenOutlivesAFailedRound(t *testing.T) {
	const rotated = `{"access_token": "at-1", "refresh_token": "rt-1", "rte": 600, "ok": "no"}`
	const expiring = `"authenticationDataFields": [{"name": "refreshTokenExpiresIn", "source": "PARTNER", "authenticationResponsePath": "rte"}]`
	check := `"validations": [{"name": "ok", "actualValue": "{{ response.body.ok }}", "expectedValue": "true"}]`
	request := `"accessTokenRequest": {"destinationServerType": "URL_BASED", "urlBasedDestination": {"url": "https://api.example.com/refresh"},
		"httpTemplate": {"httpMethod": "POST", "requestBody": "{{ formUrlEncode('r', authData.refreshToken) | raw }}"},
		"responseFields": [{"name": "refreshToken", "value": "{{ response.body.refresh_token }}"}, {"name": "n", "value": "{{ response.body.none / 2 }}"}]}`
	for name, more := range map[string]string{
		"a check":   refreshing + "," + check,
		"an output": request,
		"no token":  refreshing + `, "authenticationDataFields": [{"name": "host", "source": "PARTNER", "isRequired": true, "authenticationResponsePath": "host"}]`,
		"a step": refreshing + `, "options": {"steps": [{"name": "login", "when": "refresh", "destinationServerType": "URL_BASED", "urlBasedDestination": {"url": "https://api.example.com/login"},
			"httpTemplate": {"httpMethod": "POST", "requestBody": "{{ authData.accessToken }}"}}]}`,
		"its expiry": refreshing + "," + expiring + "," + check,
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t, saysJSON(rotated), says(503, "text/plain", "no"))
			_, err := p.runner.Renew(t.Context(), plan(t, acWith(more)), exchange.Input{Tokens: have("at-0", "rt-0")})
			f := failure(t, err)
			if f.Left == nil {
				t.Fatalf("%v: the refresh token is lost", f)
			}
			if f.Endpoint == "" {
				t.Errorf("%v names no endpoint", f)
			}
			got := told(f.Left)
			if got.Access != "at-0" || got.Refresh != "rt-1" || got.Expires != time.Hour {
				t.Errorf("left = %+v, want the token of before with the new refresh token", got)
			}
			if want := name == "its expiry"; (got.RefreshExpires == 10*time.Minute) != want {
				t.Errorf("the refresh token ends after %v", got.RefreshExpires)
			}
			if strings.Contains(f.Error(), "rt-1") {
				t.Errorf("%v shows the refresh token", f)
			}
		})
	}
}

func TestFailedRoundLeavesNothing(t *testing.T) {
	for name, body := range map[string]string{"none": `{}`, "the same": `{"refresh_token": "rt-0"}`} {
		p := newProvider(t, saysJSON(body))
		_, err := p.runner.Renew(t.Context(), plan(t, acWith(refreshing)), exchange.Input{Tokens: have("at-0", "rt-0")})
		if f := failure(t, err); f.Left != nil {
			t.Errorf("%s: left = %+v, want nothing", name, told(f.Left))
		}
	}
	p := newProvider(t, says(400, "application/json", `{"error": "invalid_grant", "refresh_token": "evil"}`))
	_, err := p.runner.Renew(t.Context(), plan(t, acWith(refreshing)), exchange.Input{Tokens: have("at-0", "rt-0")})
	if f := failure(t, err); f.Left != nil {
		t.Errorf("an error's body left %+v", told(f.Left))
	}
	p = newProvider(t, saysJSON(`{"refresh_token": "rt-1"}`))
	_, err = p.runner.Acquire(t.Context(), plan(t, acWith(refreshing)), exchange.Input{Code: code("c")})
	if f := failure(t, err); f.Left != nil {
		t.Errorf("a first round left %+v", told(f.Left))
	}
}
