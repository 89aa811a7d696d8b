package pebble_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"latchkey/pebble"
)

func Example() {
	t, err := pebble.Parse("mail", `Dear {{ user.name | title }}, you have {{ orders | length }} orders:
{% for o in orders -%}
{{ loop.index + 1 }}. {{ o.item }}{{ loop.last ? '.' : ', ' }}
{%- endfor %}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	t.Render(context.Background(), os.Stdout, map[string]any{
		"user": map[string]any{"name": "ann meyer"},
		"orders": []any{
			map[string]any{"item": "tea"},
			map[string]any{"item": "cake & ale"},
		},
	})
	// Output: Dear Ann Meyer, you have 2 orders:
	// 1. tea, 2. cake &amp; ale.
}

func ExampleWithDialect() {
	t, err := pebble.Parse("body",
		`{{ formUrlEncode('grant_type', 'client_credentials', 'client_id', authData.clientId) | raw }}`,
		pebble.WithDialect(pebble.DestinationSDK))
	if err != nil {
		fmt.Println(err)
		return
	}
	text, _ := t.RenderString(context.Background(), map[string]any{
		"authData": map[string]any{"clientId": "acme & co"},
	})
	fmt.Println(text)
	// Output: grant_type=client_credentials&client_id=acme+%26+co
}

func ExampleTemplate_Variables() {
	t, _ := pebble.Parse("url", `https://{{ authData.host }}/{{ region | default('eu') }}?k={{ keys[authData.id] }}`)
	fmt.Println(t.Variables())
	// Output: [authData.host authData.id keys region]
}

func ExampleTemplate_Calls() {
	t, _ := pebble.Parse("body", `{{ formUrlEncode('a', b) }}`)
	fmt.Println(t.Calls("formUrlEncode"), t.Calls("max"), t.Constant())
	// Output: true false false
}

func ExampleTemplate_Check() {
	t, _ := pebble.Parse("body", "{% if user %}{{ user.name | uper }}{% endif %}")
	for _, e := range t.Check() {
		fmt.Printf("%s:%d:%d: %s\n", e.Template, e.Line, e.Column, e.Message)
	}
	// Output: body:1:29: Filter [uper] does not exist. Did you mean "upper"?
}

func ExampleTemplate_RenderString() {
	t, _ := pebble.Parse("tags", `{% for t in tags %}{{ t }}{% if not loop.last %}, {% endif %}{% else %}none{% endfor %}`)
	text, err := t.RenderString(context.Background(), map[string]any{"tags": []string{"a", "b"}})
	fmt.Println(text, err)
	// Output: a, b <nil>
}

func ExampleWithStrict() {
	t, _ := pebble.Parse("t", `{{ user.nickname }}`, pebble.WithStrict(true))
	_, err := t.RenderString(context.Background(), map[string]any{"user": map[string]any{"name": "Ann"}})
	fmt.Println(err)
	// Output: Attribute [nickname] of [java.util.LinkedHashMap] does not exist or can not be accessed and strict variables is set to true. (t:1)
}

func ExampleWithAutoescape() {
	for _, strategy := range []string{"html", "js", "url_param", ""} {
		t, _ := pebble.Parse("t", `{{ x }}`, pebble.WithAutoescape(strategy))
		text, _ := t.RenderString(context.Background(), map[string]any{"x": `a'b & c`})
		fmt.Println(text)
	}
	// Output:
	// a&#39;b &amp; c
	// a\'b \x26 c
	// a'b%20%26%20c
	// a'b & c
}

func ExampleWithJavaMapOrder() {
	const text = `{% for e in {'one': 1, 'two': 2, 'three': 3} %}{{ e.key }}{{ loop.last ? '' : ' ' }}{% endfor %}`
	for _, opts := range [][]pebble.Option{nil, {pebble.WithJavaMapOrder()}} {
		t, _ := pebble.Parse("t", text, opts...)
		out, _ := t.RenderString(context.Background(), nil)
		fmt.Println(out)
	}
	// Output:
	// one two three
	// two three one
}

func ExampleMap() {
	m := pebble.NewMap().Set("z", 1).Set("a", []string{"x"})
	t, _ := pebble.Parse("t", `{{ m | toJson | raw }}`)
	text, _ := t.RenderString(context.Background(), map[string]any{"m": m})
	fmt.Println(text)
	// Output: {"z":1,"a":["x"]}
}

// header is a set of header fields whose names ignore case.
type header map[string]string

func (h header) Attribute(name string) (any, bool) {
	v, ok := h[strings.ToLower(name)]
	return v, ok
}

func ExampleAttributer() {
	t, _ := pebble.Parse("t", `{{ headers['Content-Type'] }}`)
	text, _ := t.RenderString(context.Background(), map[string]any{"headers": header{"content-type": "text/plain"}})
	fmt.Println(text)
	// Output: text/plain
}

func ExampleWithLoader() {
	pages := pebble.MapLoader{"page": `<h1>{% block title %}Untitled{% endblock %}</h1>`}
	t, _ := pebble.Parse("home", `{% extends 'page' %}{% block title %}Home{% endblock %}`, pebble.WithLoader(pages))
	text, _ := t.RenderString(context.Background(), nil)
	fmt.Println(text)
	// Output: <h1>Home</h1>
}

func ExampleWithFilter() {
	mask := func(_ context.Context, in pebble.Value, args []pebble.Value) (pebble.Value, error) {
		s, _ := in.AsString()
		keep, ok := args[0].AsInt()
		if !ok || int(keep) > len(s) {
			return pebble.Null(), errors.New("mask wants a number of characters to keep")
		}
		return pebble.String(s[:keep] + strings.Repeat("*", len(s)-int(keep))), nil
	}
	t, _ := pebble.Parse("t", `{{ 'secret' | mask(keep=2) }}`, pebble.WithFilter("mask", mask, "keep"))
	text, _ := t.RenderString(context.Background(), nil)
	fmt.Println(text)
	// Output: se****
}

func ExampleWithFunction() {
	sum := func(_ context.Context, args []pebble.Value) (pebble.Value, error) {
		var total int64
		for _, a := range args {
			n, _ := a.AsInt()
			total += n
		}
		return pebble.Int(total), nil
	}
	t, _ := pebble.Parse("t", `{{ sum(1, 2, 3) }}`, pebble.WithFunction("sum", sum))
	text, _ := t.RenderString(context.Background(), nil)
	fmt.Println(text)
	// Output: 6
}

func ExampleFromJSON() {
	v, _ := pebble.FromJSON([]byte(`{"z": 1.50, "a": [true, null]}`))
	t, _ := pebble.Parse("t", `{{ v }} {{ v.z * 2 }} {{ v | toJson | raw }}`)
	text, _ := t.RenderString(context.Background(), map[string]any{"v": v})
	fmt.Println(text)
	// Output: {z=1.50, a=[true, null]} 3.0 {"z":1.50,"a":[true,null]}
}

func ExampleError_Detail() {
	_, err := pebble.Parse("token", "POST /token\n{{ authData.clientId | uper }}", pebble.WithDialect(pebble.DestinationSDK))
	var e *pebble.Error
	if errors.As(err, &e) {
		fmt.Println(e)
		fmt.Println(e.Detail())
	}
	// Output:
	// Filter [uper] does not exist. Did you mean "upper"? (token:2)
	// ParserException: Filter [uper] does not exist. Did you mean "upper"?
	//  --> token:2:24
	// 2 | {{ authData.clientId | uper }}
	//   |                        ^
}

func ExampleError_SafeMessage() {
	t, _ := pebble.Parse("t", `{{ secret | date('yyyy') }}`)
	_, err := t.RenderString(context.Background(), map[string]any{"secret": "s3cr3t"})
	var e *pebble.Error
	if errors.As(err, &e) {
		fmt.Println(e.FromData, e.SafeMessage())
	}
	// Output: true filter "date" failed: PebbleException at t:1:13
}

func ExampleWithLimits() {
	t, _ := pebble.Parse("t", `{% for i in range(1, 1000) %}x{% endfor %}`, pebble.WithLimits(pebble.Limits{Steps: 100}))
	_, err := t.RenderString(context.Background(), nil)
	var e *pebble.Error
	if errors.As(err, &e) {
		fmt.Println(e.Kind, e.Limit)
	}
	// Output: LimitException Steps
}
