package pebble

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isASCIISpace(c byte) bool { return c == ' ' || c-'\t' <= '\r'-'\t' }

func skipASCIISpace(s string, i int) int {
	for i < len(s) && isASCIISpace(s[i]) {
		i++
	}
	return i
}

func skipDigits(s string, i int) int {
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return i
}

// isJavaSpace is Character.isWhitespace.
func isJavaSpace(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return classes[r] == classSpace
	case r == 0xA0 || r == 0x2007 || r == 0x202F:
		return false
	}
	return unicode.In(r, unicode.Zs, unicode.Zl, unicode.Zp)
}

func skipJavaSpace(s string, i int) int {
	for i < len(s) {
		switch classes[s[i]] {
		case classSpace:
			i++
		case classWide:
			r, n := utf8.DecodeRuneInString(s[i:])
			if !isJavaSpace(r) {
				return i
			}
			i += n
		default:
			return i
		}
	}
	return i
}

func trimLeft(s string) string { return s[skipJavaSpace(s, 0):] }

func trimRight(s string) string { return strings.TrimRightFunc(s, isJavaSpace) }

// skipLineBreak skips the one line break that a closing delimiter swallows.
func skipLineBreak(s string, i int) int {
	if i >= len(s) {
		return i
	}
	if s[i] == '\n' && i+1 < len(s) && s[i+1] == '\r' {
		return i + 2
	}
	return i + lineBreakAt(s, i)
}

// wideNameLength returns the length of the name at the start of s, in which
// there are letters or digits beyond ASCII.
func wideNameLength(s string) int {
	for i, r := range s {
		switch {
		case r == '_' || r|0x20 >= 'a' && r|0x20 <= 'z':
		case r < utf8.RuneSelf:
			if i == 0 || !isDigit(byte(r)) {
				return i
			}
		case unicode.IsLetter(r):
		case i > 0 && unicode.Is(unicode.Nd, r):
		default:
			return i
		}
	}
	return len(s)
}

// wordAt reports whether word stands at i and ends there.
func wordAt(s string, i int, word string) bool {
	if !strings.HasPrefix(s[i:], word) {
		return false
	}
	i += len(word)
	return skipWord(s, i) == i
}
