package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"latchkey/internal/authority"
)

// asking is the authority as the pages see it: it asks, and notes what comes back.
type asking struct {
	*house
	question authority.Consent
	answers  []url.Values
	own      []bool
}

func newAsking(t *testing.T) *asking {
	a := &asking{house: newHouse(t)}
	a.mux.HandleFunc("GET /ims/authorize", func(w http.ResponseWriter, r *http.Request) {
		person, ok := a.pages.Person(r)
		if !ok {
			a.pages.SignIn(w, r, r.URL.RequestURI())
			return
		}
		question := a.question
		question.Person, question.Action = person, "/ims/decision"
		a.pages.Consent(w, r, question)
	})
	a.mux.HandleFunc("POST /ims/decision", func(w http.ResponseWriter, r *http.Request) {
		check(t, r.ParseForm())
		a.answers, a.own = append(a.answers, r.PostForm), append(a.own, a.pages.OwnForm(r))
	})
	a.mux.HandleFunc("/ims/logout", func(w http.ResponseWriter, r *http.Request) {
		a.pages.SignOut(w, r)
		a.pages.SignedOut(w, r)
	})
	a.question = authority.Consent{
		Client: "Moviestar <b>", Organization: "Acme & Söhne", Scopes: []string{"own<i>", "email", "offline_access"}, Redirect: "https://app.example.com:8443/cb?x=1",
		Fields: map[string]string{"state": `"><script>`, "client_id": "c1", "decision": "allow", "csrf": "planted"},
	}
	return a
}

// TestAsk signs in on the way, reads the question, and answers it.
func TestAsk(t *testing.T) {
	a := newAsking(t)
	client := a.browser()
	const path = "/ims/authorize?state=1&scope=email"
	page := a.get(client, a.url+path)
	if page.Request.URL.Path != "/sign-in" {
		t.Fatalf("nobody is signed in, and the browser is at %s", page.Request.URL)
	}
	onward := post(a.house, client, "/sign-in", fill(t, page, map[string]string{"email": "ada@example.com", "password": password}))
	expect(t, onward, http.StatusOK, "You are signed in")
	for _, got := range []answer{page, onward, a.get(stopAt(a.browser(), a.url+"/sign-in"), a.url+path)} {
		if policy := got.Header.Get("Cross-Origin-Opener-Policy"); policy != "" {
			t.Errorf("%s parts a window from who opened it: %q", got.Request.URL, policy)
		}
	}
	page = a.get(client, a.url+path)
	text := unquote(page.text)
	if policy := page.Header.Get("Cross-Origin-Opener-Policy"); policy != "" {
		t.Errorf("the question parts a window from who opened it: %q", policy)
	}
	for _, part := range []string{
		"Moviestar &lt;b&gt; asks for access", "Acme &amp; Söhne", "Ada &lt;b&gt;Lovelace", "ada@example.com", "See your e-mail address <code>email</code>", "Go on while you are away",
		"<li><code>own&lt;i&gt;</code></li>", "<b>app.example.com:8443</b>", `href="/sign-in?back=%2fims%2fauthorize%3fstate%3d1%26scope%3demail"`, `action="/ims/decision"`,
	} {
		if !strings.Contains(strings.ToLower(text), strings.ToLower(part)) {
			t.Errorf("%q is not in %s", part, text)
		}
	}
	if strings.Contains(text, "<script>") {
		t.Error("the page shows markup of a stranger's")
	}
	// What a link brought along as an answer is not in the form: each button sends its own.
	form := fill(t, page, nil)
	if form.Has("decision") || form.Get("csrf") == "planted" || form.Get("state") != `"><script>` {
		t.Errorf("the form has %v", form)
	}
	if buttons := regexp.MustCompile(`name="decision" value="(\w+)"`).FindAllStringSubmatch(page.text, -1); len(buttons) != 2 || buttons[0][1] != "allow" || buttons[1][1] != "deny" {
		t.Errorf("the buttons are %v", buttons)
	}
	form.Set("decision", "deny")
	post(a.house, client, "/ims/decision", form)
	post(a.house, a.browser(), "/ims/decision", form)
	form.Set("csrf", "guessed")
	post(a.house, client, "/ims/decision", form)
	if len(a.own) != 3 || !a.own[0] || a.own[1] || a.own[2] || a.answers[0].Get("client_id") != "c1" || a.answers[0].Get("decision") != "deny" {
		t.Errorf("the forms were %v, %v", a.own, a.answers)
	}
	// Signed out, the form is nobody's.
	out := a.get(client, a.url+"/ims/logout")
	expect(t, out, http.StatusOK, "You are signed out")
	post(a.house, client, "/ims/decision", fill(t, page, map[string]string{"decision": "allow"}))
	if a.own[3] {
		t.Error("a form of a session that ended is taken")
	}
}

