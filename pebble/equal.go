package pebble

// equalExpr is == and !=.
type equalExpr struct {
	left, right expr
	negate      bool
	at          mark
}

func (e *equalExpr) eval(r *run) (Value, error) {
	yes, err := e.test(r)
	if err != nil {
		return Value{}, err
	}
	return Bool(yes), nil
}

func (e *equalExpr) test(r *run) (bool, error) {
	yes, err := e.equal(r)
	if err != nil {
		what := "Could not perform equals comparison"
		if e.negate {
			what = "Could not perform not equals comparison"
		}
		return false, r.because(err, what, e.at, "comparison")
	}
	return yes != e.negate, nil
}

func (e *equalExpr) equal(r *run) (bool, error) {
	a, err := e.left.eval(r)
	if err != nil {
		return false, err
	}
	b, err := e.right.eval(r)
	if err != nil {
		return false, err
	}
	if a.isNumber() && b.isNumber() {
		return a.float() == b.float(), nil
	}
	return r.same(a, b)
}

// same is Java's equals: types count, so an Integer is no Long.
func (r *run) same(a, b Value) (bool, error) {
	if a.kind != b.kind {
		return false, nil
	}
	switch a.kind {
	case kNull, kBool, kInt, kLong, kLazy, kChar:
		return a.n == b.n, nil
	case kDouble:
		return a.n == b.n || a.float() != a.float() && b.float() != b.float(), nil
	case kString, kSafe, kBig, kLocale, kTemplate:
		return a.str() == b.str(), nil
	case kList:
		return r.sameList(a, b)
	case kMap:
		return r.sameMap(a, b)
	case kEntry:
		x, y := a.o.(*entry), b.o.(*entry)
		if eq, err := r.same(x.key, y.key); !eq {
			return false, err
		}
		return r.same(x.value, y.value)
	case kArray, kLoop:
		return a.o == b.o, nil // arrays are equal only to themselves
	}
	return false, nil
}

func (r *run) sameList(a, b Value) (bool, error) {
	n := a.length()
	if n != b.length() {
		return false, nil
	}
	if err := r.descend(); err != nil {
		return false, err
	}
	defer r.ascend()
	for i := range n {
		if eq, err := r.same(a.at(i), b.at(i)); !eq {
			return false, err
		}
	}
	return true, r.tick(n)
}

func (r *run) sameMap(a, b Value) (bool, error) {
	if a.length() != b.length() {
		return false, nil
	}
	if err := r.descend(); err != nil {
		return false, err
	}
	defer r.ascend()
	if err := r.tick(a.length()); err != nil {
		return false, err
	}
	for k, x := range a.pairs {
		y, ok := b.lookup(k)
		if !ok {
			return false, nil
		}
		if eq, err := r.same(x, y); !eq {
			return false, err
		}
	}
	return true, nil
}

// lookup returns the value of any key of a map.
func (v Value) lookup(key Value) (Value, bool) {
	if d, ok := v.o.(*dict); ok {
		return d.get(key)
	}
	if key.kind == kString {
		return v.key(key.str())
	}
	return Value{}, false
}
