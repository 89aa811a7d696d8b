package jsontree_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"latchkey/internal/jsontree"
)

func parse(t *testing.T, text string) *jsontree.Node {
	t.Helper()
	n, err := jsontree.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSpellingSurvives(t *testing.T) {
	for _, text := range []string{
		`{"z":1.50e+3,"name":"a\u00e9\/\"b","q":[null,true,-0,{}],"a":[],"A":{"b":false}}`, `"<&>"`, `123456789012345678901234567890`, `null`,
	} {
		blanks := strings.NewReplacer(",", " ,\n\t", ":", " :\r\n")
		for _, written := range []string{text, "\ufeff " + blanks.Replace(text) + "\n"} {
			if got := string(parse(t, written).Append(nil)); got != text {
				t.Errorf("%q came back as %s, want %s", written, got, text)
			}
		}
	}
}

func TestRFC8259Malformed(t *testing.T) {
	deep := strings.Repeat("[", 70) + strings.Repeat("]", 70)
	for _, c := range []struct {
		text         string
		line, column int
		says         string
	}{
		{"", 1, 1, "expected a JSON object, found the end"},
		{"{\n  \"a\": 1,\n  \"b\" 2\n}", 3, 7, `expected ":", found '2'`},
		{"{\n  \"a\": 1,\n}", 3, 1, `expected a member's name, found '}'`},
		{`{"a": 1 "b": 2}`, 1, 9, `expected "," or "}", found '"'`},
		{`{"a": [1, 2}`, 1, 12, `expected "," or "]", found '}'`},
		{`{"a": 1} x`, 1, 10, "expected the end of the document"},
		{"{\"a\": 1,\n \"a\": 2}", 2, 2, `the member "a" stands twice`},
		{`{"a": 01}`, 1, 7, "not a JSON number"},
		{`{"a": 1.}`, 1, 7, "not a JSON number"},
		{`{"é": tru}`, 1, 7, "expected a value"},
		{`{"a": nullx}`, 1, 7, "expected a value"},
		{"{\"a\": \"b\nc\"}", 1, 9, "as an escape"},
		{`{"a": "b`, 1, 7, "does not end"},
		{`{"a": "\x"}`, 1, 8, "expected an escape"},
		{`{"a": "\u12G4"}`, 1, 8, "four hexadecimal digits"},
		{`{"a": "\ud800x"}`, 1, 14, "expected an escape"},
		{`{"a": "\ud800\u0041"}`, 1, 14, "second half of a surrogate pair"},
		{"{\"a\": \"\xff\"}", 1, 8, "not valid UTF-8"},
		{`{"a": ` + deep + `}`, 1, 70, "more than 64 levels"},
		{`{"a": "` + strings.Repeat("x", 256<<10) + `"}`, 1, 1, "262144 are allowed"},
	} {
		_, err := jsontree.Parse([]byte(c.text))
		syntax, ok := errors.AsType[*jsontree.SyntaxError](err)
		if !ok {
			t.Errorf("Parse(%.40q) = %v, want a SyntaxError", c.text, err)
			continue
		}
		if syntax.Line != c.line || syntax.Column != c.column || !strings.Contains(syntax.Msg, c.says) {
			t.Errorf("Parse(%.40q) = %v, want line %d, column %d: %s", c.text, err, c.line, c.column, c.says)
		}
	}
}

func TestPointers(t *testing.T) {
	n := parse(t, `{"a/b":{"~":[10,{"":"deep"}]},"list":[1]}`)
	for pointer, want := range map[string]string{
		"": "an object", "/a~1b/~0/1/": "deep", "/a~1b/~0/0": "10", "/list/0": "1",
		"/list/1": "", "/list/-1": "", "/list/x": "", "/none/a": "", "/list/0/a": "",
	} {
		got := n.Find(pointer)
		switch {
		case want == "" && got != nil || want != "" && got == nil:
			t.Errorf("Find(%q) = %v, want %q", pointer, got, want)
		case got != nil && got.Scalar() && got.Text != want:
			t.Errorf("Find(%q) = %q, want %q", pointer, got.Text, want)
		}
	}
	n.Walk("", func(pointer string, at *jsontree.Node) {
		if n.Find(pointer) != at {
			t.Errorf("Walk gives %q, where Find finds another node", pointer)
		}
	})
	if got := jsontree.Element(jsontree.Child("/x", "a/b", "~"), 2); got != "/x/a~1b/~0/2" {
		t.Errorf("the pointer is %s", got)
	}
}

func TestAnAbsentNodeSaysSo(t *testing.T) {
	for name, n := range map[string]*jsontree.Node{"none": nil, "null": parse(t, "null")} {
		if !n.Absent() || n.Str() != "" || n.Truth() || n.Scalar() || n.Masked() || n.Members() != nil || n.Items() != nil ||
			n.Get("a") != nil || n.At("a", "b") != nil || n.Is(jsontree.Object) {
			t.Errorf("%s: the node says something", name)
		}
	}
}

func TestSeal(t *testing.T) {
	for text, kind := range map[string]jsontree.Kind{`"hush"`: jsontree.String, `1234`: jsontree.Number, `true`: jsontree.Bool} {
		n := parse(t, text)
		n.Seal()
		n.Seal() // once is enough
		if hidden, k, ok := n.Reveal(); !ok || k != kind || hidden != strings.Trim(text, `"`) {
			t.Errorf("Reveal of %s = %q, %v, %v", text, hidden, k, ok)
		}
		for _, printed := range []string{string(n.Append(nil)), n.Text, n.Str(), fmt.Sprintf("%+v", *n)} {
			if strings.Contains(printed, strings.Trim(text, `"`)) || !strings.Contains(printed, jsontree.Mask) {
				t.Errorf("the sealed %s shows as %s", text, printed)
			}
		}
	}
	for _, text := range []string{`""`, `{"a":"b"}`, `["x"]`, `null`, `"` + jsontree.Mask + `"`} {
		n := parse(t, text)
		n.Seal()
		if _, _, hidden := n.Reveal(); hidden || string(n.Append(nil)) != text {
			t.Errorf("%s was sealed: it holds nothing of its own", text)
		}
	}
}

// FuzzParse: what is accepted is JSON to encoding/json too, and comes back the same.
func FuzzParse(f *testing.F) {
	for _, text := range []string{`{"a":[1,-0.5e+3,"\ud83d\ude00\n",null,true,{}]}`, "\ufeff[ ]", `"a`, `{"a":1,"a":2}`, "01"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		n, err := jsontree.Parse(raw)
		if err != nil {
			if _, ok := errors.AsType[*jsontree.SyntaxError](err); !ok {
				t.Errorf("%q: %v is no SyntaxError", raw, err)
			}
			return
		}
		written := n.Append(nil)
		var compact bytes.Buffer
		if err := json.Compact(&compact, bytes.TrimPrefix(raw, []byte("\ufeff"))); err != nil {
			t.Fatalf("%q is accepted, and is not JSON: %v", raw, err)
		}
		again, err := jsontree.Parse(written)
		if err != nil || !bytes.Equal(again.Append(nil), written) {
			t.Errorf("%q is written as %q, which does not come back: %v", raw, written, err)
		}
	})
}
