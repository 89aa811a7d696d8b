package campaign

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Change sets one attribute, or takes it out.
type Change struct {
	// Path is the element below the root: "shared/ims".
	Path, Attribute string
	// Value is what it shall mean; what XML needs escaped is escaped.
	Value string
	// Remove takes the attribute out, so that what the file below says counts again.
	Remove bool
}

func (c Change) String() string { return c.Path + "@" + c.Attribute }

// edit sets attributes in a text and leaves every byte alone that is not the value of one of them, or an attribute or an
// element that had to be added to hold one. An attribute that has the value already stays as it is spelled.
//
// What is added looks like what is around it: the same quotes, the same line ends, the indentation of its neighbours,
// and its place in the alphabet where the others are in order.
func edit(src []byte, changes []Change) ([]byte, error) {
	before, err := parse(src)
	if err != nil {
		return nil, err
	}
	d := before
	for _, c := range changes {
		next, err := d.set(c)
		if err != nil {
			return nil, err
		}
		if d, err = parse(next); err != nil {
			return nil, fmt.Errorf("setting %s: the result can't be read: %w", c, err)
		}
	}
	if err := confirm(before, d, changes); err != nil {
		return nil, err
	}
	return d.src, nil
}

// set makes one change.
func (d *document) set(c Change) ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	target, missing, err := d.reach(c.Path)
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		if c.Remove {
			return d.src, nil
		}
		return d.addElement(target, missing, c), nil
	}
	a, ok := target.attribute(c.Attribute)
	switch {
	case c.Remove && !ok:
		return d.src, nil
	case c.Remove:
		return d.splice(d.gapBefore(a), a.end+1, ""), nil
	case !ok:
		return d.addAttribute(target, c), nil
	case a.text == c.Value:
		return d.src, nil
	}
	return d.splice(a.begin, a.end, d.escape(c.Value, a.quote)), nil
}

func (c Change) check() error {
	for i, r := range c.Attribute {
		if r >= utf8.RuneSelf || !named(byte(r), i == 0) || r == ':' {
			return fmt.Errorf("%q is not the name of an attribute", c.Attribute)
		}
	}
	if !utf8.ValidString(c.Value) || strings.ContainsFunc(c.Value, func(r rune) bool { return !allowed(r) }) {
		return fmt.Errorf("the value of %s has a character that XML has no place for", c)
	}
	return nil
}

// reach finds the element at a path, or the last one on the way and the names that are missing.
func (d *document) reach(path string) (at *element, missing []string, err error) {
	names := strings.Split(path, "/")
	for i := range names {
		found := d.find(strings.Join(names[:i+1], "/"))
		switch len(found) {
		case 0:
			return cmpElement(at, d.root), names[i:], nil
		case 1:
			at = found[0]
		default:
			first, _ := d.place(found[0].at)
			second, _ := d.place(found[1].at)
			return nil, nil, fmt.Errorf("<%s> stands twice, in line %d and in line %d: which one is meant can't be told; take one out", names[i], first, second)
		}
	}
	return at, nil, nil
}

// gapBefore gives where the blanks before an attribute begin.
func (d *document) gapBefore(a attribute) int { return len(bytes.TrimRight(d.src[:a.at], " \t\r\n")) }

func cmpElement(e, or *element) *element {
	if e == nil {
		return or
	}
	return e
}

func (d *document) splice(from, to int, text string) []byte {
	return slices.Concat(d.src[:from], []byte(text), d.src[to:])
}

