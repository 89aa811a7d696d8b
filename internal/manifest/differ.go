package manifest

import (
	"fmt"
	"slices"
	"strings"

	"latchkey/internal/jsontree"
	"latchkey/internal/keypair"
)

// mask stands in plans for a secret.
const mask = jsontree.Mask

// Difference is one member that is to change.
type Difference struct {
	// Path leads to it: "title", "services/AdobeTargetSDK/profiles/Default". Entries of keyed lists go by their keys.
	Path string `json:"path"`
	// Before and After are the values as JSON, "" where there is none; masks when Secret.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	Secret bool   `json:"secret,omitempty"`
}

// differ compares what is wanted with what is. Members that are not wanted stay as they are; free values and sets are
// compared whole.
type differ struct {
	found []Difference
	// fixed are the paths of members that differ and can't be changed.
	fixed []string
	// kept are entries of keyed lists that the file leaves out and that stay.
	kept []string
}

// keptLists are the keyed lists whose entries are things of their own: leaving one out does not end it.
var keptLists = []string{"workspaces", "certificates"}

func (d *differ) members(s *shape, want, is *jsontree.Node, path string) {
	for _, m := range want.Members() {
		known := s.member(m.Name)
		if known == nil {
			continue // refused before
		}
		before := len(d.found)
		d.value(known.shape, m.Name, m.Value, is.Get(m.Name), join(path, m.Name))
		if known.fixed && len(d.found) > before {
			d.fixed = append(d.fixed, join(path, m.Name))
		}
	}
}

func (d *differ) value(s *shape, name string, want, is *jsontree.Node, path string) {
	switch {
	case s.secret:
		if is.Absent() || is.Text == "" {
			d.found = append(d.found, Difference{Path: path, After: mask, Secret: true})
		}
	case s.free:
		d.free(want, is, path)
	case s.key != "":
		d.keyed(s, name, want, is, path)
	case s.item != nil:
		if was, wanted := sorted(is), sorted(want); was != wanted {
			d.found = append(d.found, Difference{Path: path, Before: written(is), After: written(want)})
		}
	case s.kind == jsontree.Object:
		d.members(s, want, is, path)
	case !same(want, is):
		d.found = append(d.found, Difference{Path: path, Before: written(is), After: written(want)})
	}
}

// free compares the members of a free value; a mask stands for a secret that is there.
func (d *differ) free(want, is *jsontree.Node, path string) {
	for _, m := range want.Members() {
		was := is.Get(m.Name)
		referred := looksReferred(m.Value.Str())
		switch {
		case was.Masked(), was != nil && (referred || written(was) == written(m.Value)):
			continue
		case referred:
			d.found = append(d.found, Difference{Path: join(path, m.Name), After: mask, Secret: true})
			continue
		}
		d.found = append(d.found, Difference{Path: join(path, m.Name), Before: written(was), After: written(m.Value)})
	}
}

func (d *differ) keyed(s *shape, name string, want, is *jsontree.Node, path string) {
	was := map[string]*jsontree.Node{}
	for _, item := range is.Items() {
		was[entryName(item.Get(s.key).Str())] = item
	}
	wanted := map[string]bool{}
	for _, item := range want.Items() {
		key := entryName(item.Get(s.key).Str())
		wanted[key] = true
		if before := was[key]; before != nil {
			d.members(s.item, without(item, s.key), before, join(path, key))
			continue
		}
		d.found = append(d.found, Difference{Path: join(path, key), After: written(item)})
	}
	for _, item := range is.Items() {
		key := entryName(item.Get(s.key).Str())
		switch {
		case wanted[key]:
		case slices.Contains(keptLists, name):
			d.kept = append(d.kept, join(path, key))
		default:
			d.found = append(d.found, Difference{Path: join(path, key), Before: written(item)})
		}
	}
}

// without gives an object without one of its members, whose equality is known.
func without(n *jsontree.Node, name string) *jsontree.Node {
	var text []byte
	for _, m := range n.Members() {
		if m.Name == name {
			continue
		}
		text = append(text, ',')
		text = append(text, quoted(m.Name)...)
		text = m.Value.Append(append(text, ':'))
	}
	out, err := jsontree.Parse([]byte("{" + strings.TrimPrefix(string(text), ",") + "}"))
	if err != nil {
		panic(err) // made of parsed parts
	}
	return out
}

// entryName gives what an entry of a keyed list goes by: its key, or a certificate's fingerprint.
func entryName(key string) string {
	if !strings.Contains(key, "-----BEGIN") {
		return key
	}
	certificate, err := keypair.ParseCertificate([]byte(key))
	if err != nil {
		return "a certificate"
	}
	return certificate.SHA256
}

// same tells whether two scalars say the same; an absent one says what the empty one does. PEM is compared by what it is.
func same(want, is *jsontree.Node) bool {
	if is.Absent() {
		return want.Text == "" || want.Text == "false" || want.Text == "0"
	}
	if want.Text == is.Text {
		return want.Kind == is.Kind
	}
	return strings.Contains(want.Text, "-----BEGIN") && entryName(want.Text) == entryName(is.Text)
}

func sorted(n *jsontree.Node) string {
	var texts []string
	for _, item := range n.Items() {
		texts = append(texts, written(item))
	}
	slices.Sort(texts)
	return strings.Join(texts, ",")
}

func written(n *jsontree.Node) string {
	if n == nil {
		return ""
	}
	return string(n.Append(nil))
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "/" + name
}

// overlay gives the current spec with what is wanted laid over it, member by member; entries of keyed lists are laid over
// those of the same key, and those that stay are kept.
func overlay(s *shape, want, is *jsontree.Node) (*jsontree.Node, error) {
	text, err := jsontree.Parse(overlaid(s, want, is))
	if err != nil {
		return nil, fmt.Errorf("laying the wanted members over those that are there: %w", err)
	}
	return text, nil
}

func overlaid(s *shape, want, is *jsontree.Node) []byte {
	out := []byte{'{'}
	add := func(name string, value []byte) {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, quoted(name)...), ':'), value...)
	}
	for _, m := range is.Members() {
		// Of the two bodies of a definition only one is wanted.
		if want.Get(m.Name) == nil && !(s.member(m.Name).shape.free && hasFree(s, want)) {
			add(m.Name, m.Value.Append(nil))
		}
	}
	for _, m := range want.Members() {
		known, before := s.member(m.Name), is.Get(m.Name)
		if known != nil && known.shape.kind == jsontree.Object && !known.shape.free && before.Is(jsontree.Object) {
			add(m.Name, overlaid(known.shape, m.Value, before))
			continue
		}
		add(m.Name, m.Value.Append(nil))
	}
	return append(out, '}')
}

func hasFree(s *shape, n *jsontree.Node) bool {
	return slices.ContainsFunc(n.Members(), func(m jsontree.Member) bool {
		known := s.member(m.Name)
		return known != nil && known.shape.free
	})
}
