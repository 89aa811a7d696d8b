package pebble

// place is where in a hierarchy of templates a render stands.
type place struct {
	cur, home *Template
	chain     []*Template
	level     int
}

func (r *run) place() place { return place{r.cur, r.home, r.chain, r.level} }

func (r *run) back(p place) { r.cur, r.home, r.chain, r.level = p.cur, p.home, p.chain, p.level }

// blockNode is a block, which renders where it stands unless a child has one of
// its name.
type blockNode struct {
	name string
	body []piece
}

func (n *blockNode) render(r *run) error {
	p := r.place()
	defer r.back(p)
	return r.block(n.name)
}

// block renders a block by name as seen from the template that runs: the
// outermost child that has it wins.
func (r *run) block(name string) error {
	if err := r.enter(); err != nil {
		return err
	}
	defer r.leave()
	r.level = 0
	return r.blockFrom(name, 0)
}

// blockFrom renders the first block of the name from a level of the chain on.
func (r *run) blockFrom(name string, level int) error {
	for ; level < len(r.chain); level++ {
		if b := r.chain[level].blocks[name]; b != nil {
			r.level, r.cur, r.home = level, r.chain[level], nil
			return r.body(b.body)
		}
	}
	return nil
}

// blockExpr is block('name').
type blockExpr struct {
	name expr
	at   mark
}

func (e *blockExpr) eval(r *run) (Value, error) {
	if e.name == nil {
		return Value{}, r.fail("IndexOutOfBoundsException", "block needs a name", e.at, `function "block"`)
	}
	v, err := e.name.eval(r)
	if err != nil {
		return v, err
	}
	if v.kind != kString {
		return v, r.at(cannotCast(v, "the name of a block"), e.at, `function "block"`)
	}
	return r.captureBlock(func() error { return r.block(v.str()) }, e.at)
}

func (r *run) captureBlock(render func() error, m mark) (Value, error) {
	p, start := r.place(), len(r.out)
	err := render()
	s := string(r.out[start:])
	r.out = r.out[:start]
	r.back(p)
	if err != nil {
		return Value{}, r.at(err, m, "block")
	}
	return r.sized(s)
}

// parentExpr is parent().
type parentExpr struct {
	block string
	at    mark
}

func (e *parentExpr) eval(r *run) (Value, error) {
	if r.level+1 >= len(r.chain) {
		return Value{}, r.fail(KindPebble, "Can not use parent function if template does not extend another template.", e.at, `function "parent"`)
	}
	return r.captureBlock(func() error {
		if err := r.enter(); err != nil {
			return err
		}
		defer r.leave()
		return r.blockFrom(e.block, r.level+1)
	}, e.at)
}

// extendsNode is extends.
type extendsNode struct {
	parent expr
	at     mark
}

func (n *extendsNode) render(r *run) error {
	t, err := r.loadNamed(n.parent)
	if err != nil || t == nil {
		return r.atMaybe(err, n.at, `tag "extends"`)
	}
	return r.extend(t, n.at)
}

// extend puts a parent at the end of the chain, which must not grow without end.
func (r *run) extend(t *Template, m mark) error {
	if len(r.chain) >= r.limits.Depth {
		return r.at(r.limit("Depth"), m, `tag "extends"`)
	}
	r.chain = append(r.chain[:len(r.chain):len(r.chain)], t)
	return nil
}

func (r *run) atMaybe(err error, m mark, op string) error {
	if err == nil {
		return nil
	}
	return r.at(err, m, op)
}
