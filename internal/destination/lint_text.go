package destination

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"latchkey/pebble"
)

// place says what a text is for: which names exist there, and what must not be in it.
type place uint8

const (
	inURL        place = iota // a URL, or its query
	inHeader                  // a header's value
	inBody                    // a request's body, an assertion's claim, a parameter
	inResponse                // computed from a response
	inValidation              // compared with a response
)

// use is a text whose references are to be checked.
type use struct {
	text  *Text
	place place
}

// plainText compiles a plain string member that is a template iff it has delimiters (U7).
func (c *compiler) plainText(n *node, pointer string, at place) *Text {
	text, _, hidden := n.reveal()
	if hidden || !isTemplate(text) {
		return c.constant(n, pointer, at)
	}
	return c.template(text, pointer, at)
}

// templateString compiles `{"templatingStrategy", "value"}` or a bare string (spec §1.7). Missing ones are nil.
func (c *compiler) templateString(n *node, pointer string, at place) *Text {
	if n.absent() {
		return nil
	}
	value, strategy := n, (*node)(nil)
	if n.is(objectNode) {
		value, strategy = n.get("value"), n.get("templatingStrategy")
	}
	return c.strategic(value, strategy, n.is(objectNode), pointer, at)
}

// strategic compiles a value with the strategy that stands beside it.
func (c *compiler) strategic(value, strategy *node, object bool, pointer string, at place) *Text {
	where := pointer
	if object {
		where = child(pointer, "value")
	}
	if value.absent() {
		c.unpublishable(where, "the value is missing", "")
		return nil
	}
	if !value.scalar() {
		c.kind(value, where, stringNode)
		return nil
	}
	if value.kind != stringNode {
		c.warn(where, "the value should be a string; it is taken as the text "+shown(value.text), "")
	}
	text, _, hidden := value.reveal()
	how, ok := c.strategyOf(strategy, pointer, text)
	switch {
	case !ok:
		return nil
	case how == strategyNone || hidden:
		if how == strategyNone && isTemplate(text) && !hidden {
			c.warn(where, "NONE takes the text as it is, {{ and all", `use "PEBBLE_V1" if it is meant to be a template`)
		}
		return c.constant(value, where, at)
	}
	return c.template(text, where, at)
}

// strategyOf reads the strategy; where none is named, delimiters decide.
func (c *compiler) strategyOf(strategy *node, pointer, text string) (string, bool) {
	if !strategy.absent() {
		where := child(pointer, "templatingStrategy")
		if old := strategy.str(); old == "STRINGTEMPLATE_V1" || old == "MAPPER" {
			c.refuse(where, "the strategy "+old+" was never released", `use "PEBBLE_V1" or "NONE"`)
			return "", false
		}
		return c.enum(strategy, where, "the templatingStrategy", strategyPebble, strategyNone)
	}
	how := strategyNone
	if isTemplate(text) {
		how = strategyPebble
	}
	c.warn(pointer, "the templatingStrategy is missing; this is taken as "+how, `add "templatingStrategy": "`+how+`"`)
	return how, true
}

// constant compiles a text that is no template.
func (c *compiler) constant(n *node, pointer string, at place) *Text {
	t := &Text{pointer: pointer, constant: n.text, sealed: n.sealed}
	text, _, _ := n.reveal()
	if at == inHeader || at == inURL {
		c.noControls(text, pointer)
	}
	return t
}

// noControls refuses control characters where they end a line or a word.
func (c *compiler) noControls(text, pointer string) bool {
	if !strings.ContainsFunc(text, isControl) {
		return true
	}
	c.refuse(pointer, "a URL or a header must not have line breaks or control characters in it", "")
	return false
}

// template compiles a template and remembers it for the check of its references.
func (c *compiler) template(text, pointer string, at place) *Text {
	t := &Text{pointer: pointer, constant: text}
	template, err := pebble.Parse(pointer, text, pebble.WithDialect(pebble.DestinationSDK))
	if err != nil {
		c.problems = append(c.problems, templateProblem(pointer, err))
		return nil
	}
	if template.Constant() {
		return t
	}
	t.template, t.refs = template, template.Variables()
	if strings.Contains(text, "&amp;") {
		c.warn(pointer, "the text has &amp; in it; nothing is HTML-escaped here, and nothing has to be", "write &")
	}
	if (at == inURL || at == inHeader) && !c.marked(t, text) {
		return nil
	}
	c.uses = append(c.uses, use{text: t, place: at})
	return t
}

// marked makes the variant of a template whose prints can be told apart.
func (c *compiler) marked(t *Text, text string) bool {
	for _, p := range pieces(text) {
		if p.kind == literalPiece && !c.noControls(strings.TrimRight(p.text, "\r\n"), t.pointer) {
			return false
		}
		if p.kind == printPiece {
			t.prints = append(t.prints, Print{Refs: variablesOf(p.text), Encoded: p.encoded()})
		}
	}
	marked, err := pebble.Parse(t.pointer, markPrints(text),
		pebble.WithDialect(pebble.DestinationSDK), pebble.WithFilter(markFilter, mark, "print"))
	if err != nil {
		c.refuse(t.pointer, "the values in this template cannot be told apart from its text", "write the prints {{ … }} in a simpler way")
		return false
	}
	t.marked = marked
	return true
}

// variablesOf gives what the expression of one print mentions.
func variablesOf(expression string) []string {
	t, err := pebble.Parse("", "{{ "+expression+" }}", pebble.WithDialect(pebble.DestinationSDK))
	if err != nil {
		return nil
	}
	return t.Variables()
}

