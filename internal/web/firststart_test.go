package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/registry"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/web"
)

// empty is pages over a store that nobody has set up, with the rooms of a house beside it.
func empty(t *testing.T) (*house, *registry.FirstStart) {
	t.Helper()
	ctx, dir, beside := t.Context(), t.TempDir(), newHouse(t)
	root, err := seal.CreateFileRoot(filepath.Join(dir, "root.key"))
	check(t, err)
	kept, err := store.Open(ctx, store.Config{Path: filepath.Join(dir, "latchkey.db"), Root: root, Log: beside.log.Logger()})
	check(t, err)
	t.Cleanup(func() { _ = kept.Close() })
	h := &house{TB: t, hand: beside.hand, kept: kept, log: beside.log}
	h.users = registry.NewUsers(registry.UsersConfig{Store: kept.Registry(), Hash: kept.Keyring().Hash, Clock: h.hand})
	h.directory = registry.NewDirectory(kept.Registry(), h.hand)
	first := h.firstStart(kept.Keyring().Hash)
	config := beside.config
	config.FirstStart, config.People, config.Directory = first, h.users, h.directory
	config.Sessions = registry.NewSessions(registry.SessionsConfig{Store: kept.Registry(), Hash: kept.Keyring().Hash, Clock: h.hand})
	h.pages, err = web.New(config)
	check(t, err)
	server := httptest.NewServer(h.pages)
	t.Cleanup(server.Close)
	h.url = server.URL
	return h, first
}

func (h *house) firstStart(hash func(string, []byte) [32]byte) *registry.FirstStart {
	return registry.NewFirstStart(registry.FirstStartConfig{Store: h.kept.Registry(), Users: h.users, Hash: hash, Clock: h.hand, Name: "Moviestar"})
}

// setUp is the page's link.
func setUp(t *testing.T, first *registry.FirstStart) string {
	t.Helper()
	token, _, err := first.Link(t.Context())
	check(t, err)
	return web.SetUpPath(token)
}

var founder = map[string]string{"organization": "Acme & Söhne", "first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com", "password": password, "again": password}

// TestFirstStart sets an installation up by its link, and by nothing else.
func TestFirstStart(t *testing.T) {
	h, first := empty(t)
	link, client := setUp(t, first), h.browser()
	for _, path := range []string{"/", "/sign-in", "/docs", "/projects", "/no-such", "/invitation?token=x"} {
		says(t, h.get(client, h.url+path), http.StatusServiceUnavailable, "This Latchkey is not set up yet", "in the terminal of latchkey serve")
	}
	page := h.get(client, h.url+link)
	says(t, page, http.StatusOK, "Set up this Latchkey", `value="Moviestar"`)
	style := regexp.MustCompile(`/assets/console[^"]*css`).FindString(page.text)
	says(t, h.get(client, h.url+style), http.StatusOK)
	for _, other := range []string{"/set-up", "/set-up?token=", "/set-up?token=x", link + "x", link[:len(link)-1]} {
		says(t, h.get(client, h.url+other), http.StatusForbidden, "This link does not set it up")
	}
	for _, c := range []struct {
		name, value string
		status      int
		text        string
	}{
		{"csrf", "x", http.StatusForbidden, "This page was open for too long"},
		{"token", "x", http.StatusForbidden, "This link does not set it up"},
		{"again", "another", http.StatusUnprocessableEntity, "The two passwords differ."},
		{"organization", " ", http.StatusUnprocessableEntity, "The name is missing."},
		{"email", "ada", http.StatusUnprocessableEntity, "is not an e-mail address"},
		{"first_name", "A\x01", http.StatusUnprocessableEntity, "holds a control character"},
		{"organization", strings.Repeat("x", 257), http.StatusUnprocessableEntity, "The name is too long."},
	} {
		form := fill(t, page, founder)
		form.Set(c.name, c.value)
		says(t, post(h, client, "/set-up", form), c.status, c.text)
	}
	short := fill(t, page, founder)
	short.Set("password", "eleven char")
	short.Set("again", "eleven char")
	got := post(h, client, "/set-up", short)
	says(t, got, http.StatusUnprocessableEntity, "fewer than 12 characters", `value="Acme &amp; Söhne"`, `value="ada@example.com"`)
	if strings.Contains(got.text, "eleven char") {
		t.Error("the page holds the password")
	}

	says(t, post(h, client, "/set-up", fill(t, page, founder)), http.StatusOK, "Acme &amp; Söhne", "Ada Lovelace")
	says(t, h.get(client, h.url+link), http.StatusGone, "This Latchkey is set up")
	says(t, post(h, client, "/set-up", fill(t, page, founder)), http.StatusGone, "This Latchkey is set up")
	says(t, h.signIn(h.browser(), "/sign-in?back=/docs", "ada@example.com", password), http.StatusOK, "Ada Lovelace")
	if token, _, err := first.Link(t.Context()); err == nil {
		t.Errorf("there is another link: %s", token.Reveal())
	}
	if text := h.log.String(); strings.Contains(text, password) || strings.Contains(text, strings.TrimPrefix(link, "/set-up?token=")) {
		t.Error("the log holds the password or the link")
	}
	user, err := h.users.SignIn(t.Context(), "ada@example.com", secret.New(password))
	check(t, err)
	if user[0].Role != access.SystemAdministrator || user[0].Status != registry.UserActive {
		t.Errorf("the first person is %+v", user[0])
	}
}

