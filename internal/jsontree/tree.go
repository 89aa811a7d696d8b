// Package jsontree reads JSON into a tree that writes it back as its author wrote it.
//
// Members keep their order, and those that nobody knows are kept; numbers and escapes keep their spelling. Parse is
// stricter than encoding/json (RFC 8259 and no more: a member stands once, text is UTF-8, sizes are bounded) and its
// errors are for the author: a line, a column and what was expected there. It trusts nothing that it is given.
//
// A secret can be taken out of the tree ([Node.Seal]): [Mask] stands in its place, and whoever writes the tree, walks
// it or prints it sees that alone. What is a secret is for the rooms to say whose documents these are.
package jsontree

import (
	"encoding/json"
	"strconv"
	"strings"

	"latchkey/internal/secret"
)

// Mask stands where a secret was.
const Mask = "********"

// Kind is what a node of the tree is.
type Kind uint8

// The kinds of JSON.
const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

// String names the kind with its article, for messages.
func (k Kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}[k]
}

// Node is one value of a document. A nil node is an absent one, and its methods say so.
type Node struct {
	Kind Kind
	// Text is a string's value, or a number's or boolean's text as it was written.
	Text string
	// raw is a string's literal as it was written, quotes included, so that escapes survive.
	raw     string
	members []Member
	items   []*Node
	// Sealed is the secret that was taken out; the node is then a string that says [Mask].
	Sealed secret.String
	// SealedKind is what the secret was before it was taken out.
	SealedKind Kind
}

// Member is a named value of an object.
type Member struct {
	Name  string
	Value *Node
}

// Members gives an object's members in their order, none for anything else.
func (n *Node) Members() []Member {
	if n == nil {
		return nil
	}
	return n.members
}

// Items gives an array's elements, none for anything else.
func (n *Node) Items() []*Node {
	if n == nil {
		return nil
	}
	return n.items
}

// Get gives the member of that name, nil when there is none or n is no object.
func (n *Node) Get(name string) *Node {
	if n == nil {
		return nil
	}
	for i := range n.members {
		if n.members[i].Name == name {
			return n.members[i].Value
		}
	}
	return nil
}

// At follows member names.
func (n *Node) At(names ...string) *Node {
	for _, name := range names {
		n = n.Get(name)
	}
	return n
}

// Absent tells whether the node says nothing: it is not there, or null.
func (n *Node) Absent() bool { return n == nil || n.Kind == Null }

// Is tells whether the node is there and of that kind.
func (n *Node) Is(k Kind) bool { return n != nil && n.Kind == k }

// Str gives a string's value, "" for anything else.
func (n *Node) Str() string {
	if n.Is(String) {
		return n.Text
	}
	return ""
}

// Truth gives a boolean's value, false for anything else.
func (n *Node) Truth() bool { return n.Is(Bool) && n.Text == "true" }

// Scalar tells whether the node is a string, a number or a boolean.
func (n *Node) Scalar() bool {
	return n != nil && (n.Kind == String || n.Kind == Number || n.Kind == Bool)
}

// Masked tells whether the node stands for a secret, known or not.
func (n *Node) Masked() bool { return n.Is(String) && n.Text == Mask }

// Child is the pointer of a member or an element below pointer (RFC 6901).
func Child(pointer string, names ...string) string {
	for _, name := range names {
		name = strings.ReplaceAll(name, "~", "~0")
		pointer += "/" + strings.ReplaceAll(name, "/", "~1")
	}
	return pointer
}

// Element is the pointer of an array's element below pointer.
func Element(pointer string, index int) string { return pointer + "/" + strconv.Itoa(index) }

// Walk calls visit for every node, parents first, with its pointer.
func (n *Node) Walk(pointer string, visit func(pointer string, n *Node)) {
	if n == nil {
		return
	}
	visit(pointer, n)
	for _, m := range n.members {
		m.Value.Walk(Child(pointer, m.Name), visit)
	}
	for i, item := range n.items {
		item.Walk(Element(pointer, i), visit)
	}
}

// Find gives the node at a pointer, nil when there is none.
func (n *Node) Find(pointer string) *Node {
	if pointer == "" {
		return n
	}
	for name := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if n == nil {
			return nil
		}
		name = strings.ReplaceAll(strings.ReplaceAll(name, "~1", "/"), "~0", "~")
		if n.Kind != Array {
			n = n.Get(name)
			continue
		}
		index, err := strconv.Atoi(name)
		if err != nil || index < 0 || index >= len(n.items) {
			return nil
		}
		n = n.items[index]
	}
	return n
}

// Append appends the node as JSON, compact, with what was written kept as it was.
func (n *Node) Append(b []byte) []byte {
	switch n.Kind {
	case Null:
		return append(b, "null"...)
	case Bool, Number:
		return append(b, n.Text...)
	case String:
		return n.writeString(b)
	case Array:
		b = append(b, '[')
		for i, item := range n.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = item.Append(b)
		}
		return append(b, ']')
	}
	b = append(b, '{')
	for i, m := range n.members {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendQuoted(b, m.Name)
		b = append(b, ':')
		b = m.Value.Append(b)
	}
	return append(b, '}')
}

func (n *Node) writeString(b []byte) []byte {
	if n.raw != "" {
		return append(b, n.raw...)
	}
	return appendQuoted(b, n.Text)
}

// appendQuoted writes text as a JSON string without the HTML escapes of encoding/json's default.
func appendQuoted(b []byte, text string) []byte {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a string always encodes, and a Builder never fails
	return append(b, strings.TrimSuffix(out.String(), "\n")...)
}

// Seal takes a scalar out of the tree and leaves [Mask].
func (n *Node) Seal() {
	if !n.Scalar() || n.Masked() || n.Text == "" {
		return
	}
	n.Sealed, n.SealedKind = secret.New(n.Text), n.Kind
	n.Kind, n.Text, n.raw = String, Mask, ""
}

// Reveal gives the node's scalar, the secret when one stands behind the mask.
func (n *Node) Reveal() (text string, k Kind, hidden bool) {
	if !n.Sealed.Empty() {
		return n.Sealed.Reveal(), n.SealedKind, true
	}
	return n.Text, n.Kind, false
}
