package pebble_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"latchkey/pebble"
)

// checkRender renders templates without escaping.
func checkRender(t *testing.T, cases []struct{ template, want string }, vars map[string]any, opts ...pebble.Option) {
	t.Helper()
	opts = append([]pebble.Option{pebble.WithAutoescape("")}, opts...)
	for _, c := range cases {
		tmpl, err := pebble.Parse("t", c.template, opts...)
		got := ""
		if err == nil {
			got, err = tmpl.RenderString(context.Background(), vars)
		}
		if err != nil || got != c.want {
			t.Errorf("%s = %q, %v, want %q", c.template, got, err, c.want)
		}
	}
}

func TestFilterDate(t *testing.T) {
	checkRender(t, []struct{ template, want string }{
		{`{{ '05 Mar 2024 3:07 pm' | date('yyyy-MM-dd HH:mm', 'dd MMM yyyy h:mm a') }}`, "2024-03-05 15:07"},
		{`{{ 'Tuesday, 5 March 24' | date('yyyy-MM-dd', 'EEEE, d MMMM yy') }}`, "2024-03-05"},
		{`{{ '20240305070809' | date("HH:mm:ss", 'yyyyMMddHHmmss') }}`, "07:08:09"},
		{`{{ '2024-03-05T10:00:00+02:00' | date('HH:mm', "yyyy-MM-dd'T'HH:mm:ssXXX") }}`, "08:00"},
		{`{{ '2024-03-05T10:00:00Z' | date('HH:mm XXX', "yyyy-MM-dd'T'HH:mm:ssX", 'GMT+05:30') }}`, "15:30 +05:30"},
		{`{{ '2024-13-01' | date('yyyy-MM-dd', 'yyyy-MM-dd') }}`, "2025-01-01"},
		{`{{ '2024 060' | date('MM-dd', 'yyyy DDD') }}`, "02-29"},
		{`{{ '44 BC' | date('yyyy G', 'yyyy G') }}`, "0044 BC"},
		{`{{ '24 10' | date('HH K', 'kk mm') }}`, "00 0"},
		{`{{ 0 | date('zzzz Z XX', timeZone='GMT-3') }}`, "GMT-3 -0300 -0300"},
		{`{{ 0 | date('HH', timeZone='No/Such') }}{{ 0 | date('HH', timeZone='Local') }}`, "0000"},
		{`{{ 0 | date("'it''s' yyyy") }}`, "it's 1970"},
		{`{{ 1704067200000 | date('YYYY w D') }} {{ 1735603200000 | date('YYYY w D') }}`, "2024 1 1 2025 1 366"},
		{`{{ -12219292800000 | date('yyyy-MM-dd') }} {{ -12219379200000 | date('yyyy-MM-dd') }}`, "1582-10-15 1582-10-04"},
	}, nil)
	for _, text := range []string{
		`{{ 0 | date('bad letter q') }}`, `{{ 0 | date("'open") }}`, `{{ 'x' | date('yyyy', 'QQ') }}`,
		`{{ 'Foo' | date('yyyy', 'MMM') }}`, `{{ 'Foo' | date('yyyy', 'EEE') }}`, `{{ '1 x' | date('yyyy', 'd a') }}`,
		`{{ '1 ?' | date('yyyy', 'd z') }}`,
	} {
		if _, err := mustParse(t, text).RenderString(context.Background(), nil); err == nil {
			t.Errorf("%s renders, want an error", text)
		}
	}
}

func TestFilterNumberFormat(t *testing.T) {
	checkRender(t, []struct{ template, want string }{
		{`{{ -5 | numberformat("0.00;(0.00)") }}`, "(5.00)"},
		{`{{ -5 | numberformat("0;0") }}`, "-5"},
		{`{{ 5 | numberformat("'#'0") }} {{ 5 | numberformat("0''") }}`, "#5 5'"},
		{`{{ 0.5 | numberformat("0%") }} {{ 3 | numberformat("0%") }}`, "50% 300%"},
		{`{{ 99.999 | numberformat('0.00') }} {{ 9.5 | numberformat('0') }}`, "100.00 10"},
		{`{{ 12345678901234567890.0 | numberformat('#,##0') }}`, "12,345,678,901,234,567,000"},
		{`{{ 0 | numberformat('0.00E0') }} {{ 12345 | numberformat('00.0E00') }}`, "0.00E0 12.3E03"},
		{`{{ big | numberformat }}`, "123,456,789,012,345,678,901"},
	}, map[string]any{"big": pebble.Number("123456789012345678901")})
	for _, text := range []string{
		`{{ 1 | numberformat('0#0') }}`, `{{ 1 | numberformat('0.0.0') }}`, `{{ 1 | numberformat("'open") }}`,
		`{{ 1 | numberformat('#,') }}`, `{{ 1 | numberformat('0;') }}`,
	} {
		if _, err := mustParse(t, text).RenderString(context.Background(), nil); err == nil {
			t.Errorf("%s renders, want an error", text)
		}
	}
}

