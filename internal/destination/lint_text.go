package destination

import (
	"errors"
	"fmt"
	"strings"

	"latchkey/internal/jsontree"
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
func (c *compiler) plainText(n *jsontree.Node, pointer string, at place) *Text {
	text, _, hidden := n.Reveal()
	if hidden || !isTemplate(text) {
		return c.constant(n, pointer, at)
	}
	return c.template(text, pointer, at)
}

// templateString compiles `{"templatingStrategy", "value"}` or a bare string (spec §1.7). Missing ones are nil.
func (c *compiler) templateString(n *jsontree.Node, pointer string, at place) *Text {
	if n.Absent() {
		return nil
	}
	value, strategy := n, (*jsontree.Node)(nil)
	if n.Is(jsontree.Object) {
		value, strategy = n.Get("value"), n.Get("templatingStrategy")
	}
	return c.strategic(value, strategy, n.Is(jsontree.Object), pointer, at)
}

// strategic compiles a value with the strategy that stands beside it.
func (c *compiler) strategic(value, strategy *jsontree.Node, object bool, pointer string, at place) *Text {
	where := pointer
	if object {
		where = jsontree.Child(pointer, "value")
	}
	if value.Absent() {
		c.unpublishable(where, "the value is missing", "")
		return nil
	}
	if !value.Scalar() {
		c.kind(value, where, jsontree.String)
		return nil
	}
	if value.Kind != jsontree.String {
		c.warn(where, "the value should be a string; it is taken as the text "+shown(value.Text), "")
	}
	text, _, hidden := value.Reveal()
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
func (c *compiler) strategyOf(strategy *jsontree.Node, pointer, text string) (string, bool) {
	if !strategy.Absent() {
		where := jsontree.Child(pointer, "templatingStrategy")
		if old := strategy.Str(); old == "STRINGTEMPLATE_V1" || old == "MAPPER" {
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
func (c *compiler) constant(n *jsontree.Node, pointer string, at place) *Text {
	t := &Text{pointer: pointer, constant: n.Text, sealed: n.Sealed}
	text, _, _ := n.Reveal()
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
		c.refuse(t.pointer, "the values in this template cannot be told apart from its text",
			"write the prints {{ … }} in a simpler way")
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