// escape writes a value so that it means itself within the quotes. In an encoding that can't hold every character, those
// beyond ASCII are written by number.
func (d *document) escape(value string, quote byte) string {
	var out strings.Builder
	for _, r := range value {
		switch {
		case r == '&':
			out.WriteString("&amp;")
		case r == '<':
			out.WriteString("&lt;")
		case r == rune(quote) && quote == '"':
			out.WriteString("&quot;")
		case r == rune(quote):
			out.WriteString("&apos;")
		case r < ' ', r >= utf8.RuneSelf && !d.text.utf8:
			fmt.Fprintf(&out, "&#%d;", r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// addAttribute puts an attribute into a start tag.
func (d *document) addAttribute(e *element, c Change) []byte {
	if len(e.attributes) == 0 {
		q := d.quote()
		return d.splice(e.head, e.head, fmt.Sprintf(" %s=%c%s%c", c.Attribute, q, d.escape(c.Value, q), q))
	}
	byName := func(a, b attribute) int { return strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name)) }
	next := len(e.attributes)
	if slices.IsSortedFunc(e.attributes, byName) {
		next, _ = slices.BinarySearchFunc(e.attributes, attribute{name: c.Attribute}, byName)
	}
	q := e.attributes[min(next, len(e.attributes)-1)].quote
	text := fmt.Sprintf("%s=%c%s%c", c.Attribute, q, d.escape(c.Value, q), q)
	switch {
	case next == 0: // where the first one stands
		return d.splice(e.attributes[0].at, e.attributes[0].at, text+d.gap(e, min(1, len(e.attributes)-1)))
	case next < len(e.attributes):
		at := e.attributes[next-1].end + 1
		return d.splice(at, at, d.gap(e, next)+text)
	}
	at := e.attributes[next-1].end + 1
	return d.splice(at, at, d.gap(e, next-1)+text)
}

// gap is what stands before the attribute of an index; before the first one, a blank.
func (d *document) gap(e *element, index int) string {
	if index == 0 {
		return " "
	}
	return string(d.src[e.attributes[index-1].end+1 : e.attributes[index].at])
}

// quote gives the quotes that the document's first attribute has.
func (d *document) quote() byte {
	queue := []*element{d.root}
	for len(queue) > 0 {
		if len(queue[0].attributes) > 0 {
			return queue[0].attributes[0].quote
		}
		queue = append(queue[1:], queue[0].children...)
	}
	return '"'
}

// confirm holds an edit to its promise: the named attributes mean what they should, and of everything that was there
// before nothing else has changed.
func confirm(before, after *document, changes []Change) error {
	for _, c := range changes {
		found := after.find(c.Path)
		if c.Remove && len(found) == 0 {
			continue
		}
		if len(found) != 1 {
			return fmt.Errorf("setting %s: there are %d elements %s afterwards", c, len(found), c.Path)
		}
		last := c
		for _, other := range changes {
			if other.String() == c.String() {
				last = other
			}
		}
		if a, there := found[0].attribute(c.Attribute); there == last.Remove || !last.Remove && a.text != last.Value {
			return fmt.Errorf("setting %s: it is not what it should be afterwards", c)
		}
	}
	if at := unlike(before, after, before.root, after.root, "", changes); at != "" {
		return fmt.Errorf("setting %d attributes would change something else: %s", len(changes), at)
	}
	return nil
}

// unlike names the first difference between two elements that no change accounts for.
func unlike(before, after *document, old, now *element, path string, changes []Change) string {
	meant := func(attribute string) bool {
		return slices.ContainsFunc(changes, func(c Change) bool { return c.Path == path && c.Attribute == attribute })
	}
	rest := slices.DeleteFunc(slices.Clone(now.attributes), func(a attribute) bool { return meant(a.name) })
	kept := slices.DeleteFunc(slices.Clone(old.attributes), func(a attribute) bool { return meant(a.name) })
	same := slices.EqualFunc(kept, rest, func(a, b attribute) bool {
		return bytes.Equal(before.src[a.at:a.end+1], after.src[b.at:b.end+1])
	})
	if old.name != now.name || !same || len(now.children) < len(old.children) || old.bare && now.bare && len(now.children) > 0 {
		return "<" + old.name + ">"
	}
	for i, child := range old.children {
		below := strings.TrimPrefix(path+"/"+child.name, "/")
		if at := unlike(before, after, child, now.children[i], below, changes); at != "" {
			return at
		}
	}
	for _, added := range now.children[len(old.children):] {
		below := strings.TrimPrefix(path+"/"+added.name, "/")
		if !slices.ContainsFunc(changes, func(c Change) bool { return c.Path == below || strings.HasPrefix(c.Path, below+"/") }) {
			return "<" + added.name + ">"
		}
	}
	return ""
}
