package pebble

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
