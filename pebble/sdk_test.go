package pebble_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"latchkey/pebble"
)

// goldenContext is the context of the golden vectors: a token response and the
// data of an account, with the characters that go wrong.
const goldenContext = `{
 "authData": {"clientId":"id&1","clientSecret":"s3cr<>t'\"+/= ~*","blank":"  ","scope":["read","write"]},
 "response": {"status":200,"headers":{"server":["nginx"],"set-cookie":["a=1","b=2"]},
  "body":{"access_token":"ab+c/d==","expires_in":3600,"f":3600.0,"big":1893456000123,"e":1.5E10,
   "strnum":"3600","nul":null,"ok":false,"arr":[1,2],"emptyArr":[],"emptyObj":{},"obj":{"a":"b"},
   "data":{"token":"t1"},"x-y":"hy"}}}`

func vars(t testing.TB, text string) map[string]any {
	t.Helper()
	v, err := pebble.FromJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]any{}
	for k, x := range v.(*pebble.Map).All() {
		m[k] = x
	}
	return m
}

func renderSDK(t testing.TB, text string, vars map[string]any) (string, error) {
	t.Helper()
	tmpl, err := pebble.Parse("t", text, pebble.WithDialect(pebble.DestinationSDK))
	if err != nil {
		return "", err
	}
	return tmpl.RenderString(context.Background(), vars)
}

func TestDestinationSDK_GoldenVectors(t *testing.T) {
	for _, c := range []struct{ template, want string }{
		{`{{response.body.access_token is empty }}`, "false"},
		{`{{ response.body.missing is empty }}{{ response.body.nul is empty }}{{ response.body.emptyArr is empty }}`, "truetruetrue"},
		{`{{ response.body.emptyObj is empty }}{{ authData.blank is empty }}`, "truetrue"},
		{`{{ response.status }}`, "200"},
		{`{{ response.status == 200 }} {{ response.status == '200' }}`, "true false"},
		{`{{ response.status >= 200 and response.status < 300 }}`, "true"},
		{`{{ response.body.expires_in }} {{ response.body.f }} {{ response.body.big }} {{ response.body.e }}`, "3600 3600.0 1893456000123 1.5E10"},
		{`[{{ response.body.missing.deeper }}][{{ response.headers.server[3] }}]`, "[][]"},
		{`{{ response.headers['set-cookie'][1] }} {{ response.body['x-y'] }}`, "b=2 hy"},
		{`{{ response.body.ok }}`, "false"},
		{`{{ authData.clientSecret }}`, `s3cr<>t'"+/= ~*`},
		{`{{ authData.clientSecret | urlencode }}`, "s3cr%3C%3Et%27%22%2B%2F%3D+%7E*"},
		{`{{ authData.clientSecret | toJson | raw }}`, `"s3cr<>t'\"+/= ~*"`},
		{`{{ authData.clientId ~ ':' ~ authData.clientSecret | base64encode }}`, "aWQmMTpzM2NyPD50JyIrLz0gfio="},
		{`{{ response.body.missing ~ 'x' }} {{ response.body.missing + 'x' }}`, "x nullx"},
		{`{{ '3600' / 2 }} {{ '3600' + 60 }} {{ response.body.strnum * 1 }}`, "1800 360060 3600"},
		{`{{ response.body.big / 1000 }}`, "1893456000"},
		{`{{ response.body.missing | default('none') }}`, "none"},
		{`{{ response.body.ok ? 'y' : 'n' }}`, "n"},
		{`{{ authData.scope | join(' ') }} {{ authData.scope }}`, "read write [read, write]"},
		{`{{ {"a": authData.clientId, "b": [1,2]} | toJson | raw }}`, `{"a":"id&1","b":[1,2]}`},
		{`{% set m = {'US':'na1'} %}{{ m['US'] }}`, "na1"},
		{`{{ response.body.arr contains 2 }}`, "true"},
		{`{{ response.body.obj }}`, `{"a":"b"}`},
		{`{{ 1893456000000 | date("yyyy-MM-dd'T'HH:mm:ssX", timeZone="UTC") }}`, "2030-01-01T00:00:00Z"},
		{`{{ nope.a.b }}`, ""},
		{`x{%- if true -%} y {%- endif -%} z`, "xyz"},
		{"{% if true %}\nline\n{% endif %}", "line\n"},
		{`{{ formUrlEncode('scope', authData.scope, 'n', response.body.nul) | raw }}`, "scope=read+write&n="},
		{`{{ [1,2,2] contains (authData.scope | length) }}`, "true"},
	} {
		got, err := renderSDK(t, c.template, vars(t, goldenContext))
		if err != nil || got != c.want {
			t.Errorf("%s = %q, %v, want %q", c.template, got, err, c.want)
		}
	}
}

