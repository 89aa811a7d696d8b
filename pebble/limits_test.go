package pebble_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"latchkey/pebble"
)

// noTime keeps the clock out of tests: what they meet must be a bound on work.
func noTime() pebble.Limits { return pebble.Limits{Time: -1} }

func limitOf(err error) string {
	var e *pebble.Error
	if errors.As(err, &e) {
		return e.Limit
	}
	return ""
}

// many repeats a text, with a number for each #.
func many(n int, text string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(text, "#", strconv.Itoa(i)))
	}
	return b.String()
}

// TestLimits runs templates that grow by squares or exponents. Each must end
// with the limit that stops it, which the error names.
func TestLimits(t *testing.T) {
	double := strings.Repeat("{% set s = s ~ s %}", 40)
	for _, c := range []struct{ name, template, want string }{
		{"nested ranges", "{% for a in 1..9999 %}{% for b in 1..9999 %}{% endfor %}{% endfor %}", "Steps"},
		{"huge range", "{{ range(1, 2000000000) }}", "ListItems"},
		{"range over all integers", "{{ range(0 - 9223372036854775807, 9223372036854775807) }}", "ListItems"},
		{"range operator", "{{ 1..99999999 }}", "ListItems"},
		{"doubled string", "{% set s = 'ab' %}" + double + "{{ s }}", "StringBytes"},
		{"doubled by plus", "{% set s = 'ab' %}" + strings.ReplaceAll(double, "~", "+"), "StringBytes"},
		{"doubled by interpolation", "{% set s = 'ab' %}" + strings.Repeat(`{% set s = "#{s}#{s}" %}`, 40), "StringBytes"},
		{"doubled list", "{% set l = [1] %}" + strings.Repeat("{% set l = l + l %}", 40), "ListItems"},
		{"merged list", "{% set l = [1] %}" + strings.Repeat("{% set l = l | merge(l) %}", 40), "ListItems"},
		{"list of lists printed", "{% set l = [1] %}" + strings.Repeat("{% set l = [l, l] %}", 40) + "{{ l }}", "StringBytes"},
		{"list of lists as JSON", "{% set l = [1] %}" + strings.Repeat("{% set l = [l, l] %}", 40) + "{{ l | toJson }}", "StringBytes"},
		{"list of lists as a key", "{% set l = [1] %}" + strings.Repeat("{% set l = [l, l] %}", 40) + "{{ {l: 1} | toJson }}", "StringBytes"},
		{"many strings", "{% set s = 'ab' %}" + strings.Repeat("{% set s = s ~ s %}", 18) + many(900, "{% set v# = s ~ 'x' %}"), "ValueBytes"},
		{"many lists", many(1000, "{% set v# = 1..9000 %}"), "ValueBytes"},
		{"list nested by a loop", "{% set l = [] %}{% for i in 1..5000 %}{% set l = [l] %}{% endfor %}{{ l }}", "Depth"},
		{"JSON nested by a loop", "{% set l = {} %}{% for i in 1..5000 %}{% set l = {'k': l} %}{% endfor %}{{ l | toJson }}", "Depth"},
		{"equality nested by a loop", "{% set l = [] %}{% set m = [] %}{% for i in 1..5000 %}{% set l = [l] %}{% set m = [m] %}{% endfor %}{% set x = l contains m %}", "Depth"},
		{"deep parentheses", "{{ " + strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000) + " }}", "Depth"},
		{"deep lists", "{{ " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + " }}", "Depth"},
		{"deep unary", "{{ " + strings.Repeat("-", 5000) + "1 }}", "Depth"},
		{"deep ternary", "{{ " + strings.Repeat("a ? b : ", 5000) + "c }}", "Depth"},
		{"deep tags", strings.Repeat("{% if true %}", 1000) + strings.Repeat("{% endif %}", 1000), "Depth"},
		{"long chain", "{{ 1" + strings.Repeat("+1", 25000) + " }}", "Depth"},
		{"long path", "{{ a" + strings.Repeat(".a", 25000) + " }}", "Depth"},
		{"huge split", "{% set s = 'a,' %}" + strings.Repeat("{% set s = s ~ s %}", 17) + "{{ s | split(',') | length }}", "ListItems"},
		{"huge split by pattern", "{% set s = 'a,' %}" + strings.Repeat("{% set s = s ~ s %}", 17) + "{{ s | split('[,]') | length }}", "ListItems"},
		{"replace nothing by much", "{% set s = 'abcdefgh' %}" + strings.Repeat("{% set s = s | replace({'': s}) %}", 8), "StringBytes"},
		{"join by much", "{% set s = 'abcdefgh' %}" + strings.Repeat("{% set s = s ~ s %}", 12) + "{{ 1..9000 | join(s) }}", "StringBytes"},
		{"format width", "{{ '%900000000d' | format(1) }}", "StringBytes"},
		{"format precision", "{{ '%.900000000s' | format('a') }}", "StringBytes"},
		{"output", "{% for i in 1..9000 %}" + strings.Repeat("x", 500) + "{% endfor %}", "OutputBytes"},
		{"escaped output", "{% set s = '<<<<<<<<' %}" + strings.Repeat("{% set s = s ~ s %}", 16) + "{{ s }}", "OutputBytes"},
		{"large template", strings.Repeat("x", 70_000), "TemplateBytes"},
	} {
		limits := noTime()
		limits.TemplateBytes = 60_000
		limits.StringBytes, limits.ListItems, limits.OutputBytes, limits.Steps = 1<<20, 10_000, 1<<20, 10_000
		limits.ValueBytes = 64 << 20
		tmpl, err := pebble.Parse("t", c.template, pebble.WithLimits(limits))
		if err == nil {
			_, err = tmpl.RenderString(context.Background(), nil)
		}
		if limitOf(err) != c.want || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want the limit %s", c.name, err, c.want)
		}
	}
}

