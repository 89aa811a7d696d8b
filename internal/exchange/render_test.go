package exchange_test

import (
	"strings"
	"testing"

	"latchkey/internal/exchange"
)

// body is the JSON of a template in a document.
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}

// templated is a client credentials definition with one request.
func templated(url, body, more string, fields ...string) string {
	request := `{"destinationServerType": "URL_BASED", "urlBasedDestination": {"url": {"templatingStrategy": "PEBBLE_V1", "value": ` + quoted(url) + `}},
		"httpTemplate": {"httpMethod": "POST"`
	if body != "" {
		request += `, "requestBody": {"templatingStrategy": "PEBBLE_V1", "value": ` + quoted(body) + `}`
	}
	return `{"name": "n", "authentication": {"authType": "OAUTH2", "grant": "OAUTH2_CLIENT_CREDENTIALS", "clientId": "id&1",
		"scope": ["read", "write"], "authenticationDataFields": [` + strings.Join(append(fields, `
		{"name": "clientSecret", "source": "CUSTOMER", "format": "password"}, {"name": "blank", "source": "CUSTOMER"},
		{"name": "tenant", "source": "CUSTOMER"}`), ",") + `],
		"accessTokenRequest": ` + request + more + `}}}}`
}

const secretText = `s3cr<>t'"+/= ~*`

// The golden vectors of spec §2.6 that a request can hold, through the renderer as it is used.
func TestGoldenVectors(t *testing.T) {
	for template, want := range map[string]string{
		`{{ authData.clientSecret }}`:                                          `s3cr<>t'"+/= ~*`,
		`{{ authData.clientSecret | urlencode }}`:                              `s3cr%3C%3Et%27%22%2B%2F%3D+%7E*`,
		`{{ authData.clientSecret | toJson | raw }}`:                           `"s3cr<>t'\"+/= ~*"`,
		`{{ authData.clientId ~ ':' ~ authData.clientSecret | base64encode }}`: `aWQmMTpzM2NyPD50JyIrLz0gfio=`,
		`{{ authData.blank is empty }}`:                                        `true`,
		`[{{ authData.missing.deeper }}]`:                                      `[]`,
		`{{ '3600' / 2 }}`:                                                     `1800`,
		`{{ '3600' + 60 }}`:                                                    `360060`,
		`{{ {"a": authData.clientId, "b": [1,2]} | toJson | raw }}`:            `{"a":"id&1","b":[1,2]}`,
		`{{ 1893456000000 | date("yyyy-MM-dd'T'HH:mm:ssX", timeZone="UTC") }}`: `2030-01-01T00:00:00Z`,
		`{{ authData.scope }}`:                                                 `read write`,
		`x{%- if true -%} y {%- endif -%} z`:                                   `xyz`,
		"{% if true %}\nline\n{% endif %}":                                     "line\n",
		`{{ formUrlEncode('a', '1', 'b', '2') }}`:                              `a=1&b=2`,
		`{{ userContext.sandboxName }}/{{ userContext.sandboxId }}/{{ userContext.imsOrgId }}/{{ userContext.client }}`: `prod/sid/org/key`,
	} {
		p := newProvider(t, saysJSON(usual))
		text := templated("https://api.example.com/token", template, "", `{"name": "missing", "source": "CUSTOMER"}`)
		plan := plan(t, text)
		in := exchange.Input{
			Fields: fields(t, plan, map[string]any{"clientSecret": secretText, "blank": "  "}),
			User:   exchange.UserContext{SandboxName: "prod", SandboxID: "sid", IMSOrgID: "org", Client: "key"},
		}
		if _, err := p.runner.Acquire(t.Context(), plan, in); err != nil {
			t.Errorf("%s: %v", template, err)
			continue
		}
		if got := p.only(t).body; got != want {
			t.Errorf("%s renders %q, want %q", template, got, want)
		}
	}
}