func TestDestinationSDK_OwnFunctions(t *testing.T) {
	for _, c := range []struct{ template, want string }{
		{`{{ hmacSha256('key', 'The quick brown fox jumps over the lazy dog') }}`, "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"},
		{`{{ hmacSha256('key', 'The quick brown fox jumps over the lazy dog', 'base64') }}`, "97yD9DBThCSxMpjmqm+xQ+9NWaFJRhdZl0edvC0aPNg="},
		{`{{ 'i?>i' | base64url }}`, "aT8-aQ"},
		{`{{ 'abc' | md5 }} {{ 'abc' | sha1 }}`, "900150983cd24fb0d6963f7d28e17f72 a9993e364706816aba3e25717850c26c9cd0d89d"},
		{`{% set o = '{"a":[1,{"b":2.50}]}' | fromJson %}{{ o.a[1].b }}`, "2.50"},
		{`{{ '15m' | toSeconds }} {{ 'PT1H30M' | toSeconds }} {{ 'P30D' | toSeconds }} {{ '2d' | toSeconds }} {{ 60 | toSeconds }} {{ '3600' | toSeconds }}`, "900 5400 2592000 172800 60 3600"},
	} {
		got, err := renderSDK(t, c.template, nil)
		if err != nil || got != c.want {
			t.Errorf("%s = %q, %v, want %q", c.template, got, err, c.want)
		}
	}
}

func TestDestinationSDK_RefusedWhenParsed(t *testing.T) {
	for _, c := range []struct{ template, want string }{
		{`{% include 'x' %}`, `Unexpected tag name "include". Destination SDK permits only filter, for, if and set.`},
		{`{% macro m() %}{% endmacro %}`, `Unexpected tag name "macro". Destination SDK permits only`},
		{`{% verbatim %}x{% endverbatim %}`, `Unexpected tag name "verbatim". Destination SDK permits only`},
		{`{% iff true %}`, `Did you mean "if"?`},
		{`{{ range(1, 2) }}`, "[range] does not exist. Destination SDK does not permit it."},
		{`{{ i18n('a', 'b') }}`, "[i18n] does not exist. Destination SDK does not permit it."},
		{`{{ parent() }}`, "[parent] does not exist. Destination SDK does not permit it."},
		{`{{ formUrlencode('a', 'b') }}`, `Did you mean "formUrlEncode"?`},
		{`{{ formUrlEncode('a') }}`, "even number of arguments"},
		{`{{ 'a' | uper }}`, `Did you mean "upper"?`},
		{`{{ 'a' is empti }}`, `Did you mean "empty"?`},
		{`{{ 'a' | join('x', 'y') }}`, "The argument at position 2 is not allowed"},
		{`{{ a.b() }}`, "methods cannot be called"},
		{`{{ {'US':'na1'}[authData.region] }}`, "Unexpected token"},
		{`{{ response.body.arr.0 }}`, "Unexpected token"},
	} {
		_, err := pebble.Parse("t", c.template, pebble.WithDialect(pebble.DestinationSDK))
		var e *pebble.Error
		if !errors.As(err, &e) || !strings.Contains(e.Message, c.want) || e.Line != 1 || e.Column < 1 {
			t.Errorf("Parse(%s) = %v, want an error with %q at line 1", c.template, err, c.want)
		}
	}
}
