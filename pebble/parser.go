package pebble

import "fmt"

// mark places an error: where the failing piece begins, and the offset whose
// line the Java engine would print, noLine if it prints 0.
type mark struct{ at, line int32 }

const noLine = -1

func markOf(t token) mark { return t.mark }

// parser builds the nodes of one template. After the first error every token is
// EOF, so that callers need not check after each step.
type parser struct {
	lex    lexer
	tok    token
	ahead  token
	peeked bool
	t      *Template
	cfg    *config
	err    *Error
	escape escaping // what {{ }} does here
	blocks []string // names of the blocks around
	depth  int
	chain  int // length of the operator chains around
}

// escaping is a strategy for what is printed, with its name if it is unknown.
type escaping struct {
	strategy strategy
	name     string
}

func (p *parser) next() {
	switch {
	case p.err != nil:
		p.tok = tokenAt(tEOF, len(p.lex.src), len(p.lex.src), "")
	case p.peeked:
		p.tok, p.peeked = p.ahead, false
	default:
		p.tok = p.lex.next()
	}
}

// peek returns the token after the current one.
func (p *parser) peek() token {
	if !p.peeked {
		p.ahead, p.peeked = p.lex.next(), true
	}
	return p.ahead
}

func (p *parser) fail(kind, msg string, m mark) {
	if p.err != nil {
		return
	}
	p.err = &Error{Kind: kind, Message: msg, Op: "parsing"}
	p.err.place(p.t.name, p.lex.src, int(m.at), int(m.line))
	p.next()
}

func (p *parser) failf(m mark, format string, args ...any) {
	if p.err == nil {
		p.fail(KindParser, fmt.Sprintf(format, args...), m)
	}
}

func (p *parser) limit(name string) {
	if p.err == nil {
		p.fail(KindLimit, "template exceeds the limit "+name, markOf(p.tok))
		p.err.Limit = name
	}
}

// expect moves past a token of the kind and returns it.
func (p *parser) expect(kind tokenKind) token {
	t := p.tok
	if t.kind != kind {
		p.unexpectedWant(kind.String())
		return t
	}
	p.next()
	return t
}

func (p *parser) expectPunct(c byte) {
	if !p.tok.punct(c) {
		p.unexpectedWant("PUNCTUATION")
		return
	}
	p.next()
}

func (p *parser) unexpectedWant(want string) {
	p.failf(markOf(p.tok), `Unexpected token of value "%s" and type %s, expected token of type %s`,
		p.tok.value(), p.tok.kind, want)
}

// newName moves past a name that the template binds.
func (p *parser) newName() string {
	switch p.tok.val {
	case "true", "false", "null", "none":
		if p.tok.kind != tString {
			p.failf(markOf(p.tok), "Can not assign a value to %s", p.tok.val)
		}
	}
	return p.expect(tName).val
}

// enter counts a level of nesting; every enter has its leave.
func (p *parser) enter() bool {
	p.depth++
	if p.depth > p.cfg.limits.Depth {
		p.limit("Depth")
		return false
	}
	return true
}

func (p *parser) leave() { p.depth-- }

// body parses nodes up to a tag with one of the stop names, which becomes the
// current token, or up to the end.
func (p *parser) body(stops ...string) []node {
	var nodes []node
	if !p.enter() {
		return nil
	}
	defer p.leave()
	for p.tok.kind != tEOF {
		p.t.dynamic = p.t.dynamic || p.tok.kind != tText
		switch p.tok.kind {
		case tText:
			nodes = append(nodes, &textNode{p.tok.val})
			p.next()
		case tPrintStart:
			p.next()
			nodes = append(nodes, p.print())
			p.expect(tPrintEnd)
		case tExecuteStart:
			p.next()
			if p.tok.kind != tName {
				p.failf(markOf(p.tok), "A block must start with a tag name.")
				return nil
			}
			for _, s := range stops {
				if p.tok.val == s {
					return nodes
				}
			}
			if n := p.tag(); n != nil {
				nodes = append(nodes, n)
			}
		default:
			p.failf(markOf(p.tok), "Parser ended in undefined state.")
		}
	}
	return nodes
}

// print parses what stands between {{ and }}, and wraps it in the escaping that
// applies. Each branch of a ternary is judged on its own.
func (p *parser) print() node {
	x := p.expression()
	esc := p.escape
	if esc.strategy == escapeNone {
		return newPrint(x, esc)
	}
	if t, ok := x.(*ternaryExpr); ok {
		return &printTernary{t, p.escapeOf(t.yes), p.escapeOf(t.no)}
	}
	return newPrint(x, p.escapeOf(x))
}

// escapeOf returns how to escape x: not at all what the author wrote himself.
func (p *parser) escapeOf(x expr) escaping {
	switch x := x.(type) {
	case *literal:
		if x.v.kind == kString {
			return escaping{}
		}
	case *concatExpr:
		if isStringLiteral(x.left) && isStringLiteral(x.right) {
			return escaping{}
		}
	case *parentExpr, *blockExpr:
		return escaping{}
	}
	return p.escape
}

func isStringLiteral(x expr) bool {
	l, ok := x.(*literal)
	return ok && l.v.kind == kString
}
