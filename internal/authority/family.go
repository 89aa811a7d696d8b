package authority

import (
	"context"
	"errors"
	"time"
)

// Family is the tokens that come from one authorization code: what a person granted to a client, and which refresh token
// is good. A refresh token names its family and its generation; only the newest counts, and the one before it for a
// moment ([Config.RefreshGrace]), in which it gets the same successor.
type Family struct {
	// ID is the code's.
	ID           string
	Organization string
	User         string
	ClientID     string
	Scopes       []string
	Audience     []string
	// SignedInAt is when the person last proved who it is (OpenID Connect's auth_time).
	SignedInAt time.Time
	CreatedAt  time.Time
	// Generation is that of the good refresh token, 0 where there is none; RotatedAt is when that was made.
	Generation int64
	RotatedAt  time.Time
	// EndsAt is when the last token of the family that may be alive ends.
	EndsAt time.Time
	// EndedAt is zero while the family lives.
	EndedAt time.Time
}

// Why a family was ended before its time.
const (
	EndReplayed = "code_replayed"        // its code was presented again (RFC 6749 §4.1.2)
	EndReused   = "refresh_token_reused" // a refresh token that had a successor was (RFC 9700 §4.14.2)
	EndRevoked  = "revoked"              // the client said so (RFC 7009)
	// EndWithdrawn: the person took the consent back, or an administrator.
	EndWithdrawn = "consent_withdrawn"
)

// Ending says that a family ends.
type Ending struct {
	By, Why string
	At      time.Time
	// Until is when the last access token would have ended; they count no more from now on.
	Until time.Time
}

// Consented is what a person agreed to.
type Consented struct {
	User, ClientID, Organization string
	Scopes                       []string
	// At is when the person did so last.
	At time.Time
}

var (
	// ErrNoFamily says that there is none of the id.
	ErrNoFamily = errors.New("there are no such tokens")
	// ErrNotCurrent says that a family is not of the generation any more, or has ended.
	ErrNotCurrent = errors.New("the refresh token has a successor")
)

// Families keeps what persons granted.
type Families interface {
	// Consent gives the scopes that a person agreed to give a client; none where nothing is known.
	Consent(ctx context.Context, user, clientID string) ([]string, error)
	// KeepConsent adds to them.
	KeepConsent(ctx context.Context, consented Consented) error
	// Consents gives what a person agreed to, in the order of the clients' ids.
	Consents(ctx context.Context, user string) ([]Consented, error)
	// Withdraw takes a consent of a person, client and organization back, and ends every family that came of it, whose
	// ids it gives: [ErrNoConsent].
	Withdraw(ctx context.Context, consented Consented, ending Ending) (ended []string, err error)
	// BeginFamily keeps a new one: false when there is one of its id, which is when its code is presented again.
	BeginFamily(ctx context.Context, family Family) (fresh bool, err error)
	// Family gives one: [ErrNoFamily].
	Family(ctx context.Context, id string) (Family, error)
	// Rotate makes the next generation of one that is still of the generation and lives, else [ErrNotCurrent].
	Rotate(ctx context.Context, id string, from int64, at, endsAt time.Time) (Family, error)
	// EndFamily ends one, and revokes its access tokens: [Store.Revoked] gives its id. One that has ended stays as it is.
	EndFamily(ctx context.Context, id string, ending Ending) error
}
