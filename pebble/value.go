package pebble

import (
	"encoding/json"
	"math"
)

// kind is what a Value is, in the distinctions of the Java engine: there an
// Integer is not a Long and a Character is not a String, and templates can tell.
type kind uint8

const (
	kNull kind = iota
	kBool
	kInt    // Integer: what length and loop.index give
	kLong   // Long: literals, integers from outside, results of arithmetic
	kLazy   // loop.length, loop.revindex: numbers of a private class
	kBig    // BigInteger: integers from outside beyond 64 bits
	kDouble // Double
	kChar   // Character: what first and last give of a string
	kString
	kSafe // a string that autoescaping leaves alone
	kList
	kArray // String[]: what split gives
	kMap
	kEntry   // one entry of a map, in a loop over it
	kLoop    // the variable loop
	kContext // the variable _context
	kTemplate
	kLocale
	kObject // an Attributer
)

// Value is a value of the template language. The zero Value is null.
type Value struct {
	kind kind
	n    int64 // bool, integers, UTF-16 code unit, bits of a float, low bits of kBig
	// o is what compound kinds refer to, and the text of strings, that of a literal by pointer. A number has
	// the text in which it was written, if any. With a string of its own, a Value
	// would be too large for the compiler to keep in registers.
	o any
}

// str is the text of a string, or the text in which a number was written.
func (v Value) str() string {
	if s, ok := v.o.(string); ok {
		return s
	}
	switch s := v.o.(type) {
	case Number:
		return string(s)
	case json.Number:
		return string(s)
	case *string:
		return *s
	}
	return ""
}

// Null is the null value.
func Null() Value { return Value{} }

// Bool returns a boolean value.
func Bool(b bool) Value {
	if b {
		return Value{kind: kBool, n: 1}
	}
	return Value{kind: kBool}
}

// Int returns an integer value.
func Int(n int64) Value { return Value{kind: kLong, n: n} }

// Float returns a floating-point value.
func Float(f float64) Value { return Value{kind: kDouble, n: int64(math.Float64bits(f))} }

// String returns a string value.
func String(s string) Value { return Value{kind: kString, o: s} }

// Safe returns a string value that autoescaping prints as it is.
func Safe(s string) Value { return Value{kind: kSafe, o: s} }

// List returns a list value. The slice must not change afterwards.
func List(items ...Value) Value { return Value{kind: kList, o: &list{items}} }

func integer(n int) Value { return Value{kind: kInt, n: int64(n)} }

// list is a list made by a template or by Go code of a filter.
type list struct{ items []Value }

// entry is one entry of a map.
type entry struct{ key, value Value }

// IsNull reports whether v is null.
func (v Value) IsNull() bool { return v.kind == kNull }

// AsBool returns the value of a boolean.
func (v Value) AsBool() (b, ok bool) { return v.n != 0, v.kind == kBool }

// AsInt returns the value of an integer, or of a float truncated to one.
func (v Value) AsInt() (n int64, ok bool) {
	if !v.isNumber() {
		return 0, false
	}
	return v.long(), true
}

// AsFloat returns the value of a number.
func (v Value) AsFloat() (f float64, ok bool) {
	if !v.isNumber() {
		return 0, false
	}
	return v.float(), true
}

// AsString returns the text of a string; ok is false for other types.
func (v Value) AsString() (s string, ok bool) {
	switch v.kind {
	case kString, kSafe:
		return v.str(), true
	case kChar:
		return charText(v.n), true
	}
	return "", false
}

// AsList returns the items of a list.
func (v Value) AsList() (items []Value, ok bool) {
	if v.kind != kList && v.kind != kArray {
		return nil, false
	}
	items = make([]Value, v.length())
	for i := range items {
		items[i] = v.at(i)
	}
	return items, true
}

// Lookup returns the value of a string key of a map.
func (v Value) Lookup(key string) (Value, bool) {
	if v.kind != kMap {
		return Value{}, false
	}
	return v.key(key)
}

// Text returns v as {{ }} prints it with autoescaping off.
func (v Value) Text() string {
	r := run{fuel: math.MaxInt, left: math.MaxInt, limits: &Limits{StringBytes: math.MaxInt}}
	s, _ := r.text(v)
	return s
}

func (v Value) isNumber() bool { return v.kind >= kInt && v.kind <= kDouble }

func (v Value) float() float64 {
	if v.kind == kDouble {
		return math.Float64frombits(uint64(v.n))
	}
	return v.wholeFloat()
}

func (v Value) wholeFloat() float64 {
	if v.kind == kBig {
		return bigFloat(v.str())
	}
	return float64(v.n)
}

// long converts as Java's Number.longValue: floats truncate and saturate.
func (v Value) long() int64 {
	if v.kind != kDouble {
		return v.n
	}
	f := math.Float64frombits(uint64(v.n))
	switch {
	case f != f:
		return 0
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return int64(f)
}
