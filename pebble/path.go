package pebble

import "sync/atomic"

// attrExpr is x.name and x['name'].
type attrExpr struct {
	x      expr
	root   *varExpr  // x, if it is a variable
	parent *attrExpr // x, if it is an attribute
	name   string
	at     mark
	hint   atomic.Int32 // where the key stood in the last map, a guess
}

func newAttr(x expr, name string, m mark) expr {
	e := &attrExpr{x: x, name: name, at: m}
	switch x := x.(type) {
	case *varExpr:
		e.root = x
		if x.name == "loop" {
			return &loopExpr{e}
		}
	case *attrExpr:
		e.parent = x
	}
	return e
}

// loopExpr is an attribute of the variable loop, which may still be another
// variable of that name.
type loopExpr struct{ attr *attrExpr }

func (e *loopExpr) eval(r *run) (Value, error) {
	if v := r.find("loop"); v != nil && v.kind == kLoop {
		if x, ok := v.o.(*loop).attribute(e.attr.name); ok {
			return x, nil
		}
	}
	return e.attr.eval(r)
}

func (e *loopExpr) analyze(a *analysis) { e.attr.analyze(a) }

func (e *attrExpr) eval(r *run) (Value, error) {
	if x, ok := e.find(r); ok {
		if v := bind(x); v.kind != kForeign {
			return v, nil
		}
	}
	return e.evalSlow(r)
}

// find walks a path of names through maps without making values on its way. It
// finds nothing where there is anything unusual about the path.
func (e *attrExpr) find(r *run) (any, bool) {
	var base any
	switch {
	case e.root != nil:
		v := r.find(e.root.name)
		if v == nil || v.kind != kMap {
			return nil, false
		}
		base = v.o
	case e.parent != nil:
		var ok bool
		if base, ok = e.parent.find(r); !ok {
			return nil, false
		}
	default:
		return nil, false
	}
	switch m := base.(type) {
	case *Map:
		if m == nil {
			return nil, false
		}
		// What comes in lists is mostly of one shape: look where the key stood
		// in the last map.
		i := int(e.hint.Load())
		if i >= len(m.keys) || m.keys[i] != e.name {
			if i = m.find(e.name); i < 0 {
				return nil, false
			}
			e.hint.Store(int32(i))
		}
		return m.values[i], true
	case map[string]any:
		x, ok := m[e.name]
		return x, ok
	}
	return nil, false
}

// evalSlow evaluates the path step by step. It does not go through eval again:
// in a long path every step would walk the path anew.
func (e *attrExpr) evalSlow(r *run) (base Value, err error) {
	if e.parent != nil {
		base, err = e.parent.evalSlow(r)
	} else {
		base, err = e.x.eval(r)
	}
	if err != nil {
		return base, err
	}
	if base.kind == kNull && r.aliasOf(e.x) != nil {
		return base, r.fail("NullPointerException", "a macro is called with parentheses", e.at, "attribute")
	}
	v, err := r.attribute(base, String(e.name), e.x)
	if err != nil {
		if missing, ok := err.(*Error); ok && missing.Kind == KindAttribute {
			missing.FromData = false // the name is of the template
		}
		err = r.at(err, e.at, "attribute")
	}
	return v, err
}
