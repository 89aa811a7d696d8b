package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/registry"
)

// visit is a request of somebody who is signed in, for a page of the console or an act on one.
type visit struct {
	*Pages
	w      http.ResponseWriter
	r      *http.Request
	caller access.Caller
	// user is the person, session where he or she is signed in.
	user    registry.User
	session registry.Session
	// sandbox is the one that is looked at; here the page's address in the navigation.
	sandbox, here string
	// do is what the address asks for.
	do func(*visit) error
}

const (
	sandboxLife = 365 * 24 * time.Hour
	// maxConsoleForm bounds what a form of the console sends: a key, a certificate and some text.
	maxConsoleForm = 256 << 10
)

// inside makes a handler of what a signed-in person does at a place of the navigation. Others are led to the sign-in, and
// a form that is not of this session changes nothing. An error becomes a page.
func (p *Pages) inside(here string, do func(*visit) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		session, user, err := p.open(r)
		switch {
		case errors.Is(err, registry.ErrNotFound) && r.Method == http.MethodPost:
			p.message(w, r, messageForeign)
			return
		case errors.Is(err, registry.ErrNotFound):
			redirectBack(w, r, signInPath(localPath(r.URL.RequestURI())))
			return
		case err != nil:
			p.broken(w, r, err)
			return
		}
		v := &visit{Pages: p, w: w, r: r, caller: user.Caller(), user: user, session: session, here: here, do: do}
		if r.Method == http.MethodPost {
			most := int64(maxConsoleForm)
			if strings.HasSuffix(r.URL.Path, "/library") || strings.HasSuffix(r.URL.Path, "/offers/push") { // files of 512 KiB, as a form writes them
				most = 4 * maxUpload
			}
			r.Body = http.MaxBytesReader(w, r.Body, most)
			if !ownForm(r, sessionCookie(r)) {
				p.message(w, r, messageForeign)
				return
			}
		}
		v.sandbox = p.sandboxOf(r.Context(), r, v.caller)
		rememberSandbox(w, r, v.sandbox)
		if err := do(v); err != nil {
			v.refuse(err)
		}
	}
}

// may tells whether the person holds a right, so that a page shows no act that would be refused.
func (v *visit) may(scope access.Scope) bool { return v.caller.Require(scope) == nil }

// value gives what a form has at a name, without blanks around it.
func (v *visit) value(name string) string { return strings.TrimSpace(v.r.PostFormValue(name)) }

// text gives it as it was sent.
func (v *visit) text(name string) string { return v.r.PostFormValue(name) }

// show writes a page.
func (v *visit) show(status int, name, title string, body any) error {
	v.render(v.w, v.r, status, name, page{Title: title, Here: v.here, Sandbox: v.sandbox, Body: body})
	return nil
}

// done leads on after an act, and says what was done.
func (v *visit) done(to, text string) error {
	setFlash(v.w, v.r, flash{"good", text})
	return v.to(to)
}

// to leads on, in the same sandbox.
func (v *visit) to(path string) error {
	if v.sandbox != access.DefaultSandbox || cookieValue(v.r, sandboxCookie(v.r)) != "" {
		path += map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + "sandbox=" + url.QueryEscape(v.sandbox)
	}
	redirectBack(v.w, v.r, path)
	return nil
}

// form makes a form of the session and the sandbox.
func (v *visit) form(action, submit string, inputs ...*input) *form {
	return &form{Action: action, Submit: submit, Inputs: inputs, CSRF: v.csrf(), Sandbox: v.sandbox}
}

func (v *visit) csrf() string { return csrf(cookieValue(v.r, sessionCookie(v.r))) }
