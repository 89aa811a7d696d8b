package browser_test

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"latchkey/internal/connection"
	"latchkey/internal/web"
	"latchkey/test/harness"
)

// pageBudget is what a page may weigh, in bytes, before it is compressed.
const pageBudget = 100 << 10

// heavier are the pages that may weigh more, with the reason.
var heavier = map[string]string{}

// beside are the routes that this walk does not come to, with the reason.
var beside = map[string]string{
	"GET /cloud-services/{name}/audiences":           "of Target: TestCloudServiceParts",
	"GET /cloud-services/{name}/properties":          "of Target: TestCloudServiceParts",
	"GET /cloud-services/{name}/library":             "of Target: TestCloudServiceParts",
	"GET /cloud-services/{name}/offers/push":         "of Target: TestCloudServiceParts",
	"GET /cloud-services/{name}/mboxes":              "of Target: TestCloudServiceParts",
	"GET /cloud-services/{name}/activities":          "of Target: TestCloudServiceParts",
	"GET /cloud-services/{name}/offers":              "of Target: TestCloudServiceParts",
	"GET /connect/to/{token}":                        "a customer's, without a session: the rooms' own tests",
	"GET /connect/logo/{file}":                       "a customer's, without a session: the rooms' own tests",
	"GET /connect/accent/{file}":                     "a customer's, without a session: the rooms' own tests",
	"GET /assets/{name}":                             "files of pages",
	"GET /favicon.ico":                               "a file",
	"GET /sign-in":                                   "its own test, TestSignIn",
	"GET /invitation":                                "its own test, TestSignIn",
	"GET /set-up":                                    "of a server that nobody has set up: TestFirstStart",
	"GET /sign-in/provider":                          "leads to a provider: test/peers",
	"GET /sign-in/provider/callback":                 "the way back from there",
	"GET /account/prove":                             "leads to a provider: the rooms' own tests",
	"GET /connect/{attempt}":                         "its own test, TestConsent",
	"GET /docs/shapes/{name}":                        "parts of /docs/shapes by themselves",
	"GET /connections/done":                          "follows a consent: TestConnections",
	"GET /search":                                    "the field of every page leads there: TestOverview",
	"GET /ims-configurations":                        "leads to AEM's path",
	"GET /definitions/schema.json":                   "a file of the editor: TestDefinition",
	"GET /definitions/{definition}/publish":          "of a draft: TestDefinition",
	"GET /definitions/{definition}/changes":          "of two revisions: TestDefinition",
	"GET /credentials/{ref}":                         "leads to the credential's page",
	"GET " + connection.CallbackPath:                 "its own test, TestConsent",
	"GET /projects/{project}/added":                  "follows a form: TestConsole",
	"GET /integrations/added":                        "follows a form: TestConsole",
	"GET /cloud-services/{name}/export":              "a file",
	"GET /ims-configurations/{name}/certificate":     "of a draft: TestConsole",
	"GET /ims-certificates/{alias}/{version}/public": "a file: TestConsole",
	"GET /ims-configurations/{name}/migrate":         "of a JWT configuration: TestConsole",
	"GET /admin/products":                            "the same as /admin",
	"GET /admin/products/{code}/edit":                "of a service of one's own: a form as others",
	"GET /admin/products/{code}/delete":              "the same",
	"GET /admin/users/{user}/reset":                  "of others than oneself: TestAdminConsole",
	"GET /admin/users/{user}/delete":                 "the same",
	"GET /admin/delete-sandbox/{name}":               "of others than prod: TestAdminConsole",
	"GET /settings/webhooks/{id}":                    "there is none at first: TestSettings",
	"GET /settings/webhooks/{id}/edit":               "the same",
	"GET /settings/webhooks/{id}/delete":             "the same",
	"GET /settings/revocations/{id}":                 "there is none at first",
	"GET /settings/revocations/{id}/forget":          "the same",
	"GET /account/passkeys/new":                      "of a host name: TestPasskey",
	"GET /account/passkeys/{id}/name":                "of a passkey: TestPasskey",
	"GET /account/passkeys/{id}/remove":              "the same",
	"GET /account/app/remove":                        "of somebody with an app: TestAccount",
	"GET /account/recovery":                          "the same",
	"GET /admin/users/{user}/sign-in/reset":          "of others than oneself: TestAccount",
	"GET /audit/checkpoints/{sequence}":              "a file: nothing is signed at first",
	"GET /audit/file":                                "a file, which a form asks for",

	// What the sample begins without.
	"GET /cloud-services/{name}/audiences/progress":              "a stream",
	"GET /topics/{topic}/live":                                   "a stream",
	"GET /instances/{instance}/progress":                         "a stream",
	"GET /cloud-services/{name}/audiences/{audience}":            "of what was synced: TestCloudServiceParts",
	"GET /cloud-services/{name}/lists/{list}":                    "of what was synced: TestCloudServiceParts",
	"GET /cloud-services/{name}/offers/delete":                   "of what was pushed: TestCloudServiceParts",
	"GET /cloud-services/{name}/library/file":                    "of what was uploaded",
	"GET /cloud-services/{name}/library/snippet":                 "a file, where the snippet is long",
	"GET /cloud-services/{name}/frameworks/{framework}":          "of a framework: TestCloudServiceParts",
	"GET /cloud-services/{name}/frameworks/{framework}/edit":     "of a framework: TestCloudServiceParts",
	"GET /cloud-services/{name}/frameworks/{framework}/mappings": "of a framework: TestCloudServiceParts",
	"GET /cloud-services/{name}/frameworks/{framework}/export":   "a file",
	"GET /cloud-services/{name}/frameworks/{framework}/preview":  "of a framework of Target",
	"GET /cloud-services/{name}/frameworks/{framework}/delete":   "of a framework",
	"GET /topics/{topic}/events/{partition}/{offset}":            "of an event: TestPipeline",
	"GET /topics/{topic}/groups/{group}/delete":                  "of a group that nobody reads by",
	"GET /instances/{instance}/answers":                          "a stream",
	"GET /instances/{instance}/drop":                             "of a dead letter",
}

