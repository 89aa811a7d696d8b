package pebble

func (p *parser) expression() expr { return p.expressionAt(0) }

// expressionAt parses an expression of operators that bind at least as tightly
// as min.
func (p *parser) expressionAt(min int) expr {
	if !p.enter() {
		return &literal{}
	}
	defer p.leave()
	left := p.operand()
	for p.tok.kind == tOperator && p.tok.op.precedence() > 0 && p.tok.op.precedence() >= min {
		if !p.link() {
			return left
		}
		left = p.binary(left)
	}
	if min == 0 {
		left = p.ternary(left)
	}
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
	t := p.tok
	switch {
	case t.kind == tOperator && t.op.unary():
		p.next()
		x := p.expressionAt(unaryPrecedence)
		return &unaryExpr{t.op, x, mark{t.at, p.tok.line}}
	case t.punct('('):
		p.next()
		x := p.expression()
		p.expectPunct(')')
		return p.postfix(x)
	case t.punct('['):
		return p.list()
	case t.punct('{'):
		return p.mapping()
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
		return &logicExpr{left, right, t.op == opAnd, m}
	case opContains:
		return &containsExpr{left, right, m}
	case opEqual, opNotEqual:
		return &equalExpr{left, right, t.op == opNotEqual, m}
	case opGreater, opLess, opGreaterEqual, opLessEqual:
		return &compareExpr{left, right, t.op, m}
	case opConcat:
		return &concatExpr{left, right, m}
	case opRange:
		return &rangeExpr{left, right, m}
	}
	return &arithExpr{left, right, t.op, m}
}

func (p *parser) ternary(cond expr) expr {
	if !p.tok.punct('?') {
		return cond
	}
	at := p.tok.at
	p.next()
	yes := p.expression()
	p.expectPunct(':')
	no := p.expression()
	return &ternaryExpr{cond, yes, no, mark{at, p.tok.line}}
}

// primary parses a name, a constant, a number or a string.
func (p *parser) primary() expr {
	t := p.tok
	var x expr
	switch t.kind {
	case tName:
		if p.peek().punct('(') && !isConstant(t.val) {
			p.next()
			return p.postfix(p.call(t))
		}
		x = nameExpr(t)
	case tLong, tNumber:
		x = p.numberLiteral(t)
	case tString, tInterpolationStart:
		return p.postfix(p.stringLiteral())
	default:
		p.failf(markOf(t), `Unexpected token "%s" of value "%s"`, t.kind, t.value())
		return &literal{}
	}
	p.next()
	return p.postfix(x)
}
