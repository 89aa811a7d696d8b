package browser_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
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

// contrast is the rule that takes the longest. It depends on nothing but how a text is drawn: see [tab.drawn].
const contrast = "color-contrast"

// everyRule are the tags of the rules for WCAG 2.2 AA, and of those that are good practice.
var everyRule = []string{"wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"}

// accessible fails the test for each of the rules, or of those with the tags, that the page breaks as it is shown now in the
// colour scheme. Contrast is looked at when the page draws a text as no page before it did.
func (b *tab) accessible(name, scheme string, rules []string) {
	b.t.Helper()
	if b.scriptless { // axe-core is one
		b.scripts(true)
		defer b.scripts(false)
	}
	fresh := b.drawn(scheme)
	if fresh && !slices.Contains(rules, everyRule[0]) {
		rules = append(slices.Clone(rules), contrast)
	}
	if len(rules) == 0 {
		return
	}
	only, err := json.Marshal(rules)
	if err != nil {
		b.t.Fatal(err)
	}
	if !value(b, chromedp.Evaluate[bool]("Boolean(window.axe)")) {
		script, err := axe()
		if err != nil {
			b.t.Fatalf("reading axe-core: %v (run test/install first)", err)
		}
		value(b, chromedp.Evaluate[bool](script+";true"))
	}
	const check = `axe.run(document, {runOnly: %s, rules: {"color-contrast": {enabled: %t}}, resultTypes: ["violations"]})
			.then((r) => JSON.stringify(r.violations.map(({id, help, nodes}) => ({id, help, nodes: nodes.slice(0, 3)}))))`
	var found []violation
	if err := json.Unmarshal([]byte(value(b, chromedp.Evaluate[string](fmt.Sprintf(check, only, fresh), chromedp.EvalAwaitPromise))), &found); err != nil {
		b.t.Fatalf("axe-core at %s: %v", b.location(), err)
	}
	for _, v := range found {
		for _, n := range v.Nodes {
			b.t.Errorf("%s breaks %s (%s) at %v: %s", name, v.ID, v.Help, n.Target, strings.ReplaceAll(n.FailureSummary, "\n", " "))
		}
	}
}

// judged are the ways of drawing a text whose contrast was looked at, with the colour scheme.
var judged sync.Map

// drawn tells whether the page draws a text in a way that was not looked at: by its colour, whether it is large, and by
// what is painted behind it.
func (b *tab) drawn(scheme string) bool {
	b.t.Helper()
	const ways = `(() => {
		const behind = new Map();
		const ground = (e) => {
			if (!e) return "";
			if (!behind.has(e)) {
				const s = getComputedStyle(e), own = [s.backgroundColor, s.backgroundImage, s.opacity, s.filter].join(" ");
				behind.set(e, own === "rgba(0, 0, 0, 0) none 1 none" ? ground(e.parentElement) : own + " < " + ground(e.parentElement));
			}
			return behind.get(e);
		};
		const all = new Set();
		for (const e of document.querySelectorAll("body, body *")) {
			if (!e.matches("input, select, textarea") && ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
			if (!e.checkVisibility()) continue;
			const s = getComputedStyle(e), large = parseFloat(s.fontSize) >= (s.fontWeight < 700 ? 24 : 18.66);
			all.add([s.color, large, s.textShadow, ground(e)].join(" "));
		}
		return [...all];
	})()`
	fresh := false
	for _, way := range value(b, chromedp.Evaluate[[]string](ways)) {
		_, seen := judged.LoadOrStore(scheme+" "+way, true)
		fresh = fresh || !seen
	}
	return fresh
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
