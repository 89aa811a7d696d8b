package registry

import (
	"context"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/secret"
)

// Proof says how a person showed who it is.
type Proof string

// The proofs.
const (
	ByPassword Proof = "password"
	// ByInvitation is the link by which a password was set.
	ByInvitation Proof = "invitation"
	// ByTicket is a link that the server made for whoever started it.
	ByTicket Proof = "ticket"
)

// Session is a browser at which a person signed in. A ticket is a session that opens nothing: it begins another, once.
type Session struct {
	// Name is the keyed hash of the name that the browser keeps.
	Name []byte
	// ID names it where people read: in the audit record.
	ID           string
	Person       string
	Organization string
	Ticket       bool
	Proof        Proof
	// BeganAt is when the person proved who it is, SeenAt when the browser last came, within a minute; at EndsAt it is
	// over.
	BeganAt, SeenAt, EndsAt time.Time
}

// SessionStore keeps sessions. registrytest.TestSessionStore checks an implementation. They end with the person, when the
// person is not active any more, and by another password: [UserStore.ChangeUser] MUST see to that.
type SessionStore interface {
	// BeginSession adds a session, and takes the ticket that it spends away in the same transaction, unless spent is nil:
	// [ErrLink] when that is not there, [ErrNotFound] when there is no such person who is active. Some of those that had ended when
	// this one began go.
	BeginSession(ctx context.Context, session Session, spent []byte, entry audit.Entry) error
	// Session gives one by its name, with its person: [ErrNotFound].
	Session(ctx context.Context, name []byte) (Session, User, error)
	// SeeSession notes that the browser came, and when the session ends now.
	SeeSession(ctx context.Context, name []byte, seen, ends time.Time) error
	// EndSession removes one; where there is none nothing is done or recorded.
	EndSession(ctx context.Context, name []byte, entry audit.Entry) error
}

// Begun is a session that began.
type Begun struct {
	// Name is for the browser to keep; it is shown this once.
	Name  secret.String
	User  User
	Proof Proof
	// Until is when it ends at the latest.
	Until time.Time
}