func TestLimits_TemplatesThatLoadOneAnother(t *testing.T) {
	for _, c := range []struct {
		name, template string
		files          pebble.MapLoader
		want           string
	}{
		{"recursive macro", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", nil, "Depth"},
		{"macro that calls itself twice", "{% macro m(n) %}{% if n > 0 %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}", nil, "Steps"},
		{"include of itself", "{% include 'a' %}", pebble.MapLoader{"a": "{% include 'a' %}"}, "Depth"},
		{"include twice", "{% set n = 0 %}{% include 'a' %}", pebble.MapLoader{"a": "{% set n = n + 1 %}{% if n < 40 %}{% include 'a' with {'n': n} %}{% include 'a' with {'n': n} %}{% endif %}"}, "Steps"},
		{"extends itself", "{% extends 'a' %}", pebble.MapLoader{"a": "{% extends 'a' %}"}, "Depth"},
		{"embeds itself", "{% embed 'a' %}{% endembed %}", pebble.MapLoader{"a": "{% embed 'a' %}{% endembed %}"}, "Depth"},
		{"block in itself", "{% block a %}{{ block('a') }}{% endblock %}", nil, "Depth"},
	} {
		limits := noTime()
		limits.Steps = 10_000
		tmpl, err := pebble.Parse("t", c.template, pebble.WithLimits(limits), pebble.WithLoader(c.files))
		if err == nil {
			_, err = tmpl.RenderString(context.Background(), nil)
		}
		if limitOf(err) != c.want {
			t.Errorf("%s: error %v, want the limit %s", c.name, err, c.want)
		}
	}
}

// TestLimits_Time counts on no duration: with a bound of a nanosecond the second
// look at the clock is too late on any machine.
func TestLimits_Time(t *testing.T) {
	tmpl, err := pebble.Parse("t", "{% for i in 1..100000 %}{% endfor %}", pebble.WithLimits(pebble.Limits{Time: time.Nanosecond}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tmpl.RenderString(context.Background(), nil); limitOf(err) != "Time" {
		t.Errorf("error %v, want the limit Time", err)
	}
}

func TestRender_Canceled(t *testing.T) {
	tmpl, err := pebble.Parse("t", "{% for i in 1..100000 %}{{ stop(i) }}{% endfor %}",
		pebble.WithFunction("stop", func(ctx context.Context, args []pebble.Value) (pebble.Value, error) {
			ctx.Value(cancelKey{}).(context.CancelFunc)()
			return pebble.Null(), nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if _, err := tmpl.RenderString(context.WithValue(ctx, cancelKey{}, cancel), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	if _, err := tmpl.RenderString(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error of a render canceled before = %v, want context.Canceled", err)
	}
}

type cancelKey struct{}

// TestLimits_None lifts a bound.
func TestLimits_None(t *testing.T) {
	limits := noTime()
	limits.Steps = -1
	tmpl, err := pebble.Parse("t", "{% for i in 1..10000 %}x{% endfor %}",
		pebble.WithDialect(pebble.DestinationSDK), pebble.WithLimits(limits))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := tmpl.RenderString(context.Background(), nil); err != nil || len(s) != 10000 {
		t.Errorf("%d bytes, %v, want 10000", len(s), err)
	}
}

func TestSplit_Pattern(t *testing.T) {
	for _, p := range []string{"(?=a)", "(?!a)", "(?<=a)", "(?<!a)", `(a)\\1`} {
		p = strings.ReplaceAll(p, `\\`, `\`)
		tmpl, err := pebble.Parse("t", fmt.Sprintf("{{ 'aXb' | split('%s') }}", p))
		if err != nil {
			t.Fatal(err)
		}
		_, err = tmpl.RenderString(context.Background(), nil)
		if err == nil || !strings.Contains(err.Error(), "not supported in a pattern") {
			t.Errorf("split(%q): error %v, want one that says what is not supported", p, err)
		}
	}
}
