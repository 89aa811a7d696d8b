package pebble

import (
	"strings"
	"unicode/utf8"
)

type lexState uint8

const (
	inData   lexState = iota
	inString          // within a double-quoted string that interpolates
	inPrint
	inExecute
	inInterpolation // within #{ } of such a string
)

// lexer cuts a template into tokens, one at a time. The Java engine lexes the
// whole template before it parses, so when parsing fails the parser lexes the
// rest: a lexical error further on is the one to report.
type lexer struct {
	src      string
	pos      int
	state    lexState
	trim     bool       // the next text loses its leading whitespace
	plain    bool       // verbatim is no tag
	opened   mark       // of the tag whose opening delimiter follows the last text
	opening  tokenKind  // that delimiter, tEOF for none
	outer    []lexState // the states around the current one
	brackets []byte     // open brackets; '"' for a string, '#' for an interpolation
	err      *Error
}

func (l *lexer) push(s lexState) {
	l.outer = append(l.outer, l.state)
	l.state = s
}

func (l *lexer) pop() {
	n := len(l.outer) - 1
	l.state, l.outer = l.outer[n], l.outer[:n]
}

// fail notes the first lexical error; all further tokens are EOF.
func (l *lexer) fail(t *token, msg string, at, line int) {
	if l.err == nil {
		l.err = &Error{Kind: KindParser, Message: msg, Line: at, shown: line}
	}
	l.pos = len(l.src)
	t.set(tEOF, at, line, "")
}

// next sets t to the next token.
func (l *lexer) next(t *token) {
	if l.opening != tEOF {
		l.open(t)
		return
	}
	if l.state >= inPrint && l.common(t) {
		return
	}
	t.kind = tEOF
	for t.kind == tEOF && l.err == nil && l.pos < len(l.src) {
		switch l.state {
		case inData:
			l.data(t)
		case inPrint:
			l.delimited(t, tPrintEnd, "}}")
		case inExecute:
			l.delimited(t, tExecuteEnd, "%}")
		case inString:
			l.stringPart(t)
		case inInterpolation:
			l.interpolation(t)
		}
	}
	if t.kind == tEOF {
		l.end(t)
	}
}

// common lexes a token that looks the same in any tag, if the next one is such a
// token: one that cannot be part of a delimiter.
func (l *lexer) common(t *token) bool {
	i := l.pos
	for i < len(l.src) && isASCIISpace(l.src[i]) {
		i++
	}
	if i == len(l.src) {
		return false
	}
	c := l.src[i]
	switch classes[c] {
	case classLetter:
		l.pos = i
		l.word(t)
		return true
	case classMark:
		l.mark(t, i)
		return true
	case classBracket:
		if c == '}' {
			return false
		}
		l.pos = i
		l.punctuation(t, c)
		return true
	case classSymbol:
		if c == '-' || c == '%' {
			return false
		}
		if op, n := symbolAt(l.src, i); n > 0 {
			l.pos = i
			l.operator(t, op, n)
			return true
		}
		if c == '.' || c == '=' {
			l.mark(t, i)
			return true
		}
	case classQuote:
		// A string without escapes and interpolations.
		n := strings.IndexByte(l.src[i+1:], c)
		if n < 0 {
			return false
		}
		val := l.src[i+1 : i+1+n]
		if strings.IndexByte(val, '\\') >= 0 || c == '"' && strings.IndexByte(val, '#') >= 0 {
			return false
		}
		l.pos = i + n + 2
		t.set(tString, i, l.pos, val)
		return true
	}
	return false
}

// mark sets t to the punctuation at i.
func (l *lexer) mark(t *token, i int) {
	t.set(tPunctuation, i, i, l.src[i:i+1])
	t.char = l.src[i]
	l.pos = i + 1
}

func (l *lexer) end(t *token) {
	if n := len(l.brackets); n > 0 && l.err == nil {
		open := string(l.brackets[n-1])
		if open == "#" {
			open = "#{"
		}
		l.fail(t, `Unclosed "`+open+`"`, len(l.src), len(l.src))
		return
	}
	t.set(tEOF, len(l.src), len(l.src), "")
}

// nextIs reports, without moving, whether the next token is the punctuation c,
// one that neither opens nor begins anything longer.
func (l *lexer) nextIs(c byte) bool {
	i := l.pos
	if l.state != inString && i < len(l.src) && classes[l.src[i]] >= classDigit && classes[l.src[i]] <= classBracket {
		return l.src[i] == c
	}
	if l.state == inString {
		if i >= len(l.src) || l.src[i] != '"' {
			return false
		}
		i++ // the token before was the last part of the string
	}
	i = skipJavaSpace(l.src, i)
	if i >= len(l.src) || l.src[i] != c {
		return false
	}
	_, n := symbolAt(l.src, i)
	return n == 0
}

