package pebble

// piece is a piece of a template: text, and the node that comes after it, nil
// where there is none.
type piece struct {
	text string
	node node
}

// node is what a tag or {{ }} stands for.
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

// top renders the body of one template. Once it has a parent, only set and
// import still count: the rest of a child is in its blocks.
func (r *run) top() error {
	body := r.cur.root
	if !r.cur.extends && r.level+1 >= len(r.chain) {
		return r.body(body)
	}
	for i := range body {
		p := &body[i]
		if r.level+1 < len(r.chain) {
			switch p.node.(type) {
			case *setNode, *importNode:
			default:
				continue
			}
		} else if err := r.write(p.text); err != nil {
			return err
		}
		if p.node == nil {
			continue
		}
		if err := p.node.render(r); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) body(body []piece) error {
	for i := range body {
		p := &body[i]
		if err := r.write(p.text); err != nil {
			return err
		}
		if n, ok := p.node.(*printNode); ok { // by far the most frequent
			if err := n.render(r); err != nil {
				return err
			}
		} else if p.node != nil {
			if err := p.node.render(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// capture renders a body into a string instead of the output.
func (r *run) capture(body []piece) (string, error) {
	start := len(r.out)
	err := r.body(body)
	s := string(r.out[start:])
	r.out = r.out[:start]
	if err == nil {
		err = r.room(len(s))
	}
	return s, err
}
