package pebble

import (
	"strconv"
	"strings"
)

// decimalFormat is a parsed pattern of Java's DecimalFormat.
type decimalFormat struct {
	prefix, suffix       string
	negPrefix, negSuffix string
	minInt, maxInt       int
	minFrac, maxFrac     int
	grouping             int // size of a group, 0 for none
	multiplier           int
	exponent             int // digits of the exponent at least, 0 for none
	point                bool
}

const manyDigits = 1 << 20

// format writes a number in the pattern.
func (f *decimalFormat) format(v Value) string {
	d, negative := f.number(v)
	prefix, suffix := f.prefix, f.suffix
	if negative {
		prefix, suffix = f.negPrefix, f.negSuffix
	}
	switch {
	case d.special == "NaN":
		return "NaN"
	case d.special != "":
		return prefix + d.special + suffix
	case f.exponent > 0:
		return prefix + f.scientific(d) + suffix
	}
	return prefix + f.plain(d) + suffix
}

func (f *decimalFormat) plain(d decimal) string {
	var b strings.Builder
	used := 0
	n := min(max(f.minInt, d.point), f.maxInt)
	for i := n - 1; i >= 0; i-- {
		if i < d.point && used < len(d.digits) {
			b.WriteByte(d.digits[used])
			used++
		} else {
			b.WriteByte('0')
		}
		if i > 0 && f.grouping > 0 && i%f.grouping == 0 {
			b.WriteByte(',')
		}
	}
	fraction := f.minFrac > 0 || !d.integer && used < len(d.digits)
	if !fraction && b.Len() == 0 {
		b.WriteByte('0')
	}
	if f.point || fraction {
		b.WriteByte('.')
	}
	for i := 0; i < f.maxFrac; i++ {
		if i >= f.minFrac && (d.integer || used >= len(d.digits)) {
			break
		}
		if -1-i > d.point-1 || d.integer || used >= len(d.digits) {
			b.WriteByte('0')
			continue
		}
		b.WriteByte(d.digits[used])
		used++
	}
	return b.String()
}

func (f *decimalFormat) scientific(d decimal) string {
	exponent, minInt := d.point, f.minInt
	if f.maxInt > 1 && f.maxInt > f.minInt {
		if exponent >= 1 {
			exponent = (exponent - 1) / f.maxInt * f.maxInt
		} else {
			exponent = (exponent - f.maxInt) / f.maxInt * f.maxInt
		}
		minInt = 1
	} else {
		exponent -= f.minInt
	}
	integers := d.point - exponent
	if len(d.digits) == 0 {
		integers, exponent = minInt, 0
	}
	total := max(f.minInt+f.minFrac, integers, len(d.digits))
	var b strings.Builder
	for i := range total {
		if i == integers {
			b.WriteByte('.')
		}
		if i < len(d.digits) {
			b.WriteByte(d.digits[i])
		} else {
			b.WriteByte('0')
		}
	}
	b.WriteByte('E')
	if exponent < 0 {
		b.WriteByte('-')
		exponent = -exponent
	}
	digits := strconv.Itoa(exponent)
	b.WriteString(strings.Repeat("0", max(f.exponent-len(digits), 0)) + digits)
	return b.String()
}
