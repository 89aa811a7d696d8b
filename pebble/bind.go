package pebble

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// kForeign marks a value of a Go type that templates cannot read. It exists
// only between bind and the check that turns it into an error.
const kForeign kind = 255

// bind turns a value of the caller into a Value. It keeps the interface that it
// is given, which costs nothing, rather than what is in it.
func bind(raw any) Value {
	switch x := raw.(type) {
	case nil:
		return Value{}
	case string:
		return Value{kind: kString, o: raw}
	case Number:
		return number(raw, string(x))
	case *Map:
		if x == nil {
			return Value{}
		}
		return Value{kind: kMap, o: raw}
	case []any:
		return Value{kind: kList, o: raw}
	case bool:
		return Bool(x)
	case int:
		return Int(int64(x))
	case int64:
		return Int(x)
	case float64:
		return Float(x)
	case map[string]any:
		return Value{kind: kMap, o: raw}
	case Value:
		return x
	}
	return bindRare(raw)
}

func bindRare(raw any) Value {
	switch x := raw.(type) {
	case json.Number:
		return number(raw, string(x))
	case []string:
		return Value{kind: kList, o: raw}
	case map[string]string, map[string][]string:
		return Value{kind: kMap, o: raw}
	case int8:
		return Int(int64(x))
	case int16:
		return Int(int64(x))
	case int32:
		return Int(int64(x))
	case uint8:
		return Int(int64(x))
	case uint16:
		return Int(int64(x))
	case uint32:
		return Int(int64(x))
	case uint:
		return unsigned(uint64(x))
	case uint64:
		return unsigned(x)
	case uintptr:
		return unsigned(uint64(x))
	case float32:
		return Float(float64(x))
	case []Value:
		return List(x...)
	case Attributer:
		return Value{kind: kObject, o: raw}
	}
	return Value{kind: kForeign, o: fmt.Sprintf("%T", raw)}
}

func unsigned(u uint64) Value {
	if u > math.MaxInt64 {
		return Value{kind: kBig, n: int64(u), o: strconv.FormatUint(u, 10)}
	}
	return Int(int64(u))
}

// number reads a number and keeps its text.
func number(x any, s string) Value {
	if strings.ContainsAny(s, ".eE") {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil && f == 0 {
			return String(s)
		}
		v := Float(f)
		v.o = x
		return v
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err == nil {
		return Value{kind: kLong, n: n, o: x}
	}
	b, ok := new(big.Int).SetString(s, 10)
	if !ok {
		return String(s)
	}
	low := new(big.Int).And(b, new(big.Int).SetUint64(math.MaxUint64))
	return Value{kind: kBig, n: int64(low.Uint64()), o: x}
}

func bigFloat(s string) float64 {
	f, _ := strconv.ParseFloat(s, 64) // out of range gives the infinity we want
	return f
}
