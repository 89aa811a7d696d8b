package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"latchkey/internal/access"
	"latchkey/internal/registry"
	"latchkey/internal/secret"
	"latchkey/internal/web"
)

const otherOrganization = "7777777777CCCCCCCCCC7777@AdobeOrg"

// fill gives what a browser would send of the page's first form, and changes what is to be changed.
func fill(t testing.TB, page answer, change map[string]string) url.Values {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page.text))
	check(t, err)
	values := url.Values{}
	for n := range root.Descendants() {
		if n.Data != "input" {
			continue
		}
		of := map[string]string{}
		for _, a := range n.Attr {
			of[a.Key] = a.Val
		}
		if of["name"] != "" {
			values.Set(of["name"], of["value"])
		}
	}
	for name, value := range change {
		values.Set(name, value)
	}
	return values
}

// signIn fills in the page at an address.
func (h *house) signIn(client *http.Client, path, email, secret string) answer {
	h.Helper()
	return post(h, client, "/sign-in", fill(h, h.get(client, h.url+path), map[string]string{"email": email, "password": secret}))
}

// TestPassword signs in by password, from the page and back to where it began, with a new session each time.
func TestPassword(t *testing.T) {
	h := newHouse(t)
	client := h.browser()
	got := h.signIn(client, "/sign-in?back=/docs/errors", " ADA@example.com ", password)
	if got.StatusCode != http.StatusOK || got.Request.URL.Path != "/docs/errors" || !strings.Contains(got.text, "Ada &lt;b&gt;Lovelace") {
		t.Errorf("signed in, and sees %d %s: %s", got.StatusCode, got.Request.URL, got.text)
	}
	session := func() string {
		for _, c := range client.Jar.Cookies(got.Request.URL) {
			if c.Name == "latchkey" {
				return c.Value
			}
		}
		return ""
	}
	first := session()
	// Again, over a session: the old one ends, and its name is not used on.
	h.signIn(client, "/sign-in", "ada@example.com", password)
	second := session()
	if first == "" || second == "" || first == second {
		t.Errorf("the sessions are %q and %q", first, second)
	}
	stolen := h.browser()
	stolen.Jar.SetCookies(got.Request.URL, []*http.Cookie{{Name: "latchkey", Value: first, Path: "/"}})
	if home := h.get(stolen, h.url+"/"); strings.Contains(home.text, organization) {
		t.Error("the session before still opens")
	}
	user, err := h.users.Active(t.Context(), h.ada.ID)
	if err != nil || user.LastSignInAt.IsZero() {
		t.Errorf("the last sign-in is %v, %v", user.LastSignInAt, err)
	}
	if strings.Contains(h.log.String(), password) || strings.Contains(h.log.String(), second) {
		t.Error("the log holds the password or the session")
	}
}

// TestPasswordFixation sets a session before the sign-in, as somebody would who wants to share it.
func TestPasswordFixation(t *testing.T) {
	h := newHouse(t)
	client := h.browser()
	at, err := url.Parse(h.url)
	check(t, err)
	client.Jar.SetCookies(at, []*http.Cookie{{Name: "latchkey", Value: "planted", Path: "/"}})
	h.signIn(client, "/sign-in", "ada@example.com", password)
	for _, c := range client.Jar.Cookies(at) {
		if c.Name == "latchkey" && (c.Value == "planted" || c.Value == "") {
			t.Errorf("the session is %q", c.Value)
		}
	}
}

