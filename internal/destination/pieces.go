package destination

import (
	"regexp"
	"strings"
)

// piece is a part of a template's text.
type piece struct {
	kind pieceKind
	// text is the literal, or what stands between the delimiters without whitespace control.
	text string
	// start and end delimit the whole piece, delimiters included; from and to delimit text.
	start, end, from, to int
}

type pieceKind uint8

const (
	literalPiece pieceKind = iota
	printPiece
	tagPiece // {% %} and {# #}
)

// pieces cuts a template that parses into literals, prints and tags, by the lexical rules of spec/pebble-language.md
// §1: inside brackets and strings nothing closes a tag.
func pieces(text string) []piece {
	var out []piece
	for at := 0; at < len(text); {
		open := nextOpening(text, at)
		if open > at {
			out = append(out, piece{literalPiece, text[at:open], at, open, at, open})
		}
		if open == len(text) {
			break
		}
		p := delimited(text, open)
		out = append(out, p)
		at = p.end
	}
	return out
}

func nextOpening(text string, at int) int {
	for i := at; i+1 < len(text); i++ {
		if text[i] == '{' && strings.IndexByte("{%#", text[i+1]) >= 0 {
			return i
		}
	}
	return len(text)
}

// delimited reads the print, tag or comment that opens at start.
func delimited(text string, start int) piece {
	p := piece{kind: tagPiece, start: start, from: start + 2}
	closing := map[byte]string{'{': "}}", '%': "%}", '#': "#}"}[text[start+1]]
	if text[start+1] == '{' {
		p.kind = printPiece
	}
	p.to = len(text)
	if text[start+1] == '#' {
		if i := strings.Index(text[p.from:], closing); i >= 0 {
			p.to = p.from + i
		}
	} else {
		p.to = closingAt(text, p.from, closing)
	}
	p.end = min(p.to+2, len(text))
	if p.from+1 < p.to && text[p.from] == '-' && isBlank(text[p.from+1]) {
		p.from++
	}
	if p.from < p.to && text[p.to-1] == '-' {
		p.to--
	}
	p.text = text[p.from:p.to]
	return p
}

func isBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// closingAt finds the closing delimiter outside brackets and strings.
func closingAt(text string, at int, closing string) int {
	depth := 0
	for at < len(text) {
		if depth == 0 && strings.HasPrefix(text[at:], closing) {
			return at
		}
		switch c := text[at]; c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth = max(0, depth-1)
		case '\'', '"':
			at = stringEnd(text, at)
			continue
		}
		at++
	}
	return len(text)
}

// stringEnd gives the place after the string that begins at start. In double quotes #{ } holds an expression.
func stringEnd(text string, start int) int {
	quote := text[start]
	for at := start + 1; at < len(text); at++ {
		switch {
		case text[at] == '\\':
			at++
		case text[at] == quote:
			return at + 1
		case quote == '"' && strings.HasPrefix(text[at:], "#{"):
			at = closingAt(text, at+2, "}")
		}
	}
	return len(text)
}

// encodedPrint matches prints whose value is meant to stand in a URL as it is: `raw` says so, and what formUrlEncode
// and urlencode give is encoded.
var encodedPrint = regexp.MustCompile(`(?s)\|\s*(raw|urlencode)\s*$|^\s*formUrlEncode\s*\(.*\)\s*$`)

// encoded tells whether a print's value is put into a URL as it is.
func (p piece) encoded() bool { return encodedPrint.MatchString(p.text) }
