package exchange_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/exchange"
	"latchkey/internal/secret"
)

// withFields is a client credentials definition whose request has response fields.
func withFields(fields string) string {
	return strings.TrimSuffix(templated("https://api.example.com/token", "", ""), "}}}}") + `}, "responseFields": [` + fields + `]}}}`
}

func responseField(name, template string) string {
	return `{"name": "` + name + `", "templatingStrategy": "PEBBLE_V1", "value": ` + quoted(template) + `}`
}

// What providers do to their answers (spec §5.3).
func TestQuirks(t *testing.T) {
	token := tokens{Access: "t0k", Type: "Bearer"}
	epoch := start.Add(time.Hour)
	with := func(change func(*tokens)) tokens {
		out := token
		change(&out)
		return out
	}
	hour := func(source string) tokens {
		return with(func(t *tokens) { t.Expires, t.Source = time.Hour, source })
	}
	okFlag := `"validations": [{"name": "ok", "actualValue": {"templatingStrategy": "PEBBLE_V1", "value": "{{ response.body.ok }}"}, "expectedValue": {"templatingStrategy": "NONE", "value": "true"}}]`
	created := `"validations": [{"name": "created", "actualValue": {"templatingStrategy": "PEBBLE_V1", "value": "{{ response.status }}"}, "expectedValue": {"templatingStrategy": "NONE", "value": "20[01]"}}]`
	for _, c := range []struct {
		quirk, document string
		status          int
		contentType     string
		body            string
		want            tokens
		fails           string
	}{
		{"42 nested, by path", ccWith(`"accessTokenResponsePath": "data.token.access_token"`), 200, "application/json", `{"data":{"token":{"access_token":"t0k"}}}`, token, ""},
		{"42 nested, by template", withFields(responseField("accessToken", "{{ response.body.data.access_token }}")), 200, "application/json", `{"data":{"access_token":"t0k"}}`, with(func(t *tokens) { t.Scope = "read write" }), ""},
		{"43 other names", ccWith(`"accessTokenResponsePath": "Token", "refreshTokenResponsePath": "RefreshToken", "expiresInResponsePath": "Validity"`), 200, "application/json",
			`{"Token":"t0k","RefreshToken":"r","Validity":3600}`, with(func(t *tokens) { t.Refresh, t.Expires, t.Source = "r", time.Hour, "expires_in" }), ""},
		{"44 bare token", withFields(responseField("accessToken", "{{ response.body }}")), 200, "text/plain", "t0k\n", with(func(t *tokens) { t.Scope = "read write" }), ""},
		{"44 bare token in quotes", withFields(responseField("accessToken", "{{ response.body }}")), 200, "application/json", `"t0k"`, with(func(t *tokens) { t.Scope = "read write" }), ""},
		{"45 form", ccWith(""), 200, "application/x-www-form-urlencoded", "access_token=t0k&expires_in=3600&token_type=bearer", with(func(t *tokens) { t.Expires, t.Source, t.Type = time.Hour, "expires_in", "bearer" }), ""},
		{"45 form as text", ccWith(""), 200, "text/plain; charset=utf-8", "access_token=t0k&scope=a%20b", with(func(t *tokens) { t.Scope = "a b" }), ""},
		{"45 JSON as text", ccWith(""), 200, "text/plain", ` {"access_token":"t0k"}`, token, ""},
		{"45 JSON as a web page", ccWith(""), 200, "text/html", `{"access_token":"t0k"}`, token, ""},
		{"45 JSON without a type", ccWith(""), 200, "", "\ufeff" + `{"access_token":"t0k"}`, token, ""},
		{"46 error with 200", ccWith(okFlag), 200, "application/json", `{"ok":false,"error":"invalid_auth"}`, tokens{}, "invalid_auth"},
		{"47 201", ccWith(created), 201, "application/json", `{"access_token":"t0k"}`, token, ""},
		{"47 202 against 20[01]", ccWith(created), 202, "application/json", `{"access_token":"t0k"}`, tokens{}, "got 202"},
		{"48 constant life", ccWith(`"authenticationDataFields": [{"name": "expiresIn", "value": 3600}]`), 200, "application/json", `{"access_token":"t0k"}`, hour("constant"), ""},
		{"49 life as a string", ccWith(""), 200, "application/json", `{"access_token":"t0k","expires_in":"3600"}`, hour("expires_in"), ""},
		{"49 milliseconds by template", withFields(responseField("expiresIn", "{{ response.body.expires_in / 1000 }}")), 200, "application/json", `{"access_token":"t0k","expires_in":3600000}`,
			with(func(t *tokens) { t.Scope, t.Expires, t.Source = "read write", time.Hour, "expires_in" }), ""},
		{"49 duration", ccWith(`"options": {"expiry": {"unit": "duration"}}`), 200, "application/json", `{"access_token":"t0k","expires_in":"60m"}`, hour("expires_in"), ""},
		{"50 absolute", withFields(responseField("expiresAt", "{{ response.body.expires }}")), 200, "application/json", fmt.Sprintf(`{"access_token":"t0k","expires":%d}`, epoch.UnixMilli()),
			with(func(t *tokens) { t.Scope, t.Expires, t.Source = "read write", time.Hour, "expires_at" }), ""},
		{"51 in the JWT", ccWith(`"options": {"expiry": {"fromJwt": true}}`), 200, "application/json", `{"access_token":"` + jwt(fmt.Sprintf(`{"exp":%d.5}`, epoch.Unix())) + `"}`,
			tokens{Access: jwt(fmt.Sprintf(`{"exp":%d.5}`, epoch.Unix())), Type: "Bearer", Expires: time.Hour + 500*time.Millisecond, Source: "jwt"}, ""},
		{"format form", ccWith(`"options": {"response": {"format": "form"}}`), 200, "application/json", "access_token=t0k", token, ""},
		{"format text", strings.Replace(withFields(responseField("accessToken", "{{ response.body }}")), `"scope"`, `"options": {"response": {"format": "text"}}, "scope"`, 1), 200, "application/json", `t0k`,
			with(func(t *tokens) { t.Scope = "read write" }), ""},
		{"format json", ccWith(`"options": {"response": {"format": "json"}}`), 200, "text/plain", `not json`, tokens{}, "says that it is JSON"},
	} {
		t.Run(c.quirk, func(t *testing.T) {
			p := newProvider(t, says(c.status, c.contentType, c.body))
			set, err := p.runner.Acquire(t.Context(), plan(t, c.document), exchange.Input{})
			if c.fails != "" {
				contains(t, "the failure", failure(t, err).Error(), c.fails)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, told(set)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// Quirk 61: a renewal that only extends.
func TestQuirk61(t *testing.T) {
	document := strings.Replace(withFields(responseField("accessToken", "{{ authData.accessToken }}")), `"scope"`, `"accessTokenUrl": "https://api.example.com/login", "clientSecret": "s", "scope"`, 1)
	document = strings.Replace(document, `{"name": "clientSecret", "source": "CUSTOMER", "format": "password"},`, "", 1)
	p := newProvider(t, saysJSON(`{"result":"ok"}`))
	set, err := p.runner.Renew(t.Context(), plan(t, document), exchange.Input{Tokens: have("at-1", "")})
	if err != nil {
		t.Fatal(err)
	}
	if got := told(set); got.Access != "at-1" {
		t.Errorf("tokens are %+v", got)
	}
}

// The decisions of spec §3.9 that are the exchange's.
func TestUnspecified(t *testing.T) {
	run := func(t *testing.T, document string, in exchange.Input, entered map[string]any) got {
		t.Helper()
		p := newProvider(t, saysJSON(usual))
		plan := plan(t, document)
		in.Fields = fields(t, plan, entered)
		if _, err := p.runner.Acquire(t.Context(), plan, in); err != nil {
			t.Fatal(err)
		}
		return p.only(t)
	}
	redirect := func(t *testing.T, document string, attempt exchange.Attempt) url.Values {
		t.Helper()
		p := newProvider(t, saysJSON(usual))
		address, err := p.runner.AuthorizeURL(t.Context(), plan(t, document), exchange.Input{}, attempt)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		return u.Query()
	}
	attempt := exchange.Attempt{State: secret.New("st"), RedirectURI: "https://l.test/cb", CodeVerifier: secret.New("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")}
	grant := code("c0de")
	grant.CodeVerifier = attempt.CodeVerifier
	t.Run("TestU3", func(t *testing.T) {
		if q := redirect(t, acWith(""), attempt); q.Has("code_challenge") {
			t.Error("PKCE is on by default")
		}
		// The vector of RFC 7636 appendix B.
		if q := redirect(t, acWith(`"options": {"pkce": "S256"}`), attempt); q.Get("code_challenge") != "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" || q.Get("code_challenge_method") != "S256" {
			t.Errorf("the challenge is %v", q)
		}
		if q := redirect(t, acWith(`"options": {"pkce": "plain"}`), attempt); q.Get("code_challenge") != attempt.CodeVerifier.Reveal() {
			t.Errorf("the plain challenge is %v", q)
		}
		if got := run(t, acWith(`"options": {"pkce": "S256"}`), exchange.Input{Code: grant}, nil).form(t).Get("code_verifier"); got != attempt.CodeVerifier.Reveal() {
			t.Errorf("the verifier is %q", got)
		}
		public := strings.Replace(acWith(`"options": {"pkce": "S256", "clientAuth": "none"}`), `"clientSecret": "c-secret", `, "", 1)
		if form := run(t, public, exchange.Input{Code: grant}, nil).form(t); form.Get("client_id") != "c-id" || form.Has("client_secret") {
			t.Errorf("a public client sends %v", form)
		}
	})
	t.Run("TestU4", func(t *testing.T) {
		for _, document := range []string{ccWith(`"options": {"useBasicAuth": true}`), acWith(`"options": {"clientAuth": "basic"}`)} {
			request := run(t, document, exchange.Input{Code: code("c")}, nil)
			if form := request.form(t); form.Has("client_id") || form.Has("client_secret") || request.header.Get("Authorization") != "Basic Yy1pZDpjLXNlY3JldA==" {
				t.Errorf("Basic sends %v and %v", form, request.header["Authorization"])
			}
		}
	})
	t.Run("TestU5", func(t *testing.T) {
		document := strings.NewReplacer("c-id", "i d", "c-secret", "s:ä").Replace(ccWith(`"options": {"useBasicAuth": true%s}`))
		for encoding, want := range map[string]string{"": "Basic aSBkOnM6w6Q=", `, "basicAuthEncoding": "form"`: "Basic aStkOnMlM0ElQzMlQTQ="} {
			if got := run(t, fmt.Sprintf(document, encoding), exchange.Input{}, nil).header.Get("Authorization"); got != want {
				t.Errorf("with %q Authorization is %q, want %q", encoding, got, want)
			}
		}
	})
	t.Run("TestU6", func(t *testing.T) {
		for more, want := range map[string]string{`"scope": ["a", "b"]`: "a b", `"scope": ["a", "b"], "options": {"scopeSeparator": ","}`: "a,b"} {
			if got := run(t, ccWith(more), exchange.Input{}, nil).form(t).Get("scope"); got != want {
				t.Errorf("the scope is %q, want %q", got, want)
			}
			if got := redirect(t, acWith(more), attempt).Get("scope"); got != want {
				t.Errorf("the redirect's scope is %q, want %q", got, want)
			}
		}
	})
	t.Run("TestU7", func(t *testing.T) {
		document := strings.Replace(ccWith(`"authenticationDataFields": [{"name": "sub", "source": "CUSTOMER"}]`), "api.example", "{{ authData.sub }}.example", 1)
		if got := run(t, document, exchange.Input{}, map[string]any{"sub": "eu1"}).url(); got != "https://eu1.example.com/token" {
			t.Errorf("a plain URL with a template leads to %s", got)
		}
	})
	t.Run("TestU9", func(t *testing.T) {
		document := ccWith(`"authenticationDataFields": [{"name": "clientId", "source": "CUSTOMER"}]`)
		if got := run(t, document, exchange.Input{}, map[string]any{"clientId": "mine"}).form(t).Get("client_id"); got != "mine" {
			t.Errorf("the customer's client is %q", got)
		}
		if got := run(t, document, exchange.Input{}, nil).form(t).Get("client_id"); got != "c-id" {
			t.Errorf("without the customer's the client is %q", got)
		}
	})
	t.Run("TestU11", func(t *testing.T) {
		p := newProvider(t, func(w httpWriter, r got) {
			w.Header().Set("Location", "/moved")
			w.WriteHeader(308)
		}, saysJSON(usual))
		if _, err := p.runner.Acquire(t.Context(), plan(t, ccWith("")), exchange.Input{}); err != nil || len(p.seen()) != 2 || p.seen()[1].path != "/moved" {
			t.Errorf("a redirect within the origin: %v after %d requests", err, len(p.seen()))
		}
	})
	t.Run("TestU13", func(t *testing.T) {
		p := newProvider(t, saysJSON(`{"error":"slow_down","error_description":"later"}`))
		_, err := p.runner.Acquire(t.Context(), plan(t, ccWith("")), exchange.Input{})
		if f := failure(t, err); f.Kind != exchange.ProviderDown || f.Code != "slow_down" {
			t.Errorf("the failure is %v", f)
		}
	})
	t.Run("TestU20", func(t *testing.T) {
		document := strings.Replace(templated("https://api.example.com/token", "a=b", `, "contentType": "text/x"`), `"POST"`, `"GET"`, 1)
		if request := run(t, document, exchange.Input{}, nil); request.method != "GET" || request.body != "" || request.header.Get("Content-Type") != "" {
			t.Errorf("a GET is sent with %q (%s)", request.body, request.header.Get("Content-Type"))
		}
	})
	t.Run("TestU21", func(t *testing.T) {
		for body, want := range map[string]string{
			"{{ formUrlEncode('a', 'b') }}": "application/x-www-form-urlencoded", "{{ {'a': 1} | toJson }}": "application/json", "plain": "text/plain; charset=utf-8",
		} {
			if got := run(t, templated("https://api.example.com/token", body, ""), exchange.Input{}, nil).header.Get("Content-Type"); got != want {
				t.Errorf("%s is sent as %q, want %q", body, got, want)
			}
		}
	})
	t.Run("TestU22", func(t *testing.T) {
		if form := run(t, ccWith(`"scope": []`), exchange.Input{}, nil).form(t); form.Has("scope") {
			t.Errorf("an empty scope is sent: %v", form)
		}
		if q := redirect(t, acWith(""), attempt); q.Has("scope") {
			t.Errorf("an empty scope is in the redirect: %v", q)
		}
	})
}

func TestAuthorizeURL(t *testing.T) {
	for name, c := range map[string]struct{ url, options, want string }{
		"static parameters stay": {"https://www.example.com/a?access_type=offline&prompt=consent", "", "https://www.example.com/a?access_type=offline&prompt=consent&response_type=code&client_id=c-id&redirect_uri=https%3A%2F%2Fl.test%2Fcb&state=st"},
		"the URL's own wins":     {"https://www.example.com/a?response_type=token&state=evil", "", "https://www.example.com/a?response_type=token&state=evil&client_id=c-id&redirect_uri=https%3A%2F%2Fl.test%2Fcb&state=st"},
		"parameters over":        {"https://www.example.com/a", `"authorizationParams": {"response_type": null, "client_id": null, "appKey": "{{ authData.clientId }}", "customField": "{{ authData.state }}", "state": null, "a b": "x&y"}`, "https://www.example.com/a?redirect_uri=https%3A%2F%2Fl.test%2Fcb&appKey=c-id&customField=st&a%20b=x%26y"},
		"fragment":               {"https://www.example.com/#/route", "", "https://www.example.com/?response_type=code&client_id=c-id&redirect_uri=https%3A%2F%2Fl.test%2Fcb&state=st#/route"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t, saysJSON(usual))
			document := strings.Replace(acWith(`"options": {`+c.options+`}`), "https://www.example.com/auth", c.url, 1)
			address, err := p.runner.AuthorizeURL(t.Context(), plan(t, document), exchange.Input{}, exchange.Attempt{State: secret.New("st"), RedirectURI: "https://l.test/cb"})
			if err != nil || address != c.want {
				t.Errorf("AuthorizeURL = %s, %v\nwant %s", address, err, c.want)
			}
		})
	}
}
