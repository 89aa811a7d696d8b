package pebble

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"sort"
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
	names := []string{"formUrlEncode", "max", "min"}
	if c.dialect == DestinationSDK {
		names = append(names, "hmacSha256")
	} else {
		names = append(names, "block", "parent", "range")
	}
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

func i18n(*run, []Value) (Value, error) {
	return Value{}, raise("MissingResourceException", "there are no resource bundles")
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
