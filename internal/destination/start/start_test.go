package start_test

import (
	"testing"

	"latchkey/internal/destination"
	"latchkey/internal/destination/start"
	"latchkey/internal/jsontree"
)

// Each can be published as it is, has a key of its own, and what is to be filled in is there.
func TestPoints(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range start.Points() {
		document, err := destination.ParseDocument([]byte(p.Text))
		if err != nil {
			t.Errorf("%s: %v", p.Key, err)
			continue
		}
		if problems := document.Lint(destination.LintOptions{}); len(problems) > 0 {
			t.Errorf("%s: %v", p.Key, problems)
		}
		if _, err := document.Compile(0); err != nil {
			t.Errorf("%s can't be compiled: %v", p.Key, err)
		}
		places := jsontree.Places([]byte(p.Text))
		for _, place := range p.Fill {
			if _, ok := places[place.Pointer]; !ok {
				t.Errorf("%s: there is no %s", p.Key, place.Pointer)
			}
		}
		if found, ok := start.Find(p.Key); !ok || seen[p.Key] || p.Title == "" || p.For == "" || found.Text != p.Text {
			t.Errorf("%s can't be found, or lacks words", p.Key)
		}
		seen[p.Key] = true
	}
	if _, ok := start.Find("none"); ok {
		t.Error("Find(none) finds something")
	}
}
