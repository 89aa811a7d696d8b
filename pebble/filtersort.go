package pebble

import "sort"

// filterReverse and the sorting filters make new lists. The Java engine changes
// the list itself, and so the caller's data.
func filterReverse(r *run, in Value, _ []Value) (Value, error) {
	if in.kind == kNull {
		return in, nil
	}
	if in.kind != kList {
		return in, cannotCast(in, "a list")
	}
	items, err := r.copyItems(in)
	for i, j := 0, len(items)-1; i < j; i, j = i+1, j-1 {
		items[i], items[j] = items[j], items[i]
	}
	return List(items...), err
}

func (r *run) copyItems(in Value) ([]Value, error) {
	n := in.length()
	if err := r.items(n); err != nil {
		return nil, err
	}
	return appendItems(make([]Value, 0, n), in), nil
}

func filterSort(r *run, in Value, _ []Value) (Value, error) {
	switch in.kind {
	case kNull:
		return in, nil
	case kList, kArray:
	default:
		return in, raise(KindPebble, "Unsupported input type for sort filter")
	}
	items, err := r.sorted(in)
	return Value{kind: in.kind, o: &list{items}}, err
}

func filterRsort(r *run, in Value, _ []Value) (Value, error) {
	if in.kind != kNull && in.kind != kList {
		return in, cannotCast(in, "a list")
	}
	v, err := filterSort(r, in, nil)
	if err != nil {
		return v, err
	}
	return filterReverse(r, v, nil)
}

// sorted orders items of one comparable type.
func (r *run) sorted(in Value) ([]Value, error) {
	items, err := r.copyItems(in)
	if err != nil || len(items) == 0 {
		return items, err
	}
	if err := r.tick(len(items) * 8); err != nil {
		return nil, err
	}
	for _, v := range items {
		switch {
		case len(items) == 1:
		case v.kind == kNull:
			return nil, raise("NullPointerException", "cannot sort null")
		case v.kind != items[0].kind || v.kind >= kSafe && v.kind != kString:
			return nil, cannotCast(v, "an item to sort with "+items[0].typeName())
		}
	}
	var less func(a, b Value) bool
	switch items[0].kind {
	case kString:
		less = func(a, b Value) bool { return lessUTF16(a.str(), b.str()) }
	case kDouble, kBig:
		less = func(a, b Value) bool { return a.float() < b.float() }
	default:
		less = func(a, b Value) bool { return a.n < b.n }
	}
	sort.SliceStable(items, func(i, j int) bool { return less(items[i], items[j]) })
	return items, nil
}

// lessUTF16 orders strings by UTF-16 unit, where characters beyond U+FFFF come
// before those from U+E000 on.
func lessUTF16(a, b string) bool {
	n := min(len(a), len(b))
	i := 0
	for i < n && a[i] == b[i] {
		i++
	}
	if i == n {
		return len(a) < len(b)
	}
	x, y := a[i], b[i]
	if x >= 0xEE && y >= 0xEE && (x >= 0xF0) != (y >= 0xF0) {
		return x >= 0xF0
	}
	return x < y
}
