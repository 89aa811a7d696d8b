package registry

import (
	"context"
	"strings"
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
	// ByPasskey is a passkey that asked for a finger or a PIN: the two proofs in one.
	ByPasskey Proof = "passkey"
	// ByProvider is the word of the identity provider that the installation trusts.
	ByProvider Proof = "oidc"
	// ByCode is a code of the person's app, ByRecovery one of those for the day when the app is lost; both are second proofs.
	ByCode     Proof = "one_time_code"
	ByRecovery Proof = "recovery_code"
)

// Browser is where a session is.
type Browser struct {
	// Address is the network address that it came from, Agent what it says of itself.
	Address, Agent string
}

// maxAgent bounds what is kept of what a browser says of itself.
const maxAgent = 256

// kept gives what is kept of it.
func (b Browser) kept() Browser {
	b.Agent = strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if isControl(r) {
			return -1
		}
		return r
	}, b.Agent), "")
	if len(b.Agent) > maxAgent {
		b.Agent = strings.ToValidUTF8(b.Agent[:maxAgent], "")
	}
	return b
}

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
	// Second is how the person showed it once more, "" for not at all.
	Second  Proof
	Browser Browser
	// Others are the ids of the person's accounts in other organizations that the same proof opened.
	Others []string
	// BeganAt is when the person proved who it is, SeenAt when the browser last came, within a minute; at EndsAt it is
	// over.
	BeganAt, SeenAt, EndsAt time.Time
}

// SessionStore keeps sessions. registrytest.TestSessionStore checks an implementation. They end with the person, when the
// person is not active any more, and by another password: [UserStore.ChangeUser] MUST see to that, and that no session has the person among its
// others any more then; so MUST EndSessions, but where it ends one alone.
type SessionStore interface {
	// BeginSession adds a session, and takes the ticket that it spends away in the same transaction, unless spent is nil:
	// [ErrLink] when that is not there, [ErrNotFound] when there is no such person who is active. Some of those that had ended when
	// this one began go.
	BeginSession(ctx context.Context, session Session, spent []byte, entry audit.Entry) error
	// Session gives one by its name, with its person: [ErrNotFound].
	Session(ctx context.Context, name []byte) (Session, User, error)
	// SeeSession notes that the browser came, and when the session ends now.
	SeeSession(ctx context.Context, name []byte, seen, ends time.Time) error
	// SessionsOf gives those of a person of the organization that have not ended at that time, tickets left out, the one that was
	// seen last first.
	SessionsOf(ctx context.Context, organization, person string, at time.Time) ([]Session, error)
	// EndSessions removes some of a person of the organization, with tickets, and tells how many sessions those were. Where there
	// is none nothing is recorded.
	EndSessions(ctx context.Context, organization, person string, which SessionPick, entry audit.Entry) (int, error)
	// EndSession removes one; where there is none nothing is done or recorded.
	EndSession(ctx context.Context, name []byte, entry audit.Entry) error
}

// SessionPick says which sessions of a person are meant: the one of an id, or all but that of an id.
type SessionPick struct{ ID, Except string }

// Begun is a session that began.
type Begun struct {
	// Name is for the browser to keep; it is shown this once.
	Name  secret.String
	User  User
	Proof Proof
	// Until is when it ends at the latest.
	Until time.Time
}
