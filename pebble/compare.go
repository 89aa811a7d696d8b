package pebble

// compareExpr is < > <= >=.
type compareExpr struct {
	left, right expr
	op          operator
	at          mark
}

func (e *compareExpr) eval(r *run) (Value, error) {
	yes, err := e.compare(r)
	if err != nil {
		return Value{}, r.because(err, "Could not perform "+compareName(e.op), e.at, "comparison")
	}
	return Bool(yes), nil
}

// compareName is the Java engine's word, with its slip about less-than.
func compareName(op operator) string {
	switch op {
	case opGreater:
		return "greater than comparison"
	case opGreaterEqual:
		return "greater than or equals comparison"
	case opLessEqual:
		return "less than or equals comparison"
	}
	return "greater modulus"
}

func (e *compareExpr) compare(r *run) (bool, error) {
	a, err := e.left.eval(r)
	if err != nil {
		return false, err
	}
	b, err := e.right.eval(r)
	if err != nil || a.kind == kNull || b.kind == kNull {
		return false, err
	}
	if !a.isNumber() || !b.isNumber() {
		return false, raise(KindClassCast, "cannot compare "+a.typeName()+" with "+b.typeName())
	}
	return ordered(e.op, a.float(), b.float()), nil
}

func ordered(op operator, x, y float64) bool {
	switch op {
	case opGreater:
		return x > y
	case opGreaterEqual:
		return x >= y
	case opLessEqual:
		return x <= y
	}
	return x < y
}

// equalExpr is == and !=.
type equalExpr struct {
	left, right expr
	negate      bool
	at          mark
}

func (e *equalExpr) eval(r *run) (Value, error) {
	yes, err := e.equal(r)
	if err != nil {
		what := "Could not perform equals comparison"
		if e.negate {
			what = "Could not perform not equals comparison"
		}
		return Value{}, r.because(err, what, e.at, "comparison")
	}
	return Bool(yes != e.negate), nil
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
	if err := r.tick(1); err != nil || n != b.length() {
		return false, err
	}
	for i := range n {
		if eq, err := r.same(a.at(i), b.at(i)); !eq {
			return false, err
		}
	}
	return true, r.tick(n)
}

func (r *run) sameMap(a, b Value) (bool, error) {
	if err := r.tick(1 + a.length()); err != nil || a.length() != b.length() {
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
