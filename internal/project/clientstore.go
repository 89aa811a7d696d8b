package project

import (
	"context"
	"time"
)

// ClientStore is what [Clients] reads, and writes uses to.
type ClientStore interface {
	// CredentialOf gives the credential with its secrets' hashes and its bindings by its client id, or [ErrNotFound];
	// values of secrets and uses are not needed.
	CredentialOf(ctx context.Context, clientID string) (Credential, error)
	// OwnServices gives the services that the organization declared, in the order of their codes.
	OwnServices(ctx context.Context, organization string) ([]Service, error)
	// KeepUses moves times of last use forward. Of each secret or binding the [MaxPlaces] places used last are kept; what
	// is of things that are gone is passed over.
	KeepUses(ctx context.Context, uses []ThingUse) error
}

// MaxPlaces is from how many places the last use of a secret or binding is kept.
const MaxPlaces = 32

// ThingUse is when a secret or a binding was used.
type ThingUse struct {
	// Credential is its id, Thing the secret's UUID or the binding's id.
	Credential, Thing string
	Usage
}

// unavailable is what a store's error is that says the database can't be reached now.
type unavailable interface {
	error
	Unavailable() bool
}

// ClientLife is how long what is read of a client counts as fresh; a change on this node counts at once, one on another
// node when its news comes, or after this.
const ClientLife = 10 * time.Second
