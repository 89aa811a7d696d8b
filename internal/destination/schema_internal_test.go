package destination

import (
	"fmt"
	"strings"
	"testing"
)

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
