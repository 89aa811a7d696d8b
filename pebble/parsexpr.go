package pebble

import (
	"strconv"
	"strings"
)

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

func isConstant(name string) bool {
	_, ok := constant(name)
	return ok
}

func constant(name string) (Value, bool) {
	switch name {
	case "true", "TRUE":
		return Bool(true), true
	case "false", "FALSE":
		return Bool(false), true
	case "null", "NULL", "none", "NONE":
		return Value{}, true
	}
	return Value{}, false
}

func nameExpr(t token) expr {
	if v, ok := constant(t.val); ok {
		return &literal{v}
	}
	return &varExpr{t.val, markOf(t)}
}

func (p *parser) numberLiteral(t token) expr {
	if strings.IndexByte(t.val, '.') >= 0 {
		f, err := strconv.ParseFloat(t.val, 64)
		if err != nil && f == 0 {
			p.failf(markOf(t), `Unexpected token "%s" of value "%s"`, t.kind, t.val)
		}
		return &literal{Float(f)}
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(t.val, "L"), 10, 64)
	if err != nil {
		p.fail("NumberFormatException", `For input string: "`+t.val+`"`, markOf(t))
	}
	return &literal{Int(n)}
}

// stringLiteral parses a string and its interpolations, which concatenate. As in
// the Java engine a string that is one interpolation is that value itself.
func (p *parser) stringLiteral() expr {
	var x expr
	join := func(y expr, m mark) {
		if x == nil {
			x = y
		} else if p.link() {
			x = &concatExpr{x, y, m}
		}
	}
	for nextMayBeText := true; ; {
		t := p.tok
		switch {
		case t.kind == tString && nextMayBeText:
			p.next()
			join(&literal{String(t.val)}, markOf(t))
			nextMayBeText = false
		case t.kind == tInterpolationStart:
			p.next()
			join(p.expression(), markOf(t))
			p.expect(tInterpolationEnd)
			nextMayBeText = true
		default:
			if x == nil {
				x = &literal{String("")}
			}
			return x
		}
	}
}

func (p *parser) list() expr {
	p.next()
	x := &listExpr{}
	if p.tok.punct(']') {
		p.next()
		return x
	}
	for p.err == nil {
		x.items = append(x.items, p.expression())
		if p.tok.punct(']') {
			break
		}
		p.expectPunct(',')
	}
	p.expectPunct(']')
	return x
}

func (p *parser) mapping() expr {
	x := &mapExpr{at: markOf(p.tok)}
	p.next()
	if p.tok.punct('}') {
		p.next()
		return x
	}
	for p.err == nil {
		x.keys = append(x.keys, p.expression())
		p.expectPunct(':')
		x.vals = append(x.vals, p.expression())
		if p.tok.punct('}') {
			break
		}
		p.expectPunct(',')
	}
	p.expectPunct('}')
	return x
}
