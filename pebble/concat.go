package pebble

// plusText is + with a string on one side; unlike ~ it prints null as "null".
func (r *run) plusText(a, b Value) (Value, error) {
	return r.concat(nullText(a), nullText(b))
}

func nullText(v Value) Value {
	if v.kind == kNull {
		return String("null")
	}
	return v
}

func (r *run) concat(a, b Value) (Value, error) {
	s, err := r.text(a)
	if err != nil {
		return a, err
	}
	t, err := r.text(b)
	if err != nil {
		return b, err
	}
	if err := r.room(len(s) + len(t)); err != nil {
		return Value{}, err
	}
	return String(s + t), nil
}

// concatExpr is ~, and the joints of an interpolated string.
type concatExpr struct {
	left, right expr
	at          mark
}

func (e *concatExpr) eval(r *run) (Value, error) {
	a, err := e.left.eval(r)
	if err != nil {
		return a, err
	}
	b, err := e.right.eval(r)
	if err != nil {
		return b, err
	}
	v, err := r.concat(a, b)
	if err != nil {
		err = r.at(err, e.at, `operator "~"`)
	}
	return v, err
}

func (e *concatExpr) stream(r *run) error {
	start := len(r.out)
	if left, ok := e.left.(*concatExpr); ok { // as in a ~ b ~ c
		if err := left.stream(r); err != nil {
			return err
		}
	} else if err := r.stream(e.left); err != nil {
		return err
	}
	if err := r.stream(e.right); err != nil {
		return err
	}
	if err := r.room(len(r.out) - start); err != nil {
		return r.at(err, e.at, `operator "~"`)
	}
	return nil
}

// rangeExpr is a..b.
type rangeExpr struct {
	from, to expr
	at       mark
}

func (e *rangeExpr) eval(r *run) (Value, error) {
	a, err := e.from.eval(r)
	if err != nil {
		return a, err
	}
	b, err := e.to.eval(r)
	if err != nil {
		return b, err
	}
	v, err := rangeOf(r, a, b, Int(1))
	if err != nil {
		err = r.at(err, e.at, `operator ".."`)
	}
	return v, err
}
