package destination

import (
	"latchkey/internal/jsontree"
)

// Difference is one value that two documents have differently.
type Difference struct {
	// Pointer is its place in both.
	Pointer string
	// Before and After are the values as JSON, masked; "" where one of them has none.
	Before, After string
	// Secret tells that a secret is another one, which the masks don't show.
	Secret bool
}

// Diff gives what changed from one document to another: the smallest values that differ, in the order of the newer one, with
// what is gone where it was.
func Diff(before, after *Document) []Difference {
	var d differ
	d.compare("", before.root, after.root)
	return d
}

type differ []Difference

func (d *differ) compare(pointer string, before, after *jsontree.Node) {
	switch {
	case before.Is(jsontree.Object) && after.Is(jsontree.Object):
		d.objects(pointer, before, after)
	case before.Is(jsontree.Array) && after.Is(jsontree.Array):
		d.arrays(pointer, before.Items(), after.Items())
	default:
		was, is := written(before), written(after)
		hidden := before.Masked() && after.Masked() && !before.Sealed.Equal(after.Sealed)
		if was != is || hidden {
			*d = append(*d, Difference{Pointer: pointer, Before: was, After: is, Secret: hidden})
		}
	}
}

func (d *differ) objects(pointer string, before, after *jsontree.Node) {
	for _, m := range before.Members() {
		if after.Get(m.Name) == nil {
			d.compare(jsontree.Child(pointer, m.Name), m.Value, nil)
		}
	}
	for _, m := range after.Members() {
		d.compare(jsontree.Child(pointer, m.Name), before.Get(m.Name), m.Value)
	}
}

// arrays compares what stands at the same places, after what both have in common at the end is put aside: so that an element
// that was put in between shows as one, and not as all behind it.
func (d *differ) arrays(pointer string, before, after []*jsontree.Node) {
	common := 0
	for common < min(len(before), len(after)) && same(before[len(before)-1-common], after[len(after)-1-common]) {
		common++
	}
	if len(before) == len(after) {
		common = 0
	}
	for i := range max(len(before), len(after)) - common {
		var was, is *jsontree.Node
		if i < len(before)-common {
			was = before[i]
		}
		if i < len(after)-common {
			is = after[i]
		}
		d.compare(jsontree.Element(pointer, i), was, is)
	}
}

func same(a, b *jsontree.Node) bool {
	var d differ
	d.compare("", a, b)
	return len(d) == 0
}

func written(n *jsontree.Node) string {
	if n == nil {
		return ""
	}
	return string(n.Append(nil))
}
