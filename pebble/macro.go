package pebble

// macroNode is a macro. It renders nothing where it stands.
type macroNode struct {
	name   string
	params []namedArg // with their defaults
	body   []piece
	home   *Template
}

func (n *macroNode) render(*run) error { return nil }

// macroOf returns a macro of a template, one that from brought included.
func (r *run) macroOf(t *Template, name string) *macroNode {
	if m := t.macros[name]; m != nil {
		return m
	}
	return r.macros[macroKey{t, name}]
}

// callMacro calls a macro: of the outermost child, of the template that runs, of
// an imported one, of a parent, in that order.
func (r *run) callMacro(name string, a *arguments, m mark) (Value, error) {
	p := r.place()
	defer r.back(p)
	for level, t := range r.chain {
		if level > r.level {
			break
		}
		if n := r.macroOf(t, name); n != nil {
			r.level = level
			return r.invoke(n, t, a, p.cur)
		}
	}
	if n := r.macroOf(r.cur, name); n != nil {
		return r.invoke(n, r.cur, a, p.cur)
	}
	for _, t := range r.all {
		if n := t.macros[name]; n != nil {
			return r.invoke(n, t, a, p.cur)
		}
	}
	for level := r.level + 1; level < len(r.chain); level++ {
		if n := r.macroOf(r.chain[level], name); n != nil {
			r.level = level
			return r.invoke(n, r.chain[level], a, p.cur)
		}
	}
	e := r.fail(KindPebble, "Function or Macro ["+name+"] does not exist.", m, "function or macro")
	e.Template = r.chain[len(r.chain)-1].name // the Java engine asks the parents last
	if r.level+1 >= len(r.chain) {
		e.Template = r.cur.name
	}
	return Value{}, e
}

// invoke calls a macro as a part of template self. Its body sees its arguments
// and nothing else.
func (r *run) invoke(n *macroNode, self *Template, a *arguments, caller *Template) (Value, error) {
	if err := r.enter(); err != nil {
		return Value{}, err
	}
	defer r.leave()
	given, err := r.macroArguments(n, self, a, caller)
	if err != nil {
		return Value{}, err
	}
	r.cur, r.home = self, n.home
	outer := r.seal()
	defer r.pop(outer)
	for _, d := range n.params {
		var v Value
		if d.x != nil {
			if v, err = d.x.eval(r); err != nil {
				return Value{}, err
			}
		}
		r.bind(d.name, v)
	}
	inner := r.push()
	defer r.pop(inner)
	for _, g := range given {
		r.bind(g.name, g.value)
	}
	s, err := r.capture(n.body)
	return Safe(s), err
}

// macroArguments evaluates the arguments of a call where it stands.
func (r *run) macroArguments(n *macroNode, self *Template, a *arguments, caller *Template) ([]binding, error) {
	if len(a.pos)+len(a.named) == 0 {
		return nil, nil
	}
	r.cur = caller
	given := make([]binding, 0, len(a.pos)+len(a.named))
	for i, x := range a.pos {
		if i >= len(n.params) {
			return nil, r.mismatch(self, "The argument at position "+Int(int64(i)+1).Text()+
				" is not allowed. Only "+Int(int64(len(n.params))).Text()+" argument(s) are allowed.", a.at)
		}
		v, err := x.eval(r)
		if err != nil {
			return nil, err
		}
		given = append(given, binding{n.params[i].name, v})
	}
	for _, arg := range a.named {
		if !n.has(arg.name) {
			return nil, r.mismatch(self, "The following named argument does not exist: "+arg.name, a.at)
		}
		v, err := arg.x.eval(r)
		if err != nil {
			return nil, err
		}
		given = append(given, binding{arg.name, v})
	}
	return given, nil
}

// mismatch places an error at the call, under the name of the macro's template,
// as the Java engine does.
func (r *run) mismatch(self *Template, msg string, m mark) error {
	e := r.fail(KindPebble, msg, m, "matching arguments")
	e.Template = self.name
	return e
}

func (n *macroNode) has(param string) bool {
	for _, p := range n.params {
		if p.name == param {
			return true
		}
	}
	return false
}
