package archtest_test

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const module = "latchkey"

// file is one Go file of the module.
type file struct {
	path string // from the module's root, with slashes
	dir  string
	test bool // _test.go, or of a package that is for tests
	made bool // by a generator
	ast  *ast.File
	text []byte
}

// house gives the module's Go files, read once. What does not parse is left to the compiler.
func house(t *testing.T) []*file {
	t.Helper()
	files, err := readHouse()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

var readHouse = sync.OnceValues(func() ([]*file, error) {
	root, err := moduleRoot()
	if err != nil {
		return nil, err
	}
	var files []*file
	err = filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			base := entry.Name()
			if name != root && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "node_modules") {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil && name != root {
				return filepath.SkipDir // another module
			}
			return nil
		case !strings.HasSuffix(name, ".go"):
			return nil
		}
		read, err := readFile(root, name)
		if read != nil {
			files = append(files, read)
		}
		return err
	})
	return files, err
})

func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the test")
		}
		dir = parent
	}
}

func readFile(root, name string) (*file, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	tree, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, nil //nolint:nilerr // the compiler says it better
	}
	relative, err := filepath.Rel(root, name)
	if err != nil {
		return nil, err
	}
	relative = filepath.ToSlash(relative)
	dir := path.Dir(relative)
	return &file{
		path: relative, dir: dir, ast: tree, text: text, made: ast.IsGenerated(tree),
		test: strings.HasSuffix(relative, "_test.go") || isTestPackage(dir),
	}, nil
}

// isTestPackage tells packages that exist for tests, as registrytest.
func isTestPackage(dir string) bool {
	return strings.HasSuffix(path.Base(dir), "test") && dir != "latchkeytest"
}

func (f *file) imports() []string {
	var out []string
	for _, spec := range f.ast.Imports {
		if name, err := strconv.Unquote(spec.Path.Value); err == nil {
			out = append(out, name)
		}
	}
	return out
}

func within(dir string, folders []string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool {
		return dir == folder || strings.HasPrefix(dir, folder+"/")
	})
}

// room gives the room that a folder belongs to: internal/registry for internal/registry/registrytest.
func room(dir string) string {
	parts := strings.Split(dir, "/")
	if len(parts) > 2 && (parts[0] == "internal" || parts[0] == "cmd") {
		parts = parts[:2]
	}
	if parts[0] != "internal" && parts[0] != "cmd" {
		parts = parts[:1]
	}
	return strings.Join(parts, "/")
}

func TestFloors(t *testing.T) {
	for _, f := range house(t) {
		if f.test && !isTestPackage(f.dir) || within(f.dir, apart) {
			continue
		}
		own := room(f.dir)
		below, ok := floors[own]
		if !ok && !slices.Contains(basement, own) {
			t.Errorf("%s: the room %s is on no floor; give it a line in the table of floors", f.path, own)
			continue
		}
		for _, name := range f.imports() {
			target, ours := strings.CutPrefix(name, module+"/")
			if !ours || room(target) == own {
				continue
			}
			at, known := floors[room(target)]
			switch {
			case slices.Contains(basement, own):
				t.Errorf("%s imports %s; %s imports nothing of ours", f.path, name, own)
			case slices.Contains(basement, room(target)):
			case !known:
				t.Errorf("%s imports %s, which is on no floor", f.path, name)
			case at >= below:
				t.Errorf("%s (floor %d) imports %s (floor %d); an import goes down", f.path, below, name, at)
			case isTestPackage(target) && !f.test:
				t.Errorf("%s imports %s, which is for tests", f.path, name)
			}
		}
	}
}

func isStandard(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return !strings.Contains(first, ".")
}

// moduleOf finds the longest entry that the import path is in.
func moduleOf(name string, entries []string) string {
	found := ""
	for _, entry := range entries {
		if len(entry) > len(found) && (name == entry || strings.HasPrefix(name, entry+"/")) {
			found = entry
		}
	}
	return found
}

func TestModules(t *testing.T) {
	var known []string
	for name := range modules {
		known = append(known, name)
	}
	for _, f := range house(t) {
		for _, name := range f.imports() {
			if isStandard(name) || beside[f.dir] == name {
				continue
			}
			own := room(f.dir)
			entry := moduleOf(name, known)
			forTests := f.test || within(f.dir, apart)
			switch {
			case slices.Contains(basement, own) && !f.test:
				t.Errorf("%s imports %s; %s takes the standard library alone", f.path, name, own)
			case forTests && (entry != "" || moduleOf(name, testModules) != ""):
			case entry == "":
				t.Errorf("%s imports %s, a module that is not in the table (DESIGN §9); what for, and what else was looked at?", f.path, name)
			case len(modules[entry]) > 0 && !slices.Contains(modules[entry], own):
				t.Errorf("%s imports %s; that module belongs into %s", f.path, name, strings.Join(modules[entry], ", "))
			}
		}
	}
}

func TestNames(t *testing.T) {
	for _, f := range house(t) {
		for part := range strings.SplitSeq(f.dir, "/") {
			if slices.Contains(forbidden, part) {
				t.Errorf("%s: the folder %q says nothing about what is in it", f.path, part)
			}
		}
		if name := f.ast.Name.Name; slices.Contains(forbidden, strings.TrimSuffix(name, "_test")) {
			t.Errorf("%s: the package name %q says nothing about what is in it", f.path, name)
		}
	}
}

func TestPackageComments(t *testing.T) {
	commented := map[string]bool{}
	for _, f := range house(t) {
		if strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		commented[f.dir] = commented[f.dir] || f.ast.Doc != nil
	}
	for dir, ok := range commented {
		if !ok {
			t.Errorf("the package %s has no comment that says what it owns and guarantees", dir)
		}
	}
}

// Not a failure: a file that has grown past this asks what second idea has moved in.
func TestSizes(t *testing.T) {
	const most = 500
	for _, f := range house(t) {
		if lines := bytes.Count(f.text, []byte("\n")); lines > most && !f.made && !f.test {
			t.Logf("%s has %d lines; does a part of it want to be a file of its own?", f.path, lines)
		}
	}
}

func TestCalls(t *testing.T) {
	for _, f := range house(t) {
		if f.test || f.made || within(f.dir, apart) {
			continue
		}
		names := map[string]string{} // name in the file → import path
		for _, spec := range f.ast.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil || calls[imported] == nil || slices.Contains(exempt[imported], f.dir) {
				continue
			}
			if why, never := calls[imported]["*"]; never {
				t.Errorf("%s imports %s: %s", f.path, imported, why)
			}
			name := path.Base(imported)
			if spec.Name != nil {
				name = spec.Name.Name
			}
			names[name] = imported
		}
		ast.Inspect(f.ast, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.SelectorExpr:
				if x, ok := node.X.(*ast.Ident); ok {
					if why, bad := calls[names[x.Name]][node.Sel.Name]; bad {
						t.Errorf("%s uses %s.%s: %s", f.path, x.Name, node.Sel.Name, why)
					}
				}
			case *ast.FuncDecl:
				if node.Recv == nil && node.Name.Name == "init" {
					t.Errorf("%s has an init function: do it where it is asked for", f.path)
				}
			}
			return true
		})
	}
}
