package pebble

func (p *parser) importTag() node {
	n := &importNode{at: markOf(p.tok)}
	p.next()
	n.file = p.expression()
	if p.is(tName, "as") {
		p.next()
		n.alias = p.newName()
	}
	p.expect(tExecuteEnd)
	return n
}

func (p *parser) fromTag() node {
	n := &fromNode{at: markOf(p.tok)}
	p.next()
	n.file = p.expression()
	if !p.is(tName, "import") {
		p.unexpectedWant("NAME")
	}
	p.next()
	for p.err == nil && p.tok.kind != tExecuteEnd {
		m := namedMacro{name: p.newName()}
		m.alias = m.name
		if p.is(tName, "as") {
			p.next()
			m.alias = p.newName()
		}
		n.names = append(n.names, m)
		if p.tok.punct(',') {
			p.next()
		} else if p.tok.kind != tExecuteEnd {
			p.unexpectedWant("EXECUTE_END or ',' ")
		}
	}
	p.expect(tExecuteEnd)
	return n
}

func (p *parser) macroTag() node {
	p.next()
	at := markOf(p.tok)
	n := &macroNode{name: p.newName(), home: p.t}
	item := p.item
	p.item = ""
	n.params = p.parameters()
	p.expect(tExecuteEnd)
	n.body = p.bodyUntil("endmacro")
	p.item = item
	if p.t.macros[n.name] != nil {
		p.fail("RuntimeException", "More than one macro can not share the same name: "+n.name, at)
	}
	if p.t.macros == nil {
		p.t.macros = map[string]*macroNode{}
	}
	p.t.macros[n.name] = n
	return n
}

func (p *parser) parameters() []namedArg {
	var params []namedArg
	p.expectPunct('(')
	for p.err == nil && !p.tok.punct(')') {
		if len(params) > 0 {
			p.expectPunct(',')
		}
		a := namedArg{name: p.newName()}
		if p.tok.punct('=') {
			p.next()
			a.x = p.expression()
		}
		params = append(params, a)
	}
	p.expectPunct(')')
	return params
}
