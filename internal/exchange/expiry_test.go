package exchange_test

import (
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/exchange"
)

const standardCC = `{"name": "n", "authentication": {"authType": "OAUTH2", "grant": "OAUTH2_CLIENT_CREDENTIALS",
	"accessTokenUrl": "https://api.example.com/token", "clientId": "c-id", "clientSecret": "c-secret"%s}}`

// ccWith is a standard client credentials definition with more members.
func ccWith(more string) string {
	if more != "" {
		more = ", " + more
	}
	return fmt.Sprintf(standardCC, more)
}

func acWith(more string) string {
	if more != "" {
		more = ", " + more
	}
	return `{"name": "n", "authentication": {"authType": "OAUTH2", "grant": "OAUTH2_AUTHORIZATION_CODE", "authorizationUrl": "https://www.example.com/auth",
		"accessTokenUrl": "https://api.example.com/token", "clientId": "c-id", "clientSecret": "c-secret"` + more + `}}`
}

const refreshing = `"refreshTokenUrl": "https://api.example.com/refresh"`

func jwt(claims string) string {
	return "eyJhbGciOiJSUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

// Expiry in every form that providers use (spec §3.6).
func TestExpiry(t *testing.T) {
	const (
		unit     = `"options": {"expiry": {"unit": "%s"}}`
		atOutput = `"authenticationDataFields": [{"name": "expiresAt", "source": "PARTNER", "authenticationResponsePath": "exp"}]`
		constant = `"authenticationDataFields": [{"name": "expiresIn", "value": 1800}]`
		fallback = `"options": {"expiry": {"defaultSeconds": 900}}`
		fromJWT  = `"options": {"expiry": {"fromJwt": true, "defaultSeconds": 900}}`
	)
	epoch := start.Add(2 * time.Hour)
	for _, c := range []struct {
		name, more, answer string
		want               time.Duration
		source             string
	}{
		{"number", "", `"expires_in": 3600`, time.Hour, "expires_in"},
		{"string", "", `"expires_in": "3600"`, time.Hour, "expires_in"},
		{"float", "", `"expires_in": 3600.0`, time.Hour, "expires_in"},
		{"exponent", "", `"expires_in": 3.6E3`, time.Hour, "expires_in"},
		{"milliseconds", fmt.Sprintf(unit, "ms"), `"expires_in": 3600000`, time.Hour, "expires_in"},
		{"either, seconds", fmt.Sprintf(unit, "s-or-ms"), `"expires_in": 86399`, 86399 * time.Second, "expires_in"},
		{"either, milliseconds", fmt.Sprintf(unit, "s-or-ms"), `"expires_in": 3600000`, time.Hour, "expires_in"},
		{"duration", fmt.Sprintf(unit, "duration"), `"expires_in": "15m"`, 15 * time.Minute, "expires_in"},
		{"long duration", fmt.Sprintf(unit, "duration"), `"expires_in": "1 day, 2 hours"`, 26 * time.Hour, "expires_in"},
		{"Go duration", fmt.Sprintf(unit, "duration"), `"expires_in": "1h30m"`, 90 * time.Minute, "expires_in"},
		{"ISO duration", fmt.Sprintf(unit, "duration"), `"expires_in": "PT1H30M"`, 90 * time.Minute, "expires_in"},
		{"duration that is seconds", fmt.Sprintf(unit, "duration"), `"expires_in": "60"`, time.Minute, "expires_in"},
		{"ISO 8601 where a lifetime should be", "", `"expires_in": "2026-11-21T11:00:00Z"`, 2 * time.Hour, "expires_in"},
		{"RFC 1123 where a lifetime should be", "", `"expires_in": "Sat, 21 Nov 2026 11:00:00 GMT"`, 2 * time.Hour, "expires_in"},
		{"words", "", `"expires_in": "soon"`, 0, ""},
		{"words with a constant", constant, `"expires_in": "soon"`, 30 * time.Minute, "constant"},
		{"absent", "", `"x": 1`, 0, ""},
		{"null", "", `"expires_in": null`, 0, ""},
		{"constant", constant, `"x": 1`, 30 * time.Minute, "constant"},
		{"constant gives way", constant, `"expires_in": 60`, time.Minute, "expires_in"},
		{"default", fallback, `"x": 1`, 15 * time.Minute, "default"},
		{"ten years", "", `"expires_in": 99999999999`, 10 * 365 * 24 * time.Hour, "expires_in"},
		{"instant where a lifetime should be", "", fmt.Sprintf(`"expires_in": %d`, epoch.Unix()), 2 * time.Hour, "expires_in"},
		{"milliseconds where a lifetime should be", "", fmt.Sprintf(`"expires_in": "%d"`, epoch.UnixMilli()), 2 * time.Hour, "expires_in"},
		{"epoch seconds", atOutput, fmt.Sprintf(`"exp": %d, "expires_in": 5`, epoch.Unix()), 2 * time.Hour, "expires_at"},
		{"epoch milliseconds", atOutput, fmt.Sprintf(`"exp": "%d"`, epoch.UnixMilli()), 2 * time.Hour, "expires_at"},
		{"instant in ISO 8601", atOutput, `"exp": "2026-11-21T13:00:00+02:00"`, 2 * time.Hour, "expires_at"},
		{"instant without a zone", atOutput, `"exp": "2026-11-21 11:00:00"`, 2 * time.Hour, "expires_at"},
		{"small instant", atOutput, `"exp": 3600, "expires_in": 60`, time.Minute, "expires_in"},
		{"JWT", fromJWT, `"x": 1, "access_token": "` + jwt(fmt.Sprintf(`{"exp":%d}`, epoch.Unix())) + `"`, 2 * time.Hour, "jwt"},
		{"JWT that is none", fromJWT, `"access_token": "a.b.c"`, 15 * time.Minute, "default"},
		{"JWT without exp", fromJWT, `"access_token": "` + jwt(`{}`) + `"`, 15 * time.Minute, "default"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newProvider(t, saysJSON(`{"access_token": "first", `+c.answer+`}`))
			set, err := p.runner.Acquire(t.Context(), plan(t, ccWith(c.more)), exchange.Input{})
			if err != nil {
				t.Fatal(err)
			}
			if got := told(set); got.Expires != c.want || got.Source != c.source {
				t.Errorf("expires after %v (%q), want %v (%q)", got.Expires, got.Source, c.want, c.source)
			}
		})
	}
}

