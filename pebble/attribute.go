package pebble

import "strings"

func containsText(s, sub string) bool { return strings.Contains(s, sub) }

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
