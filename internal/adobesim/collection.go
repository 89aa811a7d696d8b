package adobesim

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// object is a resource of Target's.
type object map[string]any

// begun is when the samples were made.
var begun = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)

// stamp writes a time as Target does: to the second.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// text gives a member that is a text.
func (o object) text(name string) string {
	text, _ := o[name].(string)
	return text
}

// without gives the object less some members.
func (o object) without(names ...string) object {
	out := make(object, len(o))
	for name, value := range o {
		if !slices.Contains(names, name) {
			out[name] = value
		}
	}
	return out
}

// collection is the resources of a kind: those that are generated when they are asked for, and those that were written. So a
// hundred thousand cost nothing until they are changed.
type collection struct {
	plural    string
	first     int64 // id of the first generated one
	generated int
	make      func(n int) object // by number, from 0; without id
	changed   map[int64]object   // written or edited; nil for one that was deleted
	next      int64              // id of the next written one
	version   int64
	sorted    map[string]*order
}

// order is the ids in the order of a member.
type order struct {
	version int64
	ids     []int64
}

func newCollection(plural string, first int64, generated int, make func(n int) object) *collection {
	return &collection{
		plural: plural, first: first, generated: generated, make: make, changed: map[int64]object{}, next: first + 10_000_000, sorted: map[string]*order{},
	}
}

func (c *collection) get(id int64) object {
	if o, ok := c.changed[id]; ok {
		return o
	}
	n := id - c.first
	if n < 0 || n >= int64(c.generated) {
		return nil
	}
	o := c.make(int(n))
	o["id"] = id
	return o
}

// put keeps an object; id 0 is a new one's.
func (c *collection) put(id int64, o object) object {
	if id == 0 {
		id = c.next
		c.next++
	}
	o["id"] = id
	c.changed[id] = o
	c.version++
	return o
}

func (c *collection) remove(id int64) {
	c.changed[id] = nil
	c.version++
}

// generate sets how many there are beside what was written; what was changed of the generated ones is as it was first.
func (c *collection) generate(n int) {
	c.generated = n
	for id := range c.changed {
		if id < c.first+10_000_000 {
			delete(c.changed, id)
		}
	}
	c.version++
}

// by gives the ids in the order of a member, with a minus in front backwards. Generated ones are ordered once a change.
func (c *collection) by(member string) []int64 {
	if known := c.sorted[member]; known != nil && known.version == c.version {
		return known.ids
	}
	name, backwards := strings.CutPrefix(member, "-")
	ids := make([]int64, 0, c.generated+len(c.changed))
	for n := range c.generated {
		if id := c.first + int64(n); c.changed[id] != nil || !c.has(id) {
			ids = append(ids, id)
		}
	}
	for id, o := range c.changed {
		if o != nil && (id < c.first || id >= c.first+int64(c.generated)) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	if name != "id" {
		keys := make(map[int64]any, len(ids))
		for _, id := range ids {
			keys[id] = c.get(id)[name]
		}
		slices.SortStableFunc(ids, func(a, b int64) int { return compare(keys[a], keys[b]) })
	}
	if backwards {
		slices.Reverse(ids)
	}
	c.sorted[member] = &order{c.version, ids}
	return ids
}

// has tells whether something was changed, deletion included.
func (c *collection) has(id int64) bool {
	_, ok := c.changed[id]
	return ok
}

func compare(a, b any) int {
	if x, ok := a.(float64); ok {
		y, _ := b.(float64)
		return cmp.Compare(x, y)
	}
	if x, ok := a.(int); ok {
		y, _ := b.(int)
		return cmp.Compare(x, y)
	}
	x, _ := a.(string)
	y, _ := b.(string)
	return cmp.Compare(x, y)
}
