package browser_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"latchkey/test/harness"
)

const newPassword = "a few words that nobody guesses"

// application is a program on the person's machine that browsers come back to. Like many it leads on, to its own pages under
// another origin.
type application struct {
	*httptest.Server
	clientID, verifier string
	pages              *httptest.Server

	mu       sync.Mutex
	answered url.Values
}

// newApplication is the sample project's native one.
func newApplication(t *testing.T, s *harness.Server) *application {
	t.Helper()
	a := &application{clientID: sampleClient(t, s, "sample-native"), verifier: rand.Text() + rand.Text()}
	a.pages = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!doctype html><title>Application</title><p>the application's own page"))
	}))
	t.Cleanup(a.pages.Close)
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.answered = r.URL.Query()
		a.mu.Unlock()
		http.Redirect(w, r, strings.Replace(a.pages.URL, "127.0.0.1", "localhost", 1)+"/done", http.StatusFound)
	}))
	t.Cleanup(a.Close)
	return a
}

func sampleClient(t *testing.T, s *harness.Server, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.Data, "sample", "workspace.json"))
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Project struct {
			Workspace struct {
				Details struct {
					Credentials []struct {
						Name   string
						OAuth2 struct {
							ClientID string `json:"client_id"`
						}
					}
				}
			}
		}
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	for _, c := range document.Project.Workspace.Details.Credentials {
		if c.Name == name {
			return c.OAuth2.ClientID
		}
	}
	t.Fatalf("there is no credential %s in %s", name, text)
	return ""
}

// ask is the address that the application sends the browser to.
func (a *application) ask(s *harness.Server, state string) string {
	challenge := sha256.Sum256([]byte(a.verifier))
	return s.URL + "/ims/authorize/v2?" + url.Values{
		"client_id": {a.clientID}, "redirect_uri": {a.URL + "/callback"}, "response_type": {"code"}, "scope": {"openid,AdobeID,profile,email,connections:read"}, "state": {state},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}.Encode()
}

// answer waits until the browser has come by, and gives what it brought.
func (a *application) answer(b *tab) url.Values {
	b.t.Helper()
	b.arrive("/done")
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.answered
}

