package pebble_test

import (
	"context"
	"strings"
	"testing"

	"latchkey/pebble"
)

// TestLoop_Lent keeps loop objects that a function has seen from later renders.
func TestLoop_Lent(t *testing.T) {
	var kept []pebble.Value
	keep := pebble.WithFunction("keep", func(_ context.Context, args []pebble.Value) (pebble.Value, error) {
		kept = append(kept, args...)
		return pebble.Null(), nil
	})
	tmpl, err := pebble.Parse("t", strings.Repeat("{% for p in l %}{{ keep(loop) }}{% endfor %}", 10), keep)
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range [][]any{{1}, {1, 2}} {
		if _, err := tmpl.RenderString(context.Background(), map[string]any{"l": list}); err != nil {
			t.Fatal(err)
		}
	}
	const want = "{last=true, length=1, index=0, revindex=0, first=true}"
	if got := kept[0].Text(); got != want {
		t.Errorf("loop of the first render = %s, want %s", got, want)
	}
}

// TestLoop_Item looks up what a loop binds where the innermost loop of the source
// is not the one that runs.
func TestLoop_Item(t *testing.T) {
	files := pebble.MapLoader{
		"card": "<{% block body %}{% endblock %}>",
		"part": "{{ p }}{{ q }}",
	}
	checkRender(t, []struct{ template, want string }{
		{"{% for p in l %}{{ p }}{{ loop.index }}{% endfor %}{{ p }}", "a0b1"},
		{"{% for p in l %}{% for q in l %}{{ p }}{{ q }}{{ loop.last }}{% endfor %}{{ p }};{% endfor %}", "aafalseabtruea;bafalsebbtrueb;"},
		{"{% for p in l %}{% for p in 'c'..'d' %}{{ p }}{% endfor %}{{ p }}{% else %}{{ p }}{% endfor %}", "cdacdb"},
		{"{% for p in l %}{% set p = p ~ 1 %}{% set q = p %}{{ p }}{{ q }};{% endfor %}{{ p }}{{ q }}", "a1a1;b1b1;"},
		{"{% for loop in m %}{{ loop }}{{ loop.index }}{{ loop.length }}{% endfor %}", "{index=x}x"},
		{"{% for p in l %}{% set loop = p %}{{ loop }}{{ loop.index }}{{ loop.length }}{% endfor %}", "a1b1"},
		{"{% for p in l %}{% for q in p..p %}{{ loop.index }}{{ p }}{% endfor %}{% endfor %}", "0a0b"},
		{"{% for p in l %}{% block b %}{{ p }}{{ loop.index }}{% endblock %}{% endfor %}/{{ block('b') }}", "a0b1/"},
		{"{% for p in l %}{% macro m(q=1) %}{{ p }}{{ q }}{% endmacro %}{{ m() }}{{ m(p) }}{{ p }}{% endfor %}", "1aa1bb"},
		{"{% for p in l %}{% embed 'card' %}{% block body %}{{ p }}{% endblock %}{% endembed %}{% include 'part' with {'q': p} %}{% endfor %}", "<a>aa<b>bb"},
		{"{% for p in l %}{% filter upper %}{{ p }}{% endfilter %}{% cache p %}{{ p }}{% endcache %}{% endfor %}", "AaBb"},
		{"{% set k = '' %}{% for p in l %}{% set k = loop %}{% endfor %}{% for p in 'a'..'e' %}{{ k.index }}{{ k.length }}{% endfor %}", "1212121212"},
		{"{% for p in m %}{{ p.index }}{% set p = {'index': 'y'} %}{{ p.index }}{% for q in m %}{{ q.index }}{{ p.index }}{% endfor %}{{ p.index }}{% endfor %}", "xyxyy"},
		{"{% for p in m %}{% include 'card' with {'p': l} %}{{ p.index }}{% endfor %}", "<>x"},
		{"{% for p in keys %}{{ p.id }}{{ p.aXbcdefg }}{{ p.aYbcdefg }};{% endfor %}", "1XY;YX;"},
		{"{% for e in {'k': 'v'} %}{{ e.key }}{{ e.value }}{{ e }}{% endfor %}", "kvk=v"},
	}, map[string]any{
		"l": []any{"a", "b"}, "m": []any{pebble.NewMap().Set("index", "x")},
		"keys": []any{
			pebble.NewMap().Set("id", 1).Set("aXbcdefg", "X").Set("aYbcdefg", "Y"),
			pebble.NewMap().Set("", 2).Set("aYbcdefg", "X").Set("aXbcdefg", "Y"),
		},
	}, pebble.WithLoader(files))
}
