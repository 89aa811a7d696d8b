package destination

import (
	"strconv"
	"strings"
)

// What is a secret in a document:
//   - clientSecret;
//   - the constant of a field with `format: password`, or with a secret's name whatever its format;
//   - the constant value of a header with a secret's name;
//   - options.assertion.key, constants with a secret's name in options.authorizationParams;
//   - constants with a secret's name in members that nobody knows, of an entry or of the document around it: they are
//     kept, and nobody checks them.
// A template is no secret: it only refers to some. clientSecret is never a template.

// secretEndings are how the names of secrets end, in lower case.
var secretEndings = []string{"password", "passphrase", "token", "secret", "key"}

// secretName tells whether a name is that of a secret.
func secretName(name string) bool {
	name = strings.ToLower(name)
	for _, ending := range secretEndings {
		if strings.HasSuffix(name, ending) {
			return true
		}
	}
	return false
}

// secretHeader tells whether a header's constant value is a secret.
func secretHeader(name string) bool {
	switch strings.ToLower(name) {
	case "authorization", "proxy-authorization", "cookie":
		return true
	}
	return secretName(name)
}

// isTemplate tells whether a text has Pebble's delimiters (spec §1.7, U7).
func isTemplate(text string) bool {
	return strings.Contains(text, "{{") || strings.Contains(text, "{%") || strings.Contains(text, "{#")
}

// takeSecrets moves the secrets out of the tree.
func (d *Document) takeSecrets() {
	for _, e := range d.entries() {
		takeEntry(e.node)
	}
	for _, m := range d.root.membersOf() {
		if d.form != bareForm && m.name != entriesMember && m.name != wrapperMember {
			takeNamed(m.name, m.value)
		}
	}
}

func takeEntry(n *node) {
	if !n.is(objectNode) {
		return
	}
	for _, m := range n.members {
		switch m.name {
		case "clientSecret":
			m.value.seal()
		case "authenticationDataFields":
			for _, field := range m.value.elements() {
				takeField(field)
			}
		case "accessTokenRequest":
			takeRequest(m.value)
		case "options":
			takeOptions(m.value)
		default:
			if !entryMembers[m.name] {
				takeNamed(m.name, m.value)
			}
		}
	}
}

// elements gives an array's items; a single object stands for an array of one (I11).
func (n *node) elements() []*node {
	if n.is(objectNode) {
		return []*node{n}
	}
	if n == nil {
		return nil
	}
	return n.items
}

func takeField(field *node) {
	if field.get("format").str() != "password" && !secretName(field.get("name").str()) {
		return
	}
	for _, name := range []string{"value", "default"} {
		if n := field.get(name); n != nil && n.kind != boolNode {
			n.seal()
		}
	}
}

// takeRequest takes what is secret out of a request: the constants of secret headers.
func takeRequest(request *node) {
	for _, header := range request.at("httpTemplate", "headers").elements() {
		if !secretHeader(header.get("header").str()) {
			continue
		}
		value, strategy := header.get("value"), ""
		if value.is(objectNode) {
			strategy, value = value.get("templatingStrategy").str(), value.get("value")
		}
		if value.is(stringNode) && (strategy == strategyNone || !isTemplate(value.text)) {
			value.seal()
		}
	}
}

func takeOptions(options *node) {
	if !options.is(objectNode) {
		return
	}
	for _, m := range options.members {
		switch m.name {
		case "authorizationParams":
			for _, param := range m.value.membersOf() {
				takeNamed(param.name, param.value)
			}
		case "codeExchangeRequest":
			takeRequest(m.value)
		case "steps":
			for _, step := range m.value.elements() {
				takeRequest(step)
			}
		case "assertion":
			if key := m.value.get("key"); key.is(stringNode) && !isTemplate(key.text) {
				key.seal()
			}
		default:
			if !optionMembers[m.name] {
				takeNamed(m.name, m.value)
			}
		}
	}
}

