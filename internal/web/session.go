package web

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"sync"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/clock"
)

// Sessions keeps who is signed in.
type Sessions interface {
	// Ticket makes a ticket that signs a browser in as the caller, once.
	Ticket(caller access.Caller) string
	// Redeem ends a ticket and begins a session; false when the ticket is unknown, used or too old.
	Redeem(ticket string) (session string, ok bool)
	// Caller tells who is signed in.
	Caller(session string) (access.Caller, bool)
	// End ends a session; an unknown one is no error.
	End(session string)
}

const (
	ticketLife  = 24 * time.Hour
	sessionLife = 12 * time.Hour
)

// MemorySessions keeps sessions in this process: they end with it. Only hashes are kept.
type MemorySessions struct {
	clock clock.Clock

	mu       sync.Mutex
	tickets  map[[32]byte]signedIn
	sessions map[[32]byte]signedIn
}

type signedIn struct {
	caller access.Caller
	until  time.Time
}

var _ Sessions = (*MemorySessions)(nil)

// NewMemorySessions makes an empty one.
func NewMemorySessions(c clock.Clock) *MemorySessions {
	return &MemorySessions{clock: c, tickets: map[[32]byte]signedIn{}, sessions: map[[32]byte]signedIn{}}
}

// Ticket makes a ticket.
func (m *MemorySessions) Ticket(caller access.Caller) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.add(m.tickets, caller, ticketLife)
}

// Redeem turns a ticket into a session.
func (m *MemorySessions) Redeem(ticket string) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	name := sha256.Sum256([]byte(ticket))
	found, ok := m.tickets[name]
	delete(m.tickets, name)
	if !ok || m.clock.Now().After(found.until) {
		return "", false
	}
	return m.add(m.sessions, found.caller, sessionLife), true
}

// Caller tells who is signed in.
func (m *MemorySessions) Caller(session string) (access.Caller, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found, ok := m.sessions[sha256.Sum256([]byte(session))]
	return found.caller, ok && m.clock.Now().Before(found.until)
}

// End signs out.
func (m *MemorySessions) End(session string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.sessions, sha256.Sum256([]byte(session)))
}

// add keeps the caller under a new random name, and drops what is over.
func (m *MemorySessions) add(to map[[32]byte]signedIn, caller access.Caller, life time.Duration) string {
	now := m.clock.Now()
	for name, old := range to {
		if now.After(old.until) {
			delete(to, name)
		}
	}
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails, crypto/rand
	name := base64.RawURLEncoding.EncodeToString(random[:])
	to[sha256.Sum256([]byte(name))] = signedIn{caller, now.Add(life)}
	return name
}

// SignInPath makes a link, without scheme and host, that signs a browser in as the caller, once.
func (p *Pages) SignInPath(caller access.Caller) string {
	return "/sign-in?ticket=" + url.QueryEscape(p.Sessions.Ticket(caller))
}

// sessionCookie is the cookie's name. Over TLS the prefix keeps other hosts of the domain from setting it.
func sessionCookie(r *http.Request) string {
	if r.TLS != nil {
		return "__Host-latchkey"
	}
	return "latchkey"
}

// signIn redeems a ticket. A reload of the page, by a browser that it has signed in, is no error.
func (p *Pages) signIn(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		return // a preview's HEAD must not use the ticket up
	}
	session, ok := p.Sessions.Redeem(r.URL.Query().Get("ticket"))
	if !ok {
		if _, signed := p.caller(r); signed {
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return
		}
		p.message(w, r, messageTicket)
		return
	}
	setCookie(w, r, cookie{sessionCookie(r), session, "/", sessionLife})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// signOut ends the session, when the form is ours.
func (p *Pages) signOut(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	session := cookieValue(r, sessionCookie(r))
	if subtle.ConstantTimeCompare([]byte(r.PostFormValue("csrf")), []byte(csrf(session))) != 1 {
		p.message(w, r, messageForeign)
		return
	}
	p.Sessions.End(session)
	setCookie(w, r, cookie{sessionCookie(r), "", "/", -time.Second})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// caller tells who is signed in.
func (p *Pages) caller(r *http.Request) (access.Caller, bool) {
	session := cookieValue(r, sessionCookie(r))
	if session == "" {
		return access.Caller{}, false
	}
	return p.Sessions.Caller(session)
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

// csrf is the token of a session's forms: a hash of what only the browser and we know.
func csrf(session string) string {
	if session == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("form of " + session))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