// A life of nothing counts when the token can be renewed, and is not told when it cannot.
func TestExpiredOnArrival(t *testing.T) {
	for _, c := range []struct {
		document string
		known    bool
	}{{ccWith(""), true}, {acWith(""), false}, {acWith(refreshing), true}} {
		p := newProvider(t, saysJSON(`{"access_token": "a", "refresh_token": "r", "expires_in": 0}`))
		set, err := p.runner.Acquire(t.Context(), plan(t, c.document), exchange.Input{Code: code("c")})
		if err != nil {
			t.Fatal(err)
		}
		if got := !set.ExpiresAt.IsZero(); got != c.known {
			t.Errorf("%.80s: the expiry is known: %v, want %v", c.document, got, c.known)
		}
	}
}

func TestRefreshTokenExpiry(t *testing.T) {
	output := func(name string) string {
		return refreshing + `, "authenticationDataFields": [{"name": "` + name + `", "source": "PARTNER", "authenticationResponsePath": "rte"}]`
	}
	for _, c := range []struct {
		name, value string
		want        time.Duration
	}{
		{"refreshTokenExpiration", "86400", 24 * time.Hour}, {"refreshTokenExpiresIn", `"86400"`, 24 * time.Hour},
		{"refreshTokenExpiresAt", "1795258800", 2 * time.Hour}, {"refreshTokenExpiration", "1795258800000", 2 * time.Hour},
		{"refreshTokenExpiresAt", `"2026-11-21T11:00:00Z"`, 2 * time.Hour}, {"refreshTokenExpiration", "0", 0}, {"refreshTokenExpiration", `"never"`, 0},
	} {
		p := newProvider(t, saysJSON(`{"access_token": "a", "refresh_token": "r", "rte": `+c.value+`}`), saysJSON(`{"access_token": "b"}`),
			saysJSON(`{"access_token": "c", "refresh_token": "r2"}`))
		plan := plan(t, acWith(output(c.name)))
		set, err := p.runner.Acquire(t.Context(), plan, exchange.Input{Code: code("c")})
		if err != nil {
			t.Fatal(err)
		}
		if got := told(set).RefreshExpires; got != c.want {
			t.Errorf("%s %s ends after %v, want %v", c.name, c.value, got, c.want)
		}
		p.clock.Advance(time.Hour)
		if set, err = p.runner.Renew(t.Context(), plan, exchange.Input{Tokens: set}); err != nil {
			t.Fatal(err)
		}
		if got := told(set); got.Refresh != "r" || got.RefreshExpires != c.want {
			t.Errorf("a refresh token that is kept (%q) ends after %v, want %v", got.Refresh, got.RefreshExpires, c.want)
		}
		if set, err = p.runner.Renew(t.Context(), plan, exchange.Input{Tokens: set}); err != nil {
			t.Fatal(err)
		}
		if got := told(set); got.Refresh != "r2" || got.RefreshExpires != 0 {
			t.Errorf("a new refresh token %q ends after %v, want unknown", got.Refresh, got.RefreshExpires)
		}
	}
}

