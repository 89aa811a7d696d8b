package pebble_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"latchkey/pebble"
)

func failure(t *testing.T, text string, vars map[string]any, opts ...pebble.Option) *pebble.Error {
	t.Helper()
	tmpl, err := pebble.Parse("t", text, opts...)
	if err == nil {
		_, err = tmpl.RenderString(context.Background(), vars)
	}
	var e *pebble.Error
	if !errors.As(err, &e) {
		t.Fatalf("%q: error %v, want *pebble.Error", text, err)
	}
	return e
}

func TestError_Position(t *testing.T) {
	for _, c := range []struct {
		template     string
		line, column int
		excerpt      string
		text         string // of Error(), which counts lines as the Java engine does
	}{
		{"{{ a b }}", 1, 6, "{{ a b }}", "PRINT_END (t:1)"},
		{"x\r\ny {{ 1 / 0 }}", 2, 8, "y {{ 1 / 0 }}", "division (t:2)"},
		{"{{ 1\n /\n 0 }}", 2, 2, " /", "division (t:3)"},
		{"é{{ 'x' | nope }}", 1, 11, "é{{ 'x' | nope }}", "does not exist. (t:1)"},
		{"\n\n{% if true %}", 3, 14, "{% if true %}", `"endif" tag (t:3)`},
		{"{{ 'a' > 1 }}", 1, 8, "{{ 'a' > 1 }}", "comparison (t:1)"},
		{"{{ nope(1) }}", 1, 4, "{{ nope(1) }}", "does not exist. (t:1)"},
	} {
		e := failure(t, c.template, nil)
		if e.Line != c.line || e.Column != c.column || e.Excerpt != c.excerpt || !strings.HasSuffix(e.Error(), c.text) {
			t.Errorf("%q: %d:%d %q %q, want %d:%d %q …%q", c.template,
				e.Line, e.Column, e.Excerpt, e.Error(), c.line, c.column, c.excerpt, c.text)
		}
	}
}

func TestError_DetailOfTabs(t *testing.T) {
	e := failure(t, "\t{{ 'é' @ }}", nil)
	want := "ParserException: Unexpected character [@]\n --> t:1:9\n1 | \t{{ 'é' @ }}\n  | \t       ^"
	if got := e.Detail(); got != want {
		t.Errorf("Detail() =\n%s\nwant\n%s", got, want)
	}
}

// TestError_NoDataInSafeMessage fails templates with a secret in every place and
// looks for it.
func TestError_NoDataInSafeMessage(t *testing.T) {
	const secret = "hunter2hunter2"
	vars := map[string]any{"s": secret, "m": map[string]any{"a": 1}, "ms": map[string]any{secret: 1}, "l": []any{secret}}
	for _, text := range []string{
		"{{ s * 1 }}", "{{ -s }}", "{% for x in s %}{% endfor %}", "{{ s | date }}", "{{ s | escape(s) }}",
		"{{ l | slice(0, s) }}", "{{ m[s] }}", "{{ m.x[s] }}", "{{ s[s] }}", "{% include s %}", "{{ 'a' | split('(' ~ s) }}",
		"{{ 1 | numberformat('0' ~ s ~ '0') }}", "{{ 0 | date(s) }}", "{{ s | abs }}", "{{ max(s, 1) }}", "{{ s..1 }}",
		"{{ s | fail }}", "{{ fail(s) }}", "{{ '!' ~ s | base64decode }}", "{{ s is even }}", "{{ ms[0] }}",
	} {
		fail := errors.New("cannot use " + secret)
		e := failure(t, text, vars, pebble.WithStrict(true),
			pebble.WithFilter("fail", func(context.Context, pebble.Value, []pebble.Value) (pebble.Value, error) {
				return pebble.Null(), fail
			}),
			pebble.WithFunction("fail", func(context.Context, []pebble.Value) (pebble.Value, error) {
				return pebble.Null(), fail
			}))
		if strings.Contains(e.SafeMessage(), secret) || !strings.Contains(e.SafeMessage(), "t:1:") {
			t.Errorf("%s: SafeMessage() = %q", text, e.SafeMessage())
		}
		if strings.Contains(e.Error(), secret) && !e.FromData {
			t.Errorf("%s: %q holds data, but FromData is false", text, e.Error())
		}
	}
}

// TestError_WrapsTheCallers keeps what a function of the caller returned.
func TestError_WrapsTheCallers(t *testing.T) {
	fail := errors.New("no such account")
	e := failure(t, "{{ account() }}", nil, pebble.WithFunction("account",
		func(context.Context, []pebble.Value) (pebble.Value, error) { return pebble.Null(), fail }))
	if !errors.Is(e, fail) || !e.FromData || e.Op != `function "account"` {
		t.Errorf("error %+v does not wrap the caller's", e)
	}
}

// TestError_OfIncluded names the template that failed, not the outermost one.
func TestError_OfIncluded(t *testing.T) {
	e := failure(t, "a\n{% include 'inc' %}", nil,
		pebble.WithLoader(pebble.MapLoader{"inc": "b\nc {{ 1 / 0 }}"}))
	lib := pebble.MapLoader{"lib": "{% macro m() %}\n{{ 1 / 0 }}{% endmacro %}"}
	for _, text := range []string{"{% import 'lib' %}{{ m() }}", "{% import 'lib' as l %}{{ l.m() }}", "{% from 'lib' import m %}{{ m() }}"} {
		if e := failure(t, text, nil, pebble.WithLoader(lib)); e.Line != 2 || e.Excerpt != "{{ 1 / 0 }}{% endmacro %}" {
			t.Errorf("%s: error at line %d %q, want the macro's", text, e.Line, e.Excerpt)
		}
	}
	if e.Template != "inc" || e.Line != 2 || e.Excerpt != "c {{ 1 / 0 }}" {
		t.Errorf("error at %s:%d %q, want inc:2", e.Template, e.Line, e.Excerpt)
	}
}

// TestParse_LooksAhead has arguments after which the parser looks one token on.
func TestParse_LooksAhead(t *testing.T) {
	checkRender(t, []struct{ template, want string }{
		{`{{ "#{x}" | replace(replace_pairs = {"#{x}=": 1}) }}{{ x | default (default = 'y') }}`, "aa"},
		{`{{ max (1, 2) }}{{ x | slice(0, toIndex` + "\u3000\n" + `=1) }}{{ true ? x : 1 }}`, "2aa"},
	}, map[string]any{"x": "a"})
	for text, want := range map[string]string{
		`{{ max("a#b" = 1) }}`:       `Unexpected token of value "a#b" and type STRING, expected token of type NAME (t:1)`,
		`{{ max("a#{x}" = 1) }}`:     `Unexpected token of value "=" and type PUNCTUATION, expected token of type PUNCTUATION (t:1)`,
		`{{ max(x == 1, 'y' = 2) }}`: `Unexpected token of value "y" and type STRING, expected token of type NAME (t:1)`,
		`{{ true(1) }}`:              `only a name can be called (t:1)`,
		`{{ max(x = 1, 2) }}`:        `Positional arguments must be declared before any named arguments. (t:1)`,
	} {
		if _, err := pebble.Parse("t", text); err == nil || err.Error() != want {
			t.Errorf("Parse(%s) = %v, want %s", text, err, want)
		}
	}
}
