package pebble

func (p *parser) blockTag() node {
	tag := p.tok
	p.next()
	name := p.val()
	if p.tok.kind != tName && p.tok.kind != tString {
		p.expect(tName)
	}
	p.next()
	p.expect(tExecuteEnd)
	p.blocks = append(p.blocks, name)
	item := p.item
	p.item = "" // a block also renders outside of the loop around it
	n := &blockNode{name: name, body: p.body("endblock")}
	p.item = item
	p.blocks = p.blocks[:len(p.blocks)-1]
	if !p.is(tName, "endblock") {
		p.failf(markOf(tag), "endblock tag should be present with block tag starting line number ")
	}
	p.next()
	if p.is(tName, name) || p.is(tString, name) {
		p.next()
	}
	p.expect(tExecuteEnd)
	if p.t.blocks == nil {
		p.t.blocks = map[string]*blockNode{}
	}
	p.t.blocks[n.name] = n
	return n
}

func (p *parser) parentCall(m mark) expr {
	block := ""
	if n := len(p.blocks); n > 0 {
		block = p.blocks[n-1]
	}
	return &parentExpr{block, m}
}

func (p *parser) blockCall(a arguments, m mark) expr {
	e := &blockExpr{at: m}
	if len(a.pos) > 0 {
		e.name = a.pos[0]
	}
	return e
}

func (p *parser) extendsTag() node {
	p.t.extends = true
	n := &extendsNode{at: markOf(p.tok)}
	p.next()
	n.parent = p.expression()
	p.expect(tExecuteEnd)
	return n
}

func (p *parser) includeTag() node {
	n := &includeNode{at: markOf(p.tok)}
	p.next()
	n.file = p.expression()
	n.with = p.withMap()
	p.expect(tExecuteEnd)
	return n
}

// withMap parses the literal map after with, if there is one.
func (p *parser) withMap() *mapExpr {
	if !p.is(tName, "with") {
		return nil
	}
	p.next()
	m := markOf(p.tok)
	x := p.expression()
	if w, ok := x.(*mapExpr); ok {
		return w
	}
	p.failf(m, "Unexpected expression '%s'.", javaNodeClass(x))
	return nil
}

// javaNodeClass is the class of an expression in the Java engine.
func javaNodeClass(x expr) string {
	name := "Expression"
	switch x.(type) {
	case *varExpr:
		name = "ContextVariableExpression"
	case *attrExpr, *indexExpr, *methodExpr:
		name = "GetAttributeExpression"
	case *listExpr:
		name = "ArrayExpression"
	case *filterExpr:
		name = "FilterExpression"
	case *callExpr:
		name = "FunctionOrMacroInvocationExpression"
	case *ternaryExpr:
		name = "TernaryExpression"
	}
	return "io.pebbletemplates.pebble.node.expression." + name
}

func (p *parser) embedTag() node {
	n := &embedNode{at: markOf(p.tok)}
	p.next()
	n.file = p.expression()
	n.with = p.withMap()
	p.expect(tExecuteEnd)
	// The blocks inside belong to the tag, not to the template around it.
	outer := p.t.blocks
	p.t.blocks = nil
	for p.err == nil {
		if p.tok.kind == tText {
			if !isJavaBlank(p.val()) {
				p.failf(markOf(p.tok), "A template that extends another one cannot include content outside blocks. Did you forget to put the content inside a {%% block %%} tag?")
			}
			p.next()
			continue
		}
		if p.tok.kind != tExecuteStart {
			p.unexpectedWant("EXECUTE_START")
			break
		}
		p.next()
		if p.is(tName, "endembed") {
			p.next()
			p.expect(tExecuteEnd)
			break
		}
		if !p.is(tName, "block") {
			p.unexpectedWant("NAME")
			break
		}
		p.blockTag()
	}
	n.blocks, p.t.blocks = p.t.blocks, outer
	return n
}

func isJavaBlank(s string) bool { return trimLeft(s) == "" }

func (p *parser) cacheTag() node {
	n := &cacheNode{at: markOf(p.tok)}
	p.next()
	n.key = p.expression()
	p.expect(tExecuteEnd)
	n.body = p.bodyUntil("endcache")
	return n
}
