package pebble

// tokenKind is the type of a token; its name appears in messages.
type tokenKind uint8

const (
	tEOF tokenKind = iota
	tText
	tExecuteStart
	tExecuteEnd
	tPrintStart
	tPrintEnd
	tName
	tNumber
	tLong
	tString
	tOperator
	tPunctuation
	tInterpolationStart
	tInterpolationEnd
)

func (k tokenKind) String() string {
	return [...]string{
		"EOF", "TEXT", "EXECUTE_START", "EXECUTE_END", "PRINT_START", "PRINT_END", "NAME", "NUMBER",
		"LONG", "STRING", "OPERATOR", "PUNCTUATION", "STRING_INTERPOLATION_START", "STRING_INTERPOLATION_END",
	}[k]
}

// operator is a binary or unary operator.
type operator uint8

const (
	opNone operator = iota
	opNot
	opOr
	opAnd
	opIs
	opIsNot
	opContains
	opEqual
	opNotEqual
	opGreater
	opLess
	opGreaterEqual
	opLessEqual
	opAdd
	opSubtract
	opMultiply
	opDivide
	opModulus
	opFilter
	opConcat
	opRange
)

const unaryPrecedence = 500

// precedence says how tightly a binary operator binds; 0 means not binary.
func (o operator) precedence() int {
	switch o {
	case opOr:
		return 10
	case opAnd:
		return 15
	case opIs, opIsNot, opContains:
		return 20
	case opEqual, opNotEqual, opGreater, opLess, opGreaterEqual, opLessEqual:
		return 30
	case opAdd, opSubtract:
		return 40
	case opMultiply, opDivide, opModulus:
		return 60
	case opFilter:
		return 100
	case opConcat:
		return 110
	case opRange:
		return 120
	}
	return 0
}

// unary reports whether the operator can stand before an operand.
func (o operator) unary() bool { return o == opNot || o == opAdd || o == opSubtract }

// token is a piece of source. Lines are not counted while lexing: an error works
// them out from the offsets.
// Its fields are grouped so that the compiler can keep it in registers.
type token struct {
	tokenTag
	mark
	val string
}

type tokenTag struct {
	kind tokenKind
	op   operator // of tOperator
}

// tokenAt returns a token of the source from start to end.
func tokenAt(kind tokenKind, start, end int, val string) token {
	return token{tokenTag{kind, opNone}, mark{int32(start), int32(end)}, val}
}

func (t token) is(kind tokenKind, val string) bool { return t.kind == kind && t.val == val }

// punct reports whether the token is the punctuation c.
func (t token) punct(c byte) bool {
	return t.kind == tPunctuation && t.val[0] == c
}

// value is the token's text as messages show it.
func (t token) value() string {
	switch t.kind {
	case tEOF, tExecuteStart, tPrintStart, tInterpolationStart, tInterpolationEnd:
		return "null"
	}
	return t.val
}
