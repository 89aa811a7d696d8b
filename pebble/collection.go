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
			return bind(o.members[i].value), true
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
			if !yield(String(o.members[i].key), bind(o.members[i].value)) {
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
