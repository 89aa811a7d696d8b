package destination_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"latchkey/internal/destination"
)

var jsonBlock = regexp.MustCompile("(?s)```json\n(.*?)```")

// Every example of the documentation is one that can be published.
func TestDocumentationCompiles(t *testing.T) {
	for _, file := range []string{"guide/write-a-definition.md", "reference/definition.md"} {
		text, err := os.ReadFile("../../docs/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range jsonBlock.FindAllStringSubmatch(string(text), -1) {
			document := block[1]
			switch {
			case strings.HasPrefix(document, "["):
				document = cc(urls + `, "validations": ` + document)
			case !strings.Contains(document, `"name": `) || strings.Contains(document, "destinationServerType") && !strings.Contains(document, "authType"):
				document = cc(client + `, "authenticationDataFields": [{"name": "tenant", "source": "CUSTOMER"}], "accessTokenRequest": ` + document)
			}
			if problems := parse(t, document).Lint(destination.LintOptions{}); problems.HasUnpublishable() {
				t.Errorf("%s: an example cannot be published: %v\n%s", file, problems, document)
			}
		}
	}
}

// Every member that the model knows is in the reference.
func TestReferenceIsComplete(t *testing.T) {
	text, err := os.ReadFile("../../docs/reference/definition.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range destination.Members() {
		if !regexp.MustCompile("[`.]" + name + "[`.\\[]").Match(text) {
			t.Errorf("docs/reference/definition.md says nothing of %q", name)
		}
	}
}
