package manifest

import (
	"regexp"
	"slices"
	"strings"

	"latchkey/internal/jsontree"
)

// AppendYAML writes the object as a document, without the line that parts it from the one before.
func (o *Object) AppendYAML(b []byte) []byte {
	b = append(b, "kind: "...)
	b = appendScalar(b, o.Kind)
	b = append(b, "\nname: "...)
	b = appendScalar(b, o.Name)
	b = append(b, '\n')
	if len(o.Spec.Members()) > 0 {
		b = append(b, "spec:\n"...)
		b = appendMembers(b, o.Spec, 1)
	}
	return b
}

func indent(b []byte, depth int) []byte { return append(b, strings.Repeat("  ", depth)...) }

func appendMembers(b []byte, n *jsontree.Node, depth int) []byte {
	for _, m := range n.Members() {
		b = indent(b, depth)
		b = appendMember(b, m, depth)
	}
	return b
}

func appendMember(b []byte, m jsontree.Member, depth int) []byte {
	b = appendScalar(b, m.Name)
	b = append(b, ':')
	switch {
	case m.Value.Is(jsontree.Object) && len(m.Value.Members()) > 0:
		return appendMembers(append(b, '\n'), m.Value, depth+1)
	case m.Value.Is(jsontree.Array) && len(m.Value.Items()) > 0:
		return appendItems(append(b, '\n'), m.Value, depth+1)
	}
	return appendValue(append(b, ' '), m.Value, depth+1)
}

func appendItems(b []byte, n *jsontree.Node, depth int) []byte {
	for _, item := range n.Items() {
		b = append(indent(b, depth), '-')
		switch {
		case item.Is(jsontree.Object) && len(item.Members()) > 0:
			b = append(b, ' ')
			for i, m := range item.Members() {
				if i > 0 {
					b = indent(b, depth+1)
				}
				b = appendMember(b, m, depth+1)
			}
		case item.Is(jsontree.Array) && len(item.Items()) > 0:
			b = append(b, '\n') // a list in a list begins on a line of its own
			b = appendItems(b, item, depth+1)
		default:
			b = appendValue(append(b, ' '), item, depth+1)
		}
	}
	return b
}

// appendValue writes what has nothing below it, with the end of its line.
func appendValue(b []byte, n *jsontree.Node, depth int) []byte {
	switch {
	case n.Is(jsontree.Object):
		b = append(b, "{}"...)
	case n.Is(jsontree.Array):
		b = append(b, "[]"...)
	case n.Is(jsontree.String) && block(n.Text):
		b = append(b, "|\n"...)
		for line := range strings.Lines(n.Text) {
			b = append(indent(b, depth), line...)
		}
		return b
	case n.Is(jsontree.String):
		b = appendScalar(b, n.Text)
	default:
		b = n.Append(b)
	}
	return append(b, '\n')
}

// block tells texts that are written line by line, as PEM: nothing in them means something else there.
func block(text string) bool {
	if strings.Count(text, "\n") < 2 || !strings.HasSuffix(text, "\n") || strings.HasSuffix(text, "\n\n") {
		return false
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		if line == "" || line != strings.TrimSpace(line) || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
			return false
		}
	}
	return true
}

// plain matches texts that no reader of YAML takes for anything else, whatever its version; notPlain those that look so.
var (
	plain    = regexp.MustCompile(`^[A-Za-z_/][A-Za-z0-9_./@+*-]*(?: [A-Za-z0-9_./@+*(-][A-Za-z0-9_./@+*),-]*)*$`)
	urlLike  = regexp.MustCompile(`^(?:https?|env|file|vault):[A-Za-z0-9_./@+*%~:?=#-]*[A-Za-z0-9_/]$`)
	notPlain = []string{"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"}
)

// appendScalar writes a text plainly where that is safe, else as JSON does: YAML reads that as JSON does.
func appendScalar(b []byte, text string) []byte {
	if (plain.MatchString(text) || urlLike.MatchString(text)) && !slices.Contains(notPlain, strings.ToLower(text)) {
		return append(b, text...)
	}
	return append(b, quoted(text)...)
}
