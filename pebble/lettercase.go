package pebble

import (
	"encoding/binary"
	"unicode"
	"unicode/utf8"
)

func appendLowerText(b []byte, s string) []byte {
	b, n := appendCase(b, s, 'A')
	if n < len(s) {
		b = javaLower(b, s, n)
	}
	return b
}

func appendUpperText(b []byte, s string) []byte {
	b, n := appendCase(b, s, 'a')
	if n < len(s) {
		b = javaUpper(b, s[n:])
	}
	return b
}

// appendCase appends the ASCII characters that s begins with, the 26 letters from
// first on in the other case, and returns how many there are.
func appendCase(b []byte, s string, first byte) ([]byte, int) {
	start := len(b)
	b = append(b, s...)
	tail := b[start:]
	for len(tail) >= 8 {
		w := binary.LittleEndian.Uint64(tail)
		if w&highBits != 0 {
			break
		}
		binary.LittleEndian.PutUint64(tail, otherCase(w, uint64(first)))
		tail = tail[8:]
	}
	if n := len(tail); n > 0 && n < 8 && len(s) >= 8 {
		// The last eight again: a letter in the other case already stays as it is.
		last := b[len(b)-8:]
		if w := binary.LittleEndian.Uint64(last); w&highBits == 0 {
			binary.LittleEndian.PutUint64(last, otherCase(w, uint64(first)))
			return b, len(s)
		}
	}
	for i, c := range tail {
		if c >= utf8.RuneSelf {
			i += len(b) - len(tail)
			return b[:i], i - start
		}
		if c-first < 26 {
			tail[i] = c ^ 0x20
		}
	}
	return b, len(s)
}

const highBits = 0x8080808080808080

// otherCase changes the case of those of eight ASCII characters that are among
// the 26 letters from first on. The sums set the high bit of each byte from
// first on, and from the one after the last letter on.
func otherCase(w, first uint64) uint64 {
	const ones = 0x0101010101010101
	from := w + (0x80-first)*ones
	after := w + (0x80-first-26)*ones
	return w ^ (from^after)&highBits>>2
}

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

// javaLower is String.toLowerCase from offset i on: a dotted capital I keeps its
// dot, and a sigma that ends a word is a final one.
func javaLower(b []byte, s string, i int) []byte {
	for i < len(s) {
		if c := s[i]; c < utf8.RuneSelf {
			if c >= 'A' && c <= 'Z' {
				c |= 0x20
			}
			b = append(b, c)
			i++
			continue
		}
		c, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case c == 'İ':
			b = append(b, "i̇"...)
		case c == 'Σ' && endsWord(s, i):
			b = utf8.AppendRune(b, 'ς')
		default:
			b = utf8.AppendRune(b, unicode.ToLower(c))
		}
		i += n
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
