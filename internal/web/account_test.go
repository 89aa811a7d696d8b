package web_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/registry"
)

var (
	shownKey  = regexp.MustCompile(`<code class="shown">([A-Z2-7 ]+)</code>`)
	shownCode = regexp.MustCompile(`<li><code>([a-z2-7-]{19})</code></li>`)
)

// codeOf is what an app shows that has read the key on a page.
func (h *house) codeOf(page answer) func() string {
	h.Helper()
	found := shownKey.FindStringSubmatch(page.text)
	if found == nil {
		h.Fatalf("no key is shown: %d %s", page.StatusCode, page.text)
	}
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(found[1], " ", ""))
	check(h, err)
	return func() string {
		mac := hmac.New(sha1.New, key)
		_ = binary.Write(mac, binary.BigEndian, h.hand.Now().Unix()/30)
		sum := mac.Sum(nil)
		return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1_000_000)
	}
}

// TestSecondFactor adds an app on the page of the account, signs in by it, by a recovery code, and without one after an
// administrator has helped; no code is taken twice, and guesses are counted.
func TestSecondFactor(t *testing.T) {
	h := newHouse(t)
	client := h.browser()
	h.signIn(client, "/sign-in", "ada@example.com", password)
	page := post(h, client, "/account/app", fill(t, h.get(client, h.url+"/account/app"), nil))
	expect(t, page, http.StatusOK, "Let the app read the picture")
	code := h.codeOf(page)
	form := url.Values{"csrf": {h.tokenOf(client)}, "code": {"000000"}}
	expect(t, post(h, client, "/account/app/code", form), http.StatusUnprocessableEntity, "not the code of this moment")
	used := code()
	form.Set("code", used)
	kept := post(h, client, "/account/app/code", form)
	expect(t, kept, http.StatusOK, "Keep your recovery codes")
	recovery := shownCode.FindAllStringSubmatch(kept.text, -1)
	if len(recovery) != 8 {
		t.Fatalf("there are %d recovery codes: %s", len(recovery), kept.text)
	}
	expect(t, h.get(client, h.url+"/account"), http.StatusOK, "8 codes left")

	other := h.browser()
	asked := h.signIn(other, "/sign-in?back=/docs/errors", "ada@example.com", password)
	expect(t, asked, http.StatusOK, "One more proof")
	if got := h.get(other, h.url+"/projects"); got.Request.URL.Path != "/sign-in" {
		t.Errorf("the password alone opens %s", got.Request.URL)
	}
	expect(t, post(h, other, "/sign-in/second", fill(t, asked, map[string]string{"code": used})), http.StatusForbidden, "used before")
	h.hand.Advance(time.Minute)
	expect(t, post(h, h.browser(), "/sign-in/second", fill(t, asked, map[string]string{"code": code()})), http.StatusForbidden, "open for too long")
	in := post(h, other, "/sign-in/second", fill(t, asked, map[string]string{"code": code()}))
	if in.Request.URL.Path != "/docs/errors" {
		t.Errorf("after the code the browser is at %s: %s", in.Request.URL, in.text)
	}
	expect(t, post(h, other, "/sign-in/second", fill(t, asked, map[string]string{"code": code()})), http.StatusForbidden, "longer than five minutes")

	lost := h.browser()
	asked = h.signIn(lost, "/sign-in", "ada@example.com", password)
	got := post(h, lost, "/sign-in/second", fill(t, asked, map[string]string{"code": recovery[0][1]}))
	if got.Request.URL.Path != "/" {
		t.Errorf("after a recovery code the browser is at %s", got.Request.URL)
	}
	account := h.get(lost, h.url+"/account")
	expect(t, account, http.StatusOK, "password and recovery code")
	if n := strings.Count(account.text, "password and code of an app"); n != 2 { // wide and narrow
		t.Errorf("the session by a code is listed %d times", n)
	}
	expect(t, account, http.StatusOK, "7 codes left")
	for _, secret := range []string{used, recovery[0][1], password} {
		if strings.Contains(h.log.String(), secret) {
			t.Error("the log holds a secret of the sign-in")
		}
	}
	// The limit of guesses holds for codes.
	guess := h.browser()
	asked = h.signIn(guess, "/sign-in", "ada@example.com", password)
	last := 0
	for range 12 {
		last = post(h, guess, "/sign-in/second", fill(t, asked, map[string]string{"code": "000000"})).StatusCode
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the twelfth guess = %d", last)
	}
	// Removing it takes a proof, however fresh the session is.
	h.hand.Advance(time.Hour)
	remove := func(proof string) answer {
		return post(h, lost, "/account/app/remove", fill(t, h.get(lost, h.url+"/account/app/remove"), map[string]string{"proof": proof, "csrf": h.tokenOf(lost)}))
	}
	expect(t, remove("nonsense"), http.StatusUnprocessableEntity, "neither your password")
	expect(t, remove(password), http.StatusOK, "The authenticator app was removed.")
	if got := h.signIn(h.browser(), "/sign-in", "ada@example.com", password); got.Request.URL.Path != "/" {
		t.Errorf("without an app the browser is at %s", got.Request.URL)
	}
}

