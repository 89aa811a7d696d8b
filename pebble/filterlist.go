package pebble

import "unicode/utf16"

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
	if list, ok := in.o.([]any); ok {
		if b, ok, err := r.joinStrings(b, list, sep); ok {
			return b, err
		}
	}
	start := len(b)
	for i, n := 0, in.length(); i < n; i++ {
		if i > 0 {
			b = append(b, sep...)
		}
		if v := in.at(i); v.kind == kString {
			b = append(b, v.str()...)
		} else {
			r.textStart = start
			if b, err = r.appendText(b, v); err != nil {
				return b, err
			}
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

// joinStrings joins strings of the caller; ok is false if there is anything else
// among them.
func (r *run) joinStrings(b []byte, list []any, sep string) (out []byte, ok bool, err error) {
	start := len(b)
	for i, x := range list {
		s, ok := x.(string)
		if !ok {
			return b, false, nil
		}
		if i > 0 {
			b = append(b, sep...)
		}
		if b = append(b, s...); len(b)-start > r.limits.StringBytes {
			return b, true, r.limit("StringBytes")
		}
	}
	return b, true, r.tick(len(list) * (1 + len(sep)>>6))
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
