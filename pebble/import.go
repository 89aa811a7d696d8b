package pebble

// imports are what import and from have made callable in this render.
type imports struct {
	all     []*Template          // of import, in order
	aliases map[string]*Template // alias → template, of import … as
	macros  map[macroKey]*macroNode
}

// macroKey is a macro that from has brought into a template.
type macroKey struct {
	into *Template
	name string
}

// importNode is import, with or without an alias.
type importNode struct {
	file  expr
	alias string
	at    mark
}

func (n *importNode) render(r *run) error {
	t, err := r.loadNamed(n.file)
	if err != nil || t == nil {
		return r.atMaybe(err, n.at, `tag "import"`)
	}
	if n.alias == "" {
		r.all = append(r.all, t)
		return r.step()
	}
	if _, ok := r.aliases[n.alias]; ok {
		return r.at(unplaced(KindPebble, "More than one named template can not share the same name: "+n.alias), n.at, "importing")
	}
	if r.aliases == nil {
		r.aliases = map[string]*Template{}
	}
	r.aliases[n.alias] = t
	return nil
}

// unplaced is an error that the Java engine reports without a position.
func unplaced(kind, msg string) *Error {
	return &Error{Kind: kind, Message: msg, Op: "importing", silent: true}
}

// fromNode is from … import.
type fromNode struct {
	file  expr
	names []namedMacro
	at    mark
}

type namedMacro struct{ name, alias string }

func (n *fromNode) render(r *run) error {
	t, err := r.loadNamed(n.file)
	if err != nil || t == nil {
		return r.atMaybe(err, n.at, `tag "from"`)
	}
	if r.macros == nil {
		r.macros = map[macroKey]*macroNode{}
	}
	for _, m := range n.names {
		macro := t.macros[m.name]
		if macro == nil {
			return r.at(unplaced(KindPebble, "Function or Macro ["+m.name+"] referenced by alias ["+m.alias+"] does not exist."), n.at, "importing")
		}
		key := macroKey{r.cur, m.alias}
		if _, ok := r.macros[key]; ok || r.cur.macros[m.alias] != nil {
			return r.at(unplaced(KindPebble, "More than one macro can not share the same name: "+m.alias), n.at, "importing")
		}
		r.macros[key] = macro
	}
	return nil
}
