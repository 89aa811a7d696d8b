package browser_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"latchkey/test/harness"
)

// host gives the authority of the server, the only one that a page may ask.
func host(t *testing.T, s *harness.Server) string {
	t.Helper()
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// A customer connects an account: the link, the provider's consent page, the way back, and then there is a token.
func TestConsent(t *testing.T) {
	t.Parallel()
	s := harness.Dev(t)
	b := open(t)
	started := s.Must(http.StatusOK, "POST", "/api/v1/connections/sample-authorization-code/reauthorize", nil).JSON(t)

	b.visit(started["authorize_url"].(string))
	if got := b.location(); !strings.HasPrefix(got, s.URL+"/sim/www.moviestar.com/dialog/OAuth?") {
		t.Fatalf("the link leads to %s, want Moviestar's page", got)
	}
	b.shoot("consent")
	b.click("#allow")
	b.leave("/sim/")
	if text := b.text(); !strings.Contains(strings.ToLower(text), "connected") {
		t.Errorf("after Allow the page says:\n%s", text)
	}
	b.shoot("connected")

	answer := s.Must(http.StatusOK, "GET", "/api/v1/connections/sample-authorization-code/token", nil).JSON(t)
	who := s.Must(http.StatusOK, "GET", "/sim/api.moviestar.com/me", nil, "Authorization", "Bearer "+answer["access_token"].(string)).JSON(t)
	if who["client_id"] != "Experience-Platform-client-id" {
		t.Errorf("the token belongs to %v", who)
	}

	b.visit(started["authorize_url"].(string))
	if text := b.text(); !strings.Contains(text, "used") {
		t.Errorf("the same link again says:\n%s", text)
	}
	b.shoot("used-link")
	b.clean(host(t, s))
}

// With the keyboard alone: Tab to the button, Enter, and back at the application that asked.
func TestConsentByKeyboardReturns(t *testing.T) {
	t.Parallel()
	s := harness.Dev(t)
	b := open(t)
	back := s.URL + "/docs"
	created := s.Must(http.StatusCreated, "POST", "/api/v1/connections",
		map[string]any{"definition": "sample-authorization-code", "label": "keyboard", "return_url": back}).JSON(t)

	b.visit(created["authorize_url"].(string))
	for range 12 {
		b.do(chromedp.KeyEvent("\t"))
		if value(b, chromedp.Evaluate[string]("document.activeElement.id")) == "allow" {
			break
		}
	}
	b.do(chromedp.KeyEvent("\r"))
	b.leave("/sim/")
	got, err := url.Parse(b.location())
	if err != nil {
		t.Fatal(err)
	}
	if got.Path != "/docs" || got.Query().Get("connection") != created["id"] || got.Query().Get("status") == "" {
		t.Errorf("the browser is back at %s, want %s with connection and status", got, back)
	}
	s.Must(http.StatusOK, "GET", "/api/v1/connections/keyboard/token", nil)
	b.clean(host(t, s))
}

func TestDeniedConsent(t *testing.T) {
	t.Parallel()
	s := harness.Dev(t)
	b := open(t)
	created := s.Must(http.StatusCreated, "POST", "/api/v1/connections",
		map[string]any{"definition": "sample-authorization-code", "label": "denied"}).JSON(t)
	b.visit(created["authorize_url"].(string))
	b.click("#deny")
	b.leave("/sim/")
	if text := b.text(); !strings.Contains(text, "access_denied") {
		t.Errorf("after Deny the page says:\n%s", text)
	}
	b.shoot("denied")
	s.Must(http.StatusConflict, "GET", "/api/v1/connections/denied/token", nil)
	b.clean(host(t, s))
}

// A browser that did not begin a consent can't end it: the cookie is missing.
func TestOtherBrowser(t *testing.T) {
	t.Parallel()
	s := harness.Dev(t)
	created := s.Must(http.StatusCreated, "POST", "/api/v1/connections",
		map[string]any{"definition": "sample-authorization-code", "label": "lured"}).JSON(t)
	first := open(t)
	first.visit(created["authorize_url"].(string))
	state := ""
	if u, err := url.Parse(first.location()); err == nil {
		state = u.Query().Get("state")
	}
	second := open(t)
	second.visit(s.URL + "/data/core/activation/oauth/api/v1/callback?code=stolen&state=" + url.QueryEscape(state))
	if text := second.text(); !strings.Contains(text, "browser") {
		t.Errorf("another browser's callback says:\n%s", text)
	}
	second.shoot("other-browser")
	first.click("#allow")
	first.leave("/sim/")
	s.Must(http.StatusOK, "GET", "/api/v1/connections/lured/token", nil)
}

func TestPages(t *testing.T) {
	t.Parallel()
	s := harness.Dev(t)
	b := open(t)
	b.visit(s.URL + "/")
	b.shoot("welcome")
	b.visit(s.SignInURL)
	if text := b.text(); !strings.Contains(text, "Read a token") || !strings.Contains(text, "Sample Organization") {
		t.Errorf("signed in, the page says:\n%s", text)
	}
	b.shoot("home")
	for _, page := range []string{"/docs", "/docs/connections", "/docs/shapes", "/docs/errors", "/sim/", "/no-such-page"} {
		b.visit(s.URL + page)
		if b.title() == "" {
			t.Errorf("%s has no title", page)
		}
		b.shoot("page" + strings.ReplaceAll(strings.TrimRight(page, "/"), "/", "-"))
	}
	other := open(t)
	other.visit(s.SignInURL)
	if text := other.text(); strings.Contains(text, "sample-password") {
		t.Error("the sign-in link works twice")
	}
	other.shoot("used-sign-in")
	b.clean(host(t, s))
}
