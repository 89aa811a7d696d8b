package campaign

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// scanner reads a document from its first byte to its last. It panics with a *SyntaxError, which parse recovers.
type scanner struct {
	src   []byte
	at    int
	text  charset
	depth int
}

func (s *scanner) fail(at int, msg string) {
	line, column := place(s.src, at, s.text)
	panic(&SyntaxError{Line: line, Column: column, Msg: msg})
}

var declaredEncoding = regexp.MustCompile(`\sencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']`)

// begin passes over the byte order mark and the declaration, and learns the encoding.
func (s *scanner) begin() {
	if wide(s.src) {
		s.fail(0, "the file is in UTF-16; save it as UTF-8")
	}
	marked := bytes.HasPrefix(s.src, []byte(byteOrderMark))
	if marked {
		s.at = len(byteOrderMark)
	}
	from := s.at
	if s.looking("<?xml") && bytes.IndexByte([]byte(" \t\r\n"), s.peek(5)) >= 0 {
		end := bytes.Index(s.src[s.at:], []byte("?>"))
		if end < 0 {
			s.fail(s.at, `the XML declaration does not end: "?>" is missing`)
		}
		declaration := s.src[s.at : s.at+end]
		s.at += end + 2
		if m := declaredEncoding.FindSubmatch(declaration); m != nil {
			text, ok := charsetOf(string(m[1]))
			if !ok || marked && !text.utf8 {
				s.fail(from, fmt.Sprintf("the encoding %.20q is not read here; save the file as UTF-8, and declare that", m[1]))
			}
			s.text = text
		}
	}
	s.checkCharacters()
}

// checkCharacters holds the text to what XML allows (§2.2).
func (s *scanner) checkCharacters() {
	for i := 0; i < len(s.src); {
		b := s.src[i]
		if b < ' ' && b != '\t' && b != '\n' && b != '\r' {
			s.fail(i, fmt.Sprintf("the byte 0x%02x has no place in XML", b))
		}
		if b < utf8.RuneSelf || !s.text.utf8 {
			i++
			continue
		}
		r, size := utf8.DecodeRune(s.src[i:])
		if r == utf8.RuneError && size == 1 {
			s.fail(i, "this is not UTF-8; declare the file's encoding in its first line, or save it as UTF-8")
		}
		if r == 0xfffe || r == 0xffff {
			s.fail(i, fmt.Sprintf("the character U+%04X has no place in XML", r))
		}
		i += size
	}
}

// document reads comments, the one root element, and comments.
func (s *scanner) document() *element {
	var root *element
	for {
		s.blanks()
		at := s.at
		switch {
		case s.at == len(s.src):
			if root == nil {
				s.fail(at, "there is no element: <serverConf> is expected")
			}
			return root
		case s.aside():
		case !s.looking("<"):
			s.fail(at, "text stands outside of the root element")
		case s.looking("</"):
			s.fail(at, "an element ends that has not begun")
		case root != nil:
			s.fail(at, "there is a second root element")
		default:
			root = s.element(nil)
		}
	}
}

// aside passes over a comment or a processing instruction, and refuses a document type.
func (s *scanner) aside() bool {
	at := s.at
	switch {
	case s.looking("<!--"):
		end := bytes.Index(s.src[s.at+4:], []byte("--"))
		if end < 0 {
			s.fail(at, `the comment does not end: "-->" is missing`)
		}
		s.at += 4 + end + 2
		if !s.looking(">") {
			s.fail(s.at-2, `"--" stands within a comment, where XML does not allow it`)
		}
		s.at++
	case s.looking("<?"):
		end := bytes.Index(s.src[s.at:], []byte("?>"))
		if end < 0 {
			s.fail(at, `the instruction does not end: "?>" is missing`)
		}
		s.at += 2
		if name := s.name("an instruction's name"); strings.EqualFold(name, "xml") {
			s.fail(at, "the XML declaration has to be the very first thing in the file")
		}
		s.at = at + end + 2
	case s.looking("<!DOCTYPE"), s.looking("<!ENTITY"):
		s.fail(at, "a document type (DOCTYPE) is not read: it may bring entities along; take it out")
	default:
		return false
	}
	return true
}

func (s *scanner) looking(text string) bool { return bytes.HasPrefix(s.src[s.at:], []byte(text)) }

// peek gives the byte n places on; 0 past the end.
func (s *scanner) peek(n int) byte {
	if s.at+n >= len(s.src) {
		return 0
	}
	return s.src[s.at+n]
}

func blank(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' }

// blanks passes over blanks and tells whether there were any.
func (s *scanner) blanks() bool {
	from := s.at
	for s.at < len(s.src) && blank(s.src[s.at]) {
		s.at++
	}
	return s.at > from
}

// name reads a name; every character beyond ASCII counts as a letter.
func (s *scanner) name(what string) string {
	from := s.at
	for s.at < len(s.src) && named(s.src[s.at], s.at == from) {
		s.at++
	}
	if s.at == from {
		s.fail(from, "expected "+what)
	}
	return s.text.decode(s.src[from:s.at])
}

func named(b byte, first bool) bool {
	switch {
	case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b == '_', b == ':', b >= utf8.RuneSelf:
		return true
	}
	return !first && (b >= '0' && b <= '9' || b == '-' || b == '.')
}
