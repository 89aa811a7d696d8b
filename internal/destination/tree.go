package destination

import (
	"encoding/json"
	"strconv"
	"strings"

	"latchkey/internal/secret"
)

// kind is what a node of the tree is.
type kind uint8

const (
	nullNode kind = iota
	boolNode
	numberNode
	stringNode
	arrayNode
	objectNode
)

// String names the kind with its article, for messages.
func (k kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}[k]
}

// node is one value of a document. A nil node is an absent one, and its methods say so.
type node struct {
	kind kind
	// text is a string's value, or a number's or boolean's text as it was written.
	text string
	// raw is a string's literal as it was written, quotes included, so that escapes survive.
	raw     string
	members []member
	items   []*node
	// sealed is the secret that was taken out; the node is then a string that says [Mask].
	sealed secret.String
	// sealedKind is what the secret was before it was taken out.
	sealedKind kind
}

type member struct {
	name  string
	value *node
}

// get gives the member of that name, nil when there is none or n is no object.
func (n *node) get(name string) *node {
	if n == nil {
		return nil
	}
	for i := range n.members {
		if n.members[i].name == name {
			return n.members[i].value
		}
	}
	return nil
}

// at follows member names.
func (n *node) at(names ...string) *node {
	for _, name := range names {
		n = n.get(name)
	}
	return n
}

// absent tells whether the node says nothing: it is not there, or null.
func (n *node) absent() bool { return n == nil || n.kind == nullNode }

func (n *node) is(k kind) bool { return n != nil && n.kind == k }

// str gives a string's value, "" for anything else.
func (n *node) str() string {
	if n.is(stringNode) {
		return n.text
	}
	return ""
}

// truth gives a boolean's value, false for anything else.
func (n *node) truth() bool { return n.is(boolNode) && n.text == "true" }

// scalar tells whether the node is a string, a number or a boolean.
func (n *node) scalar() bool {
	return n != nil && (n.kind == stringNode || n.kind == numberNode || n.kind == boolNode)
}

// masked tells whether the node stands for a secret, known or not.
func (n *node) masked() bool { return n.is(stringNode) && n.text == Mask }

// child is the pointer of a member or an element below pointer (RFC 6901).
func child(pointer string, names ...string) string {
	for _, name := range names {
		name = strings.ReplaceAll(name, "~", "~0")
		pointer += "/" + strings.ReplaceAll(name, "/", "~1")
	}
	return pointer
}

func element(pointer string, index int) string { return pointer + "/" + strconv.Itoa(index) }

// walk calls visit for every node, parents first, with its pointer.
func (n *node) walk(pointer string, visit func(pointer string, n *node)) {
	if n == nil {
		return
	}
	visit(pointer, n)
	for _, m := range n.members {
		m.value.walk(child(pointer, m.name), visit)
	}
	for i, item := range n.items {
		item.walk(element(pointer, i), visit)
	}
}

// find gives the node at a pointer, nil when there is none.
func (n *node) find(pointer string) *node {
	if pointer == "" {
		return n
	}
	for name := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if n == nil {
			return nil
		}
		name = strings.ReplaceAll(strings.ReplaceAll(name, "~1", "/"), "~0", "~")
		if n.kind != arrayNode {
			n = n.get(name)
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

// write appends the node as JSON, compact, with what was written kept as it was.
func (n *node) write(b []byte) []byte {
	switch n.kind {
	case nullNode:
		return append(b, "null"...)
	case boolNode, numberNode:
		return append(b, n.text...)
	case stringNode:
		return n.writeString(b)
	case arrayNode:
		b = append(b, '[')
		for i, item := range n.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = item.write(b)
		}
		return append(b, ']')
	}
	b = append(b, '{')
	for i, m := range n.members {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendQuoted(b, m.name)
		b = append(b, ':')
		b = m.value.write(b)
	}
	return append(b, '}')
}

func (n *node) writeString(b []byte) []byte {
	if n.raw != "" {
		return append(b, n.raw...)
	}
	return appendQuoted(b, n.text)
}

// appendQuoted writes text as a JSON string without the HTML escapes of encoding/json's default.
func appendQuoted(b []byte, text string) []byte {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a string always encodes, and a Builder never fails
	return append(b, strings.TrimSuffix(out.String(), "\n")...)
}

// seal takes a scalar out of the tree and leaves [Mask].
func (n *node) seal() {
	if !n.scalar() || n.masked() || n.text == "" {
		return
	}
	n.sealed, n.sealedKind = secret.New(n.text), n.kind
	n.kind, n.text, n.raw = stringNode, Mask, ""
}
