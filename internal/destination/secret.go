package destination

import (
	"strconv"
	"strings"

	"latchkey/internal/jsontree"
)

// What is a secret in a document:
//   - clientSecret;
//   - the constant of a field with `format: password`, or with a secret's name whatever its format;
//   - the constant value of a header with a secret's name;
//   - options.assertion.key, constants with a secret's name in options.proxy, constants with a secret's name in options.authorizationParams;
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
	for _, m := range d.root.Members() {
		if d.form != bareForm && m.Name != entriesMember && m.Name != wrapperMember {
			takeNamed(m.Name, m.Value)
		}
	}
}

func takeEntry(n *jsontree.Node) {
	if !n.Is(jsontree.Object) {
		return
	}
	for _, m := range n.Members() {
		switch m.Name {
		case "clientSecret":
			m.Value.Seal()
		case "authenticationDataFields":
			for _, field := range elements(m.Value) {
				takeField(field)
			}
		case "accessTokenRequest":
			takeRequest(m.Value)
		case "options":
			takeOptions(m.Value)
		default:
			if !entryMembers[m.Name] {
				takeNamed(m.Name, m.Value)
			}
		}
	}
}

// elements gives an array's items; a single object stands for an array of one (I11).
func elements(n *jsontree.Node) []*jsontree.Node {
	if n.Is(jsontree.Object) {
		return []*jsontree.Node{n}
	}
	return n.Items()
}

func takeField(field *jsontree.Node) {
	if field.Get("format").Str() != "password" && !secretName(field.Get("name").Str()) {
		return
	}
	for _, name := range []string{"value", "default"} {
		if n := field.Get(name); n != nil && n.Kind != jsontree.Bool {
			n.Seal()
		}
	}
}

// takeRequest takes what is secret out of a request: the constants of secret headers.
func takeRequest(request *jsontree.Node) {
	for _, header := range elements(request.At("httpTemplate", "headers")) {
		if !secretHeader(header.Get("header").Str()) {
			continue
		}
		value, strategy := header.Get("value"), ""
		if value.Is(jsontree.Object) {
			strategy, value = value.Get("templatingStrategy").Str(), value.Get("value")
		}
		if value.Is(jsontree.String) && (strategy == strategyNone || !isTemplate(value.Text)) {
			value.Seal()
		}
	}
}

// takeParams takes out the constants with a secret's name.
func takeParams(params *jsontree.Node, secret func(name string) bool) {
	for _, param := range params.Members() {
		if secret(param.Name) && param.Value.Is(jsontree.String) && !isTemplate(param.Value.Text) {
			param.Value.Seal()
		}
	}
}

func takeOptions(options *jsontree.Node) {
	if !options.Is(jsontree.Object) {
		return
	}
	for _, m := range options.Members() {
		switch m.Name {
		case "authorizationParams":
			for _, param := range m.Value.Members() {
				takeNamed(param.Name, param.Value)
			}
		case "proxy":
			takeParams(m.Value.Get("headers"), secretHeader)
			takeParams(m.Value.Get("query"), secretName)
		case "codeExchangeRequest":
			takeRequest(m.Value)
		case "steps":
			for _, step := range elements(m.Value) {
				takeRequest(step)
			}
		case "assertion":
			if key := m.Value.Get("key"); key.Is(jsontree.String) && !isTemplate(key.Text) {
				key.Seal()
			}
		default:
			if !optionMembers[m.Name] {
				takeNamed(m.Name, m.Value)
			}
		}
	}
}

// takeNamed takes out every constant at or below n whose member has a secret's name.
func takeNamed(name string, n *jsontree.Node) {
	switch {
	case n.Is(jsontree.String):
		if secretName(name) && !isTemplate(n.Text) {
			n.Seal()
		}
	case n.Is(jsontree.Object):
		for _, m := range n.Members() {
			takeNamed(m.Name, m.Value)
		}
	case n.Is(jsontree.Array):
		for _, item := range n.Items() {
			takeNamed(name, item)
		}
	}
}

// secretKey is a pointer that remembers what the secret was.
func secretKey(pointer string, k jsontree.Kind) string {
	switch k {
	case jsontree.Number:
		return pointer + "#number"
	case jsontree.Bool:
		return pointer + "#boolean"
	}
	return pointer
}

func secretPointer(key string) (pointer string, k jsontree.Kind) {
	if pointer, ok := strings.CutSuffix(key, "#number"); ok {
		return pointer, jsontree.Number
	}
	if pointer, ok := strings.CutSuffix(key, "#boolean"); ok {
		return pointer, jsontree.Bool
	}
	return key, jsontree.String
}

// MergeSecrets puts the secrets of the previous document where this one sends the mask back. Elements of arrays that
// have a name (fields, headers, steps) are matched by it, so that they may move; what no name matches is taken from
// the same pointer, unless its owner claims it elsewhere.
func (d *Document) MergeSecrets(previous *Document) {
	if previous == nil {
		return
	}
	byName, byPointer := map[string]*jsontree.Node{}, map[string]*jsontree.Node{}
	walkNamed(previous.root, "", "", func(pointer, name string, n *jsontree.Node) {
		if !n.Sealed.Empty() {
			byName[name], byPointer[pointer] = n, n
		}
	})
	type want struct {
		n       *jsontree.Node
		pointer string
	}
	var rest []want
	claimed := map[*jsontree.Node]bool{}
	walkNamed(d.root, "", "", func(pointer, name string, n *jsontree.Node) {
		if !n.Masked() || !n.Sealed.Empty() {
			return
		}
		if old := byName[name]; old != nil {
			n.Sealed, n.SealedKind = old.Sealed, old.SealedKind
			claimed[old] = true
			return
		}
		rest = append(rest, want{n, pointer})
	})
	for _, w := range rest {
		if old := byPointer[w.pointer]; old != nil && !claimed[old] {
			w.n.Sealed, w.n.SealedKind = old.Sealed, old.SealedKind
		}
	}
}

// walkNamed calls visit for every node with its pointer, and with a path in which elements of arrays that have a
// name are called by it.
func walkNamed(n *jsontree.Node, pointer, name string, visit func(pointer, name string, n *jsontree.Node)) {
	if n == nil {
		return
	}
	visit(pointer, name, n)
	for _, m := range n.Members() {
		walkNamed(m.Value, jsontree.Child(pointer, m.Name), jsontree.Child(name, m.Name), visit)
	}
	seen := map[string]int{}
	for i, item := range n.Items() {
		called := called(item)
		seen[called]++
		walkNamed(item, jsontree.Element(pointer, i), jsontree.Child(name, called+"#"+strconv.Itoa(seen[called])), visit)
	}
}

// called gives what an element of an array goes by: its name, its header, or how it logs in.
func called(n *jsontree.Node) string {
	for _, key := range []string{"name", "header"} {
		if s := n.Get(key).Str(); s != "" {
			return s
		}
	}
	return n.Get("authType").Str() + " " + n.Get("grant").Str()
}

// missingSecrets gives the pointers where the mask was sent and no secret is known.
func (d *Document) missingSecrets() []string {
	var out []string
	for _, e := range d.entries() {
		e.node.Walk(e.pointer, func(pointer string, n *jsontree.Node) {
			if n.Masked() && n.Sealed.Empty() {
				out = append(out, pointer)
			}
		})
	}
	return out
}
