package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"latchkey/internal/access"
	"latchkey/internal/connection"
	"latchkey/internal/connectlink"
	"latchkey/internal/registry"
	"latchkey/internal/web"
)

var wildcard = regexp.MustCompile(`\{[^}]*\}`)

// pathOf gives an address that a pattern serves.
func pathOf(pattern string) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	return method, wildcard.ReplaceAllStringFunc(path, func(w string) string {
		if w == "{$}" {
			return ""
		}
		return "none"
	})
}

// TestCrossSite sends every form as a page of another site would, with the session and its token: nothing is done.
func TestCrossSite(t *testing.T) {
	h := newHouse(t)
	client := h.signed()
	token := h.tokenOf(client)
	forms := 0
	for _, pattern := range web.Patterns() {
		method, path := pathOf(pattern)
		if method != http.MethodPost {
			continue
		}
		forms++
		for name, header := range map[string]http.Header{
			"a browser's word":          {"Sec-Fetch-Site": {"cross-site"}},
			"a subdomain's":             {"Sec-Fetch-Site": {"same-site"}},
			"an older browser's":        {"Origin": {"https://evil.example"}},
			"a frame in a sandbox":      {"Origin": {"null"}},
			"our name at another port":  {"Origin": {"http://127.0.0.1:1"}},
			"both, and they contradict": {"Sec-Fetch-Site": {"cross-site"}, "Origin": {h.url}},
		} {
			r, err := http.NewRequestWithContext(t.Context(), method, h.url+path, strings.NewReader(url.Values{"csrf": {token}}.Encode()))
			check(t, err)
			r.Header = header.Clone()
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			response, err := client.Do(r)
			check(t, err)
			if got := read(t, response); got.StatusCode != http.StatusForbidden || !strings.Contains(got.text, "did not come from here") {
				t.Errorf("%s, %s = %d", pattern, name, got.StatusCode)
			}
		}
	}
	if forms < 100 {
		t.Errorf("%d forms were tried", forms)
	}
	if got := h.get(client, h.url+"/account"); got.Request.URL.Path != "/account" {
		t.Error("the session has ended: a form was taken")
	}
}

// TestHeaders asks for every page, with a session and without: none can be framed, sniffed or kept, and none may run a script of
// its own.
func TestHeaders(t *testing.T) {
	h := newHouse(t)
	for name, client := range map[string]*http.Client{"signed in": h.signed(), "a stranger": h.browser()} {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		for _, pattern := range append(web.Patterns(), "GET /nowhere", "GET /sign-out") {
			method, path := pathOf(pattern)
			if method != http.MethodGet {
				continue
			}
			got := h.get(client, h.url+path)
			policy := got.Header.Get("Content-Security-Policy")
			for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "script-src 'self'", "style-src 'self'", "form-action "} {
				if !strings.Contains(policy, part) {
					t.Errorf("%s, %s: the policy %q lacks %s", pattern, name, policy, part)
				}
			}
			if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") || strings.Contains(policy, "http") {
				t.Errorf("%s, %s: the policy is %q", pattern, name, policy)
			}
			for header, want := range map[string]string{"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
				if got.Header.Get(header) != want {
					t.Errorf("%s, %s: %s = %q, want %q", pattern, name, header, got.Header.Get(header), want)
				}
			}
			asset := strings.HasPrefix(path, "/assets/") || strings.HasPrefix(path, "/connect/accent/") || strings.HasPrefix(path, "/connect/logo/") || path == "/favicon.ico"
			if want := map[bool]string{true: "no-cache", false: "no-store"}[strings.HasPrefix(path, "/docs")]; !asset && got.StatusCode == http.StatusOK && got.Header.Get("Cache-Control") != want {
				t.Errorf("%s, %s: Cache-Control = %q", pattern, name, got.Header.Get("Cache-Control"))
			}
			for _, c := range got.Cookies() {
				if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
					t.Errorf("%s, %s sets a cookie that scripts or other sites get: %s", pattern, name, c)
				}
			}
		}
	}
}

