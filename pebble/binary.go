package pebble

// arithExpr is + - * / %.
type arithExpr struct {
	left, right expr
	op          operator
	at          mark
}

func (e *arithExpr) eval(r *run) (Value, error) {
	v, err := e.compute(r)
	if err != nil {
		return Value{}, r.because(err, "Could not perform "+arithNames(e.op), e.at, "arithmetic")
	}
	return v, nil
}

// arithNames are the Java engine's words, its slip about modulus included.
func arithNames(op operator) string {
	switch op {
	case opAdd:
		return "addition"
	case opSubtract:
		return "subtraction"
	case opMultiply:
		return "multiplication"
	case opDivide:
		return "division"
	}
	return "greater modulus"
}

func (e *arithExpr) compute(r *run) (Value, error) {
	a, err := e.left.eval(r)
	if err != nil {
		return a, err
	}
	b, err := e.right.eval(r)
	if err != nil {
		return b, err
	}
	if a.kind == kDouble && b.isNumber() || b.kind == kDouble && a.isNumber() {
		return Float(floatArithmetic(e.op, a.float(), b.float())), nil
	}
	switch e.op {
	case opAdd:
		if a.kind == kString || b.kind == kString || a.kind == kSafe || b.kind == kSafe {
			return r.plusText(a, b)
		}
		if a.kind == kList {
			return r.appendToList(a, b)
		}
	case opSubtract:
		if a.kind == kList {
			return r.removeFromList(a, b)
		}
	}
	if a, err = toNumber(a); err != nil {
		return a, err
	}
	if b, err = toNumber(b); err != nil {
		return b, err
	}
	return arithmetic(e.op, a, b)
}

// appendToList returns a new list: the caller's data stays as it is.
func (r *run) appendToList(a, b Value) (Value, error) {
	n, more := a.length(), 1
	if b.kind == kList {
		more = b.length()
	}
	if err := r.items(n + more); err != nil {
		return Value{}, err
	}
	items := make([]Value, 0, n+more)
	items = appendItems(items, a)
	if b.kind == kList {
		items = appendItems(items, b)
	} else {
		items = append(items, b)
	}
	return List(items...), nil
}

func appendItems(items []Value, v Value) []Value {
	for i, n := 0, v.length(); i < n; i++ {
		items = append(items, v.at(i))
	}
	return items
}

// removeFromList removes the first equal item, or every item that b holds.
func (r *run) removeFromList(a, b Value) (Value, error) {
	items := make([]Value, 0, a.length())
	removed := false
	for i, n := 0, a.length(); i < n; i++ {
		x := a.at(i)
		var drop bool
		var err error
		if b.kind == kList {
			drop, err = r.listHas(b, x)
		} else if !removed {
			drop, err = r.same(x, b)
			removed = drop
		}
		if err != nil {
			return Value{}, err
		}
		if !drop {
			items = append(items, x)
		}
	}
	return List(items...), nil
}