// The vectors about responses, through response fields.
func TestGoldenVectorsOfResponses(t *testing.T) {
	answer := `{"access_token":"ab+c/d==","expires_in":3600,"f":3600.0,"big":1893456000123,"e":1.5E10,"strnum":"3600","nul":null,"ok":false,
		"arr":[1,2],"emptyArr":[],"emptyObj":{},"obj":{"a":"b"},"data":{"token":"t1"},"x-y":"hy"}`
	for template, want := range map[string]string{
		`{{response.body.access_token is empty }}`: `false`, `{{ response.body.missing is empty }}`: `true`, `{{ response.body.nul is empty }}`: `true`,
		`{{ response.body.emptyArr is empty }}`: `true`, `{{ response.body.emptyObj is empty }}`: `true`,
		`{{ response.status }}`: `200`, `{{ response.status == 200 }}`: `true`, `{{ response.status == '200' }}`: `false`,
		`{{ response.status >= 200 and response.status < 300 }}`: `true`,
		`{{ response.body.expires_in }}`:                         `3600`, `{{ response.body.f }}`: `3600.0`, `{{ response.body.big }}`: `1893456000123`,
		`[{{ response.body.missing.deeper }}]`: `[]`, `[{{ response.headers.server[3] }}]`: `[]`,
		`{{ response.headers['set-cookie'][1] }}`: `b=2`, `{{ response.headers.server[0] }}`: `nginx`, `{{ response.headers.Server[0] }}`: `nginx`,
		`{{ response.body['x-y'] }}`: `hy`, `{{ response.body.ok }}`: `false`, `{{ response.body.missing ~ 'x' }}`: `x`, `{{ response.body.missing + 'x' }}`: `nullx`,
		`{{ response.body.strnum * 1 }}`: `3600`, `{{ response.body.big / 1000 }}`: `1893456000`, `{{ response.body.missing | default('none') }}`: `none`,
		`{{ response.body.ok ? 'y' : 'n' }}`: `n`, `{{ response.body.obj }}`: `{"a":"b"}`, `{{ response.body.arr contains 2 }}`: `true`,
	} {
		p := newProvider(t, func(w httpWriter, r got) {
			w.Header().Set("Server", "nginx")
			w.Header()["Set-Cookie"] = []string{"a=1", "b=2"}
			saysJSON(answer)(w, r)
		})
		text := strings.TrimSuffix(templated("https://api.example.com/token", "", ""), "}}}}") + `},
			"responseFields": [{"name": "out", "templatingStrategy": "PEBBLE_V1", "value": ` + quoted(template) + `}]}}}`
		plan := plan(t, text)
		set, err := p.runner.Acquire(t.Context(), plan, exchange.Input{})
		if err != nil {
			t.Errorf("%s: %v", template, err)
			continue
		}
		if got := set.Outputs["out"].Value; got != want {
			t.Errorf("%s renders %q, want %q", template, got, want)
		}
	}
	t.Run("a division by nothing fails", func(t *testing.T) {
		p := newProvider(t, saysJSON(answer))
		text := strings.TrimSuffix(templated("https://api.example.com/token", "", ""), "}}}}") + `},
			"responseFields": [{"name": "out", "templatingStrategy": "PEBBLE_V1", "value": "{{ response.body.missing / 1000 }}"}]}}}`
		_, err := p.runner.Acquire(t.Context(), plan(t, text), exchange.Input{})
		if f := failure(t, err); f.Kind != exchange.BadResponse || f.Code != "bad_output" {
			t.Errorf("the failure is %v", f)
		}
	})
}