// templateProblem puts an error of the template engine into a problem with a caret under the place.
func templateProblem(pointer string, err error) Problem {
	p := Problem{Pointer: pointer, Severity: Refused, Message: "the template cannot be read: " + err.Error()}
	var e *pebble.Error
	if !errors.As(err, &e) {
		return p
	}
	p.Message, p.Line, p.Column = "the template cannot be read: "+strings.TrimSuffix(e.Message, "."), e.Line, e.Column
	if _, excerpt, ok := strings.Cut(e.Detail(), "\n"+fmt.Sprint(e.Line)+" | "); ok && e.Line > 0 {
		p.Excerpt = fmt.Sprint(e.Line) + " | " + excerpt
	}
	return p
}

// userNames, responseNames and requestNames are the names below the other roots (spec §2.1, §6.3).
var (
	userNames     = []string{"sandboxName", "sandboxId", "imsOrgId", "client"}
	responseNames = []string{"body", "status", "headers"}
	requestNames  = []string{"id", "epoch", "epochMs", "body"}
	codeNames     = []string{"code", "redirectUri", "state", "codeVerifier"}
)

// checkUses checks what every template mentions.
func (c *compiler) checkUses() {
	for _, u := range c.uses {
		said := map[string]bool{}
		for _, ref := range u.text.refs {
			parts := strings.SplitN(ref, ".", 3)
			name := parts[0]
			if len(parts) > 1 {
				name += "." + parts[1]
			}
			if !said[name] {
				said[name] = true
				c.checkRef(u, parts[0], strings.TrimPrefix(strings.TrimPrefix(name, parts[0]), "."))
			}
		}
	}
}

// checkRef checks one name, like authData.clientId; name is "" where the root stands alone.
func (c *compiler) checkRef(u use, root, name string) {
	at := u.text.pointer
	switch root {
	case "authData":
		c.checkAuthData(u, name)
	case "userContext":
		c.checkName(at, root, name, userNames)
	case "response":
		c.checkName(at, root, name, responseNames)
		if u.place != inResponse && u.place != inValidation {
			c.unpublishable(at, "there is no response yet when this is rendered", "")
		}
	case "request":
		c.checkName(at, root, name, requestNames)
		if name == "body" && u.place != inHeader {
			c.unpublishable(at, "request.body is known in header values only", "")
		}
	case "customerData":
		c.warn(at, "customerData is empty while a customer logs in", "declare the value in authenticationDataFields and use authData")
	default:
		roots := []string{"authData", "response", "userContext", "request"}
		fix := "the names begin with authData, response, userContext or request"
		if meant := nearest(root, roots); meant != "" {
			fix = "did you mean " + meant + "?"
		}
		c.unpublishable(at, "the template uses "+shown(root)+", which nothing gives", fix)
	}
}

func (c *compiler) checkName(at, root, name string, known []string) {
	if name == "" || slices.Contains(known, name) {
		return
	}
	fix := root + " has " + quoteList(known)
	if meant := nearest(name, known); meant != "" {
		fix = "did you mean " + root + "." + meant + "?"
	}
	c.unpublishable(at, "there is no "+root+"."+name, fix)
}

func (c *compiler) checkAuthData(u use, name string) {
	at := u.text.pointer
	switch {
	case name == "":
		c.warn(at, "the template uses authData as a whole, with every secret in it", "name the members")
		return
	case slices.Contains(codeNames, name) && c.plan.grant == AuthorizationCode:
		if !c.knowsCode(at) {
			c.unpublishable(at, "authData."+name+" is known only while a code is exchanged", "")
		}
		return
	}
	hidden, known := c.names[name]
	if !known {
		c.undeclared(at, name)
		return
	}
	if hidden && u.place == inURL {
		c.warn(at, "a secret, authData."+name+", becomes part of a URL, and URLs are written to logs on their way", "")
	}
}

// knowsCode tells whether the text at pointer is rendered while a code is exchanged.
func (c *compiler) knowsCode(pointer string) bool {
	return slices.ContainsFunc(c.exchanging, func(prefix string) bool { return strings.HasPrefix(pointer, prefix+"/") })
}

// undeclared says how to declare a name.
func (c *compiler) undeclared(at, name string) {
	field := fieldExample(name)
	fix := "add " + field + " to authenticationDataFields"
	if name == "clientId" || name == "clientSecret" {
		fix = `add "` + name + `": "…" to the entry, or ` + field + " to authenticationDataFields"
	}
	known := make([]string, 0, len(c.names))
	for name := range c.names {
		known = append(known, name)
	}
	slices.Sort(known)
	if meant := nearest(name, known); meant != "" {
		fix = "did you mean authData." + meant + "? Or " + fix
	}
	c.unpublishable(at, "the template uses authData."+name+", and nothing declares it", fix)
}

// fieldExample writes a field that asks the customer for a name.
func fieldExample(name string) string {
	format := ""
	if secretName(name) {
		format = `, "format": "password"`
	}
	return `{"name": "` + name + `", "title": "` + titleOf(name) + `", "type": "string", "isRequired": true` + format + `, "source": "CUSTOMER"}`
}

// titleOf makes a label of a name: "customerId" gives "Customer ID".
func titleOf(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return r > 0x7e }) {
		return name
	}
	var words []string
	start := 0
	for i := 1; i <= len(name); i++ {
		if i == len(name) || name[i] >= 'A' && name[i] <= 'Z' && (name[i-1] < 'A' || name[i-1] > 'Z') {
			words = append(words, name[start:i])
			start = i
		}
	}
	for i, word := range words {
		switch lower := strings.ToLower(word); {
		case lower == "id" || lower == "url":
			words[i] = strings.ToUpper(word)
		case i == 0:
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		default:
			words[i] = lower
		}
	}
	return strings.Join(words, " ")
}