// delimited lexes one token of a print or execute tag.
func (l *lexer) delimited(t *token, end tokenKind, closer string) {
	line := l.pos
	i := skipASCIISpace(l.src, line)
	l.pos = i
	if i >= len(l.src) || l.src[i] != closer[0] && l.src[i] != '-' || len(l.brackets) > 0 {
		l.expression(t)
		return
	}
	dash := l.src[i] == '-'
	if dash {
		i++
	}
	if !strings.HasPrefix(l.src[i:], closer) {
		l.expression(t)
		return
	}
	l.trim = l.trim || dash
	t.set(end, i, line, closer)
	l.pos = skipLineBreak(l.src, i+2)
	l.pop()
}

func (l *lexer) interpolation(t *token) {
	i := skipASCIISpace(l.src, l.pos)
	if l.brackets[len(l.brackets)-1] == '#' && i < len(l.src) && l.src[i] == '}' {
		l.brackets = l.brackets[:len(l.brackets)-1]
		t.set(tInterpolationEnd, i, l.pos, "")
		l.pos = i + 1
		l.pop()
		return
	}
	l.expression(t)
}

// expression lexes one token of an expression.
func (l *lexer) expression(t *token) {
	start := skipJavaSpace(l.src, l.pos)
	l.pos = start
	if start >= len(l.src) {
		return
	}
	c := l.src[start]
	switch classes[c] {
	case classLetter, classWide:
		l.word(t)
	case classMark, classBracket:
		l.punctuation(t, c)
	case classSymbol:
		op, n := symbolAt(l.src, start)
		if n == 0 && (c == '.' || c == '=') {
			l.punctuation(t, c)
		} else if n == 0 {
			l.unexpected(t)
		} else {
			l.operator(t, op, n)
		}
	case classDigit:
		l.number(t)
	case classQuote:
		l.quoted(t, c)
	default:
		l.unexpected(t)
	}
}

func (l *lexer) operator(t *token, op operator, n int) {
	start := l.pos
	l.pos += n
	t.set(tOperator, start, start, l.src[start:l.pos])
	t.op = op
}

// word lexes a name, or an operator that is a word.
func (l *lexer) word(t *token) {
	start := l.pos
	i := skipWord(l.src, start)
	switch l.src[start] {
	case 'a', 'c', 'e', 'i', 'n', 'o': // what operators begin with
		if op, n := wordOperator(l.src, start, i); n > 0 {
			l.operator(t, op, n)
			return
		}
	}
	if i < len(l.src) && l.src[i] >= utf8.RuneSelf {
		i = start + wideNameLength(l.src[start:])
	}
	if i == start {
		l.unexpected(t)
		return
	}
	l.pos = i
	t.set(tName, start, start, l.src[start:i])
}

func (l *lexer) unexpected(t *token) {
	for _, c := range l.src[l.pos:] {
		l.fail(t, "Unexpected character ["+string(c)+"]", l.pos, l.pos)
		return
	}
}

func (l *lexer) number(t *token) {
	start := l.pos
	i := skipDigits(l.src, start)
	kind := tNumber
	switch {
	case i < len(l.src) && l.src[i] == 'L':
		i++
		kind = tLong
	case i+1 < len(l.src) && l.src[i] == '.' && isDigit(l.src[i+1]):
		i = skipDigits(l.src, i+1)
	}
	l.pos = i
	t.set(kind, start, start, l.src[start:i])
}

func (l *lexer) punctuation(t *token, c byte) {
	at := l.pos
	switch c {
	case '(', '[', '{':
		l.brackets = append(l.brackets, c)
	case ')', ']', '}':
		n := len(l.brackets)
		if n == 0 {
			l.fail(t, `Unexpected "`+string(c)+`"`, at, at)
			return
		}
		want := closerOf(l.brackets[n-1])
		if want != c {
			l.fail(t, `Unclosed "`+string(want)+`"`, at, at)
			return
		}
		l.brackets = l.brackets[:n-1]
	}
	l.mark(t, at)
}

func closerOf(open byte) byte {
	switch open {
	case '(':
		return ')'
	case '[':
		return ']'
	case '{', '#':
		return '}'
	}
	return '"'
}
