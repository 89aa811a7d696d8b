package pebble

// node is a piece of a template that renders.
type node interface {
	render(r *run) error
	analyze(a *analysis)
}

// expr is a piece of a template that has a value.
type expr interface {
	eval(r *run) (Value, error)
	analyze(a *analysis)
}

// template renders the outermost template and, once it has named one, its
// parents.
func (r *run) template() error {
	if r.ctx != nil {
		if err := r.ctx.Err(); err != nil {
			return &Error{Kind: KindCanceled, Message: "render was canceled", Op: "rendering", cause: err}
		}
	}
	for {
		if err := r.top(); err != nil {
			return r.at(err, mark{}, "rendering")
		}
		if r.level+1 >= len(r.chain) {
			return nil
		}
		r.level++
		r.cur = r.chain[r.level]
	}
}

// top renders the nodes of one template. Once it has a parent, only set and
// import still count: the rest of a child is in its blocks.
func (r *run) top() error {
	for _, n := range r.cur.root {
		if r.level+1 < len(r.chain) {
			switch n.(type) {
			case *setNode, *importNode:
			default:
				continue
			}
		}
		if err := n.render(r); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) body(nodes []node) error {
	for _, n := range nodes {
		if err := n.render(r); err != nil {
			return err
		}
	}
	return nil
}

// capture renders nodes into a string instead of the output.
func (r *run) capture(nodes []node) (string, error) {
	start := len(r.out)
	err := r.body(nodes)
	s := string(r.out[start:])
	r.out = r.out[:start]
	if err == nil {
		err = r.room(len(s))
	}
	return s, err
}

type textNode struct{ text string }

func (n *textNode) render(r *run) error { return r.write(n.text) }

// printNode is {{ x }}.
type printNode struct {
	x   expr
	esc escaping
}

func (n *printNode) render(r *run) error { return r.print(n.x, n.esc) }

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
		return r.print(n.t.yes, n.yes)
	}
	return r.print(n.t.no, n.no)
}

// print writes the value of an expression.
func (r *run) print(x expr, esc escaping) error {
	if c, ok := x.(*concatExpr); ok && c.streams(esc) {
		return c.print(r, esc)
	}
	v, err := x.eval(r)
	if err != nil {
		return err
	}
	return r.printValue(v, esc)
}

func (r *run) printValue(v Value, esc escaping) error {
	switch v.kind {
	case kNull:
		return nil
	case kString:
		if esc.strategy != escapeNone {
			return r.writeEscaped(v.s, esc)
		}
		return r.write(v.s)
	case kSafe:
		return r.write(v.s)
	}
	start := len(r.out)
	out, err := r.appendText(r.out, v)
	if err != nil {
		return err
	}
	if len(out) > r.limits.OutputBytes {
		return r.limit("OutputBytes")
	}
	if esc.strategy == escapeNone || v.isNumber() || v.kind == kBool {
		r.out = out
		return nil
	}
	s := string(out[start:])
	r.out = out[:start]
	return r.writeEscaped(s, esc)
}

func (r *run) writeEscaped(s string, esc escaping) error {
	if esc.strategy == escapeUnknown {
		return r.fail(KindPebble, "Unknown escaping strategy ["+esc.name+"]", mark{0, noLine}, "autoescaping")
	}
	out := appendEscaped(r.out, s, esc.strategy)
	if len(out) > r.limits.OutputBytes {
		return r.limit("OutputBytes")
	}
	r.out = out
	return nil
}
