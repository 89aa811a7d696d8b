package campaign

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// element reads one from its "<", with all that is in it.
func (s *scanner) element(parent *element) *element {
	e := &element{parent: parent, at: s.at}
	if s.depth++; s.depth > maxDepth {
		s.fail(e.at, fmt.Sprintf("elements stand more than %d deep in each other", maxDepth))
	}
	s.at++
	e.name = s.name("an element's name")
	e.head = s.at
	s.attributes(e)
	e.tail = s.at
	if s.looking("/>") {
		s.at += 2
		e.bare, e.close = true, e.tail
	} else {
		s.at++
		s.content(e)
	}
	e.end = s.at
	s.depth--
	return e
}

// attributes reads those of a start tag, to its ">" or "/>".
func (s *scanner) attributes(e *element) {
	for {
		apart := s.blanks()
		if s.looking(">") || s.looking("/>") {
			return
		}
		if s.at == len(s.src) {
			s.fail(e.at, fmt.Sprintf("<%s does not end: \">\" is missing", e.name))
		}
		if !apart {
			s.fail(s.at, fmt.Sprintf("expected a blank, \">\" or \"/>\" in <%s>", e.name))
		}
		a := attribute{at: s.at}
		a.name = s.name(fmt.Sprintf("an attribute, \">\" or \"/>\" in <%s>", e.name))
		if _, twice := e.attribute(a.name); twice {
			s.fail(a.at, fmt.Sprintf("<%s> has the attribute %s twice", e.name, a.name))
		}
		s.value(&a)
		e.attributes = append(e.attributes, a)
	}
}

// value reads = and a quoted text.
func (s *scanner) value(a *attribute) {
	s.blanks()
	if !s.looking("=") {
		s.fail(s.at, fmt.Sprintf("expected = after the attribute %s", a.name))
	}
	s.at++
	s.blanks()
	if a.quote = s.peek(0); a.quote != '"' && a.quote != '\'' {
		s.fail(s.at, fmt.Sprintf("the value of %s has to stand in quotes", a.name))
	}
	s.at++
	a.begin = s.at
	end := bytes.IndexByte(s.src[s.at:], a.quote)
	if end < 0 {
		s.fail(a.begin-1, fmt.Sprintf("the value of %s does not end: a quote is missing", a.name))
	}
	a.end = a.begin + end
	if open := bytes.IndexByte(s.src[a.begin:a.end], '<'); open >= 0 {
		s.fail(a.begin+open, fmt.Sprintf("\"<\" stands in the value of %s; write &lt;, or close the quote before", a.name))
	}
	raw := s.src[a.begin:a.end]
	text := strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ").Replace(s.text.decode(raw))
	if bytes.IndexByte(raw, '&') >= 0 {
		s.references(a.begin, a.end)
		text = resolve(text)
	}
	a.text = text
	s.at = a.end + 1
}

// content reads what is between a start tag and its end tag.
func (s *scanner) content(e *element) {
	for {
		next := bytes.IndexByte(s.src[s.at:], '<')
		if next < 0 {
			s.fail(e.at, fmt.Sprintf("<%s> does not end: </%s> is missing", e.name, e.name))
		}
		s.plain(s.at, s.at+next)
		s.at += next
		switch {
		case s.looking("</"):
			s.endTag(e)
			return
		case s.looking("<![CDATA["):
			end := bytes.Index(s.src[s.at:], []byte("]]>"))
			if end < 0 {
				s.fail(s.at, `the CDATA section does not end: "]]>" is missing`)
			}
			s.at += end + 3
		case s.aside():
		default:
			e.children = append(e.children, s.element(e))
		}
	}
}

func (s *scanner) endTag(e *element) {
	e.close = s.at
	s.at += 2
	if name := s.name("the name of an end tag"); name != e.name {
		line, _ := place(s.src, e.at, s.text)
		s.fail(e.close, fmt.Sprintf("</%s> stands where </%s> is expected, of line %d", name, e.name, line))
	}
	s.blanks()
	if !s.looking(">") {
		s.fail(s.at, fmt.Sprintf("expected \">\" at the end of </%s>", e.name))
	}
	s.at++
}

// plain checks text between tags.
func (s *scanner) plain(from, to int) {
	if end := bytes.Index(s.src[from:to], []byte("]]>")); end >= 0 {
		s.fail(from+end, `"]]>" stands in text; write ]]&gt;`)
	}
	s.references(from, to)
}

// references checks every & of a part: a character's number, or one of XML's own five names.
func (s *scanner) references(from, to int) {
	for i := from; i < to; i++ {
		if s.src[i] != '&' {
			continue
		}
		end := bytes.IndexByte(s.src[i:to], ';')
		if end < 0 {
			s.fail(i, `"&" stands alone; write &amp;`)
		}
		name := string(s.src[i+1 : i+end])
		if _, ok := reference(name); !ok {
			s.fail(i, fmt.Sprintf("the entity &%.20s; is not defined: only lt, gt, amp, quot and apos are read, and characters by number", name))
		}
		i += end
	}
}

// reference gives the character that stands for &name;.
func reference(name string) (rune, bool) {
	switch name {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	digits, ok := strings.CutPrefix(name, "#")
	base := 10
	if hexadecimal, is := strings.CutPrefix(digits, "x"); is {
		digits, base = hexadecimal, 16
	}
	number, err := strconv.ParseUint(digits, base, 32)
	if !ok || err != nil || strings.Contains(digits, "_") {
		return 0, false
	}
	return rune(number), allowed(rune(number))
}

// allowed tells whether XML may hold a character (§2.2).
func allowed(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xd7ff || r >= 0xe000 && r <= 0xfffd || r >= 0x10000 && r <= 0x10ffff
}

// resolve puts characters in the places of references, which have been checked.
func resolve(text string) string {
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "&")
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		name, after, _ := strings.Cut(rest, ";")
		r, _ := reference(name)
		out.WriteRune(r)
		text = after
	}
}