// membersOf gives an object's members, none for anything else.
func (n *node) membersOf() []member {
	if n == nil {
		return nil
	}
	return n.members
}

// takeNamed takes out every constant at or below n whose member has a secret's name.
func takeNamed(name string, n *node) {
	switch {
	case n.is(stringNode):
		if secretName(name) && !isTemplate(n.text) {
			n.seal()
		}
	case n.is(objectNode):
		for _, m := range n.members {
			takeNamed(m.name, m.value)
		}
	case n.is(arrayNode):
		for _, item := range n.items {
			takeNamed(name, item)
		}
	}
}

// secretKey is a pointer that remembers what the secret was.
func secretKey(pointer string, k kind) string {
	switch k {
	case numberNode:
		return pointer + "#number"
	case boolNode:
		return pointer + "#boolean"
	}
	return pointer
}

func secretPointer(key string) (pointer string, k kind) {
	if pointer, ok := strings.CutSuffix(key, "#number"); ok {
		return pointer, numberNode
	}
	if pointer, ok := strings.CutSuffix(key, "#boolean"); ok {
		return pointer, boolNode
	}
	return key, stringNode
}

// MergeSecrets puts the secrets of the previous document where this one sends the mask back. Elements of arrays that
// have a name (fields, headers, steps) are matched by it, so that they may move; what no name matches is taken from
// the same pointer, unless its owner claims it elsewhere.
func (d *Document) MergeSecrets(previous *Document) {
	if previous == nil {
		return
	}
	byName, byPointer := map[string]*node{}, map[string]*node{}
	previous.root.walkNamed("", "", func(pointer, name string, n *node) {
		if !n.sealed.Empty() {
			byName[name], byPointer[pointer] = n, n
		}
	})
	type want struct {
		n       *node
		pointer string
	}
	var rest []want
	claimed := map[*node]bool{}
	d.root.walkNamed("", "", func(pointer, name string, n *node) {
		if !n.masked() || !n.sealed.Empty() {
			return
		}
		if old := byName[name]; old != nil {
			n.sealed, n.sealedKind = old.sealed, old.sealedKind
			claimed[old] = true
			return
		}
		rest = append(rest, want{n, pointer})
	})
	for _, w := range rest {
		if old := byPointer[w.pointer]; old != nil && !claimed[old] {
			w.n.sealed, w.n.sealedKind = old.sealed, old.sealedKind
		}
	}
}

// walkNamed calls visit for every node with its pointer, and with a path in which elements of arrays that have a
// name are called by it.
func (n *node) walkNamed(pointer, name string, visit func(pointer, name string, n *node)) {
	if n == nil {
		return
	}
	visit(pointer, name, n)
	for _, m := range n.members {
		m.value.walkNamed(child(pointer, m.name), child(name, m.name), visit)
	}
	seen := map[string]int{}
	for i, item := range n.items {
		called := item.called()
		seen[called]++
		item.walkNamed(element(pointer, i), child(name, called+"#"+strconv.Itoa(seen[called])), visit)
	}
}

// called gives what an element of an array goes by: its name, its header, or how it logs in.
func (n *node) called() string {
	for _, key := range []string{"name", "header"} {
		if s := n.get(key).str(); s != "" {
			return s
		}
	}
	return n.get("authType").str() + " " + n.get("grant").str()
}

// missingSecrets gives the pointers where the mask was sent and no secret is known.
func (d *Document) missingSecrets() []string {
	var out []string
	for _, e := range d.entries() {
		e.node.walk(e.pointer, func(pointer string, n *node) {
			if n.masked() && n.sealed.Empty() {
				out = append(out, pointer)
			}
		})
	}
	return out
}

// reveal gives the node's scalar, the secret when one stands behind the mask.
func (n *node) reveal() (text string, k kind, hidden bool) {
	if !n.sealed.Empty() {
		return n.sealed.Reveal(), n.sealedKind, true
	}
	return n.text, n.kind, false
}
