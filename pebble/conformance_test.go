package pebble_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"sort"
	"strconv"
	"strings"
	"testing"

	"latchkey/pebble"
)

// conformanceCase is one line of testdata/cases.jsonl: what the Java engine
// answers, or how it fails.
type conformanceCase struct {
	ID         string            `json:"id"`
	Group      string            `json:"group"`
	Template   string            `json:"template"`
	Context    json.RawMessage   `json:"context"`
	Autoescape bool              `json:"autoescape"`
	Strict     bool              `json:"strict"`
	Templates  map[string]string `json:"templates"`
	Output     *string           `json:"output"`
	Error      string            `json:"error"`
	Match      string            `json:"match"`
}

func readCases(t testing.TB) []conformanceCase {
	t.Helper()
	data, err := os.ReadFile("testdata/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var cases []conformanceCase
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c conformanceCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	return cases
}

// javaContext reads a context as the Java engine's host bound it: integers as
// Long, other numbers as Double, objects in order.
func javaContext(t testing.TB, data []byte) map[string]any {
	t.Helper()
	v, err := pebble.FromJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	vars := map[string]any{}
	for k, x := range v.(*pebble.Map).All() {
		vars[k] = javaValue(x)
	}
	return vars
}

func javaValue(x any) any {
	switch x := x.(type) {
	case pebble.Number:
		if strings.ContainsAny(string(x), ".eE") {
			f, _ := strconv.ParseFloat(string(x), 64)
			return f
		}
		if n, err := strconv.ParseInt(string(x), 10, 64); err == nil {
			return n
		}
	case *pebble.Map:
		m := pebble.NewMap()
		for k, v := range x.All() {
			m.Set(k, javaValue(v))
		}
		return m
	case []any:
		l := make([]any, len(x))
		for i, v := range x {
			l[i] = javaValue(v)
		}
		return l
	}
	return x
}

func (c *conformanceCase) options() []pebble.Option {
	opts := []pebble.Option{
		pebble.WithStrict(c.Strict),
		pebble.WithJavaMapOrder(),
		pebble.WithLoader(pebble.MapLoader(c.Templates)),
	}
	if !c.Autoescape {
		opts = append(opts, pebble.WithAutoescape(""))
	}
	return opts
}

// run renders the case and returns its output, or the error in the form of the
// file.
func (c *conformanceCase) run(t testing.TB) (out string, err error) {
	tmpl, err := pebble.Parse("main", c.Template, c.options()...)
	if err != nil {
		return "", err
	}
	return tmpl.RenderString(context.Background(), javaContext(t, c.Context))
}

// check returns why the answer is not the Java engine's, "" if it is.
func (c *conformanceCase) check(t testing.TB) string {
	out, err := c.run(t)
	switch {
	case c.Output != nil && err != nil:
		return "error " + err.Error() + ", want " + strconv.Quote(*c.Output)
	case c.Output != nil && out != *c.Output:
		return "got " + strconv.Quote(out) + ", want " + strconv.Quote(*c.Output)
	case c.Output == nil && err == nil:
		return "got " + strconv.Quote(out) + ", want error " + c.Error
	case c.Output == nil && c.Match == "message":
		var e *pebble.Error
		if !errors.As(err, &e) {
			return "error is no *pebble.Error: " + err.Error()
		}
		if got := e.Kind + ": " + e.Error(); got != c.Error {
			return "got error " + got + ", want " + c.Error
		}
	}
	return ""
}

// TestConformance runs what the Java engine answered, case by case. A case that
// differs must be declared, and a declared one must differ.
func TestConformance(t *testing.T) {
	declared := declaredDifferences()
	type tally struct{ passed, declared, failed int }
	groups := map[string]*tally{}
	var order []string
	for _, c := range readCases(t) {
		g := groups[c.Group]
		if g == nil {
			g = &tally{}
			groups[c.Group] = g
			order = append(order, c.Group)
		}
		reason, isDeclared := declared[c.ID]
		delete(declared, c.ID)
		why := c.check(t)
		switch {
		case why == "" && isDeclared:
			t.Errorf("%s passes but is declared different: %s", c.ID, reason)
		case why == "":
			g.passed++
		case isDeclared:
			g.declared++
		default:
			g.failed++
			t.Errorf("%s (%s) %q: %s", c.ID, c.Group, c.Template, why)
		}
	}
	for id := range declared {
		t.Errorf("%s is declared different but does not exist", id)
	}
	sort.Strings(order)
	var total tally
	for _, name := range order {
		g := groups[name]
		t.Logf("%-20s %4d passed %3d declared different %3d not supported", name, g.passed, g.declared, g.failed)
		total.passed, total.declared, total.failed = total.passed+g.passed, total.declared+g.declared, total.failed+g.failed
	}
	t.Logf("%-20s %4d passed %3d declared different %3d not supported", "total", total.passed, total.declared, total.failed)
}
