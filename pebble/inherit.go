package pebble

import "sync"

// templateSet holds the templates that one outermost template has loaded.
type templateSet struct {
	mu        sync.Mutex
	templates map[string]*Template // name → template
}

// load returns the template called name, compiling it the first time.
func (r *run) load(name string) (*Template, error) {
	missing := &Error{
		Kind: KindLoader, Message: `Could not find template "` + clip(name) + `"`,
		Op: "loading", FromData: true, silent: true,
	}
	t := r.cur
	if t.set == nil {
		return nil, missing
	}
	t.set.mu.Lock()
	defer t.set.mu.Unlock()
	if have, ok := t.set.templates[name]; ok {
		return have, nil
	}
	text, ok := t.cfg.loader.Load(name)
	if !ok {
		return nil, missing
	}
	loaded := &Template{name: name, src: text, cfg: t.cfg, set: t.set}
	if err := loaded.compile(); err != nil {
		return nil, err
	}
	t.set.templates[name] = loaded
	return loaded, nil
}

// loadNamed evaluates the name of a template and loads it. A null name gives no
// template.
func (r *run) loadNamed(x expr) (*Template, error) {
	v, err := x.eval(r)
	if err != nil || v.kind == kNull {
		return nil, err
	}
	if v.kind != kString {
		return nil, cannotCast(v, "the name of a template")
	}
	return r.load(v.str())
}

// place is where in a hierarchy of templates a render stands.
type place struct {
	cur   *Template
	chain []*Template
	level int
}

func (r *run) place() place { return place{r.cur, r.chain, r.level} }

func (r *run) back(p place) { r.cur, r.chain, r.level = p.cur, p.chain, p.level }

// blockNode is a block, which renders where it stands unless a child has one of
// its name.
type blockNode struct {
	name string
	body []node
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
			r.level, r.cur = level, r.chain[level]
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
	r.cur, r.chain, r.level = chain[0], chain, 0
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

// cacheNode is cache: within one render, a body with the same key renders once.
type cacheNode struct {
	key  expr
	body []node
	at   mark
}

type cacheKey struct {
	node *cacheNode
	key  string
}

func (n *cacheNode) render(r *run) error {
	v, err := n.key.eval(r)
	if err != nil {
		return err
	}
	if v.kind != kNull && v.kind != kString {
		return r.at(cannotCast(v, "the key of a cache"), n.at, `tag "cache"`)
	}
	key := cacheKey{n, v.str()}
	if s, ok := r.cached[key]; ok {
		return r.write(s)
	}
	s, err := r.capture(n.body)
	if err != nil {
		return err
	}
	if r.cached == nil {
		r.cached = map[cacheKey]string{}
	}
	r.cached[key] = s
	return r.write(s)
}
