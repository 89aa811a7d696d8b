package pebble

import (
	"math"
	"strconv"
	"strings"
)

func (d directive) integer(v Value) (string, error) {
	switch v.kind {
	case kNull:
		return "null", nil
	case kInt, kLong, kBig:
	default:
		return "", d.mismatch(v)
	}
	if d.conversion != 'd' {
		return d.unsigned(v), nil
	}
	digits := v.str()
	if digits == "" {
		digits = strconv.FormatInt(v.n, 10)
	}
	negative := strings.HasPrefix(digits, "-")
	return d.signed(strings.TrimPrefix(digits, "-"), negative), nil
}

// unsigned writes the two's complement, in the size of the type.
func (d directive) unsigned(v Value) string {
	u := uint64(v.n)
	if v.kind == kInt {
		u = uint64(uint32(v.n))
	}
	base, prefix := 16, "0x"
	if d.conversion == 'o' {
		base, prefix = 8, "0"
	}
	s := strconv.FormatUint(u, base)
	if !d.flag('#') {
		prefix = ""
	}
	if d.flag('0') {
		s = strings.Repeat("0", max(d.width-len(s)-len(prefix), 0)) + s
	}
	return prefix + s
}

func (d directive) float(v Value) (string, error) {
	if v.kind == kNull {
		return "null", nil
	}
	if v.kind != kDouble {
		return "", d.mismatch(v)
	}
	f := v.float()
	switch {
	case f != f:
		return "NaN", nil
	case math.IsInf(f, 0):
		return d.signed("Infinity", f < 0), nil
	}
	precision := d.precision
	if precision < 0 {
		precision = 6
	}
	precision = min(precision, 400)
	negative := math.Signbit(f)
	f = math.Abs(f)
	verb := d.conversion | 0x20
	if verb == 'g' {
		precision = max(precision, 1)
		verb = 'e'
		if f == 0 || f >= 1e-4 && f < math.Pow10(precision) {
			verb = 'f'
			whole := 1 // digits before the point, fewer than none for zeros behind it
			if f > 0 {
				whole = int(math.Floor(math.Log10(f))) + 1
			}
			precision = max(precision-whole, 0)
		} else {
			precision--
		}
	}
	// Java rounds half up, and the shortest digits of the value rather than the
	// value itself.
	s := strconv.FormatFloat(f, verb, precision, 64)
	if verb == 'f' {
		s = halfUp(f, precision)
	}
	return d.signed(s, negative), nil
}

// halfUp writes f with so many decimals, rounding its shortest digits half up.
func halfUp(f float64, precision int) string {
	s := strconv.FormatFloat(f, 'f', -1, 64)
	whole, fraction, _ := strings.Cut(s, ".")
	if len(fraction) <= precision {
		if precision == 0 {
			return whole
		}
		return whole + "." + fraction + strings.Repeat("0", precision-len(fraction))
	}
	b := []byte(whole + fraction[:precision])
	if fraction[precision] >= '5' {
		i := len(b) - 1
		for ; i >= 0 && b[i] == '9'; i-- {
			b[i] = '0'
		}
		if i >= 0 {
			b[i]++
		} else {
			b = append([]byte{'1'}, b...)
		}
	}
	if precision == 0 {
		return string(b)
	}
	n := len(b) - precision
	return string(b[:n]) + "." + string(b[n:])
}

// signed adds what the flags ask for: groups, zeros, and how to show the sign.
func (d directive) signed(digits string, negative bool) string {
	if d.flag(',') {
		digits = grouped(digits)
	}
	before, after := "", ""
	switch {
	case negative && d.flag('('):
		before, after = "(", ")"
	case negative:
		before = "-"
	case d.flag('+'):
		before = "+"
	case d.flag(' '):
		before = " "
	}
	if d.flag('0') {
		digits = strings.Repeat("0", max(d.width-len(before)-len(digits)-len(after), 0)) + digits
	}
	return before + digits + after
}

// grouped puts commas between the thousands of a number's integer part.
func grouped(s string) string {
	n := skipDigits(s, 0)
	var b strings.Builder
	for i := range n {
		if i > 0 && (n-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(s[i])
	}
	return b.String() + s[n:]
}
