package browser_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"latchkey/test/harness"
)

// TestOverview goes the way of somebody who comes because something may be wrong: what needs somebody, the charts, what ends when;
// and then straight to a thing by its name and by its id, from the keyboard.
func TestOverview(t *testing.T) {
	t.Parallel()
	s := harness.Dev(t)
	b := open(t)
	b.visit(s.SignInURL)
	b.shows("Everything answers")
	b.shows("What ends when")
	b.shows("Tokens issued, last hour")
	b.press("Last week")
	b.shows("Tokens issued, last week")
	b.visit(s.URL + "/charts")
	b.shows("The numbers")
	b.press("Calendar")
	b.arrive("/calendar")
	b.pick("within", "365 days")
	b.press("Show")
	b.shows("sample-jwt")
	b.shoot("calendar")
	b.click("#feeds summary")
	b.enter("Whose calendar reads it", "platform team")
	b.press("Make an address")
	b.shows("It is shown this once.")
	b.find("sample-jwt")
	b.arrive("/search")
	b.shows("Credentials")
	b.shows("Service Account (JWT)")
	b.shoot("search")
	b.find("lk_secret")
	b.shows("looks like a secret")
	b.clean(host(t, s))
}

// find looks for something by the keyboard alone.
func (b *tab) find(text string) {
	b.t.Helper()
	b.key("/")
	b.focused("Find anything by name, id or error")
	value(b, chromedp.Evaluate[bool](`(document.activeElement.select(), true)`)) // the slash is typed here, as no keyboard does
	b.key(text + kb.Enter)
}
