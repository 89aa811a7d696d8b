package pebble

// containsExpr is contains.
type containsExpr struct {
	left, right expr
	at          mark
}

func (e *containsExpr) eval(r *run) (Value, error) {
	a, err := e.left.eval(r)
	if err != nil {
		return a, err
	}
	b, err := e.right.eval(r)
	if err != nil || a.kind == kNull {
		return Bool(false), err
	}
	yes, err := r.contains(a, b)
	if err != nil {
		err = r.at(err, e.at, `operator "contains"`)
	}
	return Bool(yes), err
}

func (r *run) contains(a, b Value) (bool, error) {
	switch a.kind {
	case kString:
		s, err := r.text(nullText(b))
		if err != nil {
			return false, err
		}
		return containsText(a.str(), s), r.tick(len(a.str()) >> 6)
	case kMap:
		_, ok := a.lookup(b)
		return ok, nil
	case kList, kArray:
		if b.kind != kList || a.kind == kArray {
			return r.listHas(a, b)
		}
		for i, n := 0, b.length(); i < n; i++ {
			if has, err := r.listHas(a, b.at(i)); !has {
				return false, err
			}
		}
		return true, nil
	}
	return false, raise(KindPebble, "Contains operator can only be used on Collections, Maps and arrays. Actual type was: "+a.javaClass())
}

// listHas reports whether an item equals x. In the DestinationSDK dialect
// numbers compare by value; in Java a Long never equals an Integer.
func (r *run) listHas(l, x Value) (bool, error) {
	if err := r.tick(l.length()); err != nil {
		return false, err
	}
	byValue := x.isNumber() && r.sdk()
	for i, n := 0, l.length(); i < n; i++ {
		y := l.at(i)
		if byValue && y.isNumber() && x.float() == y.float() {
			return true, nil
		}
		if eq, err := r.same(y, x); eq || err != nil {
			return eq, err
		}
	}
	return false, nil
}
