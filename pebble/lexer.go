package pebble

import "strings"

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
	// unescaped is the text of the last string with escapes.
	unescaped string
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
	t.set(tEOF, at, line, 0, 0)
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

func (l *lexer) end(t *token) {
	if n := len(l.brackets); n > 0 && l.err == nil {
		open := string(l.brackets[n-1])
		if open == "#" {
			open = "#{"
		}
		l.fail(t, `Unclosed "`+open+`"`, len(l.src), len(l.src))
		return
	}
	t.set(tEOF, len(l.src), len(l.src), 0, 0)
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
	t.set(end, i, line, i, i+2)
	l.pos = skipLineBreak(l.src, i+2)
	l.pop()
}

func (l *lexer) interpolation(t *token) {
	i := skipASCIISpace(l.src, l.pos)
	if l.brackets[len(l.brackets)-1] == '#' && i < len(l.src) && l.src[i] == '}' {
		l.brackets = l.brackets[:len(l.brackets)-1]
		t.set(tInterpolationEnd, i, l.pos, 0, 0)
		l.pos = i + 1
		l.pop()
		return
	}
	l.expression(t)
}
