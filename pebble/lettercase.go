package pebble

import (
	"unicode"
	"unicode/utf8"
)

// javaUpper is String.toUpperCase: unlike Go's it maps one character to several
// where Unicode does.
func javaUpper(b []byte, s string) []byte {
	for _, c := range s {
		if c < utf8.RuneSelf {
			if c >= 'a' && c <= 'z' {
				c ^= 0x20
			}
			b = append(b, byte(c))
		} else if full := upperSpecial(c); full != "" {
			b = append(b, full...)
		} else {
			b = utf8.AppendRune(b, unicode.ToUpper(c))
		}
	}
	return b
}

// upperSpecial is the unconditional part of Unicode's SpecialCasing for upper
// case, the Greek letters with iota subscript left out but for their pattern.
func upperSpecial(c rune) string {
	switch c {
	case 'ß':
		return "SS"
	case 'ŉ':
		return "ʼN"
	case 'ǰ':
		return "J̌"
	case 'ΐ':
		return "Ϊ́"
	case 'ΰ':
		return "Ϋ́"
	case 'և':
		return "ԵՒ"
	case 'ẖ':
		return "H̱"
	case 'ẗ':
		return "T̈"
	case 'ẘ':
		return "W̊"
	case 'ẙ':
		return "Y̊"
	case 'ẚ':
		return "Aʾ"
	case 'ﬀ':
		return "FF"
	case 'ﬁ':
		return "FI"
	case 'ﬂ':
		return "FL"
	case 'ﬃ':
		return "FFI"
	case 'ﬄ':
		return "FFL"
	case 'ﬅ', 'ﬆ':
		return "ST"
	}
	return ""
}

// javaLower is String.toLowerCase: a dotted capital I keeps its dot, and a sigma
// that ends a word is a final one.
func javaLower(b []byte, s string) []byte {
	for i, c := range s {
		switch {
		case c < utf8.RuneSelf:
			if c >= 'A' && c <= 'Z' {
				c |= 0x20
			}
			b = append(b, byte(c))
		case c == 'İ':
			b = append(b, "i̇"...)
		case c == 'Σ' && endsWord(s, i):
			b = utf8.AppendRune(b, 'ς')
		default:
			b = utf8.AppendRune(b, unicode.ToLower(c))
		}
	}
	return b
}

// endsWord reports whether a letter stands before offset i and none after the
// character there.
func endsWord(s string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	_, n := utf8.DecodeRuneInString(s[i:])
	after, _ := utf8.DecodeRuneInString(s[i+n:])
	return unicode.IsLetter(before) && !unicode.IsLetter(after)
}
