package pebble

import "strings"

// parseDecimalFormat reads a pattern; ok is false if it is malformed.
func parseDecimalFormat(pattern string) (f decimalFormat, ok bool) {
	if pattern == "" {
		return decimalFormat{negPrefix: "-", maxInt: manyDigits, maxFrac: manyDigits, multiplier: 1}, true
	}
	f.multiplier = 1
	rest, ok := f.part(pattern, &f.prefix, &f.suffix, true)
	if !ok {
		return f, false
	}
	f.negPrefix, f.negSuffix = "-"+f.prefix, f.suffix
	if rest == "" {
		return f, true
	}
	var neg decimalFormat
	if rest, ok = neg.part(rest[1:], &neg.prefix, &neg.suffix, false); !ok || rest != "" {
		return f, false
	}
	if neg.prefix != f.prefix || neg.suffix != f.suffix {
		f.negPrefix, f.negSuffix = neg.prefix, neg.suffix
	}
	return f, true
}

// digitCounts is what the number of a pattern consists of.
type digitCounts struct{ left, zero, right, point, grouping int }

// part reads a prefix, a number and a suffix, up to a semicolon.
func (f *decimalFormat) part(p string, prefix, suffix *string, first bool) (rest string, ok bool) {
	p, ok = f.affix(p, prefix, "#0,.;")
	if !ok {
		return "", false
	}
	c := digitCounts{point: -1, grouping: -1}
	n := 0
	for n < len(p) && strings.IndexByte("#0,.", p[n]) >= 0 {
		if !c.add(p[n]) {
			return "", false
		}
		n++
	}
	p = p[n:]
	if first && strings.HasPrefix(p, "E0") {
		for p = p[1:]; strings.HasPrefix(p, "0"); p = p[1:] {
			f.exponent++
		}
	}
	if !f.digits(c) {
		return "", false
	}
	rest, ok = f.affix(p, suffix, "#0,.;")
	if !ok || rest != "" && rest[0] != ';' || rest == ";" {
		return "", false
	}
	return rest, true
}

func (c *digitCounts) add(b byte) bool {
	switch b {
	case '#':
		if c.zero > 0 {
			c.right++
		} else {
			c.left++
		}
	case '0':
		if c.right > 0 {
			return false
		}
		c.zero++
	case ',':
		c.grouping = 0
		return true
	case '.':
		if c.point >= 0 {
			return false
		}
		c.point = c.left + c.zero + c.right
		return true
	}
	if c.grouping >= 0 && c.point < 0 {
		c.grouping++
	}
	return true
}

// digits turns the counts into bounds, by the rules of DecimalFormat.
func (f *decimalFormat) digits(c digitCounts) bool {
	if c.zero == 0 && c.left > 0 && c.point >= 0 {
		n := max(c.point, 1)
		c.right, c.left, c.zero = c.left-n, n-1, 1
	}
	if c.point < 0 && c.right > 0 || c.grouping == 0 ||
		c.point >= 0 && (c.point < c.left || c.point > c.left+c.zero) {
		return false
	}
	total := c.left + c.zero + c.right
	at := total
	if c.point >= 0 {
		at = c.point
		f.maxFrac, f.minFrac = total-c.point, c.left+c.zero-c.point
	}
	f.minInt, f.maxInt = at-c.left, manyDigits
	if f.exponent > 0 {
		f.maxInt = c.left + f.minInt
	}
	f.grouping = max(c.grouping, 0)
	f.point = c.point == 0 || c.point == total
	return true
}

// affix reads literal text up to one of stops. Quotes protect characters.
func (f *decimalFormat) affix(p string, to *string, stops string) (rest string, ok bool) {
	var b strings.Builder
	quoted := false
	for i, c := range p {
		switch {
		case c == '\'' && strings.HasPrefix(p[i+1:], "'"):
			b.WriteByte('\'')
			quoted = !quoted
		case c == '\'':
			quoted = !quoted
		case quoted:
			b.WriteRune(c)
		case strings.ContainsRune(stops, c):
			*to = b.String()
			return p[i:], true
		default:
			switch c {
			case '%':
				f.multiplier = 100
			case '‰':
				f.multiplier = 1000
			case '¤':
				c = '$'
			}
			b.WriteRune(c)
		}
	}
	*to = b.String()
	return "", !quoted
}
