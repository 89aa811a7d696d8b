package browser_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"latchkey/test/harness"
)

// TestKeyboard walks the three main procedures without a mouse: an API is added to a project and its secret retrieved, an
// IMS configuration is made of it and checked, and an account is connected by its form and its token renewed.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	s := harness.Dev(t)
	b := open(t)
	b.visit(s.SignInURL)
	b.shows("Sample Organization")
	b.key(kb.Tab)
	b.focused("To the content")
	client, secret := addByKeyboard(b)
	configureByKeyboard(s, b, client, secret)
	connectByKeyboard(b)
	b.clean(host(t, s))
}

func addByKeyboard(b *tab) (client, secret string) {
	b.follow("Projects")
	b.follow("Create new project")
	b.reach("Name")
	b.key("Keys")
	b.key(kb.Enter) // sends a form of one line
	b.shows("The project Keys was created.")
	b.reach("Add to project")
	b.key(kb.Enter)
	b.follow("API")
	b.choose("Adobe Target")
	b.follow("Next")
	b.choose("OAuth Server-to-Server")
	b.follow("Next")
	b.reach("Name")
	b.key("keys-target")
	b.follow("Next")
	b.follow("Next")
	b.follow("Save configured API")
	b.shows("Adobe Target was added")
	b.follow("Continue to the credential’s details")
	b.follow("Retrieve client secret")
	b.shows("keys-target")
	return value(b, chromedp.Evaluate[string](`document.querySelector("dl.facts code").textContent`)),
		value(b, chromedp.Evaluate[string](`document.querySelector("code.shown").textContent`))
}

func configureByKeyboard(s *harness.Server, b *tab, client, secret string) {
	b.follow("IMS configurations")
	b.follow("Create")
	b.follow("OAuth server-to-server")
	for _, field := range []struct{ label, text string }{
		{"Title", "Keys"}, {"Authorization Server", s.URL}, {"Client ID", client}, {"Client Secret", secret}, {"Organization ID", s.Organization},
	} {
		b.reach(field.label)
		b.key(field.text) // the Tab key has chosen what stood there
	}
	b.follow("Create")
	b.follow("Check Health")
	b.follow("Check")
	b.shows("Token is retrieved successfully")
}

func connectByKeyboard(b *tab) {
	b.follow("Connections")
	b.follow("Connect an account")
	b.follow("Connect to sample-password")
	for _, field := range []struct{ label, text string }{{"Username", "jane"}, {"Password", "hunter2"}, {"Label", "by-keys"}} {
		b.reach(field.label)
		b.key(field.text)
	}
	b.follow("Connect")
	b.shows("Connected. Its token is kept fresh from now on.")
	b.follow("Renew now")
	b.shows("It has a new token.")
}

// key presses keys, where the focus is.
func (b *tab) key(keys string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys))
}

// focus names what has the focus: its label, or its own words.
const focus = `(() => {
	const e = document.activeElement;
	if (!e || e === document.body) return "";
	const own = (e) => [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.textContent).join("").trim();
	return e.labels?.length ? own(e.labels[0]) : (e.getAttribute("aria-label") || e.innerText || e.value || "").replace(/\s+/g, " ").trim();
})()`

// focused fails the test unless what says so has the focus, and is seen to have it.
func (b *tab) focused(words string) {
	b.t.Helper()
	if got := value(b, chromedp.Evaluate[string](focus)); got != words {
		b.t.Fatalf("the focus is on %q, not on %q, at %s", got, words, b.location())
	}
	const seen = `(() => {
		const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
		return s.outlineStyle !== "none" && r.width > 0 && r.bottom > 0 && r.top < innerHeight;
	})()`
	b.until(seen) // the browser scrolls to it in its next frame
}

// reach goes on with the Tab key until what says so has the focus.
func (b *tab) reach(words string) {
	b.t.Helper()
	for range 150 {
		b.key(kb.Tab)
		if value(b, chromedp.Evaluate[string](focus)) == words {
			b.focused(words)
			return
		}
	}
	b.t.Fatalf("the Tab key does not reach %q at %s\n%s", words, b.location(), b.text())
}

// follow reaches a link or a button and presses it, and waits for the next page.
func (b *tab) follow(words string) {
	b.t.Helper()
	b.reach(words)
	value(b, chromedp.Evaluate[bool](`(document.body.dataset.before = "yes", true)`))
	b.key(kb.Enter)
	b.until("!document.body.dataset.before")
}

// choose reaches a group of round buttons, or a box, and chooses one.
func (b *tab) choose(words string) {
	b.t.Helper()
	const of = `document.activeElement.matches("input[type=radio]")`
	for range 150 {
		b.key(kb.Tab)
		if value(b, chromedp.Evaluate[bool](of)) {
			break
		}
	}
	for range 50 {
		if value(b, chromedp.Evaluate[string](focus)) == words {
			b.key(" ")
			return
		}
		b.key(kb.ArrowDown)
	}
	b.t.Fatalf("the arrows do not reach %q at %s\n%s", words, b.location(), b.text())
}
