package pebble

// ifNode is if, elseif and else.
type ifNode struct {
	branches []branch
	other    []piece
	at       mark
}

type branch struct {
	cond expr
	body []piece
}

func (n *ifNode) render(r *run) error {
	for i := range n.branches {
		yes, ok, err := r.boolean(n.branches[i].cond)
		if !ok {
			yes, err = r.condition(n.branches[i].cond)
		}
		if err != nil {
			return r.because(err, "Wrong operand(s) type in conditional expression", n.at, `tag "if"`)
		}
		if yes {
			return r.body(n.branches[i].body)
		}
	}
	return r.body(n.other)
}

func (r *run) condition(x expr) (bool, error) {
	v, err := x.eval(r)
	if err != nil {
		return false, err
	}
	if v.kind == kNull && r.strict {
		return false, raise(KindPebble, "null value given to if tag and strict variables is set to true")
	}
	yes, ok := truth(v)
	if !ok {
		return false, cannotCast(v, "a condition")
	}
	return yes, nil
}

// setNode is set.
type setNode struct {
	name string
	x    expr
}

func (n *setNode) render(r *run) error {
	v, err := n.x.eval(r)
	if err != nil {
		return err
	}
	r.assign(n.name, v)
	return nil
}

// capturedExpr is the rendered body of a filter tag.
type capturedExpr struct{ body []piece }

func (e *capturedExpr) eval(r *run) (Value, error) {
	s, err := r.capture(e.body)
	return String(s), err
}

// groupNode is a tag that only renders its body: autoescape, parallel.
type groupNode struct{ body []piece }

func (n *groupNode) render(r *run) error { return r.body(n.body) }
