package destination

import (
	"bytes"
	"fmt"
	"maps"

	"latchkey/internal/jsontree"
	"latchkey/internal/secret"
)

// form says how a document carries its entries.
type form uint8

const (
	wholeForm   form = iota // a destination: customerAuthenticationConfigurations[i]
	wrappedForm             // {"name", "description", "authentication": one entry}
	bareForm                // one entry, or a fragment of one
)

// The members that hold entries.
const (
	entriesMember = "customerAuthenticationConfigurations"
	wrapperMember = "authentication"
)

// Document is a definition as its author wrote it. It does not change but by MergeSecrets; share it only after that.
type Document struct {
	root *jsontree.Node
	form form
}

// ParseDocument reads a whole destination, or {"name", "description", "authentication": {one entry}}, or a bare
// entry (the fragments that Adobe's pages publish). Malformed JSON is a [jsontree.SyntaxError]; everything else that may be
// wrong with it is told by Lint. Secrets are taken out at once.
func ParseDocument(raw []byte) (*Document, error) {
	root, err := jsontree.Parse(raw)
	if err != nil {
		return nil, err
	}
	if root.Kind != jsontree.Object {
		return nil, &jsontree.SyntaxError{Line: 1, Column: 1, Msg: "expected a JSON object, found " + root.Kind.String()}
	}
	d := &Document{root: root, form: formOf(root)}
	d.takeSecrets()
	return d, nil
}

// formOf tells the forms apart by the members that only one of them has.
func formOf(root *jsontree.Node) form {
	switch {
	case root.Get(entriesMember) != nil:
		return wholeForm
	case root.Get(wrapperMember) != nil:
		return wrappedForm
	}
	for _, name := range []string{"authType", "grant", "authenticationDataFields", "accessTokenRequest"} {
		if root.Get(name) != nil {
			return bareForm
		}
	}
	return wholeForm
}

// ParseJSONSealed reads a document back from the store: what JSON gave, and what Secrets gave.
func ParseJSONSealed(raw []byte, secrets map[string]secret.String) (*Document, error) {
	d, err := ParseDocument(raw)
	if err != nil {
		return nil, fmt.Errorf("reading a stored document: %w", err)
	}
	for key, value := range secrets {
		pointer, k := secretPointer(key)
		n := d.root.Find(pointer)
		if !n.Masked() {
			return nil, fmt.Errorf("reading a stored document: there is no mask at %s", pointer)
		}
		n.Sealed, n.SealedKind = value, k
	}
	return d, nil
}

// JSON gives the document as it was sent, without blanks and with every secret masked.
func (d *Document) JSON() []byte { return d.root.Append(nil) }

// Secrets gives the secrets that were taken out, by JSON pointer. (The pointer of a secret that was not a string ends
// in "#number" or "#boolean", so that it comes back as what it was.)
func (d *Document) Secrets() map[string]secret.String {
	out := map[string]secret.String{}
	d.root.Walk("", func(pointer string, n *jsontree.Node) {
		if !n.Sealed.Empty() {
			out[secretKey(pointer, n.SealedKind)] = n.Sealed
		}
	})
	return out
}

// Equal tells whether two documents say the same, secrets included.
func (d *Document) Equal(other *Document) bool {
	if d == nil || other == nil {
		return d == other
	}
	return bytes.Equal(d.JSON(), other.JSON()) && maps.EqualFunc(d.Secrets(), other.Secrets(), secret.String.Equal)
}

// Name gives the document's name, "" when it has none.
func (d *Document) Name() string { return d.root.Get("name").Str() }

// Description gives the document's description.
func (d *Document) Description() string { return d.root.Get("description").Str() }

// Status gives the destination's status: TEST, PUBLISHED or DELETED (spec §4.3), "" when it says none.
func (d *Document) Status() string { return d.root.Get("status").Str() }

// Whole tells whether the document is a whole destination.
func (d *Document) Whole() bool { return d.form == wholeForm }

// Configurations tells how many ways to log in the document has.
func (d *Document) Configurations() int { return len(d.entries()) }

// Authentication gives entry i as JSON, masked; nil when there is none.
func (d *Document) Authentication(i int) []byte {
	entries := d.entries()
	if i < 0 || i >= len(entries) {
		return nil
	}
	return entries[i].node.Append(nil)
}

// Kind gives the authType and the grant of entry i as they are written.
func (d *Document) Kind(i int) (AuthType, Grant) {
	entries := d.entries()
	if i < 0 || i >= len(entries) {
		return "", NoGrant
	}
	n := entries[i].node
	return AuthType(n.Get("authType").Str()), Grant(n.Get("grant").Str())
}

// entry is one way to log in, and where it stands.
type entry struct {
	node    *jsontree.Node
	pointer string
}

func (d *Document) entries() []entry {
	switch d.form {
	case bareForm:
		return []entry{{d.root, ""}}
	case wrappedForm:
		return []entry{{d.root.Get(wrapperMember), jsontree.Child("", wrapperMember)}}
	}
	var out []entry
	if list := d.root.Get(entriesMember); list.Is(jsontree.Array) {
		for i, item := range list.Items() {
			out = append(out, entry{item, jsontree.Element(jsontree.Child("", entriesMember), i)})
		}
	}
	return out
}
