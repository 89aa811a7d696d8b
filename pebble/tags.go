package pebble

import "strings"

// tag parses the tag whose name is the current token. Some tags leave no node.
func (p *parser) tag() node {
	name := p.val()
	if p.cfg.dialect == DestinationSDK {
		switch name {
		case "filter", "for", "if", "set":
		default:
			return p.noTag(name)
		}
	}
	switch name {
	case "if":
		return p.ifTag()
	case "for":
		return p.forTag()
	case "set":
		return p.setTag()
	case "filter":
		return p.filterTag()
	case "autoescape":
		return p.autoescapeTag()
	case "parallel":
		return p.parallelTag()
	case "flush":
		p.next()
		p.expect(tExecuteEnd)
		return nil
	}
	return p.templateTag(name)
}

// templateTag parses the tags that concern other templates or named parts.
func (p *parser) templateTag(name string) node {
	switch name {
	case "block":
		return p.blockTag()
	case "extends":
		return p.extendsTag()
	case "include":
		return p.includeTag()
	case "embed":
		return p.embedTag()
	case "import":
		return p.importTag()
	case "from":
		return p.fromTag()
	case "macro":
		return p.macroTag()
	case "cache":
		return p.cacheTag()
	}
	return p.noTag(name)
}

func (p *parser) noTag(name string) node {
	hint := ""
	switch {
	case p.cfg.dialect != DestinationSDK:
	case languageTag(name):
		hint = ". Destination SDK permits only filter, for, if and set."
	default:
		hint = didYouMean(name, []string{"filter", "endfilter", "for", "endfor", "if", "else", "elseif", "endif", "set"})
	}
	p.failf(markOf(p.tok), `Unexpected tag name "%s"%s`, name, hint)
	return nil
}

// languageTag reports whether a name is that of a tag that only Language has.
func languageTag(name string) bool {
	switch name {
	case "autoescape", "block", "cache", "embed", "extends", "flush", "from", "import", "include", "macro",
		"parallel", "verbatim":
		return true
	}
	return false
}

func (p *parser) ifTag() node {
	n := p.slabs.ifs.new()
	n.at = markOf(p.tok)
	base := len(p.branches)
	for tag := "if"; ; tag = p.val() {
		switch {
		case p.tok.kind == tEOF:
			p.endless("endif")
			return n
		case tag == "if" || tag == "elseif":
			p.next()
			cond := p.expression()
			p.expect(tExecuteEnd)
			p.branches = append(p.branches, branch{cond, p.body("else", "elseif", "endif")})
		case tag == "else":
			p.next()
			p.expect(tExecuteEnd)
			n.other = p.body("endif")
		default:
			p.next()
			p.expect(tExecuteEnd)
			n.branches = p.slabs.branches.copy(p.branches[base:])
			p.branches = p.branches[:base]
			return n
		}
	}
}

func (p *parser) endless(end string) {
	p.failf(markOf(p.tok), `Unexpected end of template. Pebble was looking for the "%s" tag`, end)
}

func (p *parser) forTag() node {
	n := p.slabs.fors.new()
	n.at = markOf(p.tok)
	p.next()
	n.name = p.newName()
	if !p.is(tName, "in") {
		p.unexpectedWant("NAME")
	}
	p.next()
	n.in = p.expression()
	p.expect(tExecuteEnd)
	outer := p.item
	p.item = n.name
	n.body = p.body("else", "endfor")
	p.item = outer
	if p.is(tName, "else") {
		p.next()
		p.expect(tExecuteEnd)
		n.other = p.body("endfor")
	}
	if p.tok.kind == tEOF {
		p.endless("endfor")
	}
	p.next()
	p.expect(tExecuteEnd)
	return n
}

func (p *parser) setTag() node {
	p.next()
	n := p.slabs.sets.new()
	n.name = p.newName()
	p.expectPunct('=')
	n.x = p.expression()
	p.guess(n.name)
	p.expect(tExecuteEnd)
	return n
}

// filterTag parses filter. What its body prints is not escaped: the result is.
func (p *parser) filterTag() node {
	p.next()
	body := &capturedExpr{}
	var x expr = body
	for {
		f := p.filter(x)
		if f, ok := f.(*filterExpr); ok {
			f.at.line = noLine
		}
		x = f
		if p.tok.op != opFilter || p.tok.kind != tOperator || !p.link() {
			break
		}
		p.next()
	}
	p.expect(tExecuteEnd)
	before := p.escape
	p.escape = escaping{}
	body.body = p.bodyUntil("endfilter")
	p.escape = before
	return p.newPrint(x, p.escape)
}

// bodyUntil parses a body and the tag that ends it.
func (p *parser) bodyUntil(end string) []piece {
	nodes := p.body(end)
	if p.tok.kind == tEOF {
		p.endless(end)
	}
	p.next()
	p.expect(tExecuteEnd)
	return nodes
}

// autoescapeTag parses autoescape. A bare word other than true turns escaping
// off; a strategy can only come last.
func (p *parser) autoescapeTag() node {
	p.next()
	esc := escaping{strategy: escapeHTML}
	on := true
	if p.tok.kind == tName {
		on = strings.EqualFold(p.val(), "true")
		p.next()
	}
	if p.tok.kind == tString {
		name := p.val()
		esc = escaping{strategyOf(name), &name}
		p.next()
	}
	p.expect(tExecuteEnd)
	if !on {
		esc = escaping{}
	}
	before := p.escape
	p.escape = esc
	body := p.bodyUntil("endautoescape")
	p.escape = before
	return &groupNode{body}
}

func (p *parser) parallelTag() node {
	p.next()
	p.expect(tExecuteEnd)
	return &groupNode{p.bodyUntil("endparallel")}
}
