package exchange_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/internal/exchange"
)

// oauthError is an answer of RFC 6749 §5.2.
func oauthError(status int, code string) func(http.ResponseWriter, got) {
	return says(status, "application/json", `{"error": "`+code+`", "error_description": "about `+code+`"}`)
}

const standardPW = `{"name": "n", "authentication": {"authType": "OAUTH2", "grant": "OAUTH2_PASSWORD",
	"accessTokenUrl": "https://api.example.com/token", "clientId": "c-id", "clientSecret": "c-secret"}}`

func TestFailuresAreTyped(t *testing.T) {
	html := says(200, "text/html; charset=utf-8", "<!DOCTYPE html><html><head><title>Sign\n in</title></head><body>…</body></html>")
	for _, c := range []struct {
		name       string
		answer     func(http.ResponseWriter, got)
		renew      bool
		want       exchange.Kind
		code, says string
	}{
		{name: "invalid_grant", answer: oauthError(400, "invalid_grant"), want: exchange.GrantDead, code: "invalid_grant", says: "about invalid_grant"},
		{name: "invalid_client", answer: oauthError(401, "invalid_client"), want: exchange.ClientDead, code: "invalid_client"},
		{name: "unauthorized_client", answer: oauthError(400, "unauthorized_client"), want: exchange.ClientDead, code: "unauthorized_client"},
		{name: "invalid_scope", answer: oauthError(400, "invalid_scope"), want: exchange.Denied, code: "invalid_scope"},
		{name: "access_denied", answer: oauthError(403, "access_denied"), want: exchange.Denied, code: "access_denied"},
		{name: "unknown word", answer: oauthError(400, "whatever"), want: exchange.Denied, code: "whatever"},
		{name: "unknown word on renewal", answer: oauthError(400, "whatever"), renew: true, want: exchange.GrantDead, code: "whatever"},
		{name: "invalid_client on renewal", answer: oauthError(401, "invalid_client"), renew: true, want: exchange.ClientDead, code: "invalid_client"},
		{name: "401 on renewal", answer: says(401, "text/plain", "no"), renew: true, want: exchange.GrantDead, code: "status_401"},
		{name: "401", answer: says(401, "text/plain", "no"), want: exchange.ClientDead, code: "status_401"},
		{name: "403", answer: says(403, "text/plain", "no"), want: exchange.Denied, code: "status_403"},
		{name: "404", answer: says(404, "text/plain", "no"), want: exchange.BadResponse, code: "status_404"},
		{name: "500", answer: says(500, "text/plain", "no"), want: exchange.ProviderDown, code: "status_500"},
		{name: "500 with a word", answer: oauthError(500, "invalid_grant"), renew: true, want: exchange.ProviderDown, code: "invalid_grant"},
		{name: "503 with HTML", answer: says(503, "text/html", "<html><title>Maintenance</title>"), want: exchange.ProviderDown, code: "html", says: `answered 503 with an HTML page (title "Maintenance")`},
		{name: "408", answer: says(408, "text/plain", ""), want: exchange.ProviderDown, code: "status_408"},
		{name: "429", answer: says(429, "text/plain", ""), want: exchange.ProviderDown, code: "status_429"},
		{name: "temporarily_unavailable", answer: oauthError(400, "temporarily_unavailable"), want: exchange.ProviderDown, code: "temporarily_unavailable"},
		{name: "HTML", answer: html, want: exchange.BadResponse, code: "html", says: `answered 200 with an HTML page (title "Sign in"): is that the token endpoint?`},
		{name: "HTML that says JSON", answer: says(200, "application/json", "<html><body>x"), want: exchange.BadResponse, code: "html"},
		{name: "404 with HTML", answer: says(404, "text/html", "<html>"), want: exchange.BadResponse, code: "html", says: "answered 404 with an HTML page: is that"},
		{name: "broken JSON", answer: saysJSON(`{"access_token": "x"`), want: exchange.BadResponse, code: "bad_json"},
		{name: "empty", answer: saysJSON(""), want: exchange.BadResponse, code: "no_access_token"},
		{name: "no token", answer: saysJSON(`{"token": "x", "ok": true}`), want: exchange.BadResponse, code: "no_access_token", says: "it has: token, ok"},
		{name: "token that is an object", answer: saysJSON(`{"access_token": {"v": "x"}}`), want: exchange.BadResponse, code: "no_access_token"},
		{name: "200 with an error", answer: oauthError(200, "invalid_grant"), want: exchange.GrantDead, code: "invalid_grant"},
		{name: "200 with an unknown error", answer: oauthError(200, "nope"), want: exchange.Denied, code: "nope"},
		{name: "error object", answer: says(400, "application/json", `{"error": {"code": "invalid_client", "message": "m"}}`), want: exchange.ClientDead, code: "invalid_client", says: "m"},
		{name: "form error", answer: says(400, "application/x-www-form-urlencoded", "error=invalid_grant&error_description=gone"), want: exchange.GrantDead, code: "invalid_grant", says: "gone"},
		{name: "token with a line break", answer: saysJSON(`{"access_token": "a\r\nX-Evil: 1", "expires_in": 60}`), want: exchange.BadResponse, code: "bad_token", says: "the access token has a line break"},
		{name: "type with a line break", answer: saysJSON(`{"access_token": "a", "token_type": "Be\narer"}`), want: exchange.BadResponse, code: "bad_token", says: "the token's type"},
		{name: "too large", answer: saysJSON(`{"access_token": "` + strings.Repeat("x", 2<<20) + `"}`), want: exchange.BadResponse, code: "too_large"},
		{name: "redirect elsewhere", answer: func(w http.ResponseWriter, _ got) {
			w.Header().Set("Location", "https://10.0.0.1/token")
			w.WriteHeader(307)
		}, want: exchange.BadResponse, code: "redirect"},
		{name: "dropped", answer: func(w http.ResponseWriter, _ got) {
			connection, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = connection.Close()
			}
		}, want: exchange.ProviderDown, code: "reset"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newProvider(t, c.answer)
			plan := plan(t, acWith(refreshing))
			var err error
			if c.renew {
				_, err = p.runner.Renew(t.Context(), plan, exchange.Input{Tokens: have("at-0", "rt-0")})
			} else {
				_, err = p.runner.Acquire(t.Context(), plan, exchange.Input{Code: code("c0de")})
			}
			f := failure(t, err)
			if f.Kind != c.want || f.Code != c.code || !strings.Contains(f.Description, c.says) || !f.Sent {
				t.Errorf("the failure is %v %q: %q (sent %v), want %v %q: %q", f.Kind, f.Code, f.Description, f.Sent, c.want, c.code, c.says)
			}
			if f.Endpoint != "api.example.com/token" && f.Endpoint != "api.example.com/refresh" {
				t.Errorf("the endpoint is %q", f.Endpoint)
			}
			if n := len(p.seen()); n != 1 {
				t.Errorf("the request was sent %d times", n)
			}
		})
	}
}

