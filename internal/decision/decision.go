// Package decision is the decision log of the authorization server: why an organization's clients were given no token, for
// the developers who own them.
//
// An OAuth error says little on purpose, for anybody may read it. What was tried, what was expected and what to do is kept
// here, by the credential that it is about, and found by the x-debug-id of the answer. Only refusals are kept: of a token
// that was issued nothing is written. Requests whose client is unknown belong to nobody, and are in the server's log alone.
//
// It holds still under attack: refusals of the same credential with the same error from the same place within a minute are
// one row that counts, a credential has no more than [MaxOpen] such rows a minute and [MaxKept] in all, for [Kept], and the
// server's log gets a line for the first of each. Rows are written in batches, off the path of a request. What is said here
// is cleaned of everything that has the form of a secret, a token or an assertion; the rooms that report give none.
package decision

import (
	"context"
	"errors"
	"time"
)

const (
	// MaxOpen is how many places and errors of a credential are told apart in a minute; of the others each error is one row.
	MaxOpen = 32
	// MaxKept is how many rows of a credential are kept, the newest.
	MaxKept = 500
	// MaxDebugIDs is how many debug ids of a row are kept, the first.
	MaxDebugIDs = 20
	// Kept is for how long a row is kept after its last refusal.
	Kept = 7 * 24 * time.Hour
)

// ErrUnknown says that nothing is known of a debug id, or that it is another organization's.
var ErrUnknown = errors.New("nothing is known of it")

// Decision is a refusal, or several that are alike.
type Decision struct {
	// ID is "dec_" and a ULID of the first one's time.
	ID string
	// Organization, Credential and ClientID say whose client it was. Credential is its id, "" for one that is unknown.
	Organization, Credential, ClientID string
	// Grant is what was asked for, and Path where.
	Grant, Path string
	// Code and Says are the error as the client got it.
	Code, Says string
	// Reasons are what the client was not told.
	Reasons []Reason
	// Place is the address that it came from, "" for several; Agent what the program there calls itself.
	Place, Agent string
	// Count is how many they are.
	Count           int64
	FirstAt, LastAt time.Time
	// DebugIDs are those of the answers, the first [MaxDebugIDs].
	DebugIDs []string
	// Hide are texts that MUST NOT stand in it, whatever they look like: what the client sent as a secret. They are not kept.
	Hide []string
}

// Reason is one fact: what was tried, was there, or was expected.
type Reason struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Query asks for a part of what is kept, the newest first.
type Query struct {
	Organization string
	// Credential leaves out others, and DebugID all but one, when they are not "".
	Credential, DebugID string
	// Before leaves out what is not older than the row of this id.
	Before string
	Limit  int
}

// Store keeps decisions.
type Store interface {
	// KeepDecisions adds rows, or replaces those of the same ids: all but their debug ids, to which it adds. Rows of
	// credentials that are gone it passes over, and of each credential it lets go of all but the newest keep.
	KeepDecisions(ctx context.Context, rows []Decision, keep int) error
	// Decisions gives some.
	Decisions(ctx context.Context, q Query) ([]Decision, error)
	// ForgetDecisions removes some of the rows whose last refusal was before a time, and tells whether there are more.
	ForgetDecisions(ctx context.Context, before time.Time) (more bool, err error)
}
