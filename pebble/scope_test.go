package pebble_test

import (
	"testing"

	"latchkey/pebble"
)

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
		{"{% for e in {'k': 'v'} %}{{ e.key }}{{ e.value }}{{ e }}{% endfor %}", "kvk=v"},
	}, map[string]any{
		"l": []any{"a", "b"}, "m": []any{pebble.NewMap().Set("index", "x")},
	}, pebble.WithLoader(files))
}
