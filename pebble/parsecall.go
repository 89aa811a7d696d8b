package pebble

// arguments are those of a call: positional ones, then named ones.
type arguments struct {
	pos   []expr
	named []namedArg
	at    mark // of the token after the closing parenthesis
}

type namedArg struct {
	name string
	x    expr // nil for a parameter of a macro without default
}

func (p *parser) arguments() arguments {
	var a arguments
	base := len(p.exprs)
	p.expectPunct('(')
	for p.err == nil && !p.tok.punct(')') {
		if len(p.exprs)-base+len(a.named) > 0 {
			p.expectPunct(',')
		}
		name := ""
		if p.lex.nextIs('=') {
			name = p.newName()
			p.expectPunct('=')
		}
		x := p.expression()
		switch {
		case name != "":
			a.named = append(a.named, namedArg{name, x})
		case len(a.named) > 0:
			p.failf(markOf(p.tok), "Positional arguments must be declared before any named arguments.")
		default:
			p.exprs = append(p.exprs, x)
		}
	}
	p.expectPunct(')')
	a.pos = p.takeExprs(base)
	a.at = markOf(p.tok)
	return a
}

// optionalArguments parses arguments if there are any.
func (p *parser) optionalArguments(name mark) arguments {
	if p.tok.punct('(') {
		return p.arguments()
	}
	return arguments{at: name}
}

// postfix parses the attributes and subscripts after an operand.
func (p *parser) postfix(x expr) expr {
	for p.err == nil {
		switch p.tok.char {
		case '.':
			p.next()
			x = p.attribute(x)
		case '[':
			at := p.tok.at
			p.next()
			index := p.expression()
			x = p.subscript(x, index, mark{at, p.tok.line})
			p.expectPunct(']')
		case '(':
			p.fail(KindClassCast, "only a name can be called", markOf(p.tok))
		default:
			return x
		}
		if !p.link() {
			return x
		}
	}
	return x
}

// subscript reads a constant string in brackets as an attribute.
func (p *parser) subscript(x, index expr, m mark) expr {
	if l, ok := index.(*literal); ok && l.v.kind == kString {
		return p.newAttr(x, l.v.str(), m)
	}
	return &indexExpr{x, index, m}
}

func (p *parser) attribute(x expr) expr {
	name, m := p.val(), p.tok.mark
	p.expect(tName)
	if !p.tok.punct('(') {
		return p.newAttr(x, name, m)
	}
	if p.cfg.dialect == DestinationSDK {
		p.failf(m, "methods cannot be called: %s", name)
	}
	a := p.arguments()
	if len(a.named) > 0 {
		p.failf(markOf(p.tok), "Can not use named arguments when calling a bean method")
	}
	return &methodExpr{x, name, a, m}
}

// filter parses the name and arguments after the operator |.
func (p *parser) filter(input expr) expr {
	name, m := p.val(), p.tok.mark
	p.expect(tName)
	a := p.optionalArguments(m)
	x := p.slabs.filters.new()
	x.name, x.input, x.at = name, input, mark{m.at, p.tok.line}
	if c, ok := p.cfg.filters[name]; ok {
		x.custom = c.call
		x.args = p.bindArguments(a, c.params, false)
		return x
	}
	def, ok := filterOf(name, p.cfg.dialect)
	if !ok {
		p.unknown("Filter", name, m, filterNames)
		return x
	}
	x.def = def
	x.args = p.bindArguments(a, def.params, def.params == nil)
	x.short = x.shortcut()
	return x
}

func (p *parser) test(input expr, negate bool) expr {
	name, m := p.val(), p.tok.mark
	p.expect(tName)
	a := p.optionalArguments(m)
	x := p.slabs.tests.new()
	x.name, x.x, x.negate, x.at = name, input, negate, mark{m.at, p.tok.line}
	x.what = testOf(name)
	if x.what == testUnknown {
		p.unknown("Test", name, m, func(*config) []string { return testNames() })
		return x
	}
	if len(a.pos) > 0 {
		bound := p.bindArguments(a, nil, true)
		x.args = &bound
	}
	return x
}

// call parses the arguments of a function or macro whose name stands at m.
func (p *parser) call(name string, m mark) expr {
	open := mark{m.at, p.tok.line}
	a := p.arguments()
	if _, custom := p.cfg.functions[name]; !custom && p.cfg.dialect == Language {
		switch name {
		case "parent":
			return p.parentCall(mark{m.at, p.tok.line})
		case "block":
			return p.blockCall(a, open)
		}
	}
	x := p.slabs.calls.new()
	x.name, x.at = name, open
	if c, ok := p.cfg.functions[name]; ok {
		x.custom = c.call
		x.args = p.bindArguments(a, c.params, c.params == nil)
		return x
	}
	def, ok := functionOf(name, p.cfg.dialect)
	if !ok {
		x.macro = &arguments{a.pos, a.named, a.at}
		p.unknown("Function or Macro", name, m, functionNames)
		return x
	}
	if def.check != nil && p.cfg.dialect == DestinationSDK {
		if msg := def.check(a); msg != "" {
			p.failf(open, "%s", msg)
		}
	}
	x.def = def
	x.args = p.bindArguments(a, def.params, def.params == nil)
	return x
}

// unknown refuses a name in the dialect that checks names when parsing.
func (p *parser) unknown(what, name string, m mark, known func(*config) []string) {
	if p.cfg.dialect != DestinationSDK {
		return
	}
	hint := ""
	if _, ok := builtinFunctions[name]; ok || name == "block" || name == "parent" {
		hint = " Destination SDK does not permit it."
	} else {
		hint = didYouMean(name, known(p.cfg))
	}
	p.failf(m, "%s [%s] does not exist.%s", what, name, hint)
}
