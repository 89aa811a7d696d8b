package seal

import (
	"context"
	"time"
)

// Kind says where a root key lives.
type Kind string

// The kinds of root keys.
const (
	KindFile       Kind = "file"
	KindPassphrase Kind = "passphrase"
	KindVault      Kind = "vault"
	KindKMS        Kind = "kms"
)

// RootState says what a root key is to the database. It only ever goes down this list, so that a retired key never
// comes back.
type RootState string

// The states of root keys.
const (
	// RootNext is configured; nothing is wrapped with it yet.
	RootNext RootState = "next"
	// RootCurrent wraps what is new. There is one.
	RootCurrent RootState = "current"
	// RootLeaving is being rotated away from: what it wrapped still opens with it.
	RootLeaving RootState = "leaving"
	// RootRetired wrapped what another root key has now, and is refused.
	RootRetired RootState = "retired"
)

// RootKey is what is kept of a root key; never the key.
type RootKey struct {
	ID    string
	Kind  Kind
	State RootState
	// Parameters are what the key is made with beside what the operator holds: a passphrase's salt.
	Parameters string
	CreatedAt  time.Time

	// Replaces, Total, StartedAt and FinishedAt tell of the rotation to this key: from which one (itself, when the
	// data keys are wrapped anew with the newest version of the same key), and how many data keys there were.
	Replaces   string
	Total      int
	StartedAt  time.Time
	FinishedAt time.Time
	// RetiredAt is when the rotation away from this key was complete.
	RetiredAt time.Time
}

// Root is a root key as an operator names it: what it takes to reach the key.
type Root interface {
	// Open gives the key. known are the root keys that the database knows; a passphrase finds its salt there. A key
	// that is not among them is a new one.
	Open(ctx context.Context, known []RootKey) (Opened, error)
}

// Opened is a root key that can be used.
type Opened struct {
	Wrapper
	Kind       Kind
	Parameters string
}

// Rewrapper is a root key with versions of its own, which moves what it wrapped to the newest without showing it.
type Rewrapper interface {
	Rewrap(ctx context.Context, wrapped, associated []byte) ([]byte, error)
}

// versioned tells whether the key has versions, so that wrapping anew with the same key has a sense.
func (k Kind) versioned() bool { return k == KindVault || k == KindKMS }

// Selection says which data keys are meant.
type Selection struct {
	// Root is the root key that wrapped them.
	Root string
	// WrappedBefore leaves out those wrapped at that time or later; zero leaves out none.
	WrappedBefore time.Time
	// After is the organization after which to begin, nil the very first; Limit bounds how many are given.
	After *string
	Limit int
}

// Rewrapped is a data key wrapped anew.
type Rewrapped struct {
	// Before is the key as it was read. One that changed in the meantime MUST be left alone.
	Before DataKey
	// Root and Wrapped are what it becomes.
	Root    string
	Wrapped []byte
	At      time.Time
}

// RootStore keeps what is known of root keys. A change of theirs and its audit record are one transaction.
type RootStore interface {
	// RootKeys gives all of them, in the order of their creation.
	RootKeys(ctx context.Context) ([]RootKey, error)
	// AddRootKey keeps a key in the state next or current unless it is known, or another one is current already.
	AddRootKey(ctx context.Context, key RootKey) error
	// BeginRotation makes a key that is next the current one, and the current one leaving; from and to may be the same.
	// It gives [ErrConflict] when they are not in those states (any more).
	BeginRotation(ctx context.Context, from, to string, at time.Time, by string) error
	// FinishRotation retires what the current key replaces, unless a data key is left to do: then it gives false.
	FinishRotation(ctx context.Context, to string, at time.Time) (bool, error)
}

// Store keeps data keys and root keys.
type Store interface {
	KeyStore
	RootStore
}

// current gives the key that is current.
func current(known []RootKey) (RootKey, bool) {
	for _, key := range known {
		if key.State == RootCurrent {
			return key, true
		}
	}
	return RootKey{}, false
}

func find(known []RootKey, id string) (RootKey, bool) {
	for _, key := range known {
		if key.ID == id {
			return key, true
		}
	}
	return RootKey{}, false
}

// rotating tells whether the rotation to this key is under way.
func (k RootKey) rotating() bool { return !k.StartedAt.IsZero() && k.FinishedAt.IsZero() }

// remaining selects the data keys that the rotation to this key has still to wrap.
func (k RootKey) remaining() Selection {
	if k.Replaces == k.ID {
		return Selection{Root: k.ID, WrappedBefore: k.StartedAt}
	}
	return Selection{Root: k.Replaces}
}
