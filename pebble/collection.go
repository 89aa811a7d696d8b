package pebble

import (
	"sort"
	"strconv"
)

// Attributer is a value of the caller whose attributes a template can read as
// those of a map, by whatever rule it has for names: header names, for one,
// that ignore case. It MUST be safe for concurrent use if renders are.
type Attributer interface {
	// Attribute returns the value of the attribute, of a type that Render
	// accepts, and whether there is one.
	Attribute(name string) (any, bool)
}

// length returns the number of items of a list, array or map.
func (v Value) length() int {
	switch o := v.o.(type) {
	case *list:
		return len(o.items)
	case []any:
		return len(o)
	case []string:
		return len(o)
	case *[]string:
		return len(*o)
	case *Map:
		return o.Len()
	case *dict:
		return len(o.keys)
	case map[string]any:
		return len(o)
	case map[string]string:
		return len(o)
	case map[string][]string:
		return len(o)
	}
	return 0
}

// at returns item i of a list or array; i must be in range.
func (v Value) at(i int) Value {
	switch o := v.o.(type) {
	case *list:
		return o.items[i]
	case []any:
		return bind(o[i])
	case []string:
		return String(o[i])
	case *[]string:
		return String((*o)[i])
	}
	return Value{}
}

// key returns the value of a string key of a map.
func (v Value) key(name string) (Value, bool) {
	switch o := v.o.(type) {
	case *Map:
		if i := o.find(name); i >= 0 {
			return bind(o.values[i]), true
		}
	case map[string]any:
		if x, ok := o[name]; ok {
			return bind(x), true
		}
	case *dict:
		return o.get(String(name))
	case map[string]string:
		if s, ok := o[name]; ok {
			return String(s), true
		}
	case map[string][]string:
		if l, ok := o[name]; ok {
			return Value{kind: kList, o: l}, true
		}
	}
	return Value{}, false
}

// pairs iterates over a map. Go maps have no order: their keys come sorted.
func (v Value) pairs(yield func(key, value Value) bool) {
	switch o := v.o.(type) {
	case *Map:
		for i := 0; i < o.Len(); i++ {
			if !yield(String(o.keys[i]), bind(o.values[i])) {
				return
			}
		}
	case *dict:
		for i := range o.keys {
			if !yield(o.keys[i], o.vals[i]) {
				return
			}
		}
	default:
		for _, k := range sortedKeys(o) {
			x, _ := v.key(k)
			if !yield(String(k), x) {
				return
			}
		}
	}
}

func sortedKeys(o any) []string {
	var keys []string
	switch o := o.(type) {
	case map[string]any:
		for k := range o {
			keys = append(keys, k)
		}
	case map[string]string:
		for k := range o {
			keys = append(keys, k)
		}
	case map[string][]string:
		for k := range o {
			keys = append(keys, k)
		}
	}
	sort.Strings(keys)
	return keys
}

// javaIndex reads a list index as Integer.parseInt does, with the same laxness
// about a leading plus sign and zeros.
func javaIndex(s string) (int, bool) {
	n, err := strconv.ParseInt(s, 10, 32)
	return int(n), err == nil
}

// dict is a map that a template makes: any value can be a key.
type dict struct {
	keys, vals []Value
	index      map[scalar]int // key → place, once there are more than scanKeys
}

// scalar is a key that compares in Go as it does in Java.
type scalar struct {
	kind kind
	n    int64
	s    string
}

func scalarOf(v Value) (scalar, bool) {
	switch v.kind {
	case kString:
		return scalar{kString, 0, v.str()}, true
	case kNull, kBool, kInt, kLong, kDouble, kChar:
		return scalar{v.kind, v.n, ""}, true
	}
	return scalar{}, false
}

func (d *dict) find(key Value) int {
	if d.index != nil {
		if sc, ok := scalarOf(key); ok {
			if i, ok := d.index[sc]; ok {
				return i
			}
			return -1
		}
	}
	for i := range d.keys {
		if sameKey(d.keys[i], key) {
			return i
		}
	}
	return -1
}

// sameKey compares by value, except compound keys, which a map finds only by
// identity: hashing whole lists for a key is not worth its cost.
func sameKey(a, b Value) bool {
	if a.kind != b.kind {
		return false
	}
	switch a.kind {
	case kString, kSafe, kBig:
		return a.str() == b.str()
	case kList, kArray, kMap, kEntry, kObject:
		return false
	}
	return a.n == b.n
}

func (d *dict) get(key Value) (Value, bool) {
	if i := d.find(key); i >= 0 {
		return d.vals[i], true
	}
	return Value{}, false
}

func (d *dict) set(key, value Value) {
	if i := d.find(key); i >= 0 {
		d.vals[i] = value
		return
	}
	d.keys = append(d.keys, key)
	d.vals = append(d.vals, value)
	if d.index == nil && len(d.keys) <= scanKeys {
		return
	}
	d.reindex(len(d.keys) - 1)
}

// reindex adds the keys from place on to the index, all of them to a new one.
func (d *dict) reindex(from int) {
	if d.index == nil {
		d.index = make(map[scalar]int, 2*len(d.keys))
		from = 0
	}
	for i := from; i < len(d.keys); i++ {
		if sc, ok := scalarOf(d.keys[i]); ok {
			d.index[sc] = i
		}
	}
}
