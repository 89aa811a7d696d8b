package pebble

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