// TestFirstStartLink is the same link for every node and every start, and another without the installation's key.
func TestFirstStartLink(t *testing.T) {
	h, first := empty(t)
	link := setUp(t, first)
	if again := setUp(t, h.firstStart(h.kept.Keyring().Hash)); again != link {
		t.Errorf("after a restart the link is %s, and was %s", again, link)
	}
	other := func(purpose string, data []byte) (sum [32]byte) { copy(sum[:], purpose+string(data)); return sum }
	if again := setUp(t, h.firstStart(other)); again == link {
		t.Error("the link is made without the key")
	}
	h.hand.Advance(24*time.Hour - time.Second)
	says(t, h.get(h.browser(), h.url+link), http.StatusOK, "Set up this Latchkey")
	h.hand.Advance(time.Second)
	says(t, h.get(h.browser(), h.url+link), http.StatusGone, "This link is too old")
	says(t, h.get(h.browser(), h.url+"/"), http.StatusServiceUnavailable, "not set up yet")
	next := setUp(t, first)
	if next == link {
		t.Error("a link that has ended is printed again")
	}
	says(t, h.get(h.browser(), h.url+link), http.StatusForbidden, "This link does not set it up")
	says(t, h.get(h.browser(), h.url+next), http.StatusOK, "Set up this Latchkey")

	// By the command line instead.
	_, err := h.directory.CreateOrganization(t.Context(), access.Caller{ID: "operator", Scopes: access.Scopes{access.Admin}}, organization, "Acme")
	check(t, err)
	says(t, h.get(h.browser(), h.url+next), http.StatusGone, "This Latchkey is set up")
}

// TestFirstStartTwice lets two set up at once: one wins, and the other is told.
func TestFirstStartTwice(t *testing.T) {
	h, first := empty(t)
	link := setUp(t, first)
	var both sync.WaitGroup
	got := make([]answer, 2)
	for i, email := range []string{"ada@example.com", "eve@example.com"} {
		client := h.browser()
		form := fill(t, h.get(client, h.url+link), founder)
		form.Set("email", email)
		both.Go(func() { got[i] = post(h, client, "/set-up", form) })
	}
	both.Wait()
	winner := 0
	if got[0].StatusCode != http.StatusOK {
		winner = 1
	}
	says(t, got[winner], http.StatusOK, "Ada Lovelace")
	says(t, got[1-winner], http.StatusGone, "This Latchkey is set up")
	all, err := h.kept.Registry().Organizations(context.Background())
	if len(all) != 1 || err != nil {
		t.Errorf("there are %v, %v", all, err)
	}
}

// TestFirstStartNone has no page where there is always an organization.
func TestFirstStartNone(t *testing.T) {
	h := newHouse(t)
	says(t, h.get(h.browser(), h.url+"/set-up?token=x"), http.StatusGone, "This Latchkey is set up")
	says(t, post(h, h.browser(), "/set-up", url.Values{}), http.StatusGone, "This Latchkey is set up")
}
