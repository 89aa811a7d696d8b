package pebble

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// javaUpper is String.toUpperCase: unlike Go's it maps one character to several
// where Unicode does.
func javaUpper(s string) string {
	if isASCII(s) {
		return strings.ToUpper(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, c := range s {
		if full := upperSpecial(c); full != "" {
			b.WriteString(full)
		} else {
			b.WriteRune(unicode.ToUpper(c))
		}
	}
	return b.String()
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
func javaLower(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	for i, c := range s {
		switch {
		case c == 'İ':
			b.WriteString("i̇")
		case c == 'Σ' && endsWord(s, i):
			b.WriteRune('ς')
		default:
			b.WriteRune(unicode.ToLower(c))
		}
	}
	return b.String()
}

// endsWord reports whether a letter stands before offset i and none after the
// character there.
func endsWord(s string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	_, n := utf8.DecodeRuneInString(s[i:])
	after, _ := utf8.DecodeRuneInString(s[i+n:])
	return unicode.IsLetter(before) && !unicode.IsLetter(after)
}
