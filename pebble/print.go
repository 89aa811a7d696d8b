package pebble

// printNode is {{ x }}.
type printNode struct {
	x   expr
	esc escaping
	how printing
}

// printing is the fastest way to print an expression.
type printing uint8

const (
	printsValue  printing = iota
	printsPath            // an *attrExpr, but for those of loop
	printsFilter          // a *filterExpr that can stream
	printsStream          // another expression that can
	printsSafe            // one whose text is not to be escaped
)

func printingOf(x expr) printing {
	switch x := x.(type) {
	case *attrExpr:
		if x.loop == notLoop {
			return printsPath
		}
	case *filterExpr:
		if x.def != nil && x.def.safe {
			return printsSafe
		}
		if x.def != nil && x.def.append != nil {
			return printsFilter
		}
	}
	if streamerOf(x) != nil {
		return printsStream
	}
	return printsValue
}

// newPrint prints x. That raw comes last says no more than not to escape.
func (p *parser) newPrint(x expr, esc escaping) node {
	if f, ok := x.(*filterExpr); ok && f.name == "raw" && f.custom == nil && len(f.args.args) == 0 {
		x, esc = f.input, escaping{}
	}
	n := p.slabs.prints.new()
	n.x, n.esc, n.how = x, esc, printingOf(x)
	return n
}

func (n *printNode) render(r *run) error {
	switch n.how {
	case printsPath:
		return n.x.(*attrExpr).print(r, n.esc)
	case printsSafe:
		return r.stream(n.x)
	case printsFilter:
		start := len(r.out)
		if err := n.x.(*filterExpr).stream(r); err != nil {
			return err
		}
		return r.escapeFrom(start, n.esc)
	case printsStream:
		start := len(r.out)
		if err := r.stream(n.x); err != nil {
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

// print saves most attributes the way through a Value. x is not the variable loop.
func (e *attrExpr) print(r *run, esc escaping) error {
	if x, ok := e.find(r); ok {
		if s, ok := x.(string); ok && esc.strategy <= escapeHTML {
			start := len(r.out)
			if err := r.write(s); err != nil {
				return err
			}
			return r.escapeFrom(start, esc)
		}
		if v := bind(x); v.kind != kForeign {
			return r.printValue(v, esc)
		}
	}
	v, err := e.evalSlow(r)
	if err != nil {
		return err
	}
	return r.printValue(v, esc)
}

// text returns the attribute if it is an ordinary string.
func (e *attrExpr) text(r *run) (string, bool) {
	x, _ := e.find(r)
	s, ok := x.(string)
	return s, ok
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
	if l, ok := x.(*literal); ok && l.v.kind == kString && esc.strategy == escapeNone {
		return r.write(l.v.str())
	}
	v, err := x.eval(r)
	if err != nil {
		return err
	}
	return r.printValue(v, esc)
}

// appended takes an output to which a value has been appended.
func (r *run) appended(out []byte) error {
	n := len(out) - len(r.out)
	if uint(n) > uint(r.limits.StringBytes) {
		return r.limit("StringBytes")
	}
	if err := r.spend(n); err != nil {
		return err
	}
	if len(out) > r.most {
		return r.limit("OutputBytes")
	}
	r.out = out
	return nil
}

func (r *run) printValue(v Value, esc escaping) error {
	switch v.kind {
	case kNull:
		return nil
	case kInt, kLong:
		if v.o == nil && esc.strategy <= escapeHTML {
			return r.grown(appendInt(r.out, v.n))
		}
	case kDouble:
		if v.o == nil && esc.strategy <= escapeHTML {
			return r.grown(appendDouble(r.out, v.float()))
		}
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
	if len(out) > r.most && esc.strategy == escapeHTML {
		return r.limit("OutputBytes") // escaping makes it no shorter
	}
	r.out = out
	return r.escapeFrom(start, esc)
}

// grown takes a longer output, if it is within bounds.
func (r *run) grown(out []byte) error {
	if len(out) > r.most {
		return r.limit("OutputBytes")
	}
	r.out = out
	return nil
}

// escapeFrom escapes what the output holds from start on, which is within bounds.
// Most text needs nothing.
func (r *run) escapeFrom(start int, esc escaping) error {
	switch esc.strategy {
	case escapeNone:
		return nil
	case escapeHTML:
		if start = indexHTML(r.out, start); start == len(r.out) {
			return nil
		}
	}
	return r.escapeTail(start, esc)
}

func (r *run) escapeTail(start int, esc escaping) error {
	switch esc.strategy {
	case escapeHTML:
		r.out = escapeHTMLFrom(r.out, start)
	case escapeUnknown:
		return r.fail(KindPebble, "Unknown escaping strategy ["+*esc.name+"]", mark{0, noLine}, "autoescaping")
	default:
		r.out = appendEscaped(r.out[:start], string(r.out[start:]), esc.strategy)
	}
	return r.grown(r.out)
}