// TestPasswordRefused says the same to every wrong pair, and nothing to a form of somebody else's.
func TestPasswordRefused(t *testing.T) {
	h := newHouse(t)
	bob := h.person(organization, registry.NewUser{Email: "bob@example.com", Role: access.Viewer})
	h.invite(organization, registry.NewUser{Email: "eve@example.com", Role: access.Viewer})
	_, err := h.users.Disable(t.Context(), h.caller, bob.ID)
	check(t, err)
	var first string
	for _, c := range []struct{ email, password string }{
		{"ada@example.com", "wrong"}, {"nobody@example.com", password}, {"bob@example.com", password}, {"eve@example.com", ""}, {"", password}, {strings.Repeat("a", 400), password},
		{"ada@example.com", strings.Repeat("x", 1000)},
	} {
		got := h.signIn(h.browser(), "/sign-in?back=/docs", c.email, c.password)
		expect(t, got, http.StatusForbidden, "do not belong together")
		plain := regexp.MustCompile(`(value="[^"]*"| autofocus)`).ReplaceAllString(got.text, "")
		if first == "" {
			first = plain
		} else if plain != first {
			t.Errorf("%.20q is told something else than another:\n%s\n%s", c.email, plain, first)
		}
		if !strings.Contains(got.text, `name="back" value="/docs"`) {
			t.Errorf("%.20q: the address to go back to is lost", c.email)
		}
	}
	got := post(h, h.browser(), "/sign-in", url.Values{"email": {"ada@example.com"}, "password": {password}})
	expect(t, got, http.StatusForbidden, "open for too long")
	client := h.browser()
	h.get(client, h.url+"/sign-in")
	expect(t, post(h, client, "/sign-in", url.Values{"csrf": {"guessed"}, "email": {"ada@example.com"}, "password": {password}}), http.StatusForbidden, "open for too long")
}

// TestPasswordLimits stops guesses at one person's password, and lets them go on when the time has come.
func TestPasswordLimits(t *testing.T) {
	h := newHouse(t)
	client := h.browser()
	form := fill(t, h.get(client, h.url+"/sign-in"), map[string]string{"email": "nobody@example.com", "password": strings.Repeat("x", 300)})
	for range 10 { // a password that is too long costs no hash
		expect(t, post(h, client, "/sign-in", form), http.StatusForbidden, "do not belong together")
	}
	got := post(h, client, "/sign-in", form)
	expect(t, got, http.StatusTooManyRequests, "tried too often")
	wait, err := strconv.Atoi(got.Header.Get("Retry-After"))
	if err != nil || wait < 1 || wait > 30 {
		t.Errorf("Retry-After = %q", got.Header.Get("Retry-After"))
	}
	// Another person is not touched, from the same address.
	if got := h.signIn(client, "/sign-in", "ada@example.com", password); got.Request.URL.Path != "/" {
		t.Errorf("another person sees %d %s", got.StatusCode, got.text)
	}
	h.hand.Advance(time.Duration(wait) * time.Second)
	expect(t, post(h, client, "/sign-in", form), http.StatusForbidden, "do not belong together")
	// Whoever tries many addresses is stopped by its own.
	last := 0
	for i := range 60 {
		form.Set("email", "a"+strconv.Itoa(i)+"@example.com")
		last = post(h, client, "/sign-in", form).StatusCode
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("after 60 addresses the answer is %d", last)
	}
}

// TestOrganizations asks a person with several which is meant, and lets a choice be made once.
func TestOrganizations(t *testing.T) {
	h := newHouse(t)
	_, err := h.directory.CreateOrganization(t.Context(), access.Caller{ID: "operator", Scopes: access.Scopes{access.Admin}}, otherOrganization, "Other & Co")
	check(t, err)
	h.person(otherOrganization, registry.NewUser{Email: "Ada@example.com", Role: access.Viewer})
	client := h.browser()
	page := h.signIn(client, "/sign-in?back=/docs", "ada@example.com", password)
	expect(t, page, http.StatusOK, "Choose an organization")
	tickets := map[string]string{} // :: organization → ticket
	for _, m := range regexp.MustCompile(`name="ticket" value="([^"]+)"><b>([^<]+)</b>`).FindAllStringSubmatch(page.text, -1) {
		tickets[html.UnescapeString(m[2])] = m[1]
	}
	if len(tickets) != 2 || strings.Contains(page.text, password) {
		t.Fatalf("the page is %s", page.text)
	}
	form := fill(t, page, map[string]string{"ticket": tickets["Other & Co"]})
	expect(t, post(h, h.browser(), "/sign-in/organization", form), http.StatusForbidden, "open for too long")
	got := post(h, client, "/sign-in/organization", form)
	if got.Request.URL.Path != "/docs" {
		t.Errorf("after the choice the browser is at %s", got.Request.URL)
	}
	if home := h.get(client, h.url+"/"); !strings.Contains(home.text, otherOrganization) || strings.Contains(home.text, organization) {
		t.Errorf("after the choice the page is %s", home.text)
	}
	expect(t, post(h, client, "/sign-in/organization", form), http.StatusForbidden, "longer than five minutes")
	form.Set("ticket", tickets["Acme & Söhne"])
	h.hand.Advance(5 * time.Minute)
	expect(t, post(h, client, "/sign-in/organization", form), http.StatusForbidden, "longer than five minutes")
}

