package destination

import (
	"regexp"
	"strings"

	"latchkey/internal/jsontree"
)

// validations reads an array of {name, actualValue, expectedValue} (spec §1.8).
func (c *compiler) validations(n *jsontree.Node, at string) []Validation {
	var out []Validation
	for i, item := range c.items(n, at) {
		here := jsontree.Element(at, i)
		if !c.kind(item, here, jsontree.Object) {
			continue
		}
		v := Validation{Name: c.text(item, here, "name")}
		if v.Name == "" {
			c.warn(jsontree.Child(here, "name"), "the validation has no name, and its failure will be hard to tell", `add "name": "…"`)
			v.Name = "validation " + here[strings.LastIndexByte(here, '/')+1:]
		}
		for _, name := range []string{"actualValue", "expectedValue"} {
			if item.Get(name).Absent() {
				c.unpublishable(jsontree.Child(here, name), "the validation has no "+name, "")
			}
		}
		v.Actual = c.templateString(item.Get("actualValue"), jsontree.Child(here, "actualValue"), inValidation)
		v.Expected = c.templateString(item.Get("expectedValue"), jsontree.Child(here, "expectedValue"), inValidation)
		if v.Actual == nil || v.Expected == nil {
			continue
		}
		c.expectation(&v)
		out = append(out, v)
	}
	return out
}

// javaOnly matches what regular expressions have in Java and not in RE2: look-around, back-references, atomic and
// possessive groups.
var javaOnly = regexp.MustCompile(`\(\?(=|!|<=|<!|>)|\\[1-9]|\\k<|[+*?}]\+`)

// expectation compiles a constant expectation; a rendered one is compiled when it is known.
func (c *compiler) expectation(v *Validation) {
	about := v.Actual.refs
	v.AboutStatus = v.Actual.Mentions("response.status")
	v.Harmless = len(about) == 1 && v.AboutStatus
	if !v.Expected.Constant() {
		return
	}
	pattern, err := WholeMatch(v.Expected.constant)
	switch {
	case err == nil:
		v.Pattern = pattern
	case javaOnly.MatchString(v.Expected.constant):
		c.refuse(v.Expected.pointer,
			"the expression uses look-around, back-references or possessive quantifiers, which are not supported", "write it in RE2's syntax, or compare with a plain text")
	default:
		c.warn(v.Expected.pointer, "this is no regular expression; it is compared as plain text", "")
	}
}

// WholeMatch compiles a regular expression (RE2) that has to match a whole text.
func WholeMatch(pattern string) (*regexp.Regexp, error) {
	if _, err := regexp.Compile(pattern); err != nil {
		return nil, err // `a)(b` would compile inside the group
	}
	return regexp.Compile(`\A(?:` + pattern + `)\z`)
}
