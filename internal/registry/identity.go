package registry

import (
	"context"
	"errors"
	"time"

	"latchkey/internal/audit"
)

// Identity is who a person is at the identity provider: once it is known the address counts no more.
type Identity struct {
	Issuer, Subject      string
	Person, Organization string
	// Email is the address as the provider had it last.
	Email             string
	CreatedAt, UsedAt time.Time
}

// IdentityKey is what identities are looked for by: the subject of an issuer, or a person.
type IdentityKey struct{ Issuer, Subject, Person string }

// Claimed is what the provider says of somebody who signed in there, when its word was checked.
type Claimed struct {
	Issuer, Subject, Email string
	// Verified tells that the provider says that the address is the person's.
	Verified bool
}

// The errors of a sign-in by the provider.
var (
	// ErrUnverified is given for an address that the provider does not vouch for: anybody can write one there.
	ErrUnverified = errors.New("the provider does not say that the e-mail address is verified")
	// ErrNobody is given where nobody here has the address.
	ErrNobody = errors.New("nobody has this e-mail address")
	// ErrInactive is given for a person who is disabled.
	ErrInactive = errors.New("the account is not active")
	// ErrOtherIdentity is given where the account is somebody else's at the provider: an address may be given to another person.
	ErrOtherIdentity = errors.New("the account belongs to another identity of the provider")
	// ErrNotThePerson is given for a proof of somebody else than who is signed in.
	ErrNotThePerson = errors.New("somebody else signed in at the provider")
)

// IdentityStore keeps identities. registrytest.TestIdentityStore checks an implementation. They go with the person, and with all
// that a person shows beside the password ([FactorStore.RemoveFactors] of all).
type IdentityStore interface {
	// Identities gives those of a subject or a person, in the order of the persons' ids.
	Identities(ctx context.Context, by IdentityKey) ([]Identity, error)
	// AddIdentity adds one, and keeps its person as user says when that was changed: [ErrNameTaken] when the person has one of the
	// issuer, [ErrConflict] when somebody else changed the person, [ErrNotFound] when there is no such person.
	AddIdentity(ctx context.Context, identity Identity, user User, changed bool, entries ...audit.Entry) error
	// UseIdentities notes that the subject signed in, and by which address.
	UseIdentities(ctx context.Context, issuer, subject, email string, at time.Time) error
}
