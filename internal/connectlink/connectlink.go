// Package connectlink lets applications send their customers here to connect an account, without an account of their own.
//
// An application makes a link ([Links.Create]): to a definition, or to a connection that is to be authorized anew; with the
// fields that it knows already, a label, its own name for the customer, an address to come back to and an end. The link's token
// is 256 random bits, of which a keyed hash is kept: who has the link may connect one account with it, once, and see nothing
// else. It is used up when a token set has come of it, not when it is opened, so that a preview of a mail program, a typo or a
// consent that was declined costs nothing. A link acts with the rights of nobody: it makes or authorizes that one connection.
//
// What customers see there is the organization's [Brand]: a name, a logo, a colour, words and where to ask. A logo is taken
// apart and written anew as PNG; markup is taken nowhere.
package connectlink

import (
	"context"
	"errors"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/connection"
	"latchkey/internal/destination"
)

// Path is where links lead: a public URL, this, and the token.
const Path = "/connect/to/"

// The lives of links.
const (
	DefaultLife = 7 * 24 * time.Hour
	MaxLife     = 90 * 24 * time.Hour
	minLife     = time.Minute
)

// The errors of this room.
var (
	// ErrUnknown is given for a token, or an id, that is none, or not this caller's.
	ErrUnknown = errors.New("no such connect link")
	// ErrUsed, ErrExpired and ErrRevoked are given for links that are over.
	ErrUsed    = errors.New("the connect link has been used")
	ErrExpired = errors.New("the connect link has expired")
	ErrRevoked = errors.New("the connect link was withdrawn")
	// ErrBusy is given while somebody else connects with it.
	ErrBusy = errors.New("somebody connects with the link at this moment")
	// ErrGone is given when what it leads to was deleted, or can't be connected to any more.
	ErrGone = errors.New("what the connect link leads to is gone")
)

// State is how a link stands.
type State string

// The states of a link.
const (
	Open    State = "open"
	Used    State = "used"
	Expired State = "expired"
	Revoked State = "revoked"
)

// Link is one, without its token.
type Link struct {
	// ID is `lnk_` and a ULID.
	ID                    string
	Organization, Sandbox string
	// Definition is the id of what is connected to, Configuration which entry of it.
	Definition    string
	Configuration int
	// Target is the connection that is authorized anew, "" for a new one.
	Target string
	// Label is the new connection's; Reference is the application's own name for its customer, which it gets back.
	Label, Reference string
	// ReturnURL is where the browser goes in the end, "" for our own page.
	ReturnURL string
	// Fields are those that the customer is not asked for.
	Fields    destination.Fields
	CreatedBy string

	CreatedAt, ExpiresAt time.Time
	// Connection is what came of it, "" for nothing yet. UsedAt is when a token set came of it.
	Connection        string
	UsedAt, RevokedAt time.Time
	// BusyUntil is until when somebody connects with it at most.
	BusyUntil time.Time
}

// State tells how the link stands.
func (l *Link) State(now time.Time) State {
	switch {
	case !l.UsedAt.IsZero():
		return Used
	case !l.RevokedAt.IsZero():
		return Revoked
	case !now.Before(l.ExpiresAt):
		return Expired
	}
	return Open
}

// Hash is the keyed hash of a token.
type Hash [32]byte

// Query picks links of one sandbox, the newest first.
type Query struct {
	Organization, Sandbox string
	// Before leaves out what is not older than the link of this id.
	Before string
	Limit  int
}

// Store keeps links and brands. It MUST seal the secrets of [Link.Fields], and forget them when the link is over.
type Store interface {
	// CreateLink keeps one, and lets go of some that ended before a time.
	CreateLink(ctx context.Context, link Link, token Hash, endedBefore time.Time, entry audit.Entry) error
	// LinkByToken and Link find one: [ErrUnknown].
	LinkByToken(ctx context.Context, token Hash) (Link, error)
	Link(ctx context.Context, organization, id string) (Link, error)
	Links(ctx context.Context, q Query) ([]Link, error)
	// TakeLink lets one caller connect with an open link until a time: [ErrBusy], and [ErrUsed] when it is over.
	TakeLink(ctx context.Context, id string, now, until time.Time) error
	// LeaveLink ends that. Connection is what came of it, "" for nothing; used tells that a token set did.
	LeaveLink(ctx context.Context, id, connection string, used bool, entry audit.Entry) error
	// RevokeLink withdraws an open one: [ErrUnknown].
	RevokeLink(ctx context.Context, organization, id string, entry audit.Entry) error
	BrandStore
}

// Connections makes and authorizes connections. It is [connection.Connector], as far as this room calls it.
type Connections interface {
	Connectable(ctx context.Context, caller access.Caller, ref destination.Ref, configuration int) (destination.Pinned, error)
	Get(ctx context.Context, caller access.Caller, ref connection.Ref) (connection.Connection, error)
	Create(ctx context.Context, caller access.Caller, ask connection.Create) (connection.Created, error)
	Patch(ctx context.Context, caller access.Caller, ref connection.Ref, patch connection.Patch) (connection.Created, error)
	Reauthorize(ctx context.Context, caller access.Caller, ref connection.Ref, ask connection.Reauthorize) (connection.Created, error)
	// CheckLink checks a label and an address to come back to.
	CheckLink(label, returnURL, baseURL string) destination.Problems
}

var _ Connections = (*connection.Connector)(nil)
