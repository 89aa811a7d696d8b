package pebble

import (
	"strings"
	"sync/atomic"
)

func containsText(s, sub string) bool { return strings.Contains(s, sub) }

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
		err = r.at(err, e.at, "attribute")
	}
	return v, err
}

// indexExpr is x[expression].
type indexExpr struct {
	x, index expr
	at       mark
}

func (e *indexExpr) eval(r *run) (Value, error) {
	base, err := e.x.eval(r)
	if err != nil {
		return base, err
	}
	index, err := e.index.eval(r)
	if err != nil {
		return index, err
	}
	v, err := r.attribute(base, index, e.x)
	if err != nil {
		err = r.at(err, e.at, "subscript")
	}
	return v, err
}

// attribute returns the attribute of base that index names. from is where base
// comes from, for the message about null.
func (r *run) attribute(base, index Value, from expr) (Value, error) {
	switch base.kind {
	case kNull:
		if !r.strict {
			return Value{}, nil
		}
		return Value{}, nullBase(from)
	case kMap:
		v, ok, err := r.mapAttribute(base, index)
		if ok || err != nil {
			return v, err
		}
		return r.missing(base, index)
	case kList, kArray:
		return r.itemAttribute(base, index)
	}
	name, err := r.text(nullText(index))
	if err != nil {
		return Value{}, err
	}
	if v, ok := r.property(base, name); ok {
		if v.kind == kForeign {
			return v, r.foreign(v)
		}
		return v, nil
	}
	return r.missing(base, index)
}

func nullBase(from expr) *Error {
	msg := "Attempt to get attribute of null object and strict variables is set to true."
	if v, ok := from.(*varExpr); ok {
		msg = "Root attribute [" + v.name + "] does not exist or can not be accessed and strict variables is set to true."
	}
	return raise(KindRootAttribute, msg)
}

// mapAttribute looks up a key. A number is first converted to the type of the
// map's first key, and cannot be if that is a string.
func (r *run) mapAttribute(base, index Value) (Value, bool, error) {
	if index.isNumber() {
		if base.length() == 0 {
			if r.strict {
				return Value{}, false, raise("NoSuchElementException", "map is empty")
			}
			return Value{}, false, nil
		}
		var err error
		if index, err = r.numberKey(base, index); err != nil {
			return Value{}, false, err
		}
	}
	if index.kind == kNull && r.strict {
		return Value{}, false, raise("NullPointerException", "key of a map is null")
	}
	v, ok := base.lookup(index)
	if v.kind == kForeign {
		return v, true, r.foreign(v)
	}
	return v, ok, nil
}

func (r *run) numberKey(base, index Value) (Value, error) {
	var first Value
	for k := range base.pairs {
		first = k
		break
	}
	switch first.kind {
	case kLong:
		return Int(index.long()), nil
	case kInt:
		return integer(int(int32(index.long()))), nil
	case kDouble:
		return Float(index.float()), nil
	}
	s, err := r.text(index)
	if err != nil {
		return index, err
	}
	return index, raiseData(KindPebble, "type class "+first.javaClass()+" not supported for key "+s)
}

func (r *run) itemAttribute(base, index Value) (Value, error) {
	i, ok := 0, false
	switch index.kind {
	case kInt, kLong, kLazy:
		i, ok = int(index.n), index.n == int64(int32(index.n))
	default:
		s, err := r.text(nullText(index))
		if err != nil {
			return index, err
		}
		if s == "" {
			return index, raise("StringIndexOutOfBoundsException", "index is empty")
		}
		if i, ok = javaIndex(s); !ok {
			if v, found := r.property(base, s); found {
				return v, nil
			}
		}
	}
	if !ok {
		return r.missing(base, index)
	}
	if i < 0 || i >= base.length() {
		if r.strict {
			return Value{}, raise(KindAttribute, "Index out of bounds while accessing array with strict variables on.")
		}
		return Value{}, nil
	}
	v := base.at(i)
	if v.kind == kForeign {
		return v, r.foreign(v)
	}
	return v, nil
}

// property returns the attributes that values other than maps have. There is no
// reflection: this is the whole list.
func (r *run) property(base Value, name string) (Value, bool) {
	switch base.kind {
	case kEntry:
		switch name {
		case "key":
			return base.o.(*entry).key, true
		case "value":
			return base.o.(*entry).value, true
		}
	case kLoop:
		return base.o.(*loop).attribute(name)
	case kContext:
		return r.lookup(name)
	case kTemplate:
		return String(base.str()), name == "name"
	case kLocale:
		return String("en"), name == "language"
	case kObject:
		x, ok := base.o.(Attributer).Attribute(name)
		return bind(x), ok
	case kString:
		switch name {
		case "length":
			return integer(utf16Length(base.str())), true
		case "empty":
			return Bool(base.str() == ""), true
		case "blank":
			return Bool(isJavaBlank(base.str())), true
		}
	case kList:
		switch name {
		case "size":
			return integer(base.length()), true
		case "empty":
			return Bool(base.length() == 0), true
		}
	}
	return Value{}, false
}

// missing is the attribute that a value does not have: null, unless strict, or
// unless the name would have called a method in Java.
func (r *run) missing(base, index Value) (Value, error) {
	if base.kind != kMap && index.kind == kString {
		if err := refused(base, index.str()); err != nil {
			return Value{}, err
		}
	}
	if !r.strict {
		return Value{}, nil
	}
	s, err := r.text(nullText(index))
	if err != nil {
		return index, err
	}
	return Value{}, raiseData(KindAttribute, "Attribute ["+s+"] of ["+base.javaClass()+
		"] does not exist or can not be accessed and strict variables is set to true.")
}