// The order of spec §3.7.
func TestOutputsInOrder(t *testing.T) {
	const fields = `"authenticationDataFields": [
		{"name": "accessToken", "source": "PARTNER", "authenticationResponsePath": "byField"},
		{"name": "tokenType", "value": "Constant"}, {"name": "extra", "source": "PARTNER", "authenticationResponsePath": "x.y"}]`
	for _, c := range []struct {
		name, document, answer string
		want                   tokens
	}{
		{"field's path before configuration's", ccWith(fields + `, "accessTokenResponsePath": "byPath"`), `{"byField": "f", "byPath": "p", "access_token": "r"}`, tokens{Access: "f", Type: "Constant"}},
		{"configuration's path before the RFC's name", ccWith(fields + `, "accessTokenResponsePath": "byPath"`), `{"byPath": "p", "access_token": "r", "token_type": "t"}`, tokens{Access: "p", Type: "t"}},
		{"RFC's name", ccWith(fields + `, "accessTokenResponsePath": "byPath"`), `{"byPath": " ", "access_token": "r"}`, tokens{Access: "r", Type: "Constant"}},
		{"paths of all three", ccWith(`"accessTokenResponsePath": "d.a", "refreshTokenResponsePath": "$.d.r[0]", "expiresInResponsePath": "response.headers.x-expires"`), `{"d": {"a": "a", "r": ["r"]}}`, tokens{Access: "a", Refresh: "r", Type: "Bearer", Expires: 77 * time.Second, Source: "expires_in"}},
		{"custom output", ccWith(fields), `{"access_token": "r", "x": {"y": "z"}}`, tokens{Access: "r", Type: "Constant", Outputs: map[string]any{"extra": "z"}}},
		{"scopes as a list", ccWith(""), `{"access_token": "r", "scope": ["a", "b"]}`, tokens{Access: "r", Type: "Bearer", Scope: "a b"}},
		{"number as a token", ccWith(""), `{"access_token": 123}`, tokens{Access: "123", Type: "Bearer"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newProvider(t, func(w httpWriter, r got) {
				w.Header().Set("X-Expires", "77")
				saysJSON(c.answer)(w, r)
			})
			set, err := p.runner.Acquire(t.Context(), plan(t, c.document), exchange.Input{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, told(set)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// Custom outputs are kept across renewals that leave them out; required ones must come (I19).
func TestCustomOutputs(t *testing.T) {
	const field = refreshing + `, "authenticationDataFields": [{"name": "host", "source": "PARTNER", "isRequired": true, "authenticationResponsePath": "host"}]`
	p := newProvider(t, saysJSON(`{"access_token": "a", "refresh_token": "r", "host": "h1"}`), saysJSON(`{"access_token": "b"}`), saysJSON(`{"access_token": "c", "host": "h2"}`))
	plan := plan(t, acWith(field))
	set, err := p.runner.Acquire(t.Context(), plan, exchange.Input{Code: code("c")})
	for _, want := range []string{"h1", "h1", "h2"} {
		if err != nil {
			t.Fatal(err)
		}
		if got := set.Outputs["host"].Value; got != want {
			t.Errorf("the output is %v, want %s", got, want)
		}
		set, err = p.runner.Renew(t.Context(), plan, exchange.Input{Tokens: set})
	}
	t.Run("TestI19", func(t *testing.T) {
		p := newProvider(t, saysJSON(`{"access_token": "a"}`))
		_, err := p.runner.Acquire(t.Context(), plan, exchange.Input{Code: code("c")})
		f := failure(t, err)
		if f.Kind != exchange.BadResponse || f.Code != "missing_output" {
			t.Errorf("the failure is %v", f)
		}
		contains(t, "the failure", f.Description, "no host at host")
	})
}
