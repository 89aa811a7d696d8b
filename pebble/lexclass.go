package pebble

import "unicode/utf8"

// class is what a byte of an expression can begin.
type class uint8

const (
	classLetter  class = iota
	classDigit         // the last one that a name is made of
	classMark          // punctuation that is never part of an operator
	classBracket       // likewise, of what has to close
	classNone
	classSpace
	classSymbol // an operator, or the punctuation . and =
	classQuote
	classWide // a character beyond ASCII
)

// classes has the class of each byte. Nothing writes to it.
var classes = func() (t [256]class) {
	for c := range t {
		t[c] = classNone
		switch b := byte(c); {
		case b|0x20 >= 'a' && b|0x20 <= 'z' || b == '_':
			t[c] = classLetter
		case b == ' ' || b >= '\t' && b <= '\r' || b >= 0x1C && b <= 0x1F:
			t[c] = classSpace
		case isDigit(b):
			t[c] = classDigit
		case b >= utf8.RuneSelf:
			t[c] = classWide
		}
	}
	for _, c := range "?:," {
		t[c] = classMark
	}
	for _, c := range "()[]{}" {
		t[c] = classBracket
	}
	for _, c := range "+-*/%|~.=!<>" {
		t[c] = classSymbol
	}
	t['"'], t['\''] = classQuote, classQuote
	return t
}()

// skipWord skips the ASCII letters, digits and underscores at i.
func skipWord(s string, i int) int {
	for i < len(s) && classes[s[i]] <= classDigit {
		i++
	}
	return i
}

// symbolAt returns the operator at i that is no word, and its length, the
// longest that fits; 0 for none.
func symbolAt(s string, i int) (operator, int) {
	twice := func(next byte) bool { return i+1 < len(s) && s[i+1] == next }
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
		if twice('.') {
			return opRange, 2
		}
	case '=':
		if twice('=') {
			return opEqual, 2
		}
	case '!':
		if twice('=') {
			return opNotEqual, 2
		}
	case '>':
		if twice('=') {
			return opGreaterEqual, 2
		}
		return opGreater, 1
	case '<':
		if twice('=') {
			return opLessEqual, 2
		}
		return opLess, 1
	}
	return opNone, 0
}

// wordOperator returns the operator that begins with the word from start to end,
// and its length; 0 for none.
func wordOperator(s string, start, end int) (operator, int) {
	if end-start > len("contains") {
		return opNone, 0
	}
	switch s[start:end] {
	case "is":
		if wordAt(s, end, " not") {
			return opIsNot, len("is not")
		}
		return opIs, 2
	case "not":
		return opNot, 3
	case "and":
		return opAnd, 3
	case "or":
		return opOr, 2
	case "contains":
		return opContains, 8
	case "equals":
		return opEqual, 6
	}
	return opNone, 0
}