// TestRequiredFactor has everybody add an app who has none, before anything is shown.
func TestRequiredFactor(t *testing.T) {
	h := newHouse(t)
	h.person(organization, registry.NewUser{Email: "bob@example.com", Role: access.Viewer})
	admin := h.browser()
	h.get(admin, h.link(h.ada))
	expect(t, post(h, admin, "/admin/sign-in", url.Values{"csrf": {h.tokenOf(admin)}, "second_factor": {"on"}}), http.StatusOK, "rules of the sign-in were saved")
	client := h.browser()
	page := h.signIn(client, "/sign-in?back=/docs", "bob@example.com", password)
	expect(t, page, http.StatusOK, "Add a second factor")
	code := h.codeOf(page)
	expect(t, post(h, client, "/sign-in/enrol", fill(t, page, map[string]string{"code": "1"})), http.StatusForbidden, "This code is not right")
	got := post(h, client, "/sign-in/enrol", fill(t, page, map[string]string{"code": code()}))
	expect(t, got, http.StatusOK, `href="/docs"`)
	if len(shownCode.FindAllString(got.text, -1)) != 8 {
		t.Errorf("the recovery codes are not shown: %s", got.text)
	}
	expect(t, h.get(client, h.url+"/account"), http.StatusOK, "8 codes left")
}

// TestSessionsPage lists where a person is signed in, and ends it there.
func TestSessionsPage(t *testing.T) {
	h := newHouse(t)
	here, there := h.browser(), h.browser()
	agent := `Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0`
	there.Transport = agentOf(agent)
	h.signIn(here, "/sign-in", "ada@example.com", password)
	h.signIn(there, "/sign-in", "ada@example.com", password)
	page := h.get(here, h.url+"/account")
	expect(t, page, http.StatusOK, "Firefox on Linux")
	end := regexp.MustCompile(`action="(/account/sessions/[^"]+/end)"`).FindAllStringSubmatch(page.text, -1)
	if len(end) != 1 {
		t.Fatalf("%d sessions can be ended: %s", len(end), page.text)
	}
	token := url.Values{"csrf": {h.tokenOf(here)}}
	expect(t, post(h, here, html.UnescapeString(end[0][1]), token), http.StatusOK, "The session was ended")
	if got := h.get(there, h.url+"/account"); got.Request.URL.Path != "/sign-in" {
		t.Errorf("the browser whose session was ended sees %s", got.Request.URL)
	}
	h.signIn(there, "/sign-in", "ada@example.com", password)
	h.get(h.browser(), h.link(h.ada))
	expect(t, post(h, here, "/account/sessions", token), http.StatusOK, "2 other sessions ended")
	// Another password signs out everywhere else, and stays here.
	h.signIn(there, "/sign-in", "ada@example.com", password)
	change := url.Values{"csrf": {h.tokenOf(here)}, "old": {"wrong"}, "password": {"another battery staple"}, "again": {"another battery staple"}}
	expect(t, post(h, here, "/account/password", change), http.StatusUnprocessableEntity, "not your password")
	change.Set("old", password)
	if got := post(h, here, "/account/password", change); got.Request.URL.Path != "/account" || got.StatusCode != http.StatusOK {
		t.Errorf("after the change the browser is at %s", got.Request.URL)
	}
	if got := h.get(there, h.url+"/account"); got.Request.URL.Path != "/sign-in" {
		t.Errorf("the other browser sees %s", got.Request.URL)
	}
}

// agentOf sends requests as that browser.
type agentOf string

func (a agentOf) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("User-Agent", string(a))
	return http.DefaultTransport.RoundTrip(r)
}
