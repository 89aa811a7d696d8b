package pebble_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"reflect"
	"strings"
	"sync"
	"testing"

	"latchkey/pebble"
)

func mustParse(t testing.TB, text string, opts ...pebble.Option) *pebble.Template {
	t.Helper()
	tmpl, err := pebble.Parse("t", text, opts...)
	if err != nil {
		t.Fatalf("Parse(%q) = %v", text, err)
	}
	return tmpl
}

func TestVariables(t *testing.T) {
	for _, c := range []struct {
		template string
		want     []string
	}{
		{"text", []string{}},
		{"{{ authData.clientId }}", []string{"authData.clientId"}},
		{"{{ response.headers.server[0] }}", []string{"response.headers.server"}},
		{"{{ response['headers']['content-type'] }}", []string{"response.headers.content-type"}},
		{"{{ authData[x] }}", []string{"authData", "x"}},
		{"{{ authData[x].y }}", []string{"authData", "x"}},
		{"{{ users[0].name }}", []string{"users"}},
		{"{{ b.x }}{{ a }}{{ b.x }}", []string{"a", "b.x"}},
		{"{% set a = b %}{{ a }}{{ a.c }}", []string{"b"}},
		{"{{ a }}{% set a = a.x %}{{ a.y }}", []string{"a", "a.x"}},
		{"{% for p in ps %}{{ p.id }}{{ loop.index }}{{ q }}{% else %}{{ e }}{% endfor %}{{ p }}", []string{"e", "p", "ps", "q"}},
		{"{% macro m(a, b=c) %}{{ a }}{{ d }}{% endmacro %}{{ m(x.y, b=z) }}", []string{"x.y", "z"}},
		{"{{ a | default(b.c) | join(sep) }}", []string{"a", "b.c", "sep"}},
		{"{{ a is empty ? b : c ~ d }}{{ [e, {f: g}] }}{{ -h }}{{ i..j }}{{ k contains l and m < n }}",
			[]string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n"}},
		{`{{ "#{a.b}" }}{% if c %}{{ d }}{% elseif e %}{% else %}{{ f }}{% endif %}`, []string{"a.b", "c", "d", "e", "f"}},
		{"{% filter upper %}{{ a }}{% endfilter %}{% autoescape false %}{{ b }}{% endautoescape %}", []string{"a", "b"}},
		{"{% include a with {'x': b} %}{% extends c %}{% block d %}{{ e }}{% endblock %}", []string{"a", "b", "c", "e"}},
		{"{{ _context.a }}{{ locale }}{{ template.name }}", []string{"a"}},
		{"{{ max(a, b) }}{{ c.d() }}{% cache e %}{{ f }}{% endcache %}", []string{"a", "b", "c", "e", "f"}},
	} {
		if got := mustParse(t, c.template).Variables(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("Variables of %s = %v, want %v", c.template, got, c.want)
		}
	}
}

func TestConstant(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, "plain { text }": true, "{# c #}x": true, "{% verbatim %}{{ x }}{% endverbatim %}": true,
		"{{ 1 }}": false, "{% set a = 1 %}": false, "{% flush %}": false, "{% macro m() %}{% endmacro %}": false,
	} {
		if got := mustParse(t, text).Constant(); got != want {
			t.Errorf("Constant of %q = %v, want %v", text, got, want)
		}
	}
}

// headers ignores the case of names, as an Attributer may.
type headers map[string]string

func (h headers) Attribute(name string) (any, bool) {
	v, ok := h[strings.ToLower(name)]
	return v, ok
}

func TestRender_GoValues(t *testing.T) {
	vars := map[string]any{
		"m": map[string]any{"b": 1, "a": 2}, "s": map[string]string{"y": "2", "x": "1"},
		"h": map[string][]string{"Accept": {"a", "b"}}, "l": []string{"p", "q"}, "any": []any{1, "x", nil},
		"i8": int8(-8), "u16": uint16(16), "u64": uint64(18446744073709551615), "f32": float32(0.5),
		"n": pebble.Number("1.50"), "big": pebble.Number("123456789012345678901234567890"),
		"v": pebble.Int(7), "vs": []pebble.Value{pebble.Int(1), pebble.String("z")}, "attr": headers{"accept": "json"},
		"nilmap": (*pebble.Map)(nil), "b": true,
	}
	for _, c := range []struct{ template, want string }{
		{"{{ m }} {{ s }} {{ h.Accept[1] }} {{ l }} {{ any }}", "{a=2, b=1} {x=1, y=2} b [p, q] [1, x, null]"},
		{"{% for e in m %}{{ e.key }}{{ e.value }}{% endfor %}", "a2b1"},
		{"{{ i8 }} {{ u16 + 1 }} {{ u64 }} {{ f32 }}", "-8 17 18446744073709551615 0.5"},
		{"{{ n }} {{ n * 2 }} {{ big }} {{ v }} {{ vs }}", "1.50 3.0 123456789012345678901234567890 7 [1, z]"},
		{"{{ attr.Accept }}{{ attr['ACCEPT'] }}{{ attr.other }}", "jsonjson"},
		{"[{{ nilmap.x.y }}{{ nilmap }}]{{ nilmap is null }}", "[]true"},
		{"{{ b ? 'y' : 'n' }}", "y"},
	} {
		got, err := mustParse(t, c.template).RenderString(context.Background(), vars)
		if err != nil || got != c.want {
			t.Errorf("%s = %q, %v, want %q", c.template, got, err, c.want)
		}
	}
}

