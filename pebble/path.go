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
	code keyCode       // of name
	hint atomic.Uint32 // where the key stood in the last map, a guess
	item bool          // whether x is the item of the innermost loop around
	loop loopField     // what it is if x is the variable loop
}

func (p *parser) newAttr(x expr, name string, m mark) expr {
	e := p.slabs.attrs.new()
	e.x, e.name, e.at, e.code = x, name, m, codeOf(name)
	if v, ok := x.(*varExpr); ok {
		e.item = v.slot == itemSlot
		if v.name == "loop" {
			e.loop = loopFieldOf(name)
		}
	}
	return e
}

func (e *attrExpr) eval(r *run) (Value, error) {
	if e.loop != notLoop {
		// It may still be another variable of that name.
		if v := e.x.(*varExpr).find(r); v != nil && v.kind == kLoop && e.loop != loopOther {
			return v.o.(*loop).field(e.loop), nil
		}
	}
	if x, ok := e.find(r); ok {
		switch n := x.(type) {
		case string:
			return Value{kind: kString, o: x}, nil
		case int64:
			return Int(n), nil
		case float64:
			return Float(n), nil
		}
		if v := bind(x); v.kind != kForeign {
			return v, nil
		}
	}
	return e.evalSlow(r)
}

// find walks a path of names through maps without making values on its way. It
// finds nothing where there is anything unusual about the path. What comes in
// lists is mostly of one shape, so it looks first where a key stood in the last
// map.
func (e *attrExpr) find(r *run) (any, bool) {
	if m := r.item; e.item && m != nil {
		if i := uint(e.hint.Load()); i < uint(len(m.members)) {
			if x := &m.members[i]; x.is(e.name, e.code) {
				return x.value, true
			}
		}
	}
	return e.findSlow(r)
}

func (e *attrExpr) findSlow(r *run) (any, bool) {
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
	m, ok := base.(*Map)
	if !ok || m == nil {
		return e.findIn(base)
	}
	i := uint(e.hint.Load())
	if i >= uint(len(m.members)) || !m.members[i].is(e.name, e.code) {
		found := m.find(e.name)
		if found < 0 {
			return nil, false
		}
		i = uint(found)
		e.hint.Store(uint32(found))
	}
	return m.members[i].value, true
}

func (e *attrExpr) findIn(base any) (any, bool) {
	if m, ok := base.(map[string]any); ok {
		x, ok := m[e.name]
		return x, ok
	}
	return nil, false
}

// evalSlow evaluates the path step by step. It does not go through eval again:
// in a long path every step would walk the path anew.
func (e *attrExpr) evalSlow(r *run) (base Value, err error) {
	if parent, ok := e.x.(*attrExpr); ok && parent.loop == notLoop {
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