// TestEveryPage follows the links of the console, one of each kind of page, as an administrator of the sample organization: none
// breaks a rule of WCAG 2.2 AA in either colours, is wider than a window of 360 to 1920 px, is too heavy, complains in the
// browser, or asks another host; and there is no page that no link leads to.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	s := harness.Dev(t)
	b := open(t)
	w := &walk{tab: b, base: s.URL, seen: map[string]string{}, mux: http.NewServeMux()}
	for _, pattern := range web.Patterns() {
		w.mux.HandleFunc(pattern, http.NotFound)
	}
	b.visit(s.URL)
	w.look("GET /{$} signed out", "/")
	delete(w.seen, "GET /{$}")
	b.visit(s.SignInURL)
	b.shows("Sample Organization")
	w.open = []string{"/"}
	for len(w.open) > 0 {
		next := w.open[0]
		w.open = w.open[1:]
		w.step(next)
	}
	for _, pattern := range web.Patterns() {
		_, seen := w.seen[pattern]
		_, reason := beside[pattern]
		if strings.HasPrefix(pattern, "GET ") && !seen && !reason {
			t.Errorf("no link leads to %s", pattern)
		}
		if seen && reason {
			t.Errorf("a link leads to %s: take its line out of the table of this test", pattern)
		}
	}
	b.clean(host(t, s))
}

// walk is the way through the console.
type walk struct {
	*tab
	base string
	mux  *http.ServeMux
	// seen are the kinds of pages, with the address of the one that was looked at.
	seen map[string]string
	open []string
}

// kind gives the route that serves an address, "" for what is no page.
func (w *walk) kind(address string) string {
	r, err := http.NewRequest(http.MethodGet, address, http.NoBody)
	if err != nil {
		return ""
	}
	_, pattern := w.mux.Handler(r)
	return pattern
}

// step visits an address when it is of a kind that was not seen, and notes where it leads.
func (w *walk) step(address string) {
	w.t.Helper()
	kind := w.kind(address)
	if _, seen := w.seen[kind]; kind == "" || seen || beside[kind] != "" {
		return
	}
	w.seen[kind] = address
	if w.downloads(address) {
		return
	}
	w.visit(w.base + address)
	w.look(kind, address)
	for _, link := range value(w.tab, chromedp.Evaluate[[]string](`[...document.querySelectorAll("a[href]")].map((a) => a.href)`)) {
		u, err := url.Parse(link)
		if err == nil && w.base == u.Scheme+"://"+u.Host {
			w.open = append(w.open, u.RequestURI())
		}
	}
}

// downloads tells whether an address gives a file, and holds what a page weighs.
func (w *walk) downloads(address string) bool {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.base+address, http.NoBody)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range w.cookies() {
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if !strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") || strings.HasPrefix(response.Header.Get("Content-Disposition"), "attachment") {
		return true
	}
	size, err := io.Copy(io.Discard, response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if kind := w.kind(address); size > pageBudget && heavier[kind] == "" {
		w.t.Errorf("%s has %d bytes, %d is the most", address, size, pageBudget)
	}
	return false
}

// cookies are those that the browser holds.
func (w *walk) cookies() []*network.Cookie {
	w.t.Helper()
	got, err := chromedp.Call(w.ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{w.base}})
	if err != nil {
		w.t.Fatal(err)
	}
	return got.Cookies
}

// looks are the sizes and colours that a page is looked at in.
var looks = []struct {
	name          string
	scheme        string
	width, height int64
	picture       bool
	// rules are those of axe-core that the look makes a difference to, beside contrast; all of them are checked in the first.
	rules []string
}{
	{"wide-light", "light", 1440, 900, true, everyRule},
	{"widest", "light", 1920, 1080, false, nil},
	{"wide-dark", "dark", 1440, 900, true, nil},
	{"narrow-dark", "dark", 360, 740, true, nil},
	{"narrow-light", "light", 360, 740, true, []string{"target-size", "heading-order", "page-has-heading-one", "scrollable-region-focusable"}},
}

// look checks the page that is shown, and keeps pictures of it when TEST_SHOTS names a folder.
func (w *walk) look(kind, address string) {
	w.t.Helper()
	if strings.HasPrefix(w.title(), "Something broke here") {
		w.t.Errorf("%s: %s", address, w.text())
	}
	name := strings.Trim(strings.NewReplacer("GET ", "", "/", "-", "{", "", "}", "", " ", "-", "$", "start").Replace(kind), "-")
	w.pictures("page-"+name, address)
}

// pictures looks at the page in every size and colour.
func (b *tab) pictures(name, address string) {
	b.t.Helper()
	for _, l := range looks {
		b.show(l.scheme, l.width, l.height)
		where := address + ", " + l.name
		b.fits(where)
		b.accessible(where, l.scheme, l.rules)
		dir := os.Getenv("TEST_SHOTS")
		if dir == "" || !l.picture {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name+"-"+l.name+".png"), value(b, chromedp.FullScreenshot(100)), 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
}
