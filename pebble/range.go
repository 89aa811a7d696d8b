package pebble

import "unicode/utf16"

func rangeFunction(r *run, args []Value) (Value, error) {
	step := args[2]
	if step.kind == kNull {
		step = Int(1)
	}
	return rangeOf(r, args[0], args[1], step)
}

// rangeOf lists the numbers, or characters, from one value to another.
func rangeOf(r *run, from, to, step Value) (Value, error) {
	if !step.isNumber() {
		return Value{}, raise(KindPebble, "The increment of the range function must be a number "+step.typeName())
	}
	by := step.long()
	if by == 0 {
		return Value{}, raise(KindPebble, "The increment of the range function must be different than 0")
	}
	k := kLong
	var a, b int64
	if from.isNumber() && to.isNumber() {
		a, b = from.long(), to.long()
	} else {
		var ok1, ok2 bool
		a, ok1 = oneChar(from)
		b, ok2 = oneChar(to)
		k = kChar
		if !ok1 || !ok2 {
			return Value{}, raise(KindPebble, "Arguments of range function must be of type Number or String with a length of 1")
		}
	}
	n, err := r.rangeLength(a, b, by)
	if err != nil {
		return Value{}, err
	}
	items := make([]Value, n)
	for i := range items {
		items[i] = Value{kind: k, n: a + int64(i)*by}
	}
	return List(items...), nil
}

// rangeLength counts without overflow what a range would hold.
func (r *run) rangeLength(a, b, by int64) (int, error) {
	if by > 0 && a > b || by < 0 && a < b {
		return 0, nil
	}
	distance, step := uint64(b)-uint64(a), uint64(by)
	if by < 0 {
		distance, step = uint64(a)-uint64(b), -uint64(by)
	}
	n := distance / step
	if n >= uint64(r.limits.ListItems) {
		return 0, r.limit("ListItems")
	}
	return int(n) + 1, r.items(int(n) + 1)
}

func oneChar(v Value) (int64, bool) {
	if v.kind != kString {
		return 0, false
	}
	var unit int64
	n := 0
	for _, c := range v.str() {
		unit = int64(c)
		n++
		if n > 1 || utf16.RuneLen(c) > 1 {
			return 0, false
		}
	}
	return unit, n == 1
}