// Values are judged by their place in a URL.
func TestValuesInURLs(t *testing.T) {
	const x = "https://{{ authData.tenant }}.example.com"
	for _, c := range []struct{ url, tenant, want, says string }{
		{x + "/t", "a-1.eu", "https://a-1.eu.example.com/t", ""},
		{x + "/t", "evil.com/", "", "has other characters than letters"},
		{x + "/t", "evil.com#", "", "has other characters than letters"},
		{x + "/t", "u:p@evil", "", "has other characters than letters"},
		{x + "/t", "a\nb", "", "has other characters than letters"},
		{x + "/t", "", "", "authData.tenant is empty, and the URL needs it"},
		{x + "/t", "   ", "", "authData.tenant is empty, and the URL needs it"},
		{"https://api.example.com/{{ authData.tenant }}/t", "a/b?c#d é", "https://api.example.com/a%2Fb%3Fc%23d%20%C3%A9/t", ""},
		{"https://api.example.com/{{ authData.tenant | raw }}/t", "a/b?c=d", "https://api.example.com/a/b?c=d/t", ""},
		{"https://api.example.com/{{ authData.tenant | raw }}/t", "a b", "", "has blanks or control characters"},
		{"https://api.example.com/{{ authData.tenant }}/t", "..", "", "relative step"},
		{"https://api.example.com/t?x={{ authData.tenant }}&y=1", "a&b=c+d", "https://api.example.com/t?x=a%26b%3Dc%2Bd&y=1", ""},
		{"https://api.example.com/t?{{ formUrlEncode('x', authData.tenant) }}", "a&b", "https://api.example.com/t?x=a%26b", ""},
		{"https://api.example.com/t?x={{ authData.tenant | urlencode }}", "a b", "https://api.example.com/t?x=a+b", ""},
		{"  https://api.example.com/{{ authData.tenant }}\n", "a", "https://api.example.com/a", ""},
		{"{% if authData.tenant is empty %}https://api.example.com{% else %}https://{{ authData.tenant }}.example.com{% endif %}/t", "", "https://api.example.com/t", ""},
		{"{% set m = {'eu': 'api-eu'} %}https://{{ m[authData.tenant] }}.example.com/t", "eu", "https://api-eu.example.com/t", ""},
		{"{% set m = {'eu': 'api-eu'} %}https://{{ m[authData.tenant] }}.example.com/t", "xx", "", "is empty, and the URL needs it"},
	} {
		p := newProvider(t, saysJSON(usual))
		plan := plan(t, templated(c.url, "", ""))
		in := map[string]any{}
		if c.tenant != "" {
			in["tenant"] = c.tenant
		}
		_, err := p.runner.Acquire(t.Context(), plan, exchange.Input{Fields: fields(t, plan, in)})
		if c.says != "" {
			f := failure(t, err)
			contains(t, "the failure of "+c.url+" with "+c.tenant, f.Description, c.says)
			if f.Kind != exchange.Denied || f.Sent || len(p.seen()) > 0 {
				t.Errorf("%s with %q: %v, sent %v", c.url, c.tenant, f.Kind, f.Sent)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s with %q: %v", c.url, c.tenant, err)
			continue
		}
		if got := p.only(t).url(); got != c.want {
			t.Errorf("%s with %q leads to %s, want %s", c.url, c.tenant, got, c.want)
		}
	}
}

func TestQueryParametersAreAppended(t *testing.T) {
	for url, want := range map[string]string{
		"https://api.example.com/t":      "https://api.example.com/t?v=2&tenant=a%26b",
		"https://api.example.com/t?x=1":  "https://api.example.com/t?x=1&v=2&tenant=a%26b",
		"https://api.example.com/t?x=1&": "https://api.example.com/t?x=1&v=2&tenant=a%26b",
	} {
		p := newProvider(t, saysJSON(usual))
		more := `, "queryParameters": {"templatingStrategy": "PEBBLE_V1", "value": "?v=2&tenant={{ authData.tenant }}"}`
		plan := plan(t, templated(url, "", more))
		if _, err := p.runner.Acquire(t.Context(), plan, exchange.Input{Fields: fields(t, plan, map[string]any{"tenant": "a&b"})}); err != nil {
			t.Fatal(err)
		}
		if got := p.only(t).url(); got != want {
			t.Errorf("%s became %s, want %s", url, got, want)
		}
	}
}

// An empty credential is named, not sent.
func TestEmptyCredentialsAreNamed(t *testing.T) {
	for body, says := range map[string]string{
		"{{ formUrlEncode('grant_type', 'x', 'client_secret', authData.clientSecret) | raw }}": "authData.clientSecret is empty, and client_secret needs it",
		"{{ formUrlEncode('refresh_token', authData.refreshToken) }}":                          "authData.refreshToken is empty, and refresh_token needs it",
		"{{ formUrlEncode('client_id', authData.tenant) }}":                                    "authData.tenant is empty, and client_id needs it",
	} {
		p := newProvider(t, saysJSON(usual))
		_, err := p.runner.Acquire(t.Context(), plan(t, templated("https://api.example.com/t", body, "")), exchange.Input{})
		f := failure(t, err)
		contains(t, "the failure", f.Description, says)
		if f.Sent || len(p.seen()) > 0 {
			t.Error("it was sent")
		}
	}
	p := newProvider(t, saysJSON(usual))
	if _, err := p.runner.Acquire(t.Context(), plan(t, templated("https://api.example.com/t", "{{ formUrlEncode('tenant', authData.tenant) }}", "")), exchange.Input{}); err != nil {
		t.Errorf("another empty parameter: %v", err)
	}
}

func TestHeaders(t *testing.T) {
	header := func(value string) string {
		return `, "headers": [{"header": "X-Tenant", "value": {"templatingStrategy": "PEBBLE_V1", "value": ` + quoted(value) + `}}]`
	}
	for _, c := range []struct{ value, tenant, want, says string }{
		{"t {{ authData.tenant }}", "a b", "t a b", ""},
		{"{{ authData.tenant }}", "a\r\nX-Evil: 1", "", "line break or a control character"},
		{"Bearer {{ authData.tenant }}", "", "", "authData.tenant is empty, and the header X-Tenant needs it"},
		{"{{ authData.tenant | default('none') }}", "", "none", ""},
	} {
		p := newProvider(t, saysJSON(usual))
		plan := plan(t, templated("https://api.example.com/t", "", header(c.value)))
		in := map[string]any{}
		if c.tenant != "" {
			in["tenant"] = c.tenant
		}
		_, err := p.runner.Acquire(t.Context(), plan, exchange.Input{Fields: fields(t, plan, in)})
		if c.says != "" {
			contains(t, "the failure", failure(t, err).Description, c.says)
			continue
		}
		if err != nil {
			t.Errorf("%q with %q: %v", c.value, c.tenant, err)
		} else if got := p.only(t).header.Get("X-Tenant"); got != c.want {
			t.Errorf("%q with %q gives %q, want %q", c.value, c.tenant, got, c.want)
		}
	}
	t.Run("Accept and Content-Type give way", func(t *testing.T) {
		p := newProvider(t, saysJSON(usual))
		more := `, "headers": [{"header": "accept", "value": "text/plain"}, {"header": "content-type", "value": "application/vnd.x+json"}], "contentType": "application/json"`
		if _, err := p.runner.Acquire(t.Context(), plan(t, templated("https://api.example.com/t", "{}", more)), exchange.Input{}); err != nil {
			t.Fatal(err)
		}
		if h := p.only(t).header; strings.Join(h["Accept"], ",") != "text/plain" || strings.Join(h["Content-Type"], ",") != "application/vnd.x+json" {
			t.Errorf("headers are %v", h)
		}
	})
}

// request.* is one value within a request, and another in the next (quirks 24, 37).
func TestRequestContext(t *testing.T) {
	p := newProvider(t, saysJSON(usual))
	more := `, "headers": [{"header": "X-Id", "value": "{{ request.id }}"}, {"header": "X-Again", "value": "{{ request.id }}"},
		{"header": "X-Time", "value": "{{ request.epochMs }}/{{ request.epoch }}"}, {"header": "X-Digest", "value": "{{ request.body | sha256 }}"}]`
	plan := plan(t, templated("https://api.example.com/t", "{{ request.id }}", more))
	for range 2 {
		if _, err := p.runner.Acquire(t.Context(), plan, exchange.Input{}); err != nil {
			t.Fatal(err)
		}
	}
	one, two := p.seen()[0], p.seen()[1]
	if id := one.header.Get("X-Id"); len(id) != 36 || id != one.header.Get("X-Again") || id != one.body || id == two.header.Get("X-Id") {
		t.Errorf("the ids are %q, %q, %q; the next request's %q", id, one.header.Get("X-Again"), one.body, two.header.Get("X-Id"))
	}
	if got := one.header.Get("X-Time"); got != "1795251600000/1795251600" {
		t.Errorf("the time is %s", got)
	}
	if got := one.header.Get("X-Digest"); len(got) != 64 {
		t.Errorf("the digest is %q", got)
	}
}
