package archtest_test

import (
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// demands are the RFCs that docs/reference/conformance.md has a table of.
var demands = []string{"6749", "7009", "7523", "7591", "7636", "7662", "8414", "8693", "9068"}

var (
	testName   = regexp.MustCompile("`((?:[a-z0-9]+\\.)?Test[A-Za-z0-9_]+)`")
	forSection = regexp.MustCompile(`^TestRFC[0-9]+_`)
	noTest     = regexp.MustCompile(`^\*(not offered|differs|others')\*`)
)

// TestConformanceTable holds that the tests which the page names are there, that a row without one says why, and that no test which
// is named for a section is missing in it.
func TestConformanceTable(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "docs", "reference", "conformance.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests := testsByName(t)
	named, sections := map[string]bool{}, map[string]int{}
	section := ""
	for number, line := range strings.Split(string(text), "\n") {
		if title, ok := strings.CutPrefix(line, "## RFC "); ok {
			section, _, _ = strings.Cut(title, ":")
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") || strings.HasPrefix(line, "| § ") {
			continue
		}
		if len(cells) != 3 {
			t.Errorf("line %d has %d cells: a row is a section, a demand and its tests", number+1, len(cells))
			continue
		}
		sections[section]++
		found := testName.FindAllStringSubmatch(cells[2], -1)
		if why := strings.TrimSpace(cells[2]); len(found) == 0 && !noTest.MatchString(why) {
			t.Errorf("line %d names no test, and does not say why: %q", number+1, why)
		}
		for _, name := range found {
			named[name[1]] = true
			if !tests[name[1]] {
				t.Errorf("line %d names %s, which is nowhere", number+1, name[1])
			}
		}
	}
	for _, rfc := range demands {
		if sections[rfc] == 0 {
			t.Errorf("there is no table of RFC %s", rfc)
		}
	}
	for name := range tests {
		if forSection.MatchString(name) && !named[name] {
			t.Errorf("%s is in no row", name)
		}
	}
}

// testsByName gives the names of all tests: those of the authority as they are, others behind their folder's name.
func testsByName(t *testing.T) map[string]bool {
	t.Helper()
	tests := map[string]bool{}
	for _, f := range house(t) {
		if !f.test {
			continue
		}
		for _, declared := range f.ast.Decls {
			function, ok := declared.(*ast.FuncDecl)
			if !ok || function.Recv != nil || !strings.HasPrefix(function.Name.Name, "Test") {
				continue
			}
			name := function.Name.Name
			if f.dir != "internal/authority" {
				name = path.Base(f.dir) + "." + name
			}
			tests[name] = true
		}
	}
	return tests
}
