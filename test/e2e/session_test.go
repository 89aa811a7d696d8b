package e2e_test

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/test/harness"
)

// person is a browser at which somebody signed in by an invitation.
type person struct {
	id      string
	browser *http.Client
}

func invited(t *testing.T, s *harness.Server, email string) person {
	t.Helper()
	made := s.Must(http.StatusCreated, "POST", "/api/v1/users", map[string]any{
		"email": email, "first_name": "Grace", "last_name": "Hopper", "role": "viewer",
	}).JSON(t)
	p := accept(t, s, made["link"].(string))
	p.id = made["id"].(string)
	return p
}

// accept sets a password by an invitation's link.
func accept(t *testing.T, s *harness.Server, link string) person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := person{browser: &http.Client{Jar: jar, Timeout: 20 * time.Second}}
	const password = "a few words that nobody guesses"
	form := url.Values{"password": {password}, "again": {password}}
	for _, hidden := range hiddenInput.FindAllStringSubmatch(p.get(t, link), -1) {
		form.Set(hidden[1], html.UnescapeString(hidden[2]))
	}
	response, err := p.browser.PostForm(s.URL+"/invitation", form)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK || response.Request.URL.Path != "/" {
		t.Fatalf("the invitation ends at %s with %d", response.Request.URL, response.StatusCode)
	}
	return p
}

var hiddenInput = regexp.MustCompile(`type="hidden" name="(\w+)" value="([^"]*)"`)

// page is the start page as the person sees it.
func (p person) page(t *testing.T, s *harness.Server) string {
	t.Helper()
	return p.get(t, s.URL+"/")
}

func (p person) get(t *testing.T, address string) string {
	t.Helper()
	response, err := p.browser.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A session lives through the end of the process that began it, a kill too; a link of the first start works once.
func TestSessionOutlivesServer(t *testing.T) {
	data := t.TempDir()
	s := harness.DevIn(t, data)
	grace := invited(t, s, "grace@example.com")
	link, err := url.Parse(s.SignInURL)
	if err != nil {
		t.Fatal(err)
	}
	s.Kill()
	s = harness.DevIn(t, data)
	if page := grace.page(t, s); !strings.Contains(page, "Grace Hopper") {
		t.Errorf("after a kill the page says:\n%s", page)
	}
	for i, want := range []int{http.StatusOK, http.StatusGone} {
		if got := s.Call("GET", link.RequestURI(), nil); got.Status != want {
			t.Errorf("the link of the first start, the %d. time: %d\n%s", i+1, got.Status, got.Body)
		}
	}
}
