package pebble

// streamer is an expression that can append its text to the output, which saves
// making a string of it. Its value is a safe string only where def.safe says so.
type streamer interface {
	stream(r *run) error
}

// streamerOf returns x if it is a streamer.
func streamerOf(x expr) streamer {
	switch x := x.(type) {
	case *concatExpr:
		return x
	case *filterExpr:
		if x.def != nil && x.def.append != nil {
			return x
		}
	case *callExpr:
		if x.def != nil && x.def.append != nil {
			return x
		}
	}
	return nil
}

// stream appends the text of an expression to the output as it is.
func (r *run) stream(x expr) error {
	switch x := x.(type) {
	case *attrExpr:
		if s, ok := x.text(r); ok {
			return r.write(s)
		}
	case *concatExpr:
		return x.stream(r)
	case *literal:
		if x.v.kind == kString {
			return r.write(x.v.str())
		}
		return r.printValue(x.v, escaping{})
	default:
		if s := streamerOf(x); s != nil {
			return s.stream(r)
		}
	}
	v, err := x.eval(r)
	if err != nil {
		return err
	}
	return r.printValue(v, escaping{})
}

// shortcut is a way to apply a filter to what an attribute mostly is, past values
// and arguments.
type shortcut uint8

const (
	noShortcut   shortcut = iota
	textShortcut          // def.text of a string
	joinShortcut          // join of strings, by a literal
)

func (e *filterExpr) shortcut() shortcut {
	_, ok := e.input.(*attrExpr)
	switch {
	case !ok || e.def == nil || e.args.odd != nil:
	case e.def.text != nil && len(e.args.args) == 0:
		return textShortcut
	case e.def.joins && len(e.args.args) == 1 && isStringLiteral(e.args.args[0]):
		return joinShortcut
	}
	return noShortcut
}

// shorten takes the shortcut; ok is false if it leads nowhere.
func (e *filterExpr) shorten(r *run) (out []byte, ok bool, err error) {
	x, _ := e.input.(*attrExpr).find(r)
	switch x := x.(type) {
	case string:
		if e.short == textShortcut {
			return e.def.text(r.out, x), true, nil
		}
	case []any:
		if e.short == joinShortcut {
			return r.joinStrings(r.out, x, e.args.args[0].(*literal).v.str())
		}
	}
	return nil, false, nil
}

// stream is for filters that can append.
func (e *filterExpr) stream(r *run) error {
	if e.def.safe {
		return e.streamSafe(r)
	}
	if e.short != noShortcut {
		if out, ok, err := e.shorten(r); ok {
			if err == nil {
				err = r.appended(out)
			}
			if err != nil {
				return r.at(err, e.at, `filter "`+e.name+`"`)
			}
			return nil
		}
	}
	base := len(r.args)
	in, args, err := e.operands(r)
	if err != nil {
		return err
	}
	out, err := e.def.append(r, r.out, in, args)
	r.args = r.args[:base]
	if err == nil {
		err = r.appended(out)
	}
	if err != nil {
		return r.at(err, e.at, `filter "`+e.name+`"`)
	}
	return nil
}

// streamSafe is for the filter escape, whose value needs no room of its own if it
// is the input.
func (e *filterExpr) streamSafe(r *run) error {
	base := len(r.args)
	in, args, err := e.operands(r)
	if err != nil {
		return err
	}
	var out []byte
	if in.kind == kNull || in.kind == kSafe {
		out = append(r.out, in.str()...)
	} else if out, err = e.def.append(r, r.out, in, args); err == nil {
		err = r.room(len(out) - len(r.out))
	}
	r.args = r.args[:base]
	if err != nil {
		return r.at(err, e.at, `filter "`+e.name+`"`)
	}
	return r.grown(out)
}
