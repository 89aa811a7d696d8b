package provider

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"time"
)

// Standing is whether a provider is down, for the whole installation.
type Standing struct {
	Down bool
	// Since is when that began.
	Since time.Time
	// Last is the failure that was seen last, without the provider's words.
	Last Failure
}

// Acquaintance says that an organization calls a provider.
type Acquaintance struct {
	Host         Host
	Organization string
	At           time.Time
}

// Kept is what a store knows.
type Kept struct {
	Standings map[Host]Standing
	Known     []Acquaintance
	// Open are the incidents that have not ended.
	Open []Incident
}

// Store keeps what has to survive a process and is the same for all nodes: acquaintances, standings, incidents. A change
// and its events are committed together, once for the installation, whichever node sees it first. providertest.Run checks
// an implementation.
type Store interface {
	// Read gives all that is known.
	Read(ctx context.Context) (Kept, error)
	// Meet notes acquaintances; the later instant stays.
	Meet(ctx context.Context, met []Acquaintance) error
	// Stand notes a provider's standing when it is the opposite of the one that is kept (up, where none is), and tells
	// every organization that calls the provider: [StandingEvents]. changed tells whether it was.
	Stand(ctx context.Context, host Host, standing Standing) (changed bool, err error)
	// Open keeps an incident and tells its organization ([OpenedEvents]), unless one of its mark is open: that one is
	// given.
	Open(ctx context.Context, incident Incident) (Incident, error)
	// End ends an open incident of this id and tells its organization ([EndedEvents]); changed is false when none is.
	End(ctx context.Context, incident Incident) (changed bool, err error)
}

// privateHash makes a hash with a key of this process.
func privateHash() func(string, []byte) [32]byte {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails
	return func(purpose string, data []byte) [32]byte {
		mac := hmac.New(sha256.New, key)
		_, _ = mac.Write(append([]byte(purpose+"\x00"), data...)) // never fails, hash.Hash
		return [32]byte(mac.Sum(nil))
	}
}
