package destination

import (
	"net/http"
	"testing"

	"latchkey/pebble"
)

func TestPath(t *testing.T) {
	body, err := pebble.FromJSON([]byte(`{"access_token": "t", "data": {"token": {"a b": "deep"}, "list": [{"v": 1}, {"v": 2}]},
		"dotted.key": "whole", "$.x": "literal", "n": null}`))
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{"Set-Cookie": {"a=1", "b=2"}, "X-Y": {"h"}}
	for text, want := range map[string]any{
		"access_token": "t", "$.access_token": "t", "response.body.access_token": "t", "dotted.key": "whole", "$.x": "literal",
		"data.token['a b']": "deep", `data.token["a b"]`: "deep", "data.list[1].v": pebble.Number("2"), "data.list.0.v": pebble.Number("1"),
		"$.data.list[0].v": pebble.Number("1"), "response.headers.x-y": "h", "response.headers['set-cookie'][1]": "b=2", "response.headers.server[0]": nil,
		"missing": nil, "data.list[9].v": nil, "access_token.x": nil, "n": nil, "n.x": nil, "data..list": nil, "": nil,
	} {
		p, _ := parsePath(text)
		if got := p.Lookup(body, header.Values); got != want {
			t.Errorf("Lookup(%q) = %v, want %v", text, got, want)
		}
	}
	for _, text := range []string{"a..b", "a[", "a[x]", "a['b", ".a", "a.", "a[-1]", "a.[0]"} {
		if _, err := parsePath(text); err == nil {
			t.Errorf("parsePath(%q) has no error", text)
		}
	}
}

func TestPieces(t *testing.T) {
	for text, want := range map[string][]string{
		"https://{{ a }}.x/{{- b -}}?c":         {"=https://", " a ", "=.x/", " b ", "=?c"},
		"{{ {'a':{'b':1}} }}x":                  {" {'a':{'b':1}} ", "=x"},
		"{{ '}}' ~ \"a #{m[\"k\"]} }}\" }}":     {" '}}' ~ \"a #{m[\"k\"]} }}\" "},
		"{# {{ no }} #}{% set a = '%}' %}{{a}}": {"a"},
		"no { braces } at all":                  {"=no { braces } at all"},
		"{{ 'it\\'s }}' }}":                     {" 'it\\'s }}' "},
	} {
		var got []string
		for _, p := range pieces(text) {
			switch p.kind {
			case literalPiece:
				got = append(got, "="+p.text)
			case printPiece:
				got = append(got, p.text)
			}
		}
		if len(got) != len(want) {
			t.Errorf("pieces(%q) = %q, want %q", text, got, want)
			continue
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("pieces(%q) = %q, want %q", text, got, want)
			}
		}
	}
}