func TestRender_ForeignValue(t *testing.T) {
	vars := map[string]any{"x": struct{}{}, "l": []any{make(chan int)}, "m": map[string]any{"f": func() {}}}
	for _, c := range []struct{ template, want string }{
		{"{{ x }}", "struct {}"}, {"{{ x.y }}", "struct {}"}, {"{{ l }}", "chan int"}, {"{{ l[0] }}", "chan int"},
		{"{{ m.f }}", "func()"}, {"{% for e in l %}{{ e }}{% endfor %}", "chan int"}, {"{{ m | toJson }}", "func()"},
		{"{{ l | first }}", "chan int"}, {"{{ l | join }}", "chan int"},
	} {
		_, err := mustParse(t, c.template).RenderString(context.Background(), vars)
		if err == nil || !strings.Contains(err.Error(), "Go type "+c.want) {
			t.Errorf("%s: error %v, want one that names %s", c.template, err, c.want)
		}
	}
}

func TestRender_LeavesDataAlone(t *testing.T) {
	list := []any{int64(3), int64(1), int64(2)}
	vars := map[string]any{"l": list, "x": 1}
	text := "{{ l | sort }}{{ l | reverse }}{{ l | rsort }}{% set l2 = l + 4 %}{% set x = 2 %}{% set l = 5 %}{{ x }}"
	got, err := mustParse(t, text).RenderString(context.Background(), vars)
	if want := "[1, 2, 3][2, 1, 3][3, 2, 1]2"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if vars["x"] != 1 || !reflect.DeepEqual(vars["l"], []any{int64(3), int64(1), int64(2)}) || len(vars) != 2 {
		t.Errorf("variables are %v after the render", vars)
	}
}

// TestRender_Concurrent lets the race detector look at shared templates.
func TestRender_Concurrent(t *testing.T) {
	files := pebble.MapLoader{
		"base": "<{% block a %}{% endblock %}{{ hi(x) }}>{% macro hi(n) %}{{ n }}{% endmacro %}",
		"lib":  "{% macro bye(n) %}{{ n }}!{% endmacro %}",
	}
	tmpl := mustParse(t, "{% extends 'base' %}{% import 'lib' %}{% block a %}{% for u in us %}{{ u.id }}{{ bye(u.name) }}{% endfor %}{% endblock %}",
		pebble.WithLoader(files))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			x := strings.Repeat("x", i)
			user := pebble.NewMap().Set("id", i).Set("name", x)
			want := "<" + strings.Repeat(string(rune('0'+i))+x+"!", 2) + x + ">"
			for range 50 {
				got, err := tmpl.RenderString(context.Background(), map[string]any{"us": []any{user, user}, "x": x})
				if err != nil || got != want {
					t.Errorf("got %q, %v, want %q", got, err, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestRender_NoLeftovers renders templates in turn that leave something behind.
func TestRender_NoLeftovers(t *testing.T) {
	vars := map[string]any{"a": 1, "l": []any{1, 2}}
	for _, text := range []string{
		"{% set z = 1 %}{{ z }}", "{% for z in l %}{{ z }}{% endfor %}", "{% for z in l %}{{ 1 / 0 }}{% endfor %}",
		"{{ [1, 'x'] | sort }}", "{{ l | join(1 / 0) }}",
	} {
		_, _ = mustParse(t, text).RenderString(context.Background(), vars)
		got, err := mustParse(t, "[{{ z }}{{ loop }}{{ a }}]").RenderString(context.Background(), nil)
		if err != nil || got != "[]" {
			t.Errorf("after %s: %q, %v, want []", text, got, err)
		}
	}
}

func TestRender_WritesNothingOnError(t *testing.T) {
	var b bytes.Buffer
	err := mustParse(t, "text {{ 1 / 0 }}").Render(context.Background(), &b, nil)
	if err == nil || b.Len() != 0 {
		t.Errorf("wrote %q, error %v", b.String(), err)
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestRender_WriterError(t *testing.T) {
	if err := mustParse(t, "x").Render(context.Background(), failingWriter{}, nil); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("error %v, want io.ErrClosedPipe", err)
	}
}
