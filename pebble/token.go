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

// precedences says how tightly each binary operator binds. Nothing writes to it.
var precedences = [...]uint8{
	opOr:  10,
	opAnd: 15,
	opIs:  20, opIsNot: 20, opContains: 20,
	opEqual: 30, opNotEqual: 30, opGreater: 30, opLess: 30, opGreaterEqual: 30, opLessEqual: 30,
	opAdd: 40, opSubtract: 40,
	opMultiply: 60, opDivide: 60, opModulus: 60,
	opFilter: 100,
	opConcat: 110,
	opRange:  120,
}

// precedence says how tightly a binary operator binds; 0 means not binary.
func (o operator) precedence() int { return int(precedences[o]) }

// unary reports whether the operator can stand before an operand.
func (o operator) unary() bool { return o == opNot || o == opAdd || o == opSubtract }

// token is a piece of source. Lines are not counted while lexing: an error works
// them out from the offsets.
type token struct {
	kind tokenKind
	op   operator // of tOperator
	char byte     // of tPunctuation
	mark
	val string
}

// set makes t a token of the source from start to end.
func (t *token) set(kind tokenKind, start, end int, val string) {
	t.kind, t.op, t.char = kind, opNone, 0
	t.mark = mark{int32(start), int32(end)}
	t.val = val
}

func (t *token) is(kind tokenKind, val string) bool { return t.kind == kind && t.val == val }

// punct reports whether the token is the punctuation c.
func (t *token) punct(c byte) bool { return t.char == c }

// value is the token's text as messages show it.
func (t *token) value() string {
	switch t.kind {
	case tEOF, tExecuteStart, tPrintStart, tInterpolationStart, tInterpolationEnd:
		return "null"
	}
	return t.val
}
