package campaign

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// addElement puts an element into another one, after all that is in it, with others in it down to the one that holds the
// change's attribute.
func (d *document) addElement(parent *element, names []string, c Change) []byte {
	outer, own := d.indent(parent)
	unit := d.unit()
	ending := d.lineEnd()
	if !own && parent.parent != nil || ending == "" { // all in one line
		unit, outer, ending = "", "", ""
	}
	inner := outer + unit
	if last := len(parent.children) - 1; last >= 0 {
		if at, alone := d.indent(parent.children[last]); alone {
			inner = at
		}
	}
	text := d.nested(names, c, inner, unit, ending)
	if parent.bare {
		head := bytes.TrimRight(d.src[:parent.tail], " \t\r\n")
		text = ">" + ending + text + ending + outer + "</" + d.spelled(parent) + ">"
		return d.splice(len(head), parent.end, text)
	}
	content := bytes.TrimRight(d.src[parent.tail+1:parent.close], " \t\r\n")
	at := parent.tail + 1 + len(content)
	if broken := bytes.ContainsAny(d.src[at:parent.close], "\r\n"); broken {
		return d.splice(at, at, ending+text)
	}
	if len(content) > 0 { // <a>…</a> in one line stays in one
		return d.splice(at, at, d.nested(names, c, "", "", ""))
	}
	return d.splice(at, parent.close, ending+text+ending+outer)
}

// nested writes elements in each other, the innermost with the attribute.
func (d *document) nested(names []string, c Change, indent, unit, ending string) string {
	var open, shut strings.Builder
	for i, name := range names[:len(names)-1] {
		at := indent + strings.Repeat(unit, i)
		open.WriteString(at + "<" + name + ">" + ending)
	}
	for i, name := range slices.Backward(names[:len(names)-1]) {
		shut.WriteString(ending + indent + strings.Repeat(unit, i) + "</" + name + ">")
	}
	q := d.quote()
	leaf := fmt.Sprintf("<%s %s=%c%s%c/>", names[len(names)-1], c.Attribute, q, d.escape(c.Value, q), q)
	return open.String() + indent + strings.Repeat(unit, len(names)-1) + leaf + shut.String()
}

// spelled gives an element's name as its bytes are in the file.
func (d *document) spelled(e *element) string { return string(d.src[e.at+1 : e.head]) }

// indent gives the blanks before an element, and whether it begins its line.
func (d *document) indent(e *element) (string, bool) {
	before := d.src[:e.at]
	blanks := before[len(bytes.TrimRight(before, " \t")):]
	start := len(before) - len(blanks)
	if start == 0 || before[start-1] == '\n' || before[start-1] == '\r' || bytes.Equal(before[:start], []byte(byteOrderMark)) {
		return string(blanks), true
	}
	return "", false
}

// unit gives what one level of the document is indented by.
func (d *document) unit() string {
	queue := []*element{d.root}
	for len(queue) > 0 {
		e := queue[0]
		outer, own := d.indent(e)
		for _, child := range e.children {
			if inner, alone := d.indent(child); own && alone && strings.HasPrefix(inner, outer) && len(inner) > len(outer) {
				return inner[len(outer):]
			}
		}
		queue = append(queue[1:], e.children...)
	}
	return "  "
}

// lineEnd gives what ends the document's first line; "" where all is one line.
func (d *document) lineEnd() string {
	at := bytes.IndexAny(d.src, "\r\n")
	switch {
	case at < 0:
		return ""
	case d.src[at] == '\r' && at+1 < len(d.src) && d.src[at+1] == '\n':
		return "\r\n"
	}
	return string(d.src[at : at+1])
}
