package pebble

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// decimal is a number as decimal digits: 0.digits × 10^point, without sign.
type decimal struct {
	digits  []byte
	point   int
	integer bool
	special string // of what is no number
}

// number returns the digits to print of v, rounded to what the pattern shows,
// and whether v is negative.
func (f *decimalFormat) number(v Value) (d decimal, negative bool) {
	places := f.maxFrac
	if f.exponent > 0 {
		places = f.maxInt + f.maxFrac
	}
	if v.kind != kDouble {
		return f.integerDigits(v, places)
	}
	x := v.float() * float64(f.multiplier)
	negative = math.Signbit(x)
	switch {
	case x != x:
		return decimal{special: "NaN"}, false
	case math.IsInf(x, 0):
		return decimal{special: "∞"}, negative
	}
	x = math.Abs(x)
	text := string(appendDouble(nil, x))
	d = digitsOf(text)
	return d.rounded(places, f.exponent == 0, compareText(text, x)), negative
}

func (f *decimalFormat) integerDigits(v Value, places int) (d decimal, negative bool) {
	text := strconv.FormatInt(v.n, 10)
	if v.kind == kBig {
		text = v.str()
	}
	if f.multiplier != 1 {
		b, _ := new(big.Int).SetString(text, 10)
		text = b.Mul(b, big.NewInt(int64(f.multiplier))).String()
	}
	negative = text[0] == '-'
	text = strings.TrimLeft(strings.TrimPrefix(text, "-"), "0")
	d = decimal{digits: []byte(text), point: len(text), integer: true}
	if f.exponent > 0 && places > 0 {
		d = d.rounded(places, false, 0)
	}
	for len(d.digits) > 0 && d.digits[len(d.digits)-1] == '0' {
		d.digits = d.digits[:len(d.digits)-1]
	}
	return d, negative
}

// digitsOf reads the text of a positive double. As in the Java engine the zero
// after the point counts as a digit, which can decide how a tie is rounded.
func digitsOf(text string) decimal {
	mantissa, exp, _ := strings.Cut(text, "E")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	e, _ := strconv.Atoi(exp)
	all := whole + fraction
	digits := strings.TrimLeft(all, "0")
	if digits == "" {
		return decimal{}
	}
	return decimal{digits: []byte(digits), point: len(whole) - (len(all) - len(digits)) + e}
}

// compareText says whether the text of a double is less than (-1), equal to or
// greater than its exact value.
func compareText(text string, x float64) int {
	t, ok := new(big.Rat).SetString(text)
	if !ok {
		return 0
	}
	return t.Cmp(new(big.Rat).SetFloat64(x))
}

// rounded keeps so many digits, after the point or in all, rounding half to
// even. off is how the digits compare with the exact value.
func (d decimal) rounded(places int, fixed bool, off int) decimal {
	keep := places
	if fixed {
		if -d.point > places {
			return decimal{integer: d.integer}
		}
		keep = places + d.point
	}
	if keep >= 0 && keep < len(d.digits) {
		d = d.cut(keep, off)
	}
	for len(d.digits) > 0 && d.digits[len(d.digits)-1] == '0' {
		d.digits = d.digits[:len(d.digits)-1]
	}
	return d
}

// cut keeps the first digits.
func (d decimal) cut(keep, off int) decimal {
	if d.up(keep, off) {
		for {
			keep--
			if keep < 0 {
				d.digits[0] = '1'
				d.point++
				keep = 0
				break
			}
			d.digits[keep]++
			if d.digits[keep] <= '9' {
				break
			}
		}
		keep++
	}
	d.digits = d.digits[:keep]
	return d
}

// up reports whether cutting the digits at keep rounds up.
func (d decimal) up(keep, off int) bool {
	switch c := d.digits[keep]; {
	case c != '5':
		return c > '5'
	case keep < len(d.digits)-1:
		return strings.Trim(string(d.digits[keep+1:]), "0") != ""
	case off > 0:
		return false
	case off < 0:
		return true
	}
	return keep > 0 && d.digits[keep-1]%2 != 0
}

func filterNumberFormat(r *run, in Value, args []Value) (Value, error) {
	if in.kind == kNull {
		return in, nil
	}
	if !in.isNumber() {
		return in, raise(KindPebble, "The input for the 'NumberFormat' filter has to be a number.")
	}
	pattern := "#,##0.###"
	if args[0].kind != kNull {
		var err error
		if pattern, err = asString(args[0]); err != nil {
			return in, err
		}
	}
	if len(pattern) > maxPattern {
		return in, raise("IllegalArgumentException", "pattern of numberformat is too long")
	}
	f, ok := parseDecimalFormat(pattern)
	if !ok {
		return in, raiseData("IllegalArgumentException", `Malformed pattern "`+clip(pattern)+`"`)
	}
	if err := r.tick(50); err != nil {
		return in, err
	}
	return r.sized(f.format(in))
}
