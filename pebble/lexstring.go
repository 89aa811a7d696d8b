package pebble

import "strings"

// quoted lexes a string. Its only escape is the backslash before its own quote;
// any other backslash stays, but keeps the next character from ending it.
func (l *lexer) quoted(t *token, quote byte) {
	start := l.pos
	escaped := false
	for i := start + 1; i < len(l.src); i++ {
		switch c := l.src[i]; {
		case c == '\\':
			i++
			escaped = escaped || i < len(l.src) && l.src[i] == quote
		case c == quote:
			l.pos = i + 1
			t.set(tString, start, l.pos, start+1, i)
			if escaped {
				l.unescaped = strings.ReplaceAll(l.src[start+1:i], `\`+string(quote), string(quote))
				t.to = unescaped
			}
			return
		case c == '#' && quote == '"':
			l.interpolating()
			return
		}
	}
	if quote == '"' {
		l.interpolating()
		return
	}
	l.unexpected(t)
}

// interpolating enters a double-quoted string that holds a #, or that does not
// end. The parser sees its parts as tokens of their own.
func (l *lexer) interpolating() {
	l.brackets = append(l.brackets, '"')
	l.push(inString)
	l.pos++
}

// stringPart lexes one part of such a string. Here the backslash of \" stays.
func (l *lexer) stringPart(t *token) {
	start := l.pos
	if strings.HasPrefix(l.src[start:], "#{") {
		l.brackets = append(l.brackets, '#')
		l.push(inInterpolation)
		l.pos += 2
		t.set(tInterpolationStart, start, start, 0, 0)
		return
	}
	i := start
	for i < len(l.src) && l.src[i] != '"' && !strings.HasPrefix(l.src[i:], "#{") {
		if l.src[i] == '\\' {
			i++
		}
		i++
	}
	if i = min(i, len(l.src)); i > start {
		l.pos = i
		t.set(tString, start, i, start, i)
		return
	}
	l.brackets = l.brackets[:len(l.brackets)-1]
	l.pop()
	l.pos++
}
