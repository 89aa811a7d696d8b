package web

import (
	"cmp"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"latchkey/internal/authority"
	"latchkey/internal/registry"
)

// This file is what the authorization server shows to people. It calls these methods from paths of its own, so each of
// them puts the headers of our pages.

var _ authority.Browser = (*Pages)(nil)

// Person tells who is signed in.
func (p *Pages) Person(r *http.Request) (authority.Person, bool) {
	session, user, ok := p.signed(r)
	if !ok {
		return authority.Person{}, false
	}
	return personOf(session, user), true
}

func personOf(session registry.Session, user registry.User) authority.Person {
	return authority.Person{
		ID: user.ID, Organization: user.Organization, Email: user.Email, FirstName: user.FirstName, LastName: user.LastName, Name: user.Name(),
		SignedInAt: session.BeganAt,
	}
}

// SignIn leads to the sign-in page, which asks whoever is signed in.
func (p *Pages) SignIn(w http.ResponseWriter, r *http.Request, back string) {
	secure(w.Header(), r)
	withOpener(w.Header())
	http.Redirect(w, r, signInPath(localPath(back)), http.StatusSeeOther)
}

// consent is the page that asks whether a client may act in a person's name.
type consent struct {
	authority.Consent
	CSRF   string
	Fields []field
	Asks   []asked
	// Going says where the browser goes afterwards, Address is that place alone.
	Going, Address string
	// Other leads to the sign-in page and back here.
	Other string
}

type field struct{ Name, Value string }

// Consent shows the question.
func (p *Pages) Consent(w http.ResponseWriter, r *http.Request, question authority.Consent) {
	secure(w.Header(), r)
	withOpener(w.Header())
	allowFormTo(w.Header(), question.Redirect)
	view := consent{Consent: question, CSRF: csrf(cookieValue(r, sessionCookie(r))), Asks: inWords(question.Scopes)}
	for _, name := range slices.Sorted(maps.Keys(question.Fields)) {
		if name != "csrf" && name != "decision" { // a link must not bring the answer along
			view.Fields = append(view.Fields, field{name, question.Fields[name]})
		}
	}
	view.Going, view.Address = destinationOf(question.Redirect)
	view.Other = signInPath(localPath(addressOf(r, question.Fields)))
	p.render(w, r, http.StatusOK, "ask", page{Title: question.Client + " asks for access", Body: view})
}

// addressOf gives the address of a request that a link can repeat.
func addressOf(r *http.Request, fields map[string]string) string {
	if r.Method == http.MethodGet {
		return r.URL.RequestURI()
	}
	values := url.Values{}
	for name, value := range fields {
		values.Set(name, value)
	}
	return r.URL.Path + "?" + values.Encode()
}

// OwnForm tells whether a POST comes from a page that this session was shown.
func (p *Pages) OwnForm(r *http.Request) bool {
	return http.NewCrossOriginProtection().Check(r) == nil && ownForm(r, sessionCookie(r))
}

// SignOut ends the session.
func (p *Pages) SignOut(w http.ResponseWriter, r *http.Request) {
	p.leave(r)
	setCookie(w, r, cookie{sessionCookie(r), "", "/", -1})
}

// SignedOut says that nobody is signed in.
func (p *Pages) SignedOut(w http.ResponseWriter, r *http.Request) {
	secure(w.Header(), r)
	p.message(w, r, messageSignedOut)
}

// Refuse says what is wrong with a request, for a person who can't mend it mostly.
func (p *Pages) Refuse(w http.ResponseWriter, r *http.Request, refusal authority.Refusal) {
	secure(w.Header(), r)
	p.Log.InfoContext(r.Context(), "a person was refused", slog.String("code", refusal.Code), slog.String("debug_id", refusal.DebugID))
	p.message(w, r, refused(r, refusal))
}

func refused(r *http.Request, refusal authority.Refusal) message {
	m := message{
		Status: cmp.Or(refusal.Status, http.StatusBadRequest), Tone: "bad", Title: "This request can’t be answered",
		Text: []string{refusal.Says, "Nothing was passed on. Who made the application that sent you here can put it right, with the error and the id below."},
	}
	switch {
	case m.Status >= http.StatusInternalServerError:
		m.Title, m.Text[1] = "Something broke here", "The fault is this server's. Try again; when it stays, give the id to whoever runs the server."
	case m.Status == http.StatusForbidden && r.Method == http.MethodGet:
		m.Title, m.Tone, m.Text[1] = "This account may not do that", "warn", "Nothing was passed on. Sign in with another account, or ask an administrator of your organization."
		m.Link, m.LinkText = signInPath(localPath(r.URL.RequestURI())), "Use another account"
	}
	for _, row := range []fact{{"Error", refusal.Code, true}, {"Id", refusal.DebugID, true}} {
		if row.Value != "" {
			m.Facts = append(m.Facts, row)
		}
	}
	return m
}
