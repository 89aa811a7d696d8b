package browser_test

import (
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"
)

// What a person does, said by the words that stand on the page.

// press presses the button or follows the link of these words, and waits for the next page.
func (b *tab) press(words string) {
	b.t.Helper()
	b.pressIn("main, header, nav.main", words)
}

// pressIn looks for them in parts of the page, one after the other.
func (b *tab) pressIn(part, words string) {
	b.t.Helper()
	const find = `(() => {
		const words = %q;
		for (const part of %q.split(", ").flatMap((s) => [...document.querySelectorAll(s)]))
			for (const e of part.querySelectorAll("button, a"))
				if (e.innerText.trim() === words && e.checkVisibility()) { document.body.dataset.before = "yes"; e.click(); return true; }
		return false;
	})()`
	if !value(b, chromedp.Evaluate[bool](fmt.Sprintf(find, words, part))) {
		b.t.Fatalf("there is nothing to press that says %q at %s\n%s", words, b.location(), b.text())
	}
	b.until("!document.body.dataset.before")
}

// field gives the selector of what a label names.
func (b *tab) field(label string) string {
	b.t.Helper()
	const find = `(() => {
		const own = (e) => [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.textContent).join("").trim();
		for (const l of document.querySelectorAll("main label"))
			if (own(l) === %q) return "#" + CSS.escape(l.htmlFor);
		return "";
	})()`
	id := value(b, chromedp.Evaluate[string](fmt.Sprintf(find, label)))
	if id == "" {
		b.t.Fatalf("nothing is labelled %q at %s\n%s", label, b.location(), b.text())
	}
	return id
}

// enter types into what the label names, in the place of what stands there.
func (b *tab) enter(label, text string) {
	b.t.Helper()
	id := b.field(label)
	b.do(chromedp.Focus(chromedp.CSS(id)))
	value(b, chromedp.Evaluate[bool](fmt.Sprintf(`(document.querySelector(%q).value = "", true)`, id)))
	if strings.Contains(text, "\n") || len(text) > 200 { // pasted
		value(b, chromedp.Evaluate[bool](fmt.Sprintf(`(document.querySelector(%q).value = %q, true)`, id, text)))
		return
	}
	b.do(chromedp.SendKeys(chromedp.CSS(id), text))
}

// pick chooses an option by its words, or ticks a box or a round one.
func (b *tab) pick(label, option string) {
	b.t.Helper()
	const choose = `(() => {
		const e = document.querySelector(%q);
		for (const o of e.options) if (o.text.trim() === %q) { e.value = o.value; return true; }
		return false;
	})()`
	if !value(b, chromedp.Evaluate[bool](fmt.Sprintf(choose, b.field(label), option))) {
		b.t.Fatalf("%q offers no %q", label, option)
	}
}

func (b *tab) tick(label string) {
	b.t.Helper()
	b.click(chromedp.CSS(b.field(label)))
}
