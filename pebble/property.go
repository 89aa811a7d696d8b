package pebble

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
		f := loopFieldOf(name)
		return base.o.(*loop).field(f), f != loopOther
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
