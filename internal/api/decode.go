package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"latchkey/internal/suggest"
)

// decode reads a request body into T, strictly: one JSON value, no member that T doesn't know, none twice, spelling
// as documented (encoding/json alone would take "Name" for "name"). What is wrong comes back as a [*Problem] that
// says where and what was expected, and never repeats a value: a value may be a secret.
func decode[T any](raw []byte) (T, error) {
	var out T
	if problem := syntax(raw); problem != nil {
		return out, problem
	}
	walk := walker{raw: raw, dec: json.NewDecoder(bytes.NewReader(raw))}
	walk.value(reflect.TypeFor[T](), "")
	if len(walk.items) > 0 {
		return out, invalid(walk.items...).at(walk.line, walk.column)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	err := dec.Decode(&out)
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		line, column := position(raw, mismatch.Offset)
		return out, invalid(Item{
			Pointer: "/" + strings.ReplaceAll(mismatch.Field, ".", "/"),
			Message: fmt.Sprintf("expected %s, found %s", expected(mismatch.Type), found(mismatch.Value)),
		}).at(line, column)
	}
	if err != nil { // a type's own UnmarshalJSON; its text is ours
		return out, invalid(Item{Message: "the body can't be read: " + err.Error()})
	}
	return out, nil
}

// syntax tells where raw stops being one JSON value, and what was expected there.
func syntax(raw []byte) *Problem {
	dec := json.NewDecoder(bytes.NewReader(raw))
	var skipped json.RawMessage
	err := dec.Decode(&skipped)
	switch {
	case err == nil:
		rest := bytes.TrimLeft(raw[dec.InputOffset():], " \t\r\n")
		if len(rest) == 0 {
			return nil
		}
		return malformed(raw, int64(len(raw)-len(rest)), "expected the end of the text after the first value")
	case errors.Is(err, io.EOF):
		return malformed(raw, int64(len(raw)), "expected a JSON object, found nothing")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return malformed(raw, int64(len(raw)), "the text ends in the middle of a value")
	}
	if at, ok := errors.AsType[*json.SyntaxError](err); ok {
		return malformed(raw, at.Offset-1, expectation(at.Error()))
	}
	return malformed(raw, 0, "the text is not JSON")
}

// expectations translate encoding/json's words for where its scanner stood.
var expectations = []struct{ context, expected string }{
	{"unexpected end", "the text ends in the middle of a value"},
	{"looking for beginning of object key string", `expected a member's name in double quotes, or "}"`},
	{"looking for beginning of value", "expected a value: text in double quotes, a number, true, false, null, an object or a list"},
	{"after object key:value pair", `expected "," or "}" after a member`},
	{"after object key", `expected ":" after a member's name`},
	{"after array element", `expected "," or "]" after an element`},
	{"in string escape code", `expected one of b, f, n, r, t, u, ", \ or / after a backslash`},
	{"in \\u hexadecimal", `expected four hexadecimal digits after \u`},
	{"in string literal", `expected the text to go on: line breaks and control characters are written \n, \t, \u0000`},
	{"in numeric literal", "expected a digit"},
	{"in literal", "expected true, false or null, in lower case"},
	{"after top-level value", "expected the end of the text after the first value"},
}

func expectation(words string) string {
	for _, e := range expectations {
		if strings.Contains(words, e.context) {
			return e.expected
		}
	}
	return "the text is not JSON"
}

// position gives line and column, both from 1, of a byte offset. Columns count characters.
func position(raw []byte, offset int64) (line, column int) {
	before := raw[:min(max(offset, 0), int64(len(raw)))]
	line = 1 + bytes.Count(before, []byte("\n"))
	last := before[bytes.LastIndexByte(before, '\n')+1:]
	return line, 1 + len([]rune(string(last)))
}

// walker follows a JSON text beside the type that it is going to fill, and collects members that have no place.
type walker struct {
	raw          []byte
	dec          *json.Decoder
	items        []Item
	line, column int
}

func (w *walker) value(t reflect.Type, pointer string) {
	token, err := w.dec.Token()
	if err != nil {
		return // syntax has been checked
	}
	switch token {
	case json.Delim('{'):
		w.object(t, pointer)
	case json.Delim('['):
		for i := 0; w.dec.More(); i++ {
			w.value(elem(t), fmt.Sprintf("%s/%d", pointer, i))
		}
		_, _ = w.dec.Token()
	}
}

func (w *walker) object(t reflect.Type, pointer string) {
	known, strict := members(t)
	seen := map[string]bool{}
	for w.dec.More() {
		token, _ := w.dec.Token()
		name, _ := token.(string)
		at := pointer + "/" + escapePointer(name)
		if seen[name] {
			w.add(Item{Pointer: at, Message: "the member stands here twice", Fix: "Leave one of the two."})
		}
		seen[name] = true
		member, ok := known[name]
		if strict && !ok {
			w.add(unknownMember(at, name, known))
		}
		if !strict {
			member = elem(t)
		}
		w.value(member, at)
	}
	_, _ = w.dec.Token()
}

func (w *walker) add(item Item) {
	if len(w.items) == 0 {
		w.line, w.column = position(w.raw, w.dec.InputOffset())
	}
	w.items = append(w.items, item)
}

func unknownMember(at, name string, known map[string]reflect.Type) Item {
	names := make([]string, 0, len(known))
	for n := range known {
		names = append(names, n)
	}
	slices.Sort(names)
	fix := "The members are " + strings.Join(names, ", ") + "."
	if near, ok := suggest.Closest(name, names); ok {
		fix = fmt.Sprintf("Did you mean %q?", near)
	}
	return Item{Pointer: at, Message: "unknown member", Fix: fix}
}

var rawMessage = reflect.TypeFor[json.RawMessage]()

// members gives a struct's JSON names and their types; strict is false for what takes any member.
func members(t reflect.Type) (known map[string]reflect.Type, strict bool) {
	if t = deref(t); t == nil || t == rawMessage || t.Kind() != reflect.Struct {
		return nil, false
	}
	known = map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && !f.Anonymous && name != "" && name != "-" {
			known[name] = f.Type
		}
	}
	return known, true
}

func deref(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// elem gives what a list or a map of type t holds; nil where anything goes.
func elem(t reflect.Type) reflect.Type {
	if t = deref(t); t == nil || t == rawMessage || (t.Kind() != reflect.Slice && t.Kind() != reflect.Map) {
		return nil
	}
	return t.Elem()
}

// expected names a Go type as a reader of JSON would.
func expected(t reflect.Type) string {
	switch deref(t).Kind() {
	case reflect.String:
		return "a text in double quotes"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "an object"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "a whole number"
}

// found names what stood there instead, without the value itself.
func found(kind string) string {
	kind, _, _ = strings.Cut(kind, " ")
	switch kind {
	case "array":
		return "a list"
	case "object":
		return "an object"
	case "bool":
		return "true or false"
	}
	return "a " + kind
}

func escapePointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
