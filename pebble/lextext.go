package pebble

import "strings"

// data lexes text up to the next opening delimiter, and that delimiter.
func (l *lexer) data() token {
	start := l.pos
	open := nextDelimiter(l.src, start)
	text := l.src[start:open]
	if l.trim {
		text = trimLeft(text)
		l.trim = false
	}
	if open == len(l.src) {
		l.pos = open
		return textToken(text, start, open)
	}
	c := l.src[open+1]
	end := open + 2
	// A dash trims the text before it only if a blank follows: else it is a
	// unary minus, or text of a comment.
	if end < len(l.src) && l.src[end] == '-' {
		if after := skipASCIISpace(l.src, end+1); after > end+1 {
			text = trimRight(text)
			end = after
		}
	}
	l.pos = end
	first := textToken(text, start, open+2)
	switch c {
	case '#':
		return l.comment(first)
	case '{':
		l.push(inPrint)
		return l.two(first, tokenAt(tPrintStart, open, end, ""))
	}
	if body, ok := verbatimAt(l.src, end); ok && !l.plain {
		return l.verbatim(first, body)
	}
	l.push(inExecute)
	return l.two(first, tokenAt(tExecuteStart, open, end, ""))
}

func textToken(text string, at, line int) token {
	if text == "" {
		return token{}
	}
	return tokenAt(tText, at, line, text)
}

// two returns the first of two tokens that is not empty and keeps the other.
func (l *lexer) two(a, b token) token {
	if a.kind == tEOF {
		return b
	}
	l.pending = b
	return a
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

func (l *lexer) comment(text token) token {
	end := strings.Index(l.src[l.pos:], "#}")
	if end < 0 {
		// The Java engine has read no further than the opener.
		return l.fail("Unclosed comment.", l.pos, l.pos)
	}
	body := l.src[l.pos : l.pos+end]
	if n := len(body); n > 1 && body[n-1] == '-' && isASCIISpace(body[n-2]) {
		l.trim = true
	}
	l.pos = skipLineBreak(l.src, l.pos+end+2)
	return text
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
func (l *lexer) verbatim(before token, body int) token {
	for i := body; ; i++ {
		j := strings.Index(l.src[i:], "{%")
		if j < 0 {
			return l.fail("Unclosed verbatim tag.", body, body)
		}
		i += j
		end, left, right, ok := endVerbatimAt(l.src, i)
		if !ok {
			continue
		}
		text := trimLeft(l.src[body:i])
		if left {
			text = trimRight(text)
		}
		l.trim = right
		l.pos = end
		return l.two(before, textToken(text, body, end))
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
