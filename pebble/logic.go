package pebble

import "math"

// truth is what a value counts for as a condition; lists and maps count for
// nothing, and using one is an error.
func truth(v Value) (yes, ok bool) {
	switch v.kind {
	case kNull:
		return false, true
	case kBool, kInt, kLong, kLazy:
		return v.n != 0, true
	case kBig:
		return v.str() != "0" && v.str() != "-0", true
	case kDouble:
		f := math.Float64frombits(uint64(v.n))
		return f != 0 && f == f, true
	case kString:
		return v.str() != "", true
	}
	return false, false
}

// boolean evaluates an expression that is sure to be a boolean without making a
// value of it. ok is false for any other expression.
func (r *run) boolean(x expr) (yes, ok bool, err error) {
	switch x := x.(type) {
	case *logicExpr:
		yes, err = x.test(r)
	case *compareExpr:
		yes, err = x.test(r)
	case *equalExpr:
		yes, err = x.test(r)
	case *testExpr:
		yes, err = x.test(r)
	case *attrExpr:
		if x.loop != loopFirst && x.loop != loopLast {
			return false, false, nil
		}
		v := x.x.(*varExpr).find(r)
		if v == nil || v.kind != kLoop {
			return false, false, nil
		}
		return v.o.(*loop).field(x.loop).n != 0, true, nil
	default:
		return false, false, nil
	}
	return yes, true, err
}

// logicExpr is and, or.
type logicExpr struct {
	left, right expr
	and         bool
	at          mark
}

func (e *logicExpr) eval(r *run) (Value, error) {
	yes, err := e.test(r)
	return Bool(yes), err
}

func (e *logicExpr) test(r *run) (bool, error) {
	yes, err := e.side(r, e.left)
	if err != nil || yes != e.and {
		return yes, err
	}
	return e.side(r, e.right)
}

func (e *logicExpr) side(r *run, x expr) (bool, error) {
	if yes, ok, err := r.boolean(x); ok {
		return yes, err
	}
	v, err := x.eval(r)
	if err != nil {
		return false, err
	}
	if v.kind == kNull && r.strict {
		return false, r.fail(KindPebble, "null value used in and operator and strict variables is set to true", e.at, "logical operator")
	}
	yes, ok := truth(v)
	if !ok {
		return false, r.at(cannotCast(v, "a condition"), e.at, "logical operator")
	}
	return yes, nil
}

// ternaryExpr is c ? a : b.
type ternaryExpr struct {
	cond, yes, no expr
	at            mark
}

func (e *ternaryExpr) choose(r *run) (bool, error) {
	if yes, ok, err := r.boolean(e.cond); ok {
		return yes, err
	}
	v, err := e.cond.eval(r)
	if err != nil {
		return false, err
	}
	yes, ok := truth(v)
	if !ok {
		return false, r.at(cannotCast(v, "a condition"), e.at, "ternary operator")
	}
	return yes, nil
}

func (e *ternaryExpr) eval(r *run) (Value, error) {
	yes, err := e.choose(r)
	if err != nil {
		return Value{}, err
	}
	if yes {
		return e.yes.eval(r)
	}
	return e.no.eval(r)
}
