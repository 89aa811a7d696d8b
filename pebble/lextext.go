package pebble

import "strings"

// data lexes text up to the next opening delimiter, and that delimiter. Where
// there is no text it leaves the token as it is, EOF.
func (l *lexer) data(t *token) {
	start := l.pos
	at := nextDelimiter(l.src, start)
	from, to := start, at
	if l.trim {
		from = skipJavaSpace(l.src[:at], start)
		l.trim = false
	}
	if at == len(l.src) {
		l.pos = at
		l.text(t, start, at, from, to)
		return
	}
	end := at + 2
	// A dash trims the text before it only if a blank follows: else it is a
	// unary minus, or text of a comment.
	if end < len(l.src) && l.src[end] == '-' {
		if after := skipASCIISpace(l.src, end+1); after > end+1 {
			to = from + len(trimRight(l.src[from:to]))
			end = after
		}
	}
	l.pos = end
	l.text(t, start, at+2, from, to)
	l.opened = mark{int32(at), int32(end)}
	switch l.src[at+1] {
	case '#':
		l.comment(t)
		return
	case '{':
		l.push(inPrint)
		l.opening = tPrintStart
	default:
		if body, ok := verbatimAt(l.src, end); ok && !l.plain {
			if t.kind == tText {
				l.pos = at // come back for what follows the text
				return
			}
			l.verbatim(t, body)
			return
		}
		l.push(inExecute)
		l.opening = tExecuteStart
	}
	if t.kind == tEOF {
		l.open(t)
	}
}

// text sets t to a text, unless that is empty.
func (l *lexer) text(t *token, at, line, from, to int) {
	if from < to {
		t.set(tText, at, line, from, to)
	}
}

// open sets t to the opening delimiter after a text.
func (l *lexer) open(t *token) {
	t.set(l.opening, int(l.opened.at), int(l.opened.line), 0, 0)
	l.opening = tEOF
}

// nextDelimiter returns the offset of the next {{, {% or {#.
func nextDelimiter(src string, i int) int {
	for {
		j := strings.IndexByte(src[i:], '{')
		if j < 0 || i+j+1 >= len(src) {
			return len(src)
		}
		i += j
		switch src[i+1] {
		case '{', '%', '#':
			return i
		}
		i++
	}
}

func (l *lexer) comment(t *token) {
	end := strings.Index(l.src[l.pos:], "#}")
	if end < 0 {
		// The Java engine has read no further than the opener.
		l.fail(t, "Unclosed comment.", l.pos, l.pos)
		return
	}
	body := l.src[l.pos : l.pos+end]
	if n := len(body); n > 1 && body[n-1] == '-' && isASCIISpace(body[n-2]) {
		l.trim = true
	}
	l.pos = skipLineBreak(l.src, l.pos+end+2)
}

// verbatimAt reports whether a verbatim tag, after its {%, stands at i, and
// where its body begins.
func verbatimAt(src string, i int) (body int, ok bool) {
	i = skipASCIISpace(src, i)
	if !strings.HasPrefix(src[i:], "verbatim") {
		return 0, false
	}
	i = skipASCIISpace(src, i+len("verbatim"))
	if i < len(src) && src[i] == '-' {
		i++
	}
	if !strings.HasPrefix(src[i:], "%}") {
		return 0, false
	}
	return skipLineBreak(src, i+2), true
}

// verbatim lexes the body of a verbatim tag as text. As in the Java engine, the
// body always loses its leading whitespace, and loses the trailing one only if
// the closing tag has a dash.
func (l *lexer) verbatim(t *token, body int) {
	for i := body; ; i++ {
		j := strings.Index(l.src[i:], "{%")
		if j < 0 {
			l.fail(t, "Unclosed verbatim tag.", body, body)
			return
		}
		i += j
		end, left, right, ok := endVerbatimAt(l.src, i)
		if !ok {
			continue
		}
		from, to := skipJavaSpace(l.src[:i], body), i
		if left {
			to = from + len(trimRight(l.src[from:i]))
		}
		l.trim = right
		l.pos = end
		l.text(t, body, end, from, to)
		return
	}
}

func endVerbatimAt(src string, i int) (end int, left, right, ok bool) {
	i += 2
	if i < len(src) && src[i] == '-' {
		left = true
		i++
	}
	i = skipASCIISpace(src, i)
	if !strings.HasPrefix(src[i:], "endverbatim") {
		return 0, false, false, false
	}
	i = skipASCIISpace(src, i+len("endverbatim"))
	if i < len(src) && src[i] == '-' {
		right = true
		i++
	}
	if !strings.HasPrefix(src[i:], "%}") {
		return 0, false, false, false
	}
	return skipLineBreak(src, i+2), left, right, true
}
