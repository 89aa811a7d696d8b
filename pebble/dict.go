package pebble

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
