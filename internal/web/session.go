package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"latchkey/internal/limit"
	"latchkey/internal/registry"
	"latchkey/internal/secret"
)

const (
	// linkLife is how long a link signs in, choiceLife how long a person may think about which organization.
	linkLife   = 24 * time.Hour
	choiceLife = 5 * time.Minute
	// formLife is how long a page may stay open before its form is sent.
	formLife = 24 * time.Hour
	// maxForm bounds what a form of ours sends.
	maxForm = 32 << 10
)

// SignInPath makes a link, without scheme and host, that signs a browser in as the person, once.
func (p *Pages) SignInPath(ctx context.Context, user registry.User) (string, error) {
	ticket, err := p.Sessions.Ticket(ctx, registry.Entry{User: user, Proof: registry.ByTicket}, linkLife)
	return "/sign-in?ticket=" + url.QueryEscape(ticket.Reveal()), err
}

// cookieName gives the name of one of our cookies. Over TLS the prefix keeps other hosts of the domain from setting it.
func cookieName(r *http.Request, name string) string {
	if r.TLS != nil {
		return "__Host-" + name
	}
	return name
}

func sessionCookie(r *http.Request) string { return cookieName(r, "latchkey") }

// formCookie binds the forms of a browser where nobody is signed in to it.
func formCookie(r *http.Request) string { return cookieName(r, "latchkey-form") }

// open gives the session of the browser and its person; [registry.ErrNotFound] for nobody.
func (p *Pages) open(r *http.Request) (registry.Session, registry.User, error) {
	return p.Sessions.Open(r.Context(), secret.New(cookieValue(r, sessionCookie(r))))
}

// signed is open where nobody is as good as somebody who can't be told.
func (p *Pages) signed(r *http.Request) (registry.Session, registry.User, bool) {
	session, user, err := p.open(r)
	if err != nil && !errors.Is(err, registry.ErrNotFound) {
		p.Log.ErrorContext(r.Context(), "it can't be told who is signed in", slog.Any("error", err))
	}
	return session, user, err == nil
}

// browserOf tells where a request comes from.
func browserOf(r *http.Request) registry.Browser {
	return registry.Browser{Address: limit.Address(r.RemoteAddr), Agent: r.UserAgent()}
}

// enter gives the browser the session that began, in the place of any that it had.
func (p *Pages) enter(w http.ResponseWriter, r *http.Request, begun registry.Begun) {
	p.leave(r)
	p.meters.signIn(r.Context(), begun.Proof)
	setCookie(w, r, cookie{sessionCookie(r), begun.Name.Reveal(), "/", max(time.Second, begun.Until.Sub(p.Clock.Now()))})
	if err := p.People.SignedIn(r.Context(), begun.User); err != nil {
		p.Log.WarnContext(r.Context(), "it could not be noted that somebody signed in", slog.String("user", begun.User.ID), slog.Any("error", err))
	}
}

// leave ends the session that the browser has, if any.
func (p *Pages) leave(r *http.Request) {
	name := cookieValue(r, sessionCookie(r))
	if name == "" {
		return
	}
	if err := p.Sessions.End(r.Context(), secret.New(name)); err != nil {
		p.Log.ErrorContext(r.Context(), "a session could not be ended", slog.Any("error", err))
	}
}

// postSignOut ends the session, when the form is ours.
func (p *Pages) postSignOut(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if !ownForm(r, sessionCookie(r)) {
		p.message(w, r, messageForeign)
		return
	}
	p.SignOut(w, r)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// cookie is a cookie of ours; a negative life takes it away.
type cookie struct {
	name, value, path string
	life              time.Duration
}

// setCookie sets a cookie that no script reads and that no other site's form brings along.
func setCookie(w http.ResponseWriter, r *http.Request, c cookie) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure where the page is; dev serves plain http to its own machine
		Name: c.name, Value: c.value, Path: c.path, MaxAge: int(c.life / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil,
	})
}

func cookieValue(r *http.Request, name string) string {
	found, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return found.Value
}

// csrf is the token of the forms that a browser with this cookie is shown: a hash of what only it and we know.
func csrf(value string) string {
	if value == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("form of " + value))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// ownForm tells whether a POST has the token of the pages that the browser with this cookie was shown.
func ownForm(r *http.Request, cookieName string) bool {
	want := csrf(cookieValue(r, cookieName))
	return want != "" && subtle.ConstantTimeCompare([]byte(r.PostFormValue("csrf")), []byte(want)) == 1
}

// formToken gives the token of a form that needs no session, and the browser the cookie that it goes with.
func formToken(w http.ResponseWriter, r *http.Request) string {
	value := cookieValue(r, formCookie(r))
	if value == "" {
		var drawn [32]byte
		_, _ = rand.Read(drawn[:]) // never fails, crypto/rand
		value = base64.RawURLEncoding.EncodeToString(drawn[:])
	}
	setCookie(w, r, cookie{formCookie(r), value, "/", formLife})
	return csrf(value)
}
