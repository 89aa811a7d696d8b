package pebble

// compareExpr is < > <= >=.
type compareExpr struct {
	left, right expr
	op          operator
	at          mark
}

func (e *compareExpr) eval(r *run) (Value, error) {
	yes, err := e.test(r)
	if err != nil {
		return Value{}, err
	}
	return Bool(yes), nil
}

func (e *compareExpr) test(r *run) (bool, error) {
	yes, err := e.compare(r)
	if err != nil {
		return false, r.because(err, "Could not perform "+compareName(e.op), e.at, "comparison")
	}
	return yes, nil
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
