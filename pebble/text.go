package pebble

import (
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// text returns v as Java's String.valueOf would, except that null is "".
func (r *run) text(v Value) (string, error) {
	switch v.kind {
	case kString, kSafe:
		return v.str(), nil
	case kNull:
		return "", nil
	}
	outer := r.textStart
	r.textStart = 0
	b, err := r.appendText(r.borrow(), v)
	s := string(b)
	r.scratch, r.textStart = b, outer
	if err == nil && len(s) > 64 {
		err = r.spend(len(s))
	}
	return s, err
}

// borrow returns the scratch buffer, empty. Until it is given back, another
// borrower gets none and makes one.
func (r *run) borrow() []byte {
	b := r.scratch
	r.scratch = nil
	return b[:0]
}

// appendText appends v as Java prints it inside a list: null is "null". In the
// DestinationSDK dialect a map prints as JSON, as Adobe's values do.
func (r *run) appendText(b []byte, v Value) ([]byte, error) {
	switch v.kind {
	case kNull:
		return append(b, "null"...), nil
	case kBool:
		return strconv.AppendBool(b, v.n != 0), nil
	case kInt, kLong, kLazy, kBig:
		if v.o != nil && v.str() != "" {
			return append(b, v.str()...), nil
		}
		return appendInt(b, v.n), nil
	case kDouble:
		if v.o != nil && v.str() != "" {
			return append(b, v.str()...), nil
		}
		return appendDouble(b, v.float()), nil
	case kChar:
		return utf8.AppendRune(b, charRune(v.n)), nil
	case kString, kSafe:
		return append(b, v.str()...), nil
	case kForeign:
		return b, r.foreign(v)
	}
	return r.appendCompound(b, v)
}

func (r *run) appendCompound(b []byte, v Value) ([]byte, error) {
	if len(b)-r.textStart > r.limits.StringBytes {
		return b, r.limit("StringBytes")
	}
	if err := r.descend(); err != nil {
		return b, err
	}
	defer r.ascend()
	switch v.kind {
	case kList, kArray:
		return r.appendList(b, v)
	case kMap:
		if r.sdk() {
			return r.appendJSON(b, v)
		}
		return r.appendMap(b, v)
	case kEntry:
		e := v.o.(*entry)
		b, err := r.appendText(b, e.key)
		if err != nil {
			return b, err
		}
		return r.appendText(append(b, '='), e.value)
	case kLoop:
		return v.o.(*loop).appendText(b), nil
	case kTemplate:
		return append(b, "template "+v.str()...), nil
	case kLocale:
		return append(b, "en_US"...), nil
	case kContext:
		return append(b, "context"...), nil
	}
	return append(b, "object"...), nil
}

func (r *run) appendList(b []byte, v Value) ([]byte, error) {
	b = append(b, '[')
	var err error
	for i, n := 0, v.length(); i < n; i++ {
		if i > 0 {
			b = append(b, ", "...)
		}
		if b, err = r.appendText(b, v.at(i)); err != nil {
			return b, err
		}
	}
	if len(b)-r.textStart > r.limits.StringBytes {
		return b, r.limit("StringBytes")
	}
	return append(b, ']'), nil
}

func (r *run) appendMap(b []byte, v Value) ([]byte, error) {
	b = append(b, '{')
	var err error
	first := true
	for k, x := range v.pairs {
		if !first {
			b = append(b, ", "...)
		}
		first = false
		if b, err = r.appendText(b, k); err != nil {
			return b, err
		}
		if b, err = r.appendText(append(b, '='), x); err != nil {
			return b, err
		}
	}
	if len(b)-r.textStart > r.limits.StringBytes {
		return b, r.limit("StringBytes")
	}
	return append(b, '}'), nil
}

// appendInt appends n. Most numbers are small.
func appendInt(b []byte, n int64) []byte {
	switch {
	case uint64(n) < 10:
		return append(b, '0'+byte(n))
	case uint64(n) < 100:
		return append(b, '0'+byte(n/10), '0'+byte(n%10))
	}
	return strconv.AppendInt(b, n, 10)
}

// appendDouble appends f as Java's Double.toString does: plain from 1e-3 up to
// 1e7, else with an exponent, always with a digit after the point.
func appendDouble(b []byte, f float64) []byte {
	a := math.Abs(f)
	switch {
	case f != f:
		return append(b, "NaN"...)
	case math.IsInf(f, 1):
		return append(b, "Infinity"...)
	case math.IsInf(f, -1):
		return append(b, "-Infinity"...)
	case a < 1e7 && a == math.Trunc(a):
		if math.Signbit(f) {
			b = append(b, '-')
		}
		return append(appendInt(b, int64(a)), '.', '0')
	case a >= 1e-3 && a < 1e7:
		// Three decimals that read as f are its shortest text: no two texts of up
		// to 15 digits read as the same number.
		if n := int64(a * 1000); float64(n)/1000 == a {
			return appendThousandths(b, n, math.Signbit(f))
		}
		return strconv.AppendFloat(b, f, 'f', -1, 64)
	}
	var buf [32]byte
	s := strconv.AppendFloat(buf[:0], f, 'e', -1, 64)
	point := false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '.':
			point = true
		case 'e':
			if !point {
				b = append(b, ".0"...)
			}
			b = append(b, 'E')
			exp, _ := strconv.Atoi(string(s[i+1:]))
			return strconv.AppendInt(b, int64(exp), 10)
		}
		b = append(b, s[i])
	}
	return b
}

// appendThousandths appends n/1000 without zeros at its end; n is no multiple of
// 1000.
func appendThousandths(b []byte, n int64, negative bool) []byte {
	if negative {
		b = append(b, '-')
	}
	b = append(appendInt(b, n/1000), '.')
	d := byte('0')
	switch rest := n % 1000; {
	case rest%100 == 0:
		return append(b, d+byte(rest/100))
	case rest%10 == 0:
		return append(b, d+byte(rest/100), d+byte(rest/10%10))
	default:
		return append(b, d+byte(rest/100), d+byte(rest/10%10), d+byte(rest%10))
	}
}

// charRune is the character of a UTF-16 code unit; half a pair prints as "?",
// as in Java.
func charRune(n int64) rune {
	if utf16.IsSurrogate(rune(n)) {
		return '?'
	}
	return rune(n)
}

func charText(n int64) string { return string(charRune(n)) }
