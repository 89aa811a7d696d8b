package pebble

import (
	"strings"
	"unicode/utf8"
)

// common lexes one of the tokens that tags are mostly made of, if the next one is
// such a token.
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
		l.word(t, i)
		return true
	case classMark:
		l.mark(t, i)
		return true
	case classBracket:
		if c == '}' {
			return l.state == inPrint && l.closed(t, i)
		}
		l.pos = i
		l.punctuation(t, c)
		return true
	case classSymbol:
		if c == '-' {
			return false
		}
		if c == '%' {
			return l.state == inExecute && l.closed(t, i)
		}
		if op, n := symbolAt(l.src, i); n > 0 {
			l.operator(t, op, i, n)
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
		t.set(tString, i, l.pos, i+1, i+1+n)
		return true
	}
	return false
}

// closed lexes the closing delimiter of the tag, if it stands at i and has no dash.
func (l *lexer) closed(t *token, i int) bool {
	if i+1 >= len(l.src) || l.src[i+1] != '}' || len(l.brackets) > 0 {
		return false
	}
	end := tPrintEnd
	if l.state == inExecute {
		end = tExecuteEnd
	}
	t.set(end, i, l.pos, i, i+2)
	l.pos = skipLineBreak(l.src, i+2)
	l.pop()
	return true
}

// mark sets t to the punctuation at i.
func (l *lexer) mark(t *token, i int) {
	t.set(tPunctuation, i, i, i, i+1)
	t.char = l.src[i]
	l.pos = i + 1
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
		l.word(t, start)
	case classMark, classBracket:
		l.punctuation(t, c)
	case classSymbol:
		op, n := symbolAt(l.src, start)
		if n == 0 && (c == '.' || c == '=') {
			l.punctuation(t, c)
		} else if n == 0 {
			l.unexpected(t)
		} else {
			l.operator(t, op, start, n)
		}
	case classDigit:
		l.number(t)
	case classQuote:
		l.quoted(t, c)
	default:
		l.unexpected(t)
	}
}

func (l *lexer) operator(t *token, op operator, start, n int) {
	l.pos = start + n
	t.set(tOperator, start, start, start, l.pos)
	t.op = op
}

// word lexes a name, or an operator that is a word.
func (l *lexer) word(t *token, start int) {
	i := skipWord(l.src, start)
	switch l.src[start] {
	case 'a', 'c', 'e', 'i', 'n', 'o': // what operators begin with
		if op, n := wordOperator(l.src, start, i); n > 0 {
			l.operator(t, op, start, n)
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
	t.set(tName, start, start, start, i)
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
	t.set(kind, start, start, start, i)
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
