package browser_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// axe is the checker's script. Pages do not load it: the browser's debugger puts it in.
var axe = sync.OnceValues(func() (string, error) {
	script, err := os.ReadFile("../peers/node_modules/axe-core/axe.min.js")
	return string(script), err
})

// violation is a rule that a page breaks, and where.
type violation struct {
	ID, Help string
	Nodes    []struct {
		Target         []any
		FailureSummary string
	}
}

// everyRule are the tags of the rules for WCAG 2.2 AA, and of those that are good practice.
var everyRule = []string{"wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"}

// accessible fails the test for each of the rules, or of those with the tags, that the page breaks as it is shown now.
func (b *tab) accessible(name string, rules []string) {
	b.t.Helper()
	script, err := axe()
	if err != nil {
		b.t.Fatalf("reading axe-core: %v (run test/install first)", err)
	}
	only, err := json.Marshal(rules)
	if err != nil {
		b.t.Fatal(err)
	}
	const check = `if (!window.axe) { %s }
		axe.run(document, {runOnly: %s, resultTypes: ["violations"]})
			.then((r) => JSON.stringify(r.violations.map(({id, help, nodes}) => ({id, help, nodes: nodes.slice(0, 3)}))))`
	var found []violation
	if err := json.Unmarshal([]byte(value(b, chromedp.Evaluate[string](fmt.Sprintf(check, script, only), chromedp.EvalAwaitPromise))), &found); err != nil {
		b.t.Fatalf("axe-core at %s: %v", b.location(), err)
	}
	for _, v := range found {
		for _, n := range v.Nodes {
			b.t.Errorf("%s breaks %s (%s) at %v: %s", name, v.ID, v.Help, n.Target, strings.ReplaceAll(n.FailureSummary, "\n", " "))
		}
	}
}

// show shows the page in a colour scheme and at a size.
func (b *tab) show(scheme string, width, height int64) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	}); err != nil {
		b.t.Fatal(err)
	}
	b.do(chromedp.EmulateViewport(width, height))
}

// fits fails the test when the page is wider than its window.
func (b *tab) fits(name string) {
	b.t.Helper()
	if over := value(b, chromedp.Evaluate[int]("document.documentElement.scrollWidth - window.innerWidth")); over > 0 {
		b.t.Errorf("%s: the page is %d px wider than the window", name, over)
	}
}
