package pebble

import (
	"fmt"
	"sync"
)

// mark places an error: where the failing piece begins, and the offset whose
// line the Java engine would print, noLine if it prints 0.
type mark struct{ at, line int32 }

const noLine = -1

func markOf(t token) mark { return t.mark }

// parser builds the nodes of one template. After the first error every token is
// EOF, so that callers need not check after each step.
type parser struct {
	lex      lexer
	tok      token
	slabs    slabs
	pieces   []piece  // of the bodies around, until they are complete
	exprs    []expr   // of the lists around, until they are complete
	branches []branch // of the ifs around, likewise
	t        *Template
	cfg      *config
	err      *Error
	escape   escaping  // what {{ }} does here
	blocks   []string  // names of the blocks around
	item     string    // what the innermost loop of this body binds, "" for none
	names    [8]string // of the first variables
	known    int       // how many of them there are
	depth    int
	chain    int // length of the operator chains around
}

// parsers holds finished parsers for their buffers. Nothing else of them is left.
var parsers = sync.Pool{New: func() any { return new(parser) }}

// maxStack bounds the buffers that a parser keeps, in items.
const maxStack = 128

// free clears all that p holds of the template and keeps it for the next one.
func (p *parser) free() {
	if cap(p.pieces) > maxStack || cap(p.exprs) > maxStack || cap(p.branches) > maxStack ||
		cap(p.lex.brackets) > maxStack {
		return
	}
	clear(p.pieces[:cap(p.pieces)])
	clear(p.exprs[:cap(p.exprs)])
	clear(p.branches[:cap(p.branches)])
	clear(p.names[:p.known])
	l := &p.lex
	l.src, l.unescaped, l.err = "", "", nil
	l.pos, l.state, l.trim, l.plain, l.opening = 0, inData, false, false, tEOF
	l.outer, l.brackets = l.outer[:0], l.brackets[:0]
	p.slabs, p.escape = slabs{}, escaping{}
	p.pieces, p.exprs, p.branches, p.blocks = p.pieces[:0], p.exprs[:0], p.branches[:0], nil
	p.t, p.cfg, p.err, p.item = nil, nil, nil, ""
	p.known, p.depth, p.chain = 0, 0, 0
	parsers.Put(p)
}

// escaping is a strategy for what is printed, with its name if it is unknown.
type escaping struct {
	strategy strategy
	name     *string
}

func (p *parser) next() {
	if p.err != nil {
		p.tok.set(tEOF, len(p.lex.src), len(p.lex.src), 0, 0)
		return
	}
	p.lex.next(&p.tok)
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

// expect moves past a token of the kind.
func (p *parser) expect(kind tokenKind) {
	if p.tok.kind != kind {
		p.unexpectedWant(kind.String())
		return
	}
	p.next()
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
		p.value(), p.tok.kind, want)
}

// newName moves past a name that the template binds.
func (p *parser) newName() string {
	name := p.val()
	switch name {
	case "true", "false", "null", "none":
		if p.tok.kind != tString {
			p.failf(markOf(p.tok), "Can not assign a value to %s", name)
		}
	}
	p.expect(tName)
	return name
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

// body parses up to a tag with one of the stop names, which becomes the current
// token, or up to the end.
func (p *parser) body(stops ...string) []piece {
	if !p.enter() {
		return nil
	}
	base, text := len(p.pieces), ""
	for p.tok.kind != tEOF && !p.at(stops) {
		var n node
		switch p.tok.kind {
		case tText:
			if text != "" {
				p.pieces = append(p.pieces, piece{text, nil})
			}
			text = p.val()
			p.next()
			continue
		case tPrintStart:
			p.next()
			n = p.print()
			p.expect(tPrintEnd)
		case tName:
			n = p.tag()
		default:
			p.failf(markOf(p.tok), "Parser ended in undefined state.")
		}
		p.t.dynamic = true
		if n != nil {
			p.pieces = append(p.pieces, piece{text, n})
			text = ""
		}
	}
	if text != "" {
		p.pieces = append(p.pieces, piece{text, nil})
	}
	body := p.slabs.pieces.copy(p.pieces[base:])
	p.pieces = p.pieces[:base]
	p.leave()
	return body
}

// at moves past the opening of a tag, and reports whether the tag has one of the
// names.
func (p *parser) at(names []string) bool {
	if p.tok.kind != tExecuteStart {
		return false
	}
	p.t.dynamic = true
	p.next()
	if p.tok.kind != tName {
		p.failf(markOf(p.tok), "A block must start with a tag name.")
	}
	tag := p.val()
	for _, name := range names {
		if tag == name {
			return true
		}
	}
	return false
}

// print parses what stands between {{ and }}, and wraps it in the escaping that
// applies. Each branch of a ternary is judged on its own.
func (p *parser) print() node {
	x := p.expression()
	if p.escape.strategy == escapeNone {
		return p.newPrint(x, p.escape)
	}
	if t, ok := x.(*ternaryExpr); ok {
		return p.slabs.choices.add(printTernary{t, p.escapeOf(t.yes), p.escapeOf(t.no)})
	}
	return p.newPrint(x, p.escapeOf(x))
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
