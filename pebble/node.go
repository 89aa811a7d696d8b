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
