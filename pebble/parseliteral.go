package pebble

import (
	"strconv"
	"strings"
)

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

func (p *parser) numberLiteral(t token) expr {
	text := p.lex.val(t)
	if strings.IndexByte(text, '.') >= 0 {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil && f == 0 {
			p.failf(markOf(t), `Unexpected token "%s" of value "%s"`, t.kind, text)
		}
		return p.literal(Float(f))
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(text, "L"), 10, 64)
	if err != nil {
		p.fail("NumberFormatException", `For input string: "`+text+`"`, markOf(t))
	}
	return p.literal(Int(n))
}

// stringLiteral parses a string and its interpolations, which concatenate. As in
// the Java engine a string that is one interpolation is that value itself.
func (p *parser) stringLiteral() expr {
	var x expr
	if p.tok.kind == tString {
		x = p.text()
	}
	for p.tok.kind == tInterpolationStart {
		m := markOf(p.tok)
		p.next()
		x = p.join(x, p.expression(), m)
		p.expect(tInterpolationEnd)
		if m := markOf(p.tok); p.tok.kind == tString {
			x = p.join(x, p.text(), m)
		}
	}
	return x
}

func (p *parser) text() expr {
	s := p.slabs.strings.new()
	*s = p.val()
	x := p.literal(Value{kind: kString, o: s})
	p.next()
	return x
}

// join concatenates two parts of a string; there may be none on the left.
func (p *parser) join(left, right expr, m mark) expr {
	if left == nil {
		return right
	}
	if !p.link() {
		return left
	}
	return p.concat(left, right, m)
}

// takeExprs returns the expressions of a list that is complete.
func (p *parser) takeExprs(base int) []expr {
	list := p.slabs.exprs.copy(p.exprs[base:])
	p.exprs = p.exprs[:base]
	return list
}

func (p *parser) list() expr {
	p.next()
	x := &listExpr{}
	if p.tok.punct(']') {
		p.next()
		return x
	}
	base := len(p.exprs)
	for p.err == nil {
		p.exprs = append(p.exprs, p.expression())
		if p.tok.punct(']') {
			break
		}
		p.expectPunct(',')
	}
	p.expectPunct(']')
	x.items = p.takeExprs(base)
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
