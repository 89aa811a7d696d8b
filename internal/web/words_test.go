package web_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestWordsInOnePlace holds that what people read in a browser is written in this package: no other makes pages of HTML, but for
// the simulator, which stands in for a provider's own (docs/decisions/0098).
func TestWordsInOnePlace(t *testing.T) {
	pages := map[string]bool{"web": true, "simulator": true}
	seen := 0
	check(t, filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		room := strings.Split(filepath.ToSlash(path), "/")[1]
		seen++
		for _, i := range file.Imports {
			if (i.Path.Value == `"html/template"` || i.Path.Value == `"golang.org/x/net/html"`) && !pages[room] {
				t.Errorf("%s imports %s: pages are made in internal/web", path, i.Path.Value)
			}
		}
		return nil
	}))
	if seen < 500 {
		t.Errorf("%d files were looked at", seen)
	}
}