// TestAskPolicy lets the form end where the answer goes, and nothing of the address into the header.
func TestAskPolicy(t *testing.T) {
	a := newAsking(t)
	client := a.browser()
	a.get(client, a.link(a.ada))
	for redirect, want := range map[string]struct{ allowed, words string }{
		"https://app.example.com/cb":              {"'self' https:", "goes to <b>app.example.com</b>"},
		"HTTPS://app.example.com;script-src%20*/": {"'self'", "to the application"}, "HTTPS://App.example.com/;script-src%20*/": {"'self' https:", "goes to"},
		"http://localhost:3000/cb": {"'self' http: https:", "a program on this computer, at <b>localhost:3000</b>"},
		"http://[::1]:3000/cb":     {"'self' http: https:", "a program on this computer, at <b>[::1]:3000</b>"},
		"com.example.app:/cb":      {"'self' com.example.app:", "an application on this device that opens <b>com.example.app:</b>"},
		"adobe+98a2://adobeid/x":   {"'self' adobe+98a2:", ""},
		"javascript:alert(1)":      {"'self'", ""},
		"data:text/html,x":         {"'self'", ""},
		"x; script-src *:y":        {"'self'", ""},
		"":                         {"'self'", ""},
		"https://app.example.com/\r\nSet-Cookie: a=b": {"'self'", ""},
	} {
		a.question.Redirect = redirect
		page := a.get(client, a.url+"/ims/authorize")
		policy := page.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "form-action "+want.allowed+"; base-uri") || strings.Count(policy, ";") != 6 {
			t.Errorf("the policy for %q is %q", redirect, policy)
		}
		if !strings.Contains(page.text, want.words) {
			t.Errorf("%q is not in %s", want.words, page.text)
		}
	}
	if policy := a.get(client, a.url+"/").Header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self';") {
		t.Errorf("the policy of another page is %q", policy)
	}
}

// TestRefuse says what is wrong, and whom to ask.
func TestRefuse(t *testing.T) {
	a := newAsking(t)
	var refusal authority.Refusal
	a.mux.HandleFunc("/ims/refused", func(w http.ResponseWriter, r *http.Request) { a.pages.Refuse(w, r, refusal) })
	for _, c := range []struct {
		authority.Refusal
		status int
		text   string
	}{
		{authority.Refusal{Status: 400, Code: "invalid_request", Says: "The redirect_uri <b> is not registered.", DebugID: "dbg-1"}, 400, "Who made the application"},
		{authority.Refusal{Code: "invalid_client", Says: "There is no such client."}, 400, "There is no such client"},
		{authority.Refusal{Status: 403, Code: "access_denied", Says: "The application belongs to another organization."}, 403, `href="/sign-in?back=%2Fims%2Frefused%3Fa%3Db"`},
		{authority.Refusal{Status: 503, Code: "temporarily_unavailable", Says: "It can’t be done at present."}, 503, "Something broke here"},
	} {
		refusal = c.Refusal
		got := a.get(a.browser(), a.url+"/ims/refused?a=b")
		expect(t, got, c.status, c.text)
		if !strings.Contains(got.text, refusal.DebugID) || !strings.Contains(got.text, refusal.Code) || strings.Contains(got.text, "<b>") || got.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("the page is %s", got.text)
		}
	}
}
