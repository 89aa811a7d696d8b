package pebble

import (
	"encoding/json"
	"math"
	"strings"
	"unicode/utf8"
)

func filterToJSON(r *run, in Value, _ []Value) (Value, error) {
	b, err := r.appendJSON(nil, in)
	if err != nil {
		return in, err
	}
	return r.sized(string(b))
}

// appendJSON appends v as compact JSON. A number keeps its text where that is
// JSON; what JSON has no word for is null.
func (r *run) appendJSON(b []byte, v Value) ([]byte, error) {
	switch v.kind {
	case kBool, kInt, kLong, kLazy, kBig:
		return r.appendText(b, v)
	case kDouble:
		switch f := v.float(); {
		case v.str() != "" && json.Valid([]byte(v.str())):
			return append(b, v.str()...), nil
		case math.IsNaN(f) || math.IsInf(f, 0):
			return append(b, "null"...), nil
		default:
			return appendDouble(b, f), nil
		}
	case kString, kSafe:
		return appendJSONString(b, v.str()), nil
	case kChar:
		return appendJSONString(b, charText(v.n)), nil
	case kForeign:
		return b, r.foreign(v)
	}
	if len(b)-r.textStart > r.limits.StringBytes {
		return b, r.limit("StringBytes")
	}
	if err := r.descend(); err != nil {
		return b, err
	}
	defer r.ascend()
	switch v.kind {
	case kList, kArray:
		return r.appendJSONList(b, v)
	case kMap:
		return r.appendJSONMap(b, v)
	case kEntry:
		e := v.o.(*entry)
		d := &dict{}
		d.set(String("key"), e.key)
		d.set(String("value"), e.value)
		return r.appendJSONMap(b, Value{kind: kMap, o: d})
	}
	return append(b, "null"...), nil
}

func (r *run) appendJSONList(b []byte, v Value) ([]byte, error) {
	b = append(b, '[')
	var err error
	for i, n := 0, v.length(); i < n; i++ {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = r.appendJSON(b, v.at(i)); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

func (r *run) appendJSONMap(b []byte, v Value) ([]byte, error) {
	b = append(b, '{')
	first := true
	for k, x := range v.pairs {
		if !first {
			b = append(b, ',')
		}
		first = false
		name, err := r.text(nullText(k))
		if err != nil {
			return b, err
		}
		b = append(appendJSONString(b, name), ':')
		if b, err = r.appendJSON(b, x); err != nil {
			return b, err
		}
	}
	return append(b, '}'), nil
}

// appendJSONString appends a quoted string with no more escapes than JSON asks
// for, besides those that keep it valid within JavaScript.
func appendJSONString(b []byte, s string) []byte {
	b = append(b, '"')
	for i, c := range s {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', byte(c))
		case c >= '\b' && c <= '\r' && c != '\v':
			b = append(b, '\\', "btn\x00fr"[c-'\b'])
		case c < ' ' || c == 0x2028 || c == 0x2029:
			b = appendUnit(b, c, true)
		case c == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			b = append(b, `\ufffd`...)
		default:
			b = utf8.AppendRune(b, c)
		}
	}
	return append(b, '"')
}

// filterFromJSON reads a string of JSON. Its size bounds the cost.
func filterFromJSON(r *run, in Value, _ []Value) (Value, error) {
	if in.kind == kNull {
		return in, nil
	}
	s, err := asString(in)
	if err != nil {
		return in, err
	}
	if err := r.room(len(s)); err != nil {
		return in, err
	}
	x, err := FromJSON([]byte(s))
	if err != nil {
		return in, raiseData(KindPebble, "input of fromJson is not valid JSON")
	}
	return bind(x), r.spend(16 * len(s))
}
