package pebble

func (p *parser) expression() expr { return p.expressionAt(0) }

// expressionAt parses an expression of operators that bind at least as tightly
// as min.
func (p *parser) expressionAt(min int) expr {
	if !p.enter() {
		return &literal{}
	}
	left := p.operand()
	for p.tok.kind == tOperator {
		if prec := p.tok.op.precedence(); prec == 0 || prec < min {
			break
		}
		if !p.link() {
			break
		}
		left = p.binary(left)
	}
	if min == 0 && p.tok.punct('?') {
		left = p.ternary(left)
	}
	p.leave()
	return left
}

// link counts one more part of a chain of operators, subscripts and the like,
// which nests nodes without nesting source.
func (p *parser) link() bool {
	p.chain++
	if p.chain/maxChain > p.cfg.limits.Depth {
		p.limit("Depth")
		return false
	}
	return true
}

// maxChain is how many chained parts count as one level of nesting.
const maxChain = 100

func (p *parser) operand() expr {
	switch p.tok.kind {
	case tOperator:
		if t := p.tok; t.op.unary() {
			p.next()
			x := p.expressionAt(unaryPrecedence)
			return p.slabs.unaries.add(unaryExpr{t.op, x, mark{t.at, p.tok.line}})
		}
	case tPunctuation:
		switch p.tok.char {
		case '(':
			p.next()
			x := p.expression()
			p.expectPunct(')')
			return p.postfix(x)
		case '[':
			return p.list()
		case '{':
			return p.mapping()
		}
	}
	return p.primary()
}

func (p *parser) binary(left expr) expr {
	t := p.tok
	p.next()
	switch t.op {
	case opFilter:
		return p.filter(left)
	case opIs, opIsNot:
		return p.test(left, t.op == opIsNot)
	}
	right := p.expressionAt(t.op.precedence() + 1)
	m := mark{t.at, p.tok.line}
	switch t.op {
	case opOr, opAnd:
		return p.slabs.logics.add(logicExpr{left, right, t.op == opAnd, m})
	case opContains:
		return &containsExpr{left, right, m}
	case opEqual, opNotEqual:
		return p.slabs.equals.add(equalExpr{left, right, t.op == opNotEqual, m})
	case opGreater, opLess, opGreaterEqual, opLessEqual:
		return p.slabs.compares.add(compareExpr{left, right, t.op, m})
	case opConcat:
		return p.concat(left, right, m)
	case opRange:
		return &rangeExpr{left, right, m}
	}
	return p.slabs.ariths.add(arithExpr{left, right, t.op, m})
}

func (p *parser) concat(left, right expr, m mark) expr {
	return p.slabs.concats.add(concatExpr{left, right, m})
}

func (p *parser) ternary(cond expr) expr {
	at := p.tok.at
	p.next()
	yes := p.expression()
	p.expectPunct(':')
	no := p.expression()
	return p.slabs.ternaries.add(ternaryExpr{cond, yes, no, mark{at, p.tok.line}})
}

// primary parses a name, a constant, a number or a string.
func (p *parser) primary() expr {
	switch p.tok.kind {
	case tName:
		return p.postfix(p.named())
	case tLong, tNumber:
		t := p.tok
		p.next()
		return p.postfix(p.numberLiteral(t))
	case tString, tInterpolationStart:
		return p.postfix(p.stringLiteral())
	}
	p.failf(markOf(p.tok), `Unexpected token "%s" of value "%s"`, p.tok.kind, p.value())
	return &literal{}
}

// named parses a constant, a variable or a call.
func (p *parser) named() expr {
	name, m := p.val(), p.tok.mark
	if v, ok := constant(name); ok {
		p.next()
		return p.literal(v)
	}
	if p.lex.nextIs('(') {
		p.next()
		return p.call(name, m)
	}
	p.next()
	x := p.slabs.vars.new()
	x.name, x.at, x.slot = name, m, p.slotOf(name)
	if x.slot == noSlot {
		x.guess = p.guess(name)
	}
	return x
}

// guess is how many other variables come before this one in the source.
func (p *parser) guess(name string) uint32 {
	for i := range p.known {
		if p.names[i] == name {
			return uint32(i)
		}
	}
	if p.known == len(p.names) {
		return 0
	}
	p.names[p.known] = name
	p.known++
	return uint32(p.known - 1)
}

// slotOf returns the slot of a variable. An item called loop hides the loop.
func (p *parser) slotOf(name string) slot {
	switch {
	case p.item == "":
		return noSlot
	case name == p.item:
		return itemSlot
	case name == "loop":
		return loopSlot
	}
	return noSlot
}

func (p *parser) literal(v Value) expr {
	x := p.slabs.literals.new()
	x.v = v
	return x
}
