package campaign

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The bounds of a file.
const (
	maxFile  = 8 << 20
	maxDepth = 64
)

// SyntaxError says where a file stops being what can be read, and why.
type SyntaxError struct {
	// File is the file's name, "" for a text without one.
	File string
	// Line and Column count from 1; Column counts characters.
	Line, Column int
	Msg          string
}

func (e *SyntaxError) Error() string {
	if e.File == "" {
		return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Msg)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Msg)
}

// element is one of a document, by where it stands in the bytes: whoever edits it cuts there.
type element struct {
	name   string
	parent *element
	// at is its first byte, head the one after its name, tail the ">" or "/>" that ends its start tag.
	at, head, tail int
	// bare is <x/>: without an end tag. Else close is where "</" is; end is the byte after it all.
	bare       bool
	close, end int
	attributes []attribute
	children   []*element
}

type attribute struct {
	name string
	// at is its first byte, begin and end those of its value within the quotes.
	at, begin, end int
	quote          byte
	// text is what the value means, with its references read and its blanks made spaces (XML 1.0 §3.3.3).
	text string
}

// document is a text and what stands in it.
type document struct {
	src  []byte
	root *element
	text charset
}

// parse reads a document: well-formed XML 1.0 without a document type, and so without entities of its own, which are
// how a file makes its reader fetch others or fill the memory.
func parse(src []byte) (d *document, err error) {
	s := &scanner{src: src, text: utf8Text}
	defer func() {
		switch failed := recover().(type) {
		case nil:
		case *SyntaxError:
			d, err = nil, failed
		default:
			panic(failed)
		}
	}()
	if len(src) > maxFile {
		s.fail(0, fmt.Sprintf("the file has %d bytes, and %d are allowed", len(src), maxFile))
	}
	s.begin()
	root := s.document()
	return &document{src, root, s.text}, nil
}

// place gives line and column of an offset. A line ends with LF, CR, or both.
func place(src []byte, offset int, text charset) (line, column int) {
	before := src[:min(max(offset, 0), len(src))]
	line = bytes.Count(before, []byte("\n")) + 1
	start := bytes.LastIndexByte(before, '\n') + 1
	if line == 1 && bytes.IndexByte(src, '\n') < 0 { // lines as old Macintoshes have them
		line += bytes.Count(before, []byte("\r"))
		start = bytes.LastIndexByte(before, '\r') + 1
	}
	column = len(before) - start + 1
	if text.utf8 {
		column = utf8.RuneCount(bytes.TrimPrefix(before[start:], []byte(byteOrderMark))) + 1
	}
	return line, column
}

func (d *document) place(offset int) (line, column int) { return place(d.src, offset, d.text) }

// find gives the elements at a path below the root: "shared/ims". Names are compared as they are spelled.
func (d *document) find(path string) []*element {
	found := []*element{d.root}
	for name := range strings.SplitSeq(path, "/") {
		var next []*element
		for _, e := range found {
			for _, child := range e.children {
				if child.name == name {
					next = append(next, child)
				}
			}
		}
		found = next
	}
	return found
}

func (e *element) attribute(name string) (attribute, bool) {
	for _, a := range e.attributes {
		if a.name == name {
			return a, true
		}
	}
	return attribute{}, false
}
