//go:build !race

package pebble_test

// Under the race detector a sync.Pool forgets at random, so these tests are not built there.

import (
	"context"
	"io"
	"testing"

	"latchkey/pebble"
)

// TestRender_DoesNotAllocate holds what the reference says of speed.
func TestRender_DoesNotAllocate(t *testing.T) {
	check := func(text string, vars map[string]any) {
		t.Helper()
		tmpl := mustParse(t, text)
		ctx := context.Background()
		if n := testing.AllocsPerRun(200, func() { _ = tmpl.Render(ctx, io.Discard, vars) }); n >= 1 {
			t.Errorf("%v allocations a render of %s, want none", n, text)
		}
	}
	for _, name := range benchNames() {
		text, vars, _ := readBench(t, name)
		check(text, vars)
	}
	vars := map[string]any{"n": 7, "f": 1.5, "user": pebble.NewMap().Set("name", "Zoë <z@x>").Set("tags", []any{"a", "b"})}
	for _, text := range []string{
		"{{ user.name }}", "{{ n * 60 - f }}", "{{ user.name ~ ':' ~ n }}", "{{ user.tags | join(', ') }}",
		"{{ user.name | lower }}{{ user.name | upper }}", "{{ user.name | urlencode }}",
		"{{ user.name | escape('json') }}", "{% for t in user.tags %}{{ loop.index }}{{ t }}{% endfor %}",
		"{% if n >= 5 and user.name is not empty %}{{ n == 7 ? 'x' : 'y' }}{% endif %}",
	} {
		check(text, vars)
	}
}
