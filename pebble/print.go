package pebble

// printNode is {{ x }}.
type printNode struct {
	x   expr
	esc escaping
}

// newPrint prints x. That raw comes last says no more than not to escape.
func (p *parser) newPrint(x expr, esc escaping) node {
	if f, ok := x.(*filterExpr); ok && f.name == "raw" && f.custom == nil && len(f.args.args) == 0 {
		x, esc = f.input, escaping{}
	}
	n := p.slabs.prints.new()
	n.x, n.esc = x, esc
	return n
}

func (n *printNode) render(r *run) error {
	if x, ok := n.x.(*attrExpr); ok && !x.loop {
		return x.print(r, n.esc)
	}
	if s := streamerOf(n.x); s != nil {
		start := len(r.out)
		if err := s.stream(r); err != nil {
			return err
		}
		return r.escapeFrom(start, n.esc)
	}
	v, err := n.x.eval(r)
	if err != nil {
		return err
	}
	return r.printValue(v, n.esc)
}

// print saves most attributes the way through a Value.
func (e *attrExpr) print(r *run, esc escaping) error {
	if x, ok := e.find(r); ok {
		if s, ok := x.(string); ok && esc.strategy == escapeNone {
			return r.write(s)
		} else if ok && esc.strategy == escapeHTML {
			return r.grown(appendHTML(r.out, s))
		}
	}
	v, err := e.eval(r)
	if err != nil {
		return err
	}
	return r.printValue(v, esc)
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
	x, esc := n.t.no, n.no
	if yes {
		x, esc = n.t.yes, n.yes
	}
	v, err := x.eval(r)
	if err != nil {
		return err
	}
	return r.printValue(v, esc)
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

// stream appends the text of an expression to the output as it is.
func (r *run) stream(x expr) error {
	switch x := x.(type) {
	case *attrExpr:
		if v, ok := x.find(r); ok {
			if s, ok := v.(string); ok {
				return r.write(s)
			}
		}
	case *literal:
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
		if i := indexHTML(r.out, start); i < len(r.out) {
			r.out = appendHTML(r.out[:i], string(r.out[i:]))
		}
	case escapeUnknown:
		return r.fail(KindPebble, "Unknown escaping strategy ["+esc.name+"]", mark{0, noLine}, "autoescaping")
	default:
		r.out = appendEscaped(r.out[:start], string(r.out[start:]), esc.strategy)
	}
	return r.grown(r.out)
}