func TestFilterFormat(t *testing.T) {
	checkRender(t, []struct{ template, want string }{
		{`{{ '%2$s %1$s %<s|%n' | format('a', 'b') }}`, "b a a|\n"},
		{`{{ '%+d % d %(d %,d %08.3f' | format(1, 2, -3, -1234567, 3.14159) }}`, "+1  2 (3) -1,234,567 0003.142"},
		{`{{ '%S %.2s %-4s|' | format('ab', 'abc', 'x') }}`, "AB ab x   |"},
		{`{{ '%#x %#o %x' | format(255, 8, -1) }}`, "0xff 010 ffffffffffffffff"},
		{`{{ '%e %.1e %g' | format(12345.678, 0.5, 0.0001) }}`, "1.234568e+04 5.0e-01 0.000100000"},
		{`{{ '%.1f %.0f %.3f' | format(0.25, 0.5, 2.0) }}`, "0.3 1 2.000"},
		{`{{ '%c%c %b %B %h' | format('x' | first, 'ab' | length, null, 1, 'a') }}`, "x\x02 false TRUE 61"},
		{`{{ '%d %f %s' | format(null, null, null) }}`, "null null null"},
	}, nil)
	for _, text := range []string{
		`{{ '%' | format }}`, `{{ '%q' | format(1) }}`, `{{ '%--d' | format(1) }}`, `{{ '%.d' | format(1) }}`,
		`{{ '%c' | format('x') }}`, `{{ '%<s' | format(1) }}`,
	} {
		if _, err := mustParse(t, text).RenderString(context.Background(), nil); err == nil {
			t.Errorf("%s renders, want an error", text)
		}
	}
}

func TestFilterText(t *testing.T) {
	checkRender(t, []struct{ template, want string }{
		{`{{ 'ŉǰΐΰևẖẗẘẙẚﬀﬁﬂﬃﬄﬅﬆ' | upper }}`, "ʼNJ̌Ϊ́Ϋ́ԵՒH̱T̈W̊Y̊AʾFFFIFLFFIFFLSTST"},
		{`{{ '-a --a -1 - 9 a_ _a a:b é0 ' | escape('css') }}`, `-a\ --a\ -1\ -\ 9\ a_\ _a\ a\3A b\ \E9 0\ `},
		{`{{ '-' | escape('css') }}{{ '--' | escape('css') }}{{ '9a' | escape('css') }}`, `-\--\39 a`},
		{`{{ -5 | abs }}{{ -5.5 | abs }}{{ -0.0 | abs }}{{ big | abs }}`, "55.50.01.0E20"},
		{`{{ [big, big] | sort | length }}{{ big < 1 }}{{ big == big }}`, "2truetrue"},
		{`{{ 'aXbXc' | split('X', 2) | join('|') }} {{ 'abc' | split('', -1) | length }}`, "a|bXc 4"},
		{`{{ [1, 'x', null, 'a' | first, 1.5, {'k': [true]}] | toJson }}`, `[1,"x",null,"a",1.5,{"k":[true]}]`},
		{`{% for e in {'a': 1} %}{{ e | toJson }}{{ loop | toJson }}{% endfor %}{{ 0.0 / 0 | toJson }}`, `{"key":"a","value":1}nullNaN`},
		{`{{ (0.0 / 0) | toJson }}{{ "é</\u2028" | toJson }}`, `null"é</\\u2028"`},
	}, map[string]any{"big": pebble.Number("-100000000000000000000")})
}

func TestLargeMaps(t *testing.T) {
	literal := "{" + strings.TrimSuffix(many(20, "'k#': #, "), ", ") + "}"
	checkRender(t, []struct{ template, want string }{
		{"{% set m = " + literal + " %}{{ m.k0 }} {{ m['k19'] }} {{ m.k20 }} {{ m contains 'k7' }} {{ m | length }}", "0 19  true 20"},
		{"{% set m = " + literal + " | merge({'k3': 'x', 'z': 1}) %}{{ m.k3 }}{{ m.z }} {{ m | length }} {{ m == m }}", "x1 21 true"},
		{"{% set m = {1: 'a', 1.5: 'b', true: 'c', null: 'd', [1]: 'e'} %}{{ m contains 1 }}{{ m contains 1.5 }}{{ m contains true }}{{ m contains null }}{{ m contains [1] }}", "truetruetruetruefalse"},
	}, nil)
	checkRender(t, []struct{ template, want string }{
		{"{% for e in " + literal + " %}{{ e.key }} {% endfor %}",
			"k0 k1 k2 k3 k4 k5 k11 k6 k10 k7 k13 k8 k12 k9 k15 k14 k17 k16 k19 k18 "},
	}, nil, pebble.WithJavaMapOrder())
}

