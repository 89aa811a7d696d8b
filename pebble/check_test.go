package pebble_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"latchkey/pebble"
)

func TestCheck(t *testing.T) {
	for _, c := range []struct{ template, want string }{
		{"{{ x | upper }}{{ max(1, 2) }}{{ x is empty }}", ""},
		{"{{ x | uper }}", `1:8: Filter [uper] does not exist. Did you mean "upper"?`},
		{"{{ x | md5 }}", "1:8: Filter [md5] does not exist."},
		{"{% filter uper %}{% endfilter %}", `1:11: Filter [uper] does not exist. Did you mean "upper"?`},
		{"{{ x is empti }}", `1:9: Test [empti] does not exist. Did you mean "empty"?`},
		{"a\n{{ rnge(1, 2) }}", `2:4: Function or Macro [rnge] does not exist. Did you mean "range"?`},
		{"{{ x | join('a', 'b') }}", "1:23: The argument at position 2 is not allowed. Only 1 argument(s) are allowed."},
		{"{{ x | join(by='b') }}", "1:21: The following named argument does not exist: by"},
		{"{{ formUrlEncode('a') }}", "1:4: formUrlEncode expects an even number of arguments"},
		{"{% if a %}{{ f() }}{% endif %}\n{{ x | a | b }}{{ g(x | c) }}", `1:14: Function or Macro [f] does not exist.
2:8: Filter [a] does not exist.
2:12: Filter [b] does not exist.
2:19: Function or Macro [g] does not exist.
2:25: Filter [c] does not exist.`},
		{"{% macro m(a=f()) %}{{ m(g()) }}{% endmacro %}{{ m(h()) }}", `1:14: Function or Macro [f] does not exist.
1:26: Function or Macro [g] does not exist.
1:52: Function or Macro [h] does not exist.`},
		{"{% from 'l' import a as b %}{{ b() }}{{ c() }}", "1:41: Function or Macro [c] does not exist."},
		{"{% import 'l' %}{{ a() }}", ""},
		{"{% import 'l' as l %}{{ l.a() }}{{ a() }}", "1:36: Function or Macro [a] does not exist."},
		{"{% extends 'l' %}{% block b %}{{ a() }}{{ x | c }}{% endblock %}", "1:47: Filter [c] does not exist."},
		{"{% embed 'l' %}{% block b %}{{ x | c }}{% endblock %}{% endembed %}", "1:36: Filter [c] does not exist."},
	} {
		var got []string
		tmpl := mustParse(t, c.template)
		for _, e := range tmpl.Check() {
			got = append(got, fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message))
		}
		if all := strings.Join(got, "\n"); all != c.want {
			t.Errorf("Check of %s = %s, want %s", c.template, all, c.want)
		}
		if again := tmpl.Check(); len(again) != len(got) {
			t.Errorf("second Check of %s = %v, want %d faults", c.template, again, len(got))
		}
	}
}

// TestCheck_Conformance runs Check on every template of the Java engine's cases:
// one that renders has no faults, one that lacks a filter or a test has.
func TestCheck_Conformance(t *testing.T) {
	for _, c := range readCases(t) {
		tmpl, err := pebble.Parse("main", c.Template, c.options()...)
		if err != nil {
			continue
		}
		faults := tmpl.Check()
		_, err = tmpl.RenderString(context.Background(), javaContext(t, c.Context))
		if err != nil && len(faults) == 0 && (strings.HasPrefix(err.Error(), "Filter [") || strings.HasPrefix(err.Error(), "Test [")) {
			t.Errorf("Check of %s %q finds nothing, but it fails: %v", c.ID, c.Template, err)
		}
		for _, e := range faults {
			if err == nil {
				t.Errorf("Check of %s %q = %v, but it renders", c.ID, c.Template, e)
			}
			if e.Line < 1 || e.Column < 1 {
				t.Errorf("Check of %s %q = %v, without a place", c.ID, c.Template, e)
			}
		}
	}
}
