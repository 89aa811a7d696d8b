package pebble

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"sort"
	"unicode/utf16"
)

// builtinFunctions are the functions of the language. Nothing writes to it.
var builtinFunctions = map[string]*functionDef{
	"formUrlEncode": {call: formURLEncode, check: checkFormURLEncode, append: appendFormURLEncode},
	"max":           {call: func(r *run, a []Value) (Value, error) { return extreme(a, opGreater) }},
	"min":           {call: func(r *run, a []Value) (Value, error) { return extreme(a, opLess) }},
	"range":         {call: rangeFunction, params: []string{"start", "end", "increment"}},
	"i18n":          {call: i18n, params: []string{"bundle", "key", "params"}},
}

func functionOf(name string, d Dialect) (*functionDef, bool) {
	if d == DestinationSDK {
		switch name {
		case "range", "i18n":
			return nil, false
		case "hmacSha256":
			return &functionDef{call: hmacSHA256, params: []string{"key", "text", "encoding"}}, true
		}
	}
	f, ok := builtinFunctions[name]
	return f, ok
}

// functionNames lists the functions that a misspelt one may mean.
func functionNames(c *config) []string {
	names := []string{"formUrlEncode", "hmacSha256", "max", "min"}
	for n := range c.functions {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// extreme is max or min: the first argument that is not null, unless a later one
// beats it.
func extreme(args []Value, op operator) (Value, error) {
	var best Value
	for _, v := range args {
		switch {
		case best.kind == kNull:
			best = v
		case v.kind == kNull:
		case !v.isNumber() || !best.isNumber():
			return best, raise("RuntimeException", "invalid operands for mathematical comparison")
		case ordered(op, v.float(), best.float()):
			best = v
		}
	}
	return best, nil
}

func rangeFunction(r *run, args []Value) (Value, error) {
	step := args[2]
	if step.kind == kNull {
		step = Int(1)
	}
	return rangeOf(r, args[0], args[1], step)
}

// rangeOf lists the numbers, or characters, from one value to another.
func rangeOf(r *run, from, to, step Value) (Value, error) {
	if !step.isNumber() {
		return Value{}, raise(KindPebble, "The increment of the range function must be a number "+step.typeName())
	}
	by := step.long()
	if by == 0 {
		return Value{}, raise(KindPebble, "The increment of the range function must be different than 0")
	}
	k := kLong
	var a, b int64
	if from.isNumber() && to.isNumber() {
		a, b = from.long(), to.long()
	} else {
		var ok1, ok2 bool
		a, ok1 = oneChar(from)
		b, ok2 = oneChar(to)
		k = kChar
		if !ok1 || !ok2 {
			return Value{}, raise(KindPebble, "Arguments of range function must be of type Number or String with a length of 1")
		}
	}
	n, err := r.rangeLength(a, b, by)
	if err != nil {
		return Value{}, err
	}
	items := make([]Value, n)
	for i := range items {
		items[i] = Value{kind: k, n: a + int64(i)*by}
	}
	return List(items...), nil
}

// rangeLength counts without overflow what a range would hold.
func (r *run) rangeLength(a, b, by int64) (int, error) {
	if by > 0 && a > b || by < 0 && a < b {
		return 0, nil
	}
	distance, step := uint64(b)-uint64(a), uint64(by)
	if by < 0 {
		distance, step = uint64(a)-uint64(b), -uint64(by)
	}
	n := distance / step
	if n >= uint64(r.limits.ListItems) {
		return 0, r.limit("ListItems")
	}
	return int(n) + 1, r.items(int(n) + 1)
}

func oneChar(v Value) (int64, bool) {
	if v.kind != kString {
		return 0, false
	}
	var unit int64
	n := 0
	for _, c := range v.str() {
		unit = int64(c)
		n++
		if n > 1 || utf16.RuneLen(c) > 1 {
			return 0, false
		}
	}
	return unit, n == 1
}

func i18n(*run, []Value) (Value, error) {
	return Value{}, raise("MissingResourceException", "there are no resource bundles")
}

// checkFormURLEncode refuses what is wrong with the arguments whatever their
// values.
func checkFormURLEncode(a arguments) string {
	if len(a.pos)%2 != 0 {
		return "formUrlEncode expects an even number of arguments"
	}
	return ""
}

func formURLEncode(r *run, args []Value) (Value, error) {
	var buf [256]byte
	b, err := appendFormURLEncode(r, buf[:0], args)
	if err != nil {
		return Value{}, err
	}
	return r.sized(string(b))
}

// appendFormURLEncode joins keys and values as a body of a form. In the
// DestinationSDK dialect a list is joined by blanks, as OAuth wants it of scopes.
func appendFormURLEncode(r *run, b []byte, args []Value) ([]byte, error) {
	if len(args)%2 != 0 {
		return b, raise(KindPebble, "formUrlEncode expects an even number of arguments")
	}
	start := len(b)
	for i, v := range args {
		switch {
		case i == 0:
		case i%2 == 0:
			b = append(b, '&')
		default:
			b = append(b, '=')
		}
		var err error
		if v.kind == kList && r.sdk() {
			if v, err = filterJoin(r, v, []Value{String(" ")}); err != nil {
				return b, err
			}
		}
		s, err := r.text(v)
		if err != nil {
			return b, err
		}
		b = appendForm(b, s)
		if len(b)-start > r.limits.StringBytes {
			return b, r.limit("StringBytes")
		}
	}
	return b, nil
}

func hmacSHA256(r *run, args []Value) (Value, error) {
	key, err := r.text(args[0])
	if err != nil {
		return Value{}, err
	}
	text, err := r.text(args[1])
	if err != nil {
		return Value{}, err
	}
	if err := r.room(len(key) + len(text)); err != nil {
		return Value{}, err
	}
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	sum := mac.Sum(nil)
	encoding, _ := args[2].AsString()
	switch {
	case args[2].kind == kNull || encoding == "hex":
		return String(hex.EncodeToString(sum)), nil
	case encoding == "base64":
		return String(base64.StdEncoding.EncodeToString(sum)), nil
	}
	return Value{}, raise(KindPebble, "hmacSha256 encodes as 'hex' or 'base64'")
}