// hosts are those that the browser may ask.
func (a *application) hosts(t *testing.T, s *harness.Server) []string {
	t.Helper()
	_, port, err := net.SplitHostPort(a.pages.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return []string{host(t, s), a.Listener.Addr().String(), "localhost:" + port}
}

// exchange turns the code into a token.
func (a *application) exchange(t *testing.T, s *harness.Server, code string) map[string]any {
	t.Helper()
	response, err := http.PostForm(s.URL+"/ims/token/v3", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {a.clientID}, "code": {code}, "code_verifier": {a.verifier}, "redirect_uri": {a.URL + "/callback"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer map[string]any
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("the code gives %d %v, %v", response.StatusCode, answer, err)
	}
	return answer
}

func invite(t *testing.T, s *harness.Server, email string) (id, link string) {
	t.Helper()
	made := s.Must(http.StatusCreated, "POST", "/api/v1/users", map[string]any{
		"email": email, "first_name": "Grace", "last_name": "Hopper", "role": "viewer",
	}).JSON(t)
	return made["id"].(string), made["link"].(string)
}

// A person comes by an invitation, signs in at an application, agrees, and is not asked again; says no to another.
func TestPersonSignsIn(t *testing.T) {
	t.Parallel()
	s := harness.Dev(t)
	a := newApplication(t, s)
	b := open(t)
	id, link := invite(t, s, "grace@example.com")

	b.visit(link)
	if text := b.text(); !strings.Contains(text, "Welcome, Grace Hopper") || !strings.Contains(text, "Sample Organization") {
		t.Errorf("the invitation says:\n%s", text)
	}
	b.shoot("invitation")
	b.do(chromedp.SendKeys(chromedp.CSS("#password"), newPassword), chromedp.SendKeys(chromedp.CSS("#again"), "another one altogether"))
	b.click("form.form button")
	b.shows("The two passwords differ")
	b.shoot("invitation-problem")
	b.do(chromedp.SendKeys(chromedp.CSS("#password"), newPassword), chromedp.SendKeys(chromedp.CSS("#again"), newPassword))
	b.click("form.form button")
	b.leave("/invitation")
	b.shows("Grace Hopper")
	b.click("header .who button")
	b.shows("Latchkey runs here")
	b.visit(link)
	b.shows("sets no password any more")
	b.shoot("invitation-used")

	// An application asks: the sign-in on the way, a wrong password, the question.
	b.visit(a.ask(s, "first"))
	b.leave("/ims/")
	b.shoot("sign-in")
	b.do(chromedp.SendKeys(chromedp.CSS("#email"), "grace@example.com"), chromedp.SendKeys(chromedp.CSS("#password"), "not the password"))
	b.click("form.form button")
	b.shows("do not belong together")
	b.shoot("sign-in-problem")
	b.do(chromedp.SendKeys(chromedp.CSS("#password"), newPassword))
	b.click("form.form button")
	b.arrive("/ims/authorize")
	b.shows("sample-native asks for access")
	b.shows("See your e-mail address")
	b.shoot("ask")
	b.click("#deny")
	if got := a.answer(b); got.Get("error") != "access_denied" || got.Get("state") != "first" || got.Has("code") {
		t.Errorf("after Deny the application gets %v", got)
	}

	// Asked again, the person agrees; what comes back is a code, and the token is that person's.
	b.visit(a.ask(s, "second"))
	b.click("#allow")
	got := a.answer(b)
	if got.Get("state") != "second" || got.Get("code") == "" {
		t.Fatalf("after Allow the application gets %v", got)
	}
	token := a.exchange(t, s, got.Get("code"))
	who := s.Must(http.StatusOK, "GET", "/ims/userinfo/v2", nil, "Authorization", "Bearer "+token["access_token"].(string)).JSON(t)
	if who["sub"] != id || who["email"] != "grace@example.com" || who["name"] != "Grace Hopper" {
		t.Errorf("the token belongs to %v, want %s", who, id)
	}

	// Now nobody is asked, neither for the consent nor after another sign-in.
	b.visit(a.ask(s, "third"))
	if got := a.answer(b); got.Get("state") != "third" || got.Get("code") == "" {
		t.Errorf("the third time the application gets %v", got)
	}
	b.visit(a.ask(s, "fourth") + "&prompt=login")
	b.do(chromedp.SendKeys(chromedp.CSS("#email"), "grace@example.com"), chromedp.SendKeys(chromedp.CSS("#password"), newPassword))
	b.click("form.form button")
	if got := a.answer(b); got.Get("state") != "fourth" || got.Get("code") == "" {
		t.Errorf("after another sign-in the application gets %v", got)
	}
	b.clean(a.hosts(t, s)...)

	// Disabled, the person is signed out at once.
	s.Must(http.StatusOK, "POST", "/api/v1/users/"+id+"/disable", nil)
	b.visit(s.URL + "/")
	b.shows("Latchkey runs here")
}

// With the keyboard alone: the address and password, Enter, Tab to Allow, Enter.
func TestSignInByKeyboard(t *testing.T) {
	t.Parallel()
	s := harness.Dev(t)
	a := newApplication(t, s)
	b := open(t)
	_, link := invite(t, s, "grace@example.com")
	b.visit(link)
	b.do(chromedp.KeyEvent(newPassword), chromedp.KeyEvent("\t"), chromedp.KeyEvent(newPassword), chromedp.KeyEvent("\r"))
	b.leave("/invitation")
	other := open(t)
	other.visit(a.ask(s, "keys"))
	other.arrive("/sign-in")
	other.do(chromedp.KeyEvent("grace@example.com"), chromedp.KeyEvent("\t"), chromedp.KeyEvent(newPassword), chromedp.KeyEvent("\r"))
	other.arrive("/ims/authorize")
	for range 12 {
		other.do(chromedp.KeyEvent("\t"))
		if value(other, chromedp.Evaluate[string]("document.activeElement.id")) == "allow" {
			break
		}
	}
	other.do(chromedp.KeyEvent("\r"))
	if got := a.answer(other); got.Get("code") == "" {
		t.Errorf("the application gets %v", got)
	}
	other.clean(a.hosts(t, s)...)
}

// The pages beside the way: what can't be answered, the end of a session, who is signed in at a workstation.
func TestSignInPages(t *testing.T) {
	t.Parallel()
	s := harness.Dev(t)
	b := open(t)
	b.visit(s.SignInURL)
	b.shows("Ada Sample")
	b.visit(s.URL + "/ims/authorize/v2?client_id=nobody&scope=openid")
	b.shoot("refused")
	b.visit(s.URL + "/ims/logout/v1")
	b.shows("You are signed out")
	b.shoot("signed-out")
	b.visit(s.URL + "/")
	b.shows("Latchkey runs here")
	b.clean(host(t, s))
}
