// Package browser_test drives the pages with Debian's Chromium: what a person sees, clicks and types.
package browser_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// tab is one browser tab that remembers what went wrong in it.
type tab struct {
	ctx context.Context
	t   *testing.T

	scriptless bool // see scripts

	mu       sync.Mutex
	problems []string
	hosts    map[string]bool
}

// chromium is the browser that all tests share: each has a profile of its own in it, with its own cookies.
var chromium = sync.OnceValue(func() context.Context {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
	)
	allocator, cancelBrowser := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancelFirst := chromedp.NewContext(allocator)
	closeChromium = func() { cancelFirst(); cancelBrowser() }
	errChromium = chromedp.Do(ctx)
	return ctx
})

// What [chromium] came to.
var (
	errChromium   error
	closeChromium = func() {}
)

func TestMain(m *testing.M) {
	code := m.Run()
	closeChromium()
	os.Exit(code)
}

// open gives the first tab of a profile of its own.
func open(t *testing.T) *tab {
	t.Helper()
	browser := chromium()
	if errChromium != nil {
		t.Fatalf("starting Chromium: %v (run test/install first)", errChromium)
	}
	limited, cancelTime := context.WithTimeout(browser, 8*time.Minute) // the walk over every page takes minutes
	ctx, cancelTab := chromedp.NewContext(limited, chromedp.WithNewBrowserContext())
	t.Cleanup(func() { cancelTab(); cancelTime() })
	b := &tab{ctx: ctx, t: t, hosts: map[string]bool{}}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatalf("opening a tab: %v", err)
	}
	// Each tab believes that it is the one in front, however many there are.
	if _, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatalf("opening a tab: %v", err)
	}
	return b
}

// scripts lets the pages' own scripts run, or not.
func (b *tab) scripts(run bool) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !run}); err != nil {
		b.t.Fatalf("switching scripts: %v", err)
	}
	b.scriptless = !run
}

// hear notes what the browser complains about, and whom it asks.
func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
			b.problems = append(b.problems, e.Entry.Text)
		}
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err == nil && strings.HasPrefix(u.Scheme, "http") {
			b.hosts[u.Host] = true
		}
	}
}

// do runs steps and fails the test with the page's text when one does not come about.
func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%v\nat %s\n%s", err, b.location(), b.text())
	}
}

func (b *tab) visit(address string) {
	b.t.Helper()
	b.do(chromedp.Navigate(address))
}

func (b *tab) click(selector chromedp.CSS) {
	b.t.Helper()
	b.do(chromedp.Click(selector))
}

// leave waits until the browser has gone on to a page whose path does not begin so.
func (b *tab) leave(path string) {
	b.t.Helper()
	b.until(fmt.Sprintf("!location.pathname.startsWith(%q)", path))
}

// arrive waits until the browser is at a page whose path begins so.
func (b *tab) arrive(path string) {
	b.t.Helper()
	b.until(fmt.Sprintf("location.pathname.startsWith(%q)", path))
}

// shows waits until the page says so.
func (b *tab) shows(text string) {
	b.t.Helper()
	b.until(fmt.Sprintf("document.body.innerText.includes(%q)", text))
}

// until waits for something to be true of the page when it is whole.
func (b *tab) until(condition string) {
	b.t.Helper()
	gone := "document.readyState === 'complete' && " + condition
	deadline := time.Now().Add(30 * time.Second)
	for !value(b, chromedp.Evaluate[bool](gone)) {
		if time.Now().After(deadline) {
			b.t.Fatalf("%s does not come true at %s\n%s", condition, b.location(), b.text())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (b *tab) location() string { return value(b, chromedp.Location()) }

func (b *tab) title() string { return value(b, chromedp.Title()) }

func (b *tab) text() string { return value(b, chromedp.Evaluate[string]("document.body.innerText")) }

func value[T any](b *tab, action chromedp.Action[T]) T {
	ctx, cancel := context.WithTimeout(b.ctx, 10*time.Second)
	defer cancel()
	for {
		v, err := chromedp.Run(ctx, action)
		if err == nil {
			return v
		}
		if ctx.Err() != nil || !strings.Contains(err.Error(), "navigated") { // the page left while it was read: the next one answers
			b.t.Errorf("reading the page: %v", err)
			return v
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// shoot looks at the page in every size and colour, and keeps pictures when TEST_SHOTS names a folder.
func (b *tab) shoot(name string) {
	b.t.Helper()
	b.pictures(name, name)
}

// clean fails the test for anything that the browser complained about, and for any request to another host.
func (b *tab) clean(hosts ...string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, problem := range b.problems {
		b.t.Errorf("the browser says: %s", problem)
	}
	for host := range b.hosts {
		known := false
		for _, h := range hosts {
			known = known || h == host
		}
		if !known {
			b.t.Errorf("a page asked the host %s", host)
		}
	}
}
