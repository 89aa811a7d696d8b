package pebble_test

import (
	"context"
	"errors"
	"testing"
	"unicode/utf8"

	"latchkey/pebble"
)

// fuzzLimits are small enough that no input takes long.
func fuzzLimits() pebble.Limits {
	return pebble.Limits{
		TemplateBytes: 4096, OutputBytes: 64 << 10, Steps: 500, StringBytes: 32 << 10, ListItems: 500, Depth: 30, Time: -1,
	}
}

// checkError fails for an error that is not one of ours or has no fit position.
func checkError(t *testing.T, text string, err error) {
	t.Helper()
	var e *pebble.Error
	if !errors.As(err, &e) {
		t.Fatalf("error of %q is %T, want *pebble.Error", text, err)
	}
	if e.Kind == "" || e.Line < 0 || e.Column < 0 || utf8.ValidString(text) && !utf8.ValidString(e.Excerpt) {
		t.Fatalf("error of %q is %+v", text, e)
	}
	_, _ = e.Detail(), e.SafeMessage()
}

// FuzzParse looks for panics in the lexer, the parser and the analysis.
func FuzzParse(f *testing.F) {
	for _, c := range readCases(f) {
		f.Add(c.Template)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, d := range []pebble.Dialect{pebble.Language, pebble.DestinationSDK} {
			tmpl, err := pebble.Parse("t", text, pebble.WithDialect(d), pebble.WithLimits(fuzzLimits()))
			if err != nil {
				checkError(t, text, err)
				continue
			}
			tmpl.Variables()
			tmpl.Calls("max")
			tmpl.Constant()
			for _, e := range tmpl.Check() {
				checkError(t, text, e)
			}
		}
	})
}

// FuzzRender looks for panics in the evaluation, for output beyond its bound,
// and for a render that changes the caller's data.
func FuzzRender(f *testing.F) {
	for _, c := range readCases(f) {
		f.Add(c.Template, string(c.Context), c.Strict)
	}
	f.Fuzz(func(t *testing.T, text, data string, strict bool) {
		v, err := pebble.FromJSON([]byte(data))
		m, ok := v.(*pebble.Map)
		if err != nil || !ok {
			return
		}
		before, err := m.MarshalJSON()
		if err != nil {
			return
		}
		vars := map[string]any{}
		for k, x := range m.All() {
			vars[k] = x
		}
		files := pebble.MapLoader{"inc": text, "base": "<{% block a %}{% endblock %}>", "lib": "{% macro hi(n) %}{{ n }}{% endmacro %}"}
		for _, d := range []pebble.Dialect{pebble.Language, pebble.DestinationSDK} {
			tmpl, err := pebble.Parse("t", text, pebble.WithDialect(d), pebble.WithLimits(fuzzLimits()),
				pebble.WithStrict(strict), pebble.WithLoader(files))
			if err != nil {
				continue
			}
			for range 2 { // a second render must not meet what the first has left
				out, err := tmpl.RenderString(context.Background(), vars)
				if err != nil {
					checkError(t, text, err)
				}
				if len(out) > fuzzLimits().OutputBytes {
					t.Fatalf("%d bytes of output", len(out))
				}
			}
		}
		if after, err := m.MarshalJSON(); err != nil || string(after) != string(before) {
			t.Fatalf("render of %q changed %s to %s", text, before, after)
		}
	})
}