// TestSignInAtAuthority breaks the chain of redirects behind the form, and leads on all the same.
func TestSignInAtAuthority(t *testing.T) {
	h := newHouse(t)
	const back = "/ims/authorize/v2?client_id=a&login_hint=ada%40example.com&state=%22%3E%3Cb%3E"
	client := h.browser()
	form := h.get(client, h.url+"/sign-in?back="+url.QueryEscape(back))
	if !strings.Contains(form.text, `value="ada@example.com"`) || !strings.Contains(form.text, "An application asks") {
		t.Errorf("the page is %s", form.text)
	}
	got := post(h, client, "/sign-in", fill(t, form, map[string]string{"password": password}))
	escaped := html.EscapeString(back)
	if got.StatusCode != http.StatusOK || got.Request.URL.Path != "/sign-in" || !strings.Contains(got.text, `content="0; url=`+escaped) || !strings.Contains(got.text, `href="`+escaped+`"`) {
		t.Errorf("after the sign-in: %d %s", got.StatusCode, got.text)
	}
	if policy := got.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self';") {
		t.Errorf("the policy is %s", policy)
	}
}

// TestOpenRedirect keeps every address of another place out of what leads back.
func TestOpenRedirect(t *testing.T) {
	for _, good := range []string{"/", "/docs?a=b&c=%2F%2Fd", "/ims/authorize/v2?redirect_uri=https://app.example.com/cb", "/a//b", "/%2F%2Fevil.example"} {
		if got := web.LocalPath(good); got != good {
			t.Errorf("LocalPath(%q) = %q", good, got)
		}
	}
	bad := []string{
		"", "docs", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/a\\b", "https://evil.example", "https:evil.example", "javascript:alert(1)",
		"/\t/evil.example", "/\n/evil.example", "/ /evil.example", "\t//evil.example", " //evil.example", "/a\x00b", "/a\x7f", "/ä", "/a\u2028b", "/a#b", "/%zz", "http:/evil.example",
		"/" + strings.Repeat("a", 9000),
	}
	for _, text := range bad {
		if got := web.LocalPath(text); got != "/" {
			t.Errorf("LocalPath(%q) = %q, want /", text, got)
		}
	}
	base := &url.URL{Scheme: "https", Host: "latchkey.example"}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"/", "\\", ".", ":", "@", "//", "%2f", "%5c", "\t", "\n", " ", "?", "#", "evil.example", "https", "javascript", "a", "\x00", "ä"})).Draw(t, "text"), "")
		got, err := base.Parse(web.LocalPath(text))
		if err != nil || got.Host != base.Host || got.Scheme != base.Scheme || got.User != nil || !strings.HasPrefix(web.LocalPath(text), "/") {
			t.Errorf("LocalPath(%q) leads to %v, %v", text, got, err)
		}
	})
	h := newHouse(t)
	for _, text := range bad[:10] {
		got := h.get(stopAt(h.browser(), h.url), h.link(h.ada)+"&back="+url.QueryEscape(text))
		if got.Header.Get("Location") != "/" {
			t.Errorf("a ticket with back %q leads to %q", text, got.Header.Get("Location"))
		}
	}
	client := h.browser()
	page := h.get(client, h.url+"/sign-in")
	got := post(h, stopAt(client, h.url), "/sign-in", fill(t, page, map[string]string{"email": "ada@example.com", "password": password, "back": "//evil.example/x"}))
	if got.Header.Get("Location") != "/" {
		t.Errorf("the form leads to %q", got.Header.Get("Location"))
	}
}

