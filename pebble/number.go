package pebble

import (
	"math"
	"strconv"
	"strings"
)

// toNumber reads an operand of arithmetic: a number as it is, a string as the
// number it spells.
func toNumber(v Value) (Value, error) {
	if v.isNumber() {
		return v, nil
	}
	if v.kind != kString {
		return v, raise("IllegalArgumentException", "cannot convert "+v.typeName()+" to a number")
	}
	if strings.ContainsAny(v.str(), ".eE") {
		f, ok := javaDouble(v.str())
		if !ok {
			return v, notNumber(v.str())
		}
		return Float(f), nil
	}
	n, err := strconv.ParseInt(v.str(), 10, 64)
	if err != nil {
		return v, notNumber(v.str())
	}
	return Int(n), nil
}

func notNumber(s string) *Error {
	return raiseData("NumberFormatException", `For input string: "`+clip(s)+`"`)
}

// clip bounds a value that goes into a message.
func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}

// javaDouble is Double.parseDouble: blanks around are fine, and a type suffix.
func javaDouble(s string) (float64, bool) {
	s = strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
	if n := len(s); n > 1 && strings.IndexByte("fFdD", s[n-1]) >= 0 {
		s = s[:n-1]
	}
	if strings.ContainsAny(s, "_xXpPiIn") {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

// arithmetic computes with two numbers as Java does: floats by IEEE 754, longs
// wrapping around, two Integers in 32 bits.
func arithmetic(op operator, a, b Value) (Value, error) {
	if a.kind == kDouble || b.kind == kDouble {
		return Float(floatArithmetic(op, a.float(), b.float())), nil
	}
	x, y := a.n, b.n
	var n int64
	switch op {
	case opAdd:
		n = x + y
	case opSubtract:
		n = x - y
	case opMultiply:
		n = x * y
	default:
		if y == 0 {
			return Value{}, raise("ArithmeticException", "division by zero")
		}
		if op == opDivide {
			n = x / y
		} else {
			n = x % y
		}
	}
	if a.kind != kLong && b.kind != kLong {
		n = int64(int32(n))
	}
	return Int(n), nil
}

func floatArithmetic(op operator, x, y float64) float64 {
	switch op {
	case opAdd:
		return x + y
	case opSubtract:
		return x - y
	case opMultiply:
		return x * y
	case opDivide:
		return x / y
	}
	return math.Mod(x, y)
}
