package destination

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// older are members that are read and kept, and not offered: older names of others, and what drafts once had.
var older = set("scopes", "fieldType", "protocol", "requiresAggregation", "qos", "fileTemplate")

// TestSchemaIsComplete offers every member that the model reads, and each has a line of help.
func TestSchemaIsComplete(t *testing.T) {
	schema := Schema()
	offered := func(shape, name string) bool {
		return slices.ContainsFunc(schema[shape], func(m Member) bool { return m.Name == name })
	}
	for shape, known := range map[string]map[string]bool{
		"entry": entryMembers, "options": optionMembers, "field": fieldMembers, "httpTemplate": templateMembers, "step": requestMembers,
	} {
		for name := range known {
			if !older[name] && !offered(shape, name) {
				t.Errorf("%s is not offered in %s", name, shape)
			}
		}
	}
	for shape, members := range schema {
		for _, m := range members {
			if m.Says == "" {
				t.Errorf("%s of %s has no line of help", m.Name, shape)
			}
		}
	}
}

// documented is the first cell of a row of the reference's tables, and a member in it.
var (
	documented = regexp.MustCompile("(?m)^\\| (`[a-z][^|]*) \\|")
	inCell     = regexp.MustCompile("`([a-zA-Z_.\\[\\]]+)`")
)

// TestSchemaHasTheReference offers what docs/reference/definition.md tells of, in the shape that it stands in.
func TestSchemaHasTheReference(t *testing.T) {
	text, err := os.ReadFile("../../docs/reference/definition.md")
	if err != nil {
		t.Fatal(err)
	}
	shapes := map[string]string{"The document": "document", "OAUTH2": "entry", "authenticationDataFields": "field", "Requests": "request", "Validations": "validation", "options": "options"}
	seen := 0
	for _, section := range strings.Split(string(text), "\n## ")[1:] {
		heading, body, _ := strings.Cut(section, "\n")
		for _, cell := range documented.FindAllStringSubmatch(body, -1) {
			last := ""
			for _, m := range inCell.FindAllStringSubmatch(cell[1], -1) {
				path := m[1]
				if strings.HasPrefix(path, ".") { // "callback.codeParam", ".stateParam"
					path = last[:strings.LastIndex(last, ".")] + path
				}
				last = path
				if shapes[heading] == "" {
					continue
				}
				seen++
				if !reachable(shapes[heading], strings.Split(strings.ReplaceAll(path, "[]", ""), ".")) {
					t.Errorf("%s of the section %q is not offered", path, heading)
				}
			}
		}
	}
	if seen < 70 {
		t.Errorf("only %d members were found in the reference", seen)
	}
}

func reachable(shape string, path []string) bool {
	for _, m := range Schema()[shape] {
		if m.Name == path[0] {
			return len(path) == 1 || reachable(m.Of, path[1:])
		}
	}
	return false
}

// TestSchema offers what the model reads: no member that it takes for a misspelt one, no value that it refuses, no shape that
// is not there.
func TestSchema(t *testing.T) {
	schema := Schema()
	for shape, known := range map[string]map[string]bool{
		"entry": entryMembers, "options": optionMembers, "field": fieldMembers, "request": requestMembers, "httpTemplate": templateMembers, "step": requestMembers,
	} {
		for _, m := range schema[shape] {
			if !known[m.Name] {
				t.Errorf("%s has no member %s", shape, m.Name)
			}
		}
	}
	for shape, members := range schema {
		for _, m := range members {
			if m.Of != "" && schema[m.Of] == nil {
				t.Errorf("%s of %s is of the shape %s, which is not there", m.Name, shape, m.Of)
			}
		}
	}
	for _, m := range schema["options"] {
		inner := map[string]string{}
		for _, v := range m.Values {
			inner[v] = fmt.Sprintf(`{%q: %q}`, m.Name, v)
		}
		for _, one := range schema[m.Of] {
			for _, v := range one.Values {
				inner[one.Name+" "+v] = fmt.Sprintf(`{%q: {%q: %q}}`, m.Name, one.Name, v)
			}
		}
		for what, options := range inner {
			document, err := ParseDocument([]byte(`{"name": "x", "authentication": {"authType": "OAUTH2", "grant": "OAUTH2_AUTHORIZATION_CODE", "options": ` + options + `}}`))
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range document.Lint(LintOptions{}) {
				if strings.Contains(p.Pointer, "/options/"+m.Name) && strings.Contains(p.Message, " is unknown") {
					t.Errorf("%s %s: %v", m.Name, what, p)
				}
			}
		}
	}
}
