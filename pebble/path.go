package pebble

import (
	"errors"
	"sync/atomic"
)

// attrExpr is x.name and x['name'].
type attrExpr struct {
	x    expr
	name string
	at   mark
	loop bool         // whether x is the variable loop
	hint atomic.Int32 // where the key stood in the last map, a guess
}

func (p *parser) newAttr(x expr, name string, m mark) expr {
	e := p.slabs.attrs.new()
	e.x, e.name, e.at = x, name, m
	v, ok := x.(*varExpr)
	e.loop = ok && v.name == "loop"
	return e
}

func (e *attrExpr) eval(r *run) (Value, error) {
	if e.loop {
		// It may still be another variable of that name.
		if v := r.find("loop"); v != nil && v.kind == kLoop {
			if x, ok := v.o.(*loop).attribute(e.name); ok {
				return x, nil
			}
		}
	}
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
	switch x := e.x.(type) {
	case *varExpr:
		v := x.find(r)
		if v == nil || v.kind != kMap {
			return nil, false
		}
		base = v.o
	case *attrExpr:
		var ok bool
		if base, ok = x.find(r); !ok {
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
	if parent, ok := e.x.(*attrExpr); ok && !parent.loop {
		base, err = parent.evalSlow(r)
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
		if missing, ok := errors.AsType[*Error](err); ok && missing.Kind == KindAttribute {
			missing.FromData = false // the name is of the template
		}
		err = r.at(err, e.at, "attribute")
	}
	return v, err
}