// TestSessionEnds signs a person out where the person is disabled, and by time.
func TestSessionEnds(t *testing.T) {
	h := newHouse(t)
	bob := h.person(organization, registry.NewUser{Email: "bob@example.com", Role: access.Viewer})
	client, other := h.browser(), h.browser()
	for _, c := range []*http.Client{client, other} {
		if home := h.get(c, h.link(bob)); !strings.Contains(home.text, organization) {
			t.Fatalf("signed in, and sees %s", home.text)
		}
	}
	h.hand.Advance(3 * time.Hour)
	if home := h.get(other, h.url+"/"); strings.Contains(home.text, organization) {
		t.Error("after three hours the session still opens")
	}
	h.get(client, h.link(bob))
	_, err := h.users.Reset(t.Context(), h.caller, bob.ID)
	check(t, err)
	if home := h.get(client, h.url+"/"); strings.Contains(home.text, organization) {
		t.Error("after a reset the session still opens")
	}
}

// TestInvitation sets a password by a link, once.
func TestInvitation(t *testing.T) {
	h := newHouse(t)
	invited := h.invite(organization, registry.NewUser{Email: "grace@example.com", FirstName: "Grace", Role: access.Developer})
	token := invited.Token.Reveal()
	client := h.browser()
	page := h.get(client, h.url+"/invitation?token="+token)
	for _, text := range []string{"Welcome, Grace", "Acme &amp; Söhne", "as Developer", "grace@example.com", `autocomplete="new-password"`, `autocomplete="username"`} {
		if !strings.Contains(page.text, text) {
			t.Errorf("%q is not in %s", text, page.text)
		}
	}
	if page.Header.Get("Referrer-Policy") != "no-referrer" || page.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the headers are %v", page.Header)
	}
	try := func(first, again string) answer {
		t.Helper()
		return post(h, client, "/invitation", fill(t, page, map[string]string{"password": first, "again": again}))
	}
	expect(t, try(password, "another one, and long"), http.StatusUnprocessableEntity, "The two passwords differ")
	expect(t, try("short", "short"), http.StatusUnprocessableEntity, "fewer than 12 characters")
	expect(t, post(h, h.browser(), "/invitation", url.Values{"token": {token}, "password": {password}, "again": {password}}), http.StatusForbidden, "open for too long")
	if got := try(password, password); got.Request.URL.Path != "/" || !strings.Contains(got.text, "Grace") {
		t.Errorf("after it: %s %s", got.Request.URL, got.text)
	}
	expect(t, try(password, password), http.StatusGone, "sets no password any more")
	expect(t, h.get(h.browser(), h.url+"/invitation?token="+token), http.StatusGone, "sets no password any more")
	expect(t, h.get(h.browser(), h.url+"/invitation"), http.StatusGone, "sets no password any more")
	if strings.Contains(h.log.String(), token) || strings.Contains(h.log.String(), password) {
		t.Error("the log holds the token or the password")
	}
	// A reset: another title, and the old password is gone.
	reset, err := h.users.Reset(t.Context(), h.caller, invited.User.ID)
	check(t, err)
	page = h.get(client, h.url+"/invitation?token="+reset.Token.Reveal())
	expect(t, page, http.StatusOK, "Set a new password")
	h.hand.Advance(8 * 24 * time.Hour)
	expect(t, try(password, password), http.StatusGone, "sets no password any more")
	if _, err := h.users.SignIn(t.Context(), "grace@example.com", secret.New(password)); err == nil {
		t.Error("the old password still opens")
	}
}
