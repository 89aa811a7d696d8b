package destination

import (
	"net/url"
	"strings"

	"latchkey/internal/jsontree"
)

// url compiles a plain URL member, which is a template iff it has delimiters (U7); nil when it is absent.
func (c *compiler) url(parent *jsontree.Node, pointer, name string) *Text {
	n, at := parent.Get(name), jsontree.Child(pointer, name)
	if n.Absent() || !c.kind(n, at, jsontree.String) {
		return nil
	}
	t := c.plainText(n, at, inURL)
	c.checkURL(t)
	return t
}

// checkURL checks what a URL says before any value is in it: the scheme and a host are written out.
func (c *compiler) checkURL(t *Text) {
	if t == nil {
		return
	}
	if t.Constant() {
		c.checkConstantURL(t)
		return
	}
	var parts []piece
	for _, p := range pieces(t.constant) {
		if p.kind != tagPiece {
			parts = append(parts, p)
		}
	}
	for len(parts) > 0 && parts[0].kind == literalPiece && strings.TrimSpace(parts[0].text) == "" {
		parts = parts[1:]
	}
	if len(parts) == 0 || parts[0].kind != literalPiece {
		c.unpublishable(t.pointer, "the URL begins with a value, so that it could lead anywhere",
			"write the scheme and the domain out: https://{{ authData.subdomain }}.example.com/…")
		return
	}
	scheme, rest, ok := strings.Cut(strings.TrimSpace(parts[0].text), "://")
	if !ok {
		c.unpublishable(t.pointer, "the URL doesn't begin with https://", "")
		return
	}
	c.checkScheme(t, scheme)
	parts[0].text = rest
	c.hosts = append(c.hosts, hostUse{t.pointer, hostParts(parts)})
}

func (c *compiler) checkConstantURL(t *Text) {
	text, at := strings.TrimSpace(t.constant), t.pointer
	u, err := url.Parse(text)
	switch {
	case err != nil || !strings.Contains(text, "://"):
		c.unpublishable(at, shown(text)+" is not a URL", "write https://host/path")
	case u.Host == "":
		c.unpublishable(at, "the URL names no host", "")
	case u.User != nil:
		c.unpublishable(at, "the URL has a user or a password in it", "send them in a header or the body")
	default:
		c.checkScheme(t, u.Scheme)
	}
}

func (c *compiler) checkScheme(t *Text, scheme string) {
	switch {
	case strings.EqualFold(scheme, "https"):
	case !strings.EqualFold(scheme, "http"):
		c.unpublishable(t.pointer, "the URL's scheme "+shown(scheme)+" is not https", "write https://")
	case !c.opts.AllowHTTP:
		c.unpublishable(t.pointer, "the URL is not https, and would show secrets on the way", "write https://")
	}
}

// hostUse is the host of a URL with values in it, to be checked once the fields are known.
type hostUse struct {
	pointer string
	parts   []piece
}

// hostParts cuts the host out of what follows "://".
func hostParts(parts []piece) []piece {
	var out []piece
	for _, p := range parts {
		if p.kind == literalPiece {
			if end := strings.IndexAny(p.text, "/?#"); end >= 0 {
				p.text = p.text[:end]
				return append(out, p)
			}
		}
		out = append(out, p)
	}
	return out
}

// checkHosts refuses hosts that a customer's value alone decides, unless the value is one of few.
func (c *compiler) checkHosts() {
	for _, h := range c.hosts {
		suffix := ""
		var values []piece
		for _, p := range h.parts {
			if p.kind == printPiece {
				values, suffix = append(values, p), ""
			} else {
				suffix += p.text
			}
		}
		if len(values) == 0 || domainWrittenOut(suffix) {
			continue
		}
		for _, p := range values {
			for _, ref := range variablesOf(p.text) {
				c.checkHostValue(h.pointer, ref)
			}
		}
	}
}

// domainWrittenOut tells whether what follows the last value of a host has a domain of two labels: ".example.com".
func domainWrittenOut(suffix string) bool {
	host, _, _ := strings.Cut(suffix, ":")
	labels := strings.Split(host, ".")
	return len(labels) > 2 && labels[len(labels)-1] != "" && labels[len(labels)-2] != ""
}

// checkHostValue asks of a field that forms a whole host that its values are limited (DESIGN §7).
func (c *compiler) checkHostValue(at, ref string) {
	name, ok := strings.CutPrefix(ref, "authData.")
	if !ok {
		return
	}
	name, _, _ = strings.Cut(name, ".")
	limited := false
	for _, f := range c.plan.fields {
		if f.Name == name {
			limited = f.Role != PromptRole || f.Pattern != "" || len(f.Enum) > 0
		}
	}
	if limited || !c.fromCustomer(name) {
		return
	}
	c.unpublishable(at, "the customer's value authData."+name+" is the whole host of this URL, and could lead secrets anywhere",
		`give the field an "enum" of hosts or a "pattern", or write the domain out: https://{{ authData.`+name+` }}.example.com/…`)
}

// fromCustomer tells whether a name's value comes from whoever connects: a prompt, or the callback's parameters.
func (c *compiler) fromCustomer(name string) bool {
	for _, f := range c.plan.fields {
		if f.Name == name {
			return f.Role == PromptRole
		}
	}
	for _, capture := range c.plan.callback.Capture {
		if capture.Name == name {
			return true
		}
	}
	return name == "username" || name == "password"
}