// outsideDeeds are the pages and forms of those who need not be signed in: the status for whoever comes, and that of the form
// with no token in it.
var outsideDeeds = []struct {
	method, path string
	status       int
}{
	{"GET", "/", 200}, {"GET", "/sign-in", 200}, {"GET", "/invitation", 410}, {"GET", "/invitation?token=none", 410},
	{"POST", "/sign-in", 403}, {"POST", "/sign-in/organization", 403}, {"POST", "/sign-in/second", 403}, {"POST", "/sign-in/second/passkey", 403}, {"POST", "/sign-in/passkey", 403},
	{"POST", "/sign-in/enrol", 403}, {"POST", "/sign-out", 403}, {"POST", "/invitation", 410}, {"POST", "/set-up", 410}, {"GET", "/set-up", 410},
	{"GET", "/sign-in/provider", 404}, {"GET", "/sign-in/provider/callback", 404},
	{"GET", "/connect/none", 404}, {"GET", "/connect/to/none", 404}, {"POST", "/connect/to/none", 404}, {"GET", "/connect/accent/none", 404}, {"GET", "/connect/accent/0b5c4f.css", 200}, {"GET", "/connect/logo/none", 404},
	{"GET", connection.CallbackPath, 400}, {"GET", "/docs", 200}, {"GET", "/docs/errors", 200}, {"GET", "/docs/shapes", 200}, {"GET", "/docs/shapes/Connection", 200}, {"GET", "/docs/connections", 200},
	{"GET", "/assets/none", 404}, {"GET", "/favicon.ico", 200},
}

// TestOutside asks for each page that needs no session as nobody and as each role, and sends each form without its token: whoever
// comes gets the same, and nothing happens.
func TestOutside(t *testing.T) {
	h := newHouse(t)
	browsers := map[access.Role]*http.Client{"": h.browser(), access.SystemAdministrator: h.signed()}
	for role, email := range map[access.Role]string{access.Developer: "dev@example.com", access.Viewer: "view@example.com"} {
		browsers[role] = h.browser()
		h.get(browsers[role], h.link(h.person(organization, registry.NewUser{Email: email, Role: role})))
	}
	mux, tried := http.NewServeMux(), map[string]bool{}
	for _, pattern := range web.Patterns() {
		mux.HandleFunc(pattern, http.NotFound)
	}
	for _, c := range outsideDeeds {
		_, pattern := mux.Handler(httptest.NewRequestWithContext(t.Context(), c.method, h.url+c.path, http.NoBody))
		tried[pattern] = true
		for role, client := range browsers {
			got := h.press(client, c.method, c.path, "guessed")
			if got.StatusCode != c.status {
				t.Errorf("%s %s as %q = %d, want %d", c.method, c.path, role, got.StatusCode, c.status)
			}
		}
	}
	inside := map[string]bool{}
	for _, pattern := range web.Inside() {
		inside[pattern] = true
	}
	for _, pattern := range web.Patterns() {
		if !inside[pattern] && !tried[pattern] {
			t.Errorf("%s is in no line of the table", pattern)
		}
	}
	for role, client := range browsers {
		if got := h.get(client, h.url+"/account"); (role == "") != (got.Request.URL.Path == "/sign-in") {
			t.Errorf("afterwards %q is at %s", role, got.Request.URL)
		}
	}
}

// TestCustomerForm holds that the form of a connect link takes no token of another browser.
func TestCustomerForm(t *testing.T) {
	h := newHouse(t)
	h.definePassword("moviestar-form", "")
	_, at := h.linkTo(connectlink.Ask{Definition: "moviestar-form"})
	mine, other := h.browser(), h.browser()
	form := fill(t, h.get(mine, h.url+at), map[string]string{"fields/username": "mallory", "fields/password": "hunter2", "fields/region": "emea"})
	h.get(other, h.url+at)
	expect(t, post(h, other, at, form), http.StatusForbidden, "Connect moviestar-form")
}
