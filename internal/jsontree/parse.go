package jsontree

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The bounds of a document.
const (
	maxDocumentBytes = 256 << 10
	maxDepth         = 64
)

// SyntaxError says where a document stops being JSON, and what was expected there.
type SyntaxError struct {
	// Line and Column count from 1; Column counts characters.
	Line, Column int
	Msg          string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Msg)
}

// parser reads JSON (RFC 8259) into a tree, stricter than encoding/json: a repeated member, bytes that are not UTF-8
// and anything after the value are errors.
type parser struct {
	src   string
	at    int
	depth int
}

// Parse reads one JSON value. The error is a [SyntaxError].
func Parse(raw []byte) (n *Node, err error) {
	if len(raw) > maxDocumentBytes {
		return nil, &SyntaxError{Line: 1, Column: 1,
			Msg: fmt.Sprintf("the document has %d bytes, and %d are allowed", len(raw), maxDocumentBytes)}
	}
	p := &parser{src: string(raw)}
	defer func() {
		switch failed := recover().(type) {
		case nil:
		case *SyntaxError:
			n, err = nil, failed
		default:
			panic(failed)
		}
	}()
	if i := invalidUTF8(p.src); i >= 0 {
		p.at = i
		p.fail("the document is not valid UTF-8 here")
	}
	p.src = strings.TrimPrefix(p.src, "\ufeff")
	n = p.value("a JSON object")
	p.blanks()
	if p.at < len(p.src) {
		p.fail("expected the end of the document, found " + p.found())
	}
	return n, nil
}

func invalidUTF8(s string) int {
	if utf8.ValidString(s) {
		return -1
	}
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// fail ends the parse at the present place. Parse recovers it.
func (p *parser) fail(msg string) {
	before := p.src[:p.at]
	line := 1 + strings.Count(before, "\n")
	column := 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	panic(&SyntaxError{Line: line, Column: column, Msg: msg})
}

// found names what stands at the present place.
func (p *parser) found() string {
	if p.at >= len(p.src) {
		return "the end of the document"
	}
	r, _ := utf8.DecodeRuneInString(p.src[p.at:])
	return fmt.Sprintf("%q", r)
}

func (p *parser) blanks() {
	for p.at < len(p.src) {
		switch p.src[p.at] {
		case ' ', '\t', '\r', '\n':
			p.at++
		default:
			return
		}
	}
}

func (p *parser) peek() byte {
	if p.at < len(p.src) {
		return p.src[p.at]
	}
	return 0
}

func (p *parser) value(expected string) *Node {
	p.blanks()
	switch c := p.peek(); {
	case c == '{':
		return p.nested((*parser).object)
	case c == '[':
		return p.nested((*parser).array)
	case c == '"':
		text, raw := p.quoted()
		return &Node{Kind: String, Text: text, raw: raw}
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	for word, k := range map[string]Kind{"true": Bool, "false": Bool, "null": Null} {
		if rest, ok := strings.CutPrefix(p.src[p.at:], word); ok && !startsWithLetter(rest) {
			p.at += len(word)
			return &Node{Kind: k, Text: word}
		}
	}
	p.fail("expected " + expected + ", found " + p.found())
	return nil
}

func startsWithLetter(s string) bool {
	return s != "" && (s[0]|0x20 >= 'a' && s[0]|0x20 <= 'z' || s[0] >= '0' && s[0] <= '9' || s[0] == '_')
}

func (p *parser) nested(read func(*parser) *Node) *Node {
	p.depth++
	if p.depth > maxDepth {
		p.fail(fmt.Sprintf("the document is nested more than %d levels deep", maxDepth))
	}
	n := read(p)
	p.depth--
	return n
}

func (p *parser) object() *Node {
	n := &Node{Kind: Object}
	seen := map[string]bool{}
	p.at++
	for expected := `a member's name or "}"`; ; expected = "a member's name" {
		p.blanks()
		if p.peek() == '}' && len(n.members) == 0 {
			p.at++
			return n
		}
		if p.peek() != '"' {
			p.fail("expected " + expected + ", found " + p.found())
		}
		start := p.at
		name, _ := p.quoted()
		if seen[name] {
			p.at = start
			p.fail(fmt.Sprintf("the member %q stands twice in this object", name))
		}
		seen[name] = true
		p.blanks()
		if p.peek() != ':' {
			p.fail(`expected ":", found ` + p.found())
		}
		p.at++
		n.members = append(n.members, Member{name, p.value("a value")})
		if p.next('}') {
			return n
		}
	}
}

func (p *parser) array() *Node {
	n := &Node{Kind: Array}
	p.at++
	p.blanks()
	if p.peek() == ']' {
		p.at++
		return n
	}
	for {
		n.items = append(n.items, p.value("a value"))
		if p.next(']') {
			return n
		}
	}
}

// next reads a comma, or the closing bracket: then it is true.
func (p *parser) next(closing byte) bool {
	p.blanks()
	switch p.peek() {
	case ',':
		p.at++
		return false
	case closing:
		p.at++
		return true
	}
	p.fail(fmt.Sprintf(`expected "," or "%c", found %s`, closing, p.found()))
	return false
}

// number reads a number and keeps its text.
func (p *parser) number() *Node {
	start := p.at
	for p.at < len(p.src) && strings.IndexByte("+-.eE0123456789", p.src[p.at]) >= 0 {
		p.at++
	}
	text := p.src[start:p.at]
	if !json.Valid([]byte(text)) || startsWithLetter(p.src[p.at:]) {
		p.at = start
		p.fail("this is not a JSON number")
	}
	return &Node{Kind: Number, Text: text}
}

// quoted reads a string; raw is the literal as it was written.
func (p *parser) quoted() (text, raw string) {
	start := p.at
	var b strings.Builder
	for p.at++; ; {
		if p.at >= len(p.src) {
			p.at = start
			p.fail("this string does not end")
		}
		c := p.src[p.at]
		switch {
		case c == '"':
			p.at++
			return b.String(), p.src[start:p.at]
		case c == '\\':
			b.WriteRune(p.escape())
		case c < 0x20:
			p.fail(fmt.Sprintf("a string cannot hold %q as it is; write it as an escape", rune(c)))
		default:
			b.WriteByte(c)
			p.at++
		}
	}
}

var escapes = map[byte]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (p *parser) escape() rune {
	if p.at+1 >= len(p.src) {
		p.fail("this string does not end")
	}
	if r, ok := escapes[p.src[p.at+1]]; ok {
		p.at += 2
		return r
	}
	r := p.hex()
	if !utf16.IsSurrogate(r) {
		return r
	}
	start := p.at
	if low := p.hex(); utf16.DecodeRune(r, low) != utf8.RuneError {
		return utf16.DecodeRune(r, low)
	}
	p.at = start
	p.fail("expected the second half of a surrogate pair")
	return 0
}

// hex reads \uXXXX.
func (p *parser) hex() rune {
	if !strings.HasPrefix(p.src[p.at:], `\u`) || p.at+6 > len(p.src) {
		p.fail(`expected an escape: one of \" \\ \/ \b \f \n \r \t \uXXXX`)
	}
	var r rune
	for _, c := range []byte(p.src[p.at+2 : p.at+6]) {
		digit := strings.IndexByte("0123456789abcdef", c|0x20)
		if digit < 0 || c < '0' || c > '9' && c < 'A' {
			p.fail(`expected four hexadecimal digits after \u`)
		}
		r = r<<4 | rune(digit)
	}
	p.at += 6
	return r
}
