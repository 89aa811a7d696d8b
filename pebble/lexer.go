package pebble

import "strings"

type lexState uint8

const (
	inData lexState = iota
	inPrint
	inExecute
	inString        // within a double-quoted string that interpolates
	inInterpolation // within #{ } of such a string
)

// lexer cuts a template into tokens, one at a time. The Java engine lexes the
// whole template before it parses, so when parsing fails the parser lexes the
// rest: a lexical error further on is the one to report.
type lexer struct {
	src      string
	pos      int
	states   []lexState
	brackets []byte // open brackets; '"' for a string, '#' for an interpolation
	trim     bool   // the next text loses its leading whitespace
	plain    bool   // verbatim is no tag
	pending  token  // a token found together with the one before it
	err      *Error
}

func (l *lexer) state() lexState {
	if len(l.states) == 0 {
		return inData
	}
	return l.states[len(l.states)-1]
}

func (l *lexer) push(s lexState) { l.states = append(l.states, s) }
func (l *lexer) pop()            { l.states = l.states[:len(l.states)-1] }

// fail notes the first lexical error; all further tokens are EOF.
func (l *lexer) fail(msg string, at, line int) token {
	if l.err == nil {
		l.err = &Error{Kind: KindParser, Message: msg, Line: at, shown: line}
	}
	l.pos = len(l.src)
	return tokenAt(tEOF, at, line, "")
}

// next returns the next token.
func (l *lexer) next() token {
	if l.pending.kind != tEOF {
		t := l.pending
		l.pending = token{}
		return t
	}
	for l.err == nil && l.pos < len(l.src) {
		var t token
		switch l.state() {
		case inData:
			t = l.data()
		case inPrint:
			t = l.delimited(tPrintEnd, "}}")
		case inExecute:
			t = l.delimited(tExecuteEnd, "%}")
		case inString:
			t = l.stringPart()
		case inInterpolation:
			t = l.interpolation()
		}
		if t.kind != tEOF {
			return t
		}
	}
	if n := len(l.brackets); n > 0 && l.err == nil {
		open := string(l.brackets[n-1])
		if open == "#" {
			open = "#{"
		}
		return l.fail(`Unclosed "`+open+`"`, len(l.src), len(l.src))
	}
	return tokenAt(tEOF, len(l.src), len(l.src), "")
}

// delimited lexes one token of a print or execute tag.
func (l *lexer) delimited(end tokenKind, closer string) token {
	i := skipASCIISpace(l.src, l.pos)
	if i < len(l.src) && l.src[i] != closer[0] && l.src[i] != '-' {
		l.pos = i
		return l.expression()
	}
	dash := i < len(l.src) && l.src[i] == '-'
	if dash {
		i++
	}
	if strings.HasPrefix(l.src[i:], closer) && len(l.brackets) == 0 {
		if dash {
			l.trim = true
		}
		t := tokenAt(end, i, l.pos, closer)
		l.pos = skipLineBreak(l.src, i+2)
		l.pop()
		return t
	}
	return l.expression()
}

func (l *lexer) interpolation() token {
	i := skipASCIISpace(l.src, l.pos)
	if l.brackets[len(l.brackets)-1] == '#' && i < len(l.src) && l.src[i] == '}' {
		l.brackets = l.brackets[:len(l.brackets)-1]
		t := tokenAt(tInterpolationEnd, i, l.pos, "")
		l.pos = i + 1
		l.pop()
		return t
	}
	return l.expression()
}

// expression lexes one token of an expression.
func (l *lexer) expression() token {
	l.pos = skipJavaSpace(l.src, l.pos)
	if l.pos >= len(l.src) {
		return token{}
	}
	start := l.pos
	c := l.src[start]
	switch c {
	case '(', ')', '[', ']', '{', '}', '?', ':', ',':
		return l.punctuation(c)
	}
	if op, n := operatorAt(l.src, start); n > 0 {
		l.pos += n
		return token{tokenTag{tOperator, op}, mark{int32(start), int32(start)}, l.src[start:l.pos]}
	}
	if n := nameLength(l.src[start:]); n > 0 {
		l.pos += n
		return tokenAt(tName, start, start, l.src[start:l.pos])
	}
	switch {
	case c >= '0' && c <= '9':
		return l.number()
	case c == '.' || c == '=':
		return l.punctuation(c)
	case c == '"' || c == '\'':
		return l.quoted(c)
	}
	return l.unexpected()
}

func (l *lexer) unexpected() token {
	for _, c := range l.src[l.pos:] {
		return l.fail("Unexpected character ["+string(c)+"]", l.pos, l.pos)
	}
	return token{}
}

func (l *lexer) number() token {
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
	return tokenAt(kind, start, start, l.src[start:i])
}

func (l *lexer) punctuation(c byte) token {
	at := l.pos
	switch c {
	case '(', '[', '{':
		l.brackets = append(l.brackets, c)
	case ')', ']', '}':
		n := len(l.brackets)
		if n == 0 {
			return l.fail(`Unexpected "`+string(c)+`"`, at, at)
		}
		want := closerOf(l.brackets[n-1])
		if want != string(c) {
			return l.fail(`Unclosed "`+want+`"`, at, at)
		}
		l.brackets = l.brackets[:n-1]
	}
	l.pos++
	return tokenAt(tPunctuation, at, at, l.src[at:l.pos])
}

func closerOf(open byte) string {
	switch open {
	case '(':
		return ")"
	case '[':
		return "]"
	case '{':
		return "}"
	case '#':
		return "}"
	}
	return `"`
}
