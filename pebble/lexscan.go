package pebble

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isASCIISpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

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
	case r < 0x80:
		return r == ' ' || r >= '\t' && r <= '\r' || r >= 0x1C && r <= 0x1F
	case r == 0xA0 || r == 0x2007 || r == 0x202F:
		return false
	}
	return unicode.In(r, unicode.Zs, unicode.Zl, unicode.Zp)
}

func skipJavaSpace(s string, i int) int {
	for i < len(s) {
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
		}
		if !isJavaSpace(r) {
			break
		}
		i += n
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

// nameLength returns the length of the name at the start of s.
func nameLength(s string) int {
	i := 0
	for i < len(s) && (s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z' || s[i] == '_' || i > 0 && isDigit(s[i])) {
		i++
	}
	if i == len(s) || s[i] < utf8.RuneSelf {
		return i
	}
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
	return i == len(s) || !(isDigit(s[i]) || s[i] == '_' || s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z')
}

// operatorAt returns the operator at i and its length, the longest that fits.
func operatorAt(s string, i int) (operator, int) {
	two := func(next byte, long, short operator) (operator, int) {
		if i+1 < len(s) && s[i+1] == next {
			return long, 2
		}
		if short == opNone {
			return opNone, 0
		}
		return short, 1
	}
	switch s[i] {
	case '+':
		return opAdd, 1
	case '-':
		return opSubtract, 1
	case '*':
		return opMultiply, 1
	case '/':
		return opDivide, 1
	case '%':
		return opModulus, 1
	case '|':
		return opFilter, 1
	case '~':
		return opConcat, 1
	case '.':
		return two('.', opRange, opNone)
	case '=':
		return two('=', opEqual, opNone)
	case '!':
		return two('=', opNotEqual, opNone)
	case '>':
		return two('=', opGreaterEqual, opGreater)
	case '<':
		return two('=', opLessEqual, opLess)
	}
	return wordOperatorAt(s, i)
}

func wordOperatorAt(s string, i int) (operator, int) {
	switch s[i] {
	case 'i':
		if wordAt(s, i, "is not") {
			return opIsNot, 6
		}
		if wordAt(s, i, "is") {
			return opIs, 2
		}
	case 'n':
		if wordAt(s, i, "not") {
			return opNot, 3
		}
	case 'a':
		if wordAt(s, i, "and") {
			return opAnd, 3
		}
	case 'o':
		if wordAt(s, i, "or") {
			return opOr, 2
		}
	case 'c':
		if wordAt(s, i, "contains") {
			return opContains, 8
		}
	case 'e':
		if wordAt(s, i, "equals") {
			return opEqual, 6
		}
	}
	return opNone, 0
}
