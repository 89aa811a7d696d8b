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

// token is a piece of source. It holds offsets only: a pointer would cost a write
// barrier for each token while the garbage is being collected. Lines are not
// counted while lexing: an error works them out from the offsets.
type token struct {
	kind tokenKind
	op   operator // of tOperator
	char byte     // of tPunctuation
	mark
	from, to int32 // the text; to is unescaped for that of a string with escapes
}

const unescaped = -1

// set makes t a token that is marked by at and line, with the text from from to to.
func (t *token) set(kind tokenKind, at, line, from, to int) {
	t.kind, t.op, t.char = kind, opNone, 0
	t.mark = mark{int32(at), int32(line)}
	t.from, t.to = int32(from), int32(to)
}

// punct reports whether the token is the punctuation c.
func (t *token) punct(c byte) bool { return t.char == c }

// val is the text of the token that was lexed last.
func (l *lexer) val(t token) string {
	if t.to == unescaped {
		return l.unescaped
	}
	return l.src[t.from:t.to]
}

// value is the text of the current token as messages show it.
func (p *parser) value() string {
	switch p.tok.kind {
	case tEOF, tExecuteStart, tPrintStart, tInterpolationStart, tInterpolationEnd:
		return "null"
	}
	return p.val()
}

// val is the text of the current token.
func (p *parser) val() string { return p.lex.val(p.tok) }

// is reports whether the current token has that kind and text.
func (p *parser) is(kind tokenKind, val string) bool { return p.tok.kind == kind && p.val() == val }