func TestUnauthorizedByGrant(t *testing.T) {
	for document, want := range map[string]exchange.Kind{ccWith(""): exchange.ClientDead, standardPW: exchange.GrantDead} {
		p := newProvider(t, says(401, "text/plain", ""))
		plan := plan(t, document)
		in := exchange.Input{}
		if len(plan.Prompts()) > 0 {
			in.Fields = fields(t, plan, map[string]any{"username": "u", "password": "p"})
		}
		_, err := p.runner.Acquire(t.Context(), plan, in)
		if f := failure(t, err); f.Kind != want {
			t.Errorf("401 of %s is %v, want %v", plan.Grant(), f.Kind, want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"120": 2 * time.Minute, start.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second, "": 0, "soon": 0, "-5": 0, "1e12": 24 * time.Hour,
		start.Add(-time.Hour).Format(http.TimeFormat): 0,
	} {
		p := newProvider(t, func(w http.ResponseWriter, _ got) {
			w.Header().Set("Retry-After", header)
			w.WriteHeader(429)
		})
		_, err := p.runner.Acquire(t.Context(), plan(t, ccWith("")), exchange.Input{})
		if f := failure(t, err); f.RetryAfter != want {
			t.Errorf("Retry-After %q asks to wait %v, want %v", header, f.RetryAfter, want)
		}
	}
}

// Where a refresh token is dead and the grant needs no browser, the first request is sent again, once.
func TestReacquires(t *testing.T) {
	for document, reacquires := range map[string]bool{
		ccWith(refreshing): true, strings.Replace(standardPW, `"clientId"`, refreshing+`, "clientId"`, 1): true, acWith(refreshing): false,
	} {
		p := newProvider(t, oauthError(400, "invalid_grant"), saysJSON(`{"access_token": "at-2"}`))
		plan := plan(t, document)
		in := exchange.Input{Tokens: have("at-1", "rt-1")}
		if len(plan.Prompts()) > 0 {
			in.Fields = fields(t, plan, map[string]any{"username": "u", "password": "p"})
		}
		set, err := p.runner.Renew(t.Context(), plan, in)
		if !reacquires {
			if f := failure(t, err); f.Kind != exchange.GrantDead || len(p.seen()) != 1 {
				t.Errorf("%s: %v after %d requests", plan.Grant(), f, len(p.seen()))
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := told(set); got.Access != "at-2" || got.Refresh != "" || len(p.seen()) != 2 {
			t.Errorf("%s: %+v after %d requests", plan.Grant(), got, len(p.seen()))
		}
	}
	t.Run("only once", func(t *testing.T) {
		p := newProvider(t, oauthError(400, "invalid_grant"))
		_, err := p.runner.Renew(t.Context(), plan(t, ccWith(refreshing)), exchange.Input{Tokens: have("at-1", "rt-1")})
		if f := failure(t, err); f.Kind != exchange.GrantDead || len(p.seen()) != 2 {
			t.Errorf("%v after %d requests", f, len(p.seen()))
		}
	})
	t.Run("not when the client is dead", func(t *testing.T) {
		p := newProvider(t, oauthError(401, "invalid_client"))
		_, err := p.runner.Renew(t.Context(), plan(t, ccWith(refreshing)), exchange.Input{Tokens: have("at-1", "rt-1")})
		if f := failure(t, err); f.Kind != exchange.ClientDead || len(p.seen()) != 1 {
			t.Errorf("%v after %d requests", f, len(p.seen()))
		}
	})
}

func TestNothingRenews(t *testing.T) {
	p := newProvider(t, saysJSON(usual))
	for _, tokens := range []*exchange.TokenSet{have("at", "rt"), have("at", ""), nil} {
		plan := plan(t, acWith(""))
		if exchange.Renewable(plan, tokens) {
			t.Error("a definition without a renewal can renew")
		}
		_, err := p.runner.Renew(t.Context(), plan, exchange.Input{Tokens: tokens})
		if f := failure(t, err); f.Kind != exchange.GrantDead || f.Code != "not_renewable" || f.Sent {
			t.Errorf("Renew = %v", f)
		}
	}
	if plan := plan(t, acWith(refreshing)); exchange.Renewable(plan, have("at", "")) || !exchange.Renewable(plan, have("at", "rt")) {
		t.Error("Renewable does not look at the refresh token")
	}
}

func TestUnreachable(t *testing.T) {
	p := newProvider(t, saysJSON(usual))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := listener.Addr().String()
	_ = listener.Close()
	_, err = p.runner.Acquire(t.Context(), plan(t, strings.Replace(ccWith(""), "api.example.com", closed, 1)), exchange.Input{})
	if f := failure(t, err); f.Kind != exchange.ProviderDown || f.Sent || f.Status != 0 || f.Endpoint != closed+"/token" {
		t.Errorf("a closed port gives %v (sent %v)", f, f.Sent)
	}
	_, err = p.runner.Acquire(t.Context(), plan(t, strings.Replace(ccWith(""), "api.example.com", "10.0.0.1", 1)), exchange.Input{})
	if f := failure(t, err); f.Kind != exchange.ProviderDown || f.Code != "blocked" || f.Sent {
		t.Errorf("a private address gives %v %q", f, f.Code)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = p.runner.Acquire(ctx, plan(t, ccWith("")), exchange.Input{})
	if f := failure(t, err); f.Kind != exchange.ProviderDown || f.Sent {
		t.Errorf("a caller that gave up gives %v (sent %v)", f, f.Sent)
	}
}

// A template that is given up is no fault of the definition.
func TestGivenUpWhileRendering(t *testing.T) {
	p := newProvider(t, saysJSON(usual))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	slow := "{% for a in 'aaaaaaaaaa' | split('') %}{% for b in 'aaaaaaaaaa' | split('') %}{% for c in 'aaaaaaaaaa' | split('') %}x{% endfor %}{% endfor %}{% endfor %}"
	_, err := p.runner.Acquire(ctx, plan(t, templated("https://api.example.com/t", slow, "")), exchange.Input{})
	if f := failure(t, err); f.Kind != exchange.ProviderDown || f.Sent {
		t.Errorf("a caller that gave up gives %v %q: %s", f, f.Code, f.Description)
	}
}

// All requests of a round count together or not at all.
func TestStepsCommitTogether(t *testing.T) {
	step := func(name, when, more string) string {
		return `{"name": "` + name + `", "when": "` + when + `", "destinationServerType": "URL_BASED",
			"urlBasedDestination": {"url": {"templatingStrategy": "NONE", "value": "https://api.example.com/` + name + `"}},
			"httpTemplate": {"httpMethod": "POST", "requestBody": {"templatingStrategy": "PEBBLE_V1", "value": "{{ authData.accessToken }}/{{ authData.session }}"}}` + more + `}`
	}
	session := `, "responseFields": [{"name": "session", "templatingStrategy": "PEBBLE_V1", "value": "{{ response.body.s }}"}]`
	plan := plan(t, ccWith(`"options": {"steps": [`+step("login", "acquire", session)+","+step("hello", "first", session)+","+step("again", "refresh", session)+`]}`))
	p := newProvider(t, saysJSON(`{"s": "s-0"}`), saysJSON(`{"access_token": "at-1", "expires_in": 60}`), saysJSON(`{"s": "s-1"}`))
	set, err := p.runner.Acquire(t.Context(), plan, exchange.Input{})
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, r := range p.seen() {
		paths = append(paths, r.path+" "+r.body)
	}
	if got := strings.Join(paths, ", "); !strings.HasPrefix(got, "/hello /, /token grant_type") || !strings.HasSuffix(got, ", /login at-1/s-0") {
		t.Errorf("the requests are %s", got)
	}
	if got := told(set); got.Access != "at-1" || got.Outputs["session"] != "s-1" || got.Expires != time.Minute {
		t.Errorf("tokens are %+v", got)
	}
	broken := newProvider(t, saysJSON(`{"s": "s-0"}`), saysJSON(usual), says(500, "text/plain", ""))
	set, err = broken.runner.Acquire(t.Context(), plan, exchange.Input{})
	if f := failure(t, err); set != nil || f.Step != "login" || f.Kind != exchange.ProviderDown {
		t.Errorf("a failed step gives %v and %v", set, f)
	}
}

func TestValidations(t *testing.T) {
	validation := func(actual, expected string) string {
		return fmt.Sprintf(`"validations": [{"name": "v1", "actualValue": {"templatingStrategy": "PEBBLE_V1", "value": "%s"}, "expectedValue": {"templatingStrategy": "PEBBLE_V1", "value": "%s"}}]`, actual, expected)
	}
	for _, c := range []struct {
		actual, expected string
		status           int
		ok               bool
		says             string
	}{
		{"{{ response.status }}", "200", 200, true, ""},
		{"{{ response.status }}", "20[01]", 201, true, ""}, // quirk 47
		{"{{ response.status }}", "2", 200, false, "expected 2, got 200"},
		{"{{ response.body.ok }}", "true", 200, true, ""},
		{" {{ response.body.ok }} ", "true ", 200, true, ""},
		{"{{ response.body.s }}", "a(b", 200, true, ""},
		{"{{ response.body.s }}", "a.*", 200, true, ""},
		{"{{ response.body.secret }}", "nothing", 200, false, "the value is not what it expects"},
		{"{{ response.body.secret is empty }}", "true", 200, false, "expected true, got false"},
		{"{{ response.body.s }}", "{{ response.body.s }}", 200, true, ""},
		{"{{ response.status }}", "4..", 418, true, ""}, // the implicit rule is dropped
		{"{{ response.body.missing / 2 }}", "1", 200, false, "could not be computed"},
	} {
		p := newProvider(t, says(c.status, "application/json", `{"access_token": "at-1", "ok": true, "s": "a(b", "secret": "hush"}`))
		_, err := p.runner.Acquire(t.Context(), plan(t, ccWith(validation(c.actual, c.expected))), exchange.Input{})
		if c.ok {
			if err != nil {
				t.Errorf("%s against %s: %v", c.actual, c.expected, err)
			}
			continue
		}
		f := failure(t, err)
		if f.Kind != exchange.BadResponse || f.Validation != "v1" || !strings.Contains(f.Description, c.says) || strings.Contains(f.Error(), "hush") {
			t.Errorf("%s against %s gives %v %q", c.actual, c.expected, f, f.Validation)
		}
	}
	t.Run("of the request before the configuration's", func(t *testing.T) {
		text := read(t, "published/refresh-with-validations.json")
		text = strings.Replace(text, `"accessTokenRequest"`, `"clientId": "c", "clientSecret": "s", "authenticationDataFields": [{"name": "customerId", "value": "t"}], `+
			validation("{{ response.body.x }}", "y")+`, "accessTokenRequest"`, 1)
		p := newProvider(t, oauthError(400, "invalid_grant"))
		_, err := p.runner.Acquire(t.Context(), plan(t, text), exchange.Input{})
		if f := failure(t, err); f.Kind != exchange.GrantDead || f.Validation != "access_token validation" || f.Code != "invalid_grant" {
			t.Errorf("the failure is %v %q", f, f.Validation)
		}
	})
}
