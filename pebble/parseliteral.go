package pebble

import (
	"strconv"
	"strings"
)

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
