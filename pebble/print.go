package pebble

// printNode is {{ x }}.
type printNode struct {
	x    expr
	s    streamer  // x, if it is one
	attr *attrExpr // x, if it is one
	esc  escaping
}

// newPrint prints x. That raw comes last says no more than not to escape.
func newPrint(x expr, esc escaping) *printNode {
	if f, ok := x.(*filterExpr); ok && f.name == "raw" && f.custom == nil && len(f.args.args) == 0 {
		x, esc = f.input, escaping{}
	}
	n := &printNode{x: x, s: streamerOf(x), esc: esc}
	n.attr, _ = x.(*attrExpr)
	return n
}

func (n *printNode) render(r *run) error {
	if n.attr == nil {
		return r.print(n.x, n.s, n.esc)
	}
	x, ok := n.attr.find(r)
	if !ok {
		return r.print(n.x, n.s, n.esc)
	}
	if s, ok := x.(string); ok && n.esc.strategy <= escapeHTML {
		if n.esc.strategy == escapeNone {
			return r.write(s)
		}
		return r.grown(appendHTML(r.out, s))
	}
	v := bind(x)
	if v.kind == kForeign {
		return r.at(r.foreign(v), n.attr.at, "attribute")
	}
	return r.printValue(v, n.esc)
}

// printTernary is {{ a ? b : c }}, whose branches escape each in its own way.
type printTernary struct {
	t       *ternaryExpr
	yes, no escaping
}

func (n *printTernary) render(r *run) error {
	yes, err := n.t.choose(r)
	if err != nil {
		return err
	}
	if yes {
		return r.print(n.t.yes, nil, n.yes)
	}
	return r.print(n.t.no, nil, n.no)
}

// streamer is an expression that can append its text to the output, which saves
// making a string of it. Its value is never a safe string.
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

// print writes the value of an expression, escaped. s is its streamer, if any.
func (r *run) print(x expr, s streamer, esc escaping) error {
	if s == nil {
		v, err := x.eval(r)
		if err != nil {
			return err
		}
		return r.printValue(v, esc)
	}
	start := len(r.out)
	if err := s.stream(r); err != nil {
		return err
	}
	return r.escapeFrom(start, esc)
}

// stream appends the text of an expression to the output as it is.
func (r *run) stream(x expr) error {
	if s := streamerOf(x); s != nil {
		return s.stream(r)
	}
	v, err := x.eval(r)
	if err != nil {
		return err
	}
	return r.printValue(v, escaping{})
}

// appended takes an output to which a value has been appended.
func (r *run) appended(out []byte) error {
	if err := r.room(len(out) - len(r.out)); err != nil {
		return err
	}
	return r.grown(out)
}

func (r *run) printValue(v Value, esc escaping) error {
	switch v.kind {
	case kNull:
		return nil
	case kString:
		if esc.strategy == escapeNone {
			return r.write(v.str())
		}
		if esc.strategy == escapeHTML {
			return r.grown(appendHTML(r.out, v.str()))
		}
	case kSafe:
		return r.write(v.str())
	}
	start := len(r.out)
	r.textStart = start
	out, err := r.appendText(r.out, v)
	r.textStart = 0
	if err != nil {
		return err
	}
	if esc.strategy == escapeNone || esc.strategy == escapeHTML && (v.isNumber() || v.kind == kBool) {
		return r.grown(out)
	}
	r.out = out
	return r.escapeFrom(start, esc)
}

// grown takes a longer output, if it is within bounds.
func (r *run) grown(out []byte) error {
	if len(out) > r.limits.OutputBytes {
		return r.limit("OutputBytes")
	}
	r.out = out
	return nil
}

// escapeFrom escapes what the output holds from start on.
func (r *run) escapeFrom(start int, esc escaping) error {
	switch esc.strategy {
	case escapeNone:
	case escapeHTML:
		if needsHTML(r.out[start:]) {
			r.out = appendHTML(r.out[:start], string(r.out[start:]))
		}
	case escapeUnknown:
		return r.fail(KindPebble, "Unknown escaping strategy ["+esc.name+"]", mark{0, noLine}, "autoescaping")
	default:
		r.out = appendEscaped(r.out[:start], string(r.out[start:]), esc.strategy)
	}
	return r.grown(r.out)
}
