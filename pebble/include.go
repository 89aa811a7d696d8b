package pebble

// within renders another template inside this one, with names bound to values
// in a scope of its own.
func (r *run) within(chain []*Template, with *mapExpr, m mark) error {
	if err := r.enter(); err != nil {
		return r.at(err, m, "including")
	}
	defer r.leave()
	vars, err := r.withVars(with)
	if err != nil {
		return r.at(err, m, "including")
	}
	p, f := r.place(), r.push()
	for _, b := range vars {
		r.bind(b.name, b.value)
	}
	r.cur, r.home, r.chain, r.level = chain[0], nil, chain, 0
	err = r.template()
	r.pop(f)
	r.back(p)
	return err
}

func (r *run) withVars(with *mapExpr) ([]binding, error) {
	if with == nil {
		return nil, nil
	}
	v, err := with.eval(r)
	if err != nil {
		return nil, err
	}
	var vars []binding
	for k, x := range v.pairs {
		if k.kind != kString {
			return nil, cannotCast(k, "the name of a variable")
		}
		vars = append(vars, binding{k.str(), x})
	}
	return vars, nil
}

// includeNode is include.
type includeNode struct {
	file expr
	with *mapExpr
	at   mark
}

func (n *includeNode) render(r *run) error {
	t, err := r.loadNamed(n.file)
	if err == nil && t == nil {
		err = raise(KindPebble, "The template name in an include tag evaluated to NULL. If the template name is static, make sure to wrap it in quotes.")
	}
	if err != nil {
		return r.at(err, n.at, `tag "include"`)
	}
	return r.within([]*Template{t}, n.with, n.at)
}

// embedNode is embed: an include whose blocks the tag's body replaces.
type embedNode struct {
	file   expr
	with   *mapExpr
	blocks map[string]*blockNode
	at     mark
}

func (n *embedNode) render(r *run) error {
	t, err := r.loadNamed(n.file)
	if err == nil && t == nil {
		err = raise(KindPebble, "The template name in an embed tag evaluated to NULL. If the template name is static, make sure to wrap it in quotes.")
	}
	if err != nil {
		return r.at(err, n.at, `tag "embed"`)
	}
	child := &Template{
		name: r.cur.name, src: r.cur.src, cfg: r.cur.cfg, set: r.cur.set,
		blocks: n.blocks, macros: r.cur.macros,
	}
	return r.within([]*Template{child, t}, n.with, n.at)
}