func TestToSeconds(t *testing.T) {
	for in, want := range map[string]string{
		"90": "90", "1.5": "1.5", "1h30m": "5400", "1d 2h": "93600", "2w": "1209600", "PT0.5S": "0.5", "P1DT12H": "129600",
		"1s": "1", "500ms": "0.5", "pt1m": "60", " 10 ": "10",
	} {
		got, err := renderSDK(t, "{{ x | toSeconds }}", map[string]any{"x": in})
		if err != nil || got != want {
			t.Errorf("toSeconds of %q = %q, %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"", "soon", "1x", "P1M", "P1Y", "h", "NaN", "Inf", "1..5s", "P"} {
		if got, err := renderSDK(t, "{{ x | toSeconds }}", map[string]any{"x": in}); err == nil {
			t.Errorf("toSeconds of %q = %q, want an error", in, got)
		}
	}
}

func TestMap(t *testing.T) {
	m := pebble.NewMap()
	for _, k := range strings.Fields("j i h g f e d c b a") {
		m.Set(k, k+"1")
	}
	m.Set("i", pebble.Number("2.50"))
	if v, ok := m.Get("i"); !ok || v != pebble.Number("2.50") {
		t.Errorf("Get(i) = %v, %v", v, ok)
	}
	if _, ok := m.Get("z"); ok {
		t.Error("Get(z) finds something")
	}
	if got := strings.Join(m.Keys(), ""); got != "jihgfedcba" || m.Len() != 10 {
		t.Errorf("Keys() = %s, Len() = %d", got, m.Len())
	}
	b, err := pebble.NewMap().Set("z", []any{nil}).Set("a", m).MarshalJSON()
	if want := `{"z":[null],"a":{"j":"j1","i":2.50,"h":"h1",`; err != nil || !strings.HasPrefix(string(b), want) {
		t.Errorf("MarshalJSON() = %s, %v, want %s…", b, err, want)
	}
	if _, err := pebble.NewMap().Set("n", pebble.Number("x")).MarshalJSON(); err == nil {
		t.Error("MarshalJSON of a bad number succeeds")
	}
}

func TestFromJSON_Refuses(t *testing.T) {
	for _, text := range []string{"", "{", `{"a"}`, "[1,]", "1 2", strings.Repeat("[", 2000), "\xff"} {
		if v, err := pebble.FromJSON([]byte(text)); err == nil {
			t.Errorf("FromJSON(%.20q) = %v, want an error", text, v)
		}
	}
}

func TestValue(t *testing.T) {
	var seen []pebble.Value
	look := func(_ context.Context, args []pebble.Value) (pebble.Value, error) {
		seen = args
		return pebble.List(pebble.Bool(true), pebble.Safe("<"), pebble.Float(0.5), pebble.Null()), nil
	}
	text := `{{ look(1, 'é', true, [1, 2], {'k': 'v'}, null, 2.9, 'ab' | first) }}`
	got, err := mustParse(t, text, pebble.WithFunction("look", look)).RenderString(context.Background(), nil)
	if err != nil || got != "[true, &lt;, 0.5, null]" {
		t.Fatalf("got %q, %v", got, err)
	}
	n, _ := seen[0].AsInt()
	s, _ := seen[1].AsString()
	b, _ := seen[2].AsBool()
	items, _ := seen[3].AsList()
	v, _ := seen[4].Lookup("k")
	f, _ := seen[6].AsFloat()
	c, _ := seen[7].AsString()
	if n != 1 || s != "é" || !b || len(items) != 2 || v.Text() != "v" || !seen[5].IsNull() || f != 2.9 || c != "a" {
		t.Errorf("arguments are %v", seen)
	}
	if _, ok := seen[1].AsInt(); ok {
		t.Error("a string is an integer")
	}
	if seen[3].Text() != "[1, 2]" {
		t.Errorf("Text() = %q", seen[3].Text())
	}
}

// TestCustomFilter replaces a built-in and is bounded like one.
func TestCustomFilter(t *testing.T) {
	long := func(context.Context, pebble.Value, []pebble.Value) (pebble.Value, error) {
		return pebble.String(strings.Repeat("x", 100)), nil
	}
	opts := []pebble.Option{pebble.WithFilter("upper", long), pebble.WithLimits(pebble.Limits{StringBytes: 50})}
	_, err := mustParse(t, "{{ 'a' | upper }}", opts...).RenderString(context.Background(), nil)
	if limitOf(err) != "StringBytes" {
		t.Errorf("error %v, want the limit StringBytes", err)
	}
	var e *pebble.Error
	if !errors.As(err, &e) || e.Op != `filter "upper"` {
		t.Errorf("error %+v does not name the filter", e)
	}
}
