package pebble

import "sort"

// analysis walks a template for what can be told without rendering it.
type analysis struct {
	paths map[string]bool // free variables, as dotted paths
	calls map[string]bool // functions called
	bound map[string]int  // name → how many enclosing definitions bind it

	// For Check.
	t        *Template
	faults   []*Error
	unknown  []*callExpr     // calls of no function: of macros, if anything
	imported map[string]bool // macros that from brings in
	imports  bool            // whether other macros may come from other templates
}

func (t *Template) analyze() *analysis {
	a := &analysis{
		t: t, paths: map[string]bool{}, calls: map[string]bool{}, bound: map[string]int{}, imported: map[string]bool{},
	}
	if t.cfg.dialect == Language {
		for _, n := range []string{"_context", "locale", "template"} {
			a.bound[n]++
		}
	}
	a.nodes(t.root)
	return a
}

// Variables returns the free variables of the template, sorted, each as the
// dotted path that is known without rendering: authData.clientId. A subscript
// that is a constant string counts as a name, one that is computed ends the
// path, and so does a number. Names that set, for or a macro binds are not free.
func (t *Template) Variables() []string {
	a := t.analyze()
	paths := make([]string, 0, len(a.paths))
	for p := range a.paths {
		paths = append(paths, p)
	}
	sort.Strings(paths)
	return paths
}

// Constant reports whether the template is plain text: no expression, no tag.
func (t *Template) Constant() bool { return !t.dynamic }

// Calls reports whether the template calls the function of that name anywhere.
func (t *Template) Calls(name string) bool { return t.analyze().calls[name] }

func (a *analysis) nodes(body []piece) {
	for i := range body {
		if n := body[i].node; n != nil {
			n.analyze(a)
		}
	}
}

func (a *analysis) exprs(xs ...expr) {
	for _, x := range xs {
		if x != nil {
			x.analyze(a)
		}
	}
}

// with walks with names bound that are free again afterwards.
func (a *analysis) with(names []string, walk func()) {
	for _, n := range names {
		a.bound[n]++
	}
	walk()
	for _, n := range names {
		a.bound[n]--
	}
}

// path notes the path of a variable with attributes, or walks what it starts
// from.
func (a *analysis) path(x expr, suffix string) {
	switch x := x.(type) {
	case *varExpr:
		if a.bound[x.name] == 0 {
			a.paths[x.name+suffix] = true
		}
		if x.name == "_context" && a.bound[x.name] > 0 && suffix != "" && a.bound[suffix[1:]] == 0 {
			a.paths[suffix[1:]] = true
		}
	case *attrExpr:
		a.path(x.x, "."+x.name+suffix)
	default:
		x.analyze(a)
	}
}

func (*literal) analyze(*analysis)       {}
func (*parentExpr) analyze(*analysis)    {}
func (n *printNode) analyze(a *analysis) { n.x.analyze(a) }
func (n *printTernary) analyze(a *analysis) {
	n.t.analyze(a)
}

func (n *ifNode) analyze(a *analysis) {
	for _, b := range n.branches {
		b.cond.analyze(a)
		a.nodes(b.body)
	}
	a.nodes(n.other)
}

func (n *setNode) analyze(a *analysis) {
	n.x.analyze(a)
	a.bound[n.name]++
}

func (n *forNode) analyze(a *analysis) {
	n.in.analyze(a)
	a.with([]string{n.name, "loop"}, func() { a.nodes(n.body) })
	a.nodes(n.other)
}

func (e *capturedExpr) analyze(a *analysis) { a.nodes(e.body) }
func (n *groupNode) analyze(a *analysis)    { a.nodes(n.body) }
func (n *blockNode) analyze(a *analysis)    { a.nodes(n.body) }
func (e *blockExpr) analyze(a *analysis)    { a.exprs(e.name) }

func (n *extendsNode) analyze(a *analysis) {
	n.parent.analyze(a)
	a.imports = true
}

func (n *importNode) analyze(a *analysis) {
	n.file.analyze(a)
	a.bound[n.alias]++
	a.imports = a.imports || n.alias == ""
}

func (n *fromNode) analyze(a *analysis) {
	n.file.analyze(a)
	for _, m := range n.names {
		a.imported[m.alias] = true
	}
}

func (n *includeNode) analyze(a *analysis) {
	n.file.analyze(a)
	if n.with != nil {
		n.with.analyze(a)
	}
}

func (n *embedNode) analyze(a *analysis) {
	n.file.analyze(a)
	if n.with != nil {
		n.with.analyze(a)
	}
	for _, b := range n.blocks {
		b.analyze(a)
	}
}

func (n *cacheNode) analyze(a *analysis) {
	n.key.analyze(a)
	a.nodes(n.body)
}

// A macro sees nothing but its parameters, so nothing in it is free.
func (n *macroNode) analyze(a *analysis) {
	paths, bound := a.paths, a.bound
	a.paths, a.bound = map[string]bool{}, map[string]int{}
	for _, p := range n.params {
		a.exprs(p.x)
	}
	a.nodes(n.body)
	a.paths, a.bound = paths, bound
}

func (e *varExpr) analyze(a *analysis)  { a.path(e, "") }
func (e *attrExpr) analyze(a *analysis) { a.path(e, "") }

func (e *indexExpr) analyze(a *analysis) {
	a.exprs(e.x, e.index)
}

func (e *methodExpr) analyze(a *analysis) {
	e.x.analyze(a)
	a.exprs(e.args.pos...)
}

func (e *unaryExpr) analyze(a *analysis)    { e.x.analyze(a) }
func (e *logicExpr) analyze(a *analysis)    { a.exprs(e.left, e.right) }
func (e *arithExpr) analyze(a *analysis)    { a.exprs(e.left, e.right) }
func (e *concatExpr) analyze(a *analysis)   { a.exprs(e.left, e.right) }
func (e *rangeExpr) analyze(a *analysis)    { a.exprs(e.from, e.to) }
func (e *compareExpr) analyze(a *analysis)  { a.exprs(e.left, e.right) }
func (e *equalExpr) analyze(a *analysis)    { a.exprs(e.left, e.right) }
func (e *containsExpr) analyze(a *analysis) { a.exprs(e.left, e.right) }
func (e *ternaryExpr) analyze(a *analysis)  { a.exprs(e.cond, e.yes, e.no) }
func (e *listExpr) analyze(a *analysis)     { a.exprs(e.items...) }

func (e *mapExpr) analyze(a *analysis) {
	a.exprs(e.keys...)
	a.exprs(e.vals...)
}

func (e *filterExpr) analyze(a *analysis) {
	e.input.analyze(a)
	a.arguments(&e.args)
	if e.def == nil && e.custom == nil {
		a.fault("Filter ["+e.name+"] does not exist."+didYouMean(e.name, filterNames(a.t.cfg)), e.at, "filter")
	}
}

func (e *testExpr) analyze(a *analysis) {
	e.x.analyze(a)
	if e.args != nil {
		a.arguments(e.args)
	}
	if e.what == testUnknown {
		a.fault("Test ["+e.name+"] does not exist."+didYouMean(e.name, testNames()), e.at, "test")
	}
}

func (e *callExpr) analyze(a *analysis) {
	a.call(e)
	if e.macro != nil {
		a.exprs(e.macro.pos...)
		for _, n := range e.macro.named {
			a.exprs(n.x)
		}
	}
}
