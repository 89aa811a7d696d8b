package pebble

import (
	"sort"
	"unicode/utf16"
)

func filterFirst(_ *run, in Value, _ []Value) (Value, error) { return endOf(in, true) }

func filterLast(_ *run, in Value, _ []Value) (Value, error) { return endOf(in, false) }

// endOf returns the first or last item of a list, or UTF-16 unit of a string.
func endOf(in Value, first bool) (Value, error) {
	switch in.kind {
	case kNull:
		return in, nil
	case kString:
		if in.str() == "" {
			return in, raise("StringIndexOutOfBoundsException", "string is empty")
		}
		units := utf16.Encode([]rune(in.str()))
		if first {
			return Value{kind: kChar, n: int64(units[0])}, nil
		}
		return Value{kind: kChar, n: int64(units[len(units)-1])}, nil
	case kList, kArray:
		n := in.length()
		switch {
		case n == 0:
			return Value{}, nil
		case first:
			return in.at(0), nil
		}
		return in.at(n - 1), nil
	}
	return in, cannotCast(in, "a list")
}

func filterJoin(r *run, in Value, args []Value) (Value, error) {
	return r.textOf(appendJoin, in, args)
}

// textOf makes a string of what a filter appends.
func (r *run) textOf(f func(*run, []byte, Value, []Value) ([]byte, error), in Value, args []Value) (Value, error) {
	if in.kind == kNull {
		return in, nil
	}
	b, err := f(r, r.borrow(), in, args)
	if err != nil {
		return in, err
	}
	v, err := r.sized(string(b))
	r.scratch = b
	return v, err
}

func appendJoin(r *run, b []byte, in Value, args []Value) ([]byte, error) {
	switch in.kind {
	case kNull:
		return b, nil
	case kList, kArray:
	default:
		return b, raise(KindPebble, "The 'join' filter expects that the input is either a collection or an array.")
	}
	sep, err := r.text(args[0])
	if err != nil {
		return b, err
	}
	start := len(b)
	for i, n := 0, in.length(); i < n; i++ {
		if i > 0 {
			b = append(b, sep...)
		}
		r.textStart = start
		if b, err = r.appendText(b, in.at(i)); err != nil {
			return b, err
		}
		if err = r.tick(1 + len(sep)>>6); err != nil {
			return b, err
		}
		if len(b)-start > r.limits.StringBytes {
			return b, r.limit("StringBytes")
		}
	}
	r.textStart = 0
	return b, nil
}

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

func filterSlice(r *run, in Value, args []Value) (Value, error) {
	size := 0
	switch in.kind {
	case kNull:
		return in, nil
	case kString:
		size = utf16Length(in.str())
	case kList, kArray:
		size = in.length()
	}
	from, err := sliceArg(args[0], "fromIndex", 0)
	if err != nil {
		return in, err
	}
	to, err := sliceArg(args[1], "toIndex", int64(size))
	if err != nil {
		return in, err
	}
	given := args[1].kind != kNull
	switch {
	case from < 0:
		return in, raise("IllegalArgumentException", "fromIndex must be greater than 0")
	case in.kind != kString && in.kind != kList && in.kind != kArray:
		return in, raise(KindPebble, "Slice filter can only be applied to String, List and array inputs. Actual type was: "+in.javaClass())
	case given && to > int64(size):
		return in, raise(KindPebble, "toIndex must be smaller than input size: "+Int(int64(size)).Text())
	case given && from >= to:
		return in, raise(KindPebble, "toIndex must be greater than fromIndex")
	case from > to:
		return in, raise("IllegalArgumentException", "fromIndex is greater than the size")
	}
	if in.kind == kString {
		return String(utf16Slice(in.str(), int(from), int(to))), nil
	}
	items, err := r.copyItems(in)
	if err != nil {
		return in, err
	}
	return Value{kind: in.kind, o: &list{items[from:to]}}, nil
}

func sliceArg(v Value, name string, otherwise int64) (int64, error) {
	if v.kind == kNull {
		return otherwise, nil
	}
	if !v.isNumber() {
		return 0, raise(KindPebble, "Argument "+name+" must be a number. Actual type: "+v.javaClass())
	}
	return int64(int32(v.long())), nil
}

func filterMerge(r *run, in Value, args []Value) (Value, error) {
	items := args[0]
	switch {
	case in.kind == kNull && items.kind == kNull:
		return in, raise(KindPebble, "The two arguments to be merged are null")
	case items.kind == kNull && in.kind != kNull:
		return in, nil
	case in.kind == kNull:
		return items, nil
	}
	if err := r.items(in.length() + items.length()); err != nil {
		return in, err
	}
	switch in.kind {
	case kMap:
		return r.mergeMap(in, items)
	case kList:
		return mergeList(in, items)
	case kArray:
		if items.kind != kArray {
			return in, raise("NullPointerException", "an array only merges with an array")
		}
		all := appendItems(appendItems(make([]Value, 0, in.length()+items.length()), in), items)
		return Value{kind: kArray, o: &list{all}}, nil
	}
	return in, raise(KindPebble, "The object being filtered is not a Map/List/Array")
}

func (r *run) mergeMap(in, items Value) (Value, error) {
	d := &dict{}
	for k, v := range in.pairs {
		d.set(k, v)
	}
	switch items.kind {
	case kMap:
		for k, v := range items.pairs {
			d.set(k, v)
		}
	case kList:
		for i, n := 0, items.length(); i < n; i++ {
			d.set(items.at(i), items.at(i))
		}
	default:
		return in, raise("UnsupportedOperationException", "Currently, only Maps and Lists can be merged with a Map. Arg2: "+items.javaClass())
	}
	if r.cur.cfg.javaMaps {
		d.order(tableSize(in.length() + items.length() + 16))
	}
	return Value{kind: kMap, o: d}, nil
}

func mergeList(in, items Value) (Value, error) {
	all := appendItems(make([]Value, 0, in.length()+items.length()), in)
	switch items.kind {
	case kList:
		all = appendItems(all, items)
	case kMap:
		for k, v := range items.pairs {
			all = append(all, Value{kind: kEntry, o: &entry{k, v}})
		}
	default:
		return in, raise(KindPebble, "Currently, only Maps and Lists can be merged with a List. Arg2: "+items.javaClass())
	}
	return List(all...), nil
}

func filterSplit(r *run, in Value, args []Value) (Value, error) {
	if in.kind == kNull {
		return in, nil
	}
	s, err := asString(in)
	if err != nil {
		return in, err
	}
	if args[0].kind == kNull {
		return in, raise("NullPointerException", "the argument delimiter is required")
	}
	delimiter, err := asString(args[0])
	if err != nil {
		return in, err
	}
	limit := 0
	if args[1].kind != kNull {
		if !args[1].isNumber() {
			return in, cannotCast(args[1], "a number")
		}
		limit = int(int32(args[1].long()))
	}
	parts, err := r.split(s, delimiter, limit)
	return Value{kind: kArray, o: &parts}, err
}
