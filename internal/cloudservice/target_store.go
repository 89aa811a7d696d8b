package cloudservice

import (
	"context"
	"errors"
	"time"

	"latchkey/internal/audit"
)

// TargetStore keeps what services of Target bring home and send away. What a service has goes with the service.
type TargetStore interface {
	AudienceStore
	OfferStore
	LibraryStore
}

// ErrClaimLost is given when somebody else has taken a sync up meanwhile.
var ErrClaimLost = errors.New("somebody else has taken it up meanwhile")

// ErrNeverSynced is given for a service whose audiences were never synced.
var ErrNeverSynced = errors.New("its audiences were never synced")

// AudienceStore keeps synced audiences.
type AudienceStore interface {
	// AskSync makes a sync due, unless one is under way for the same tenant. For another tenant than before, all audiences
	// that were kept are removed in the same transaction.
	AskSync(ctx context.Context, of Service, due time.Time, entry audit.Entry) error
	// FreeSyncs frees what a process held that is gone, where the store can tell.
	FreeSyncs(ctx context.Context) error
	// ClaimSync takes up the one that has been due for longest and that nobody holds; nil when there is none.
	ClaimSync(ctx context.Context, now, until time.Time) (*Sync, error)
	// KeepPage keeps a page, and how far the walk has come behind it, in one transaction: [ErrClaimLost]. It adds to the
	// walk's counts, and gives it.
	KeepPage(ctx context.Context, held Sync, page AudiencePage, now, until time.Time) (Walk, error)
	// EndSync keeps how a walk has ended, and when the next is due: [ErrClaimLost].
	EndSync(ctx context.Context, held Sync, entries ...audit.Entry) error
	// FindSync gives how the sync of a service stands; [ErrNeverSynced].
	FindSync(ctx context.Context, service string) (Sync, error)
	// Audiences gives a part of those that are kept, by their ids.
	Audiences(ctx context.Context, q AudienceQuery) ([]Audience, error)
}

// OfferStore remembers offers.
type OfferStore interface {
	// KeepOffer keeps one, when what is kept still has its version: 0 for none. It gives the next version: [ErrConflict].
	KeepOffer(ctx context.Context, o Offer, entry audit.Entry) (int64, error)
	// FindOffer gives one: [ErrNoOffer].
	FindOffer(ctx context.Context, service, name string) (Offer, error)
	// Offers gives those of a service, by their names.
	Offers(ctx context.Context, service string) ([]Offer, error)
	// ForgetOffer removes one: [ErrNoOffer].
	ForgetOffer(ctx context.Context, service, name string, entry audit.Entry) error
}

// LibraryStore keeps client libraries of one's own.
type LibraryStore interface {
	// KeepLibrary keeps one in the place of the one before.
	KeepLibrary(ctx context.Context, l OwnLibrary, entry audit.Entry) error
	// FindLibrary gives it: [ErrNoLibrary].
	FindLibrary(ctx context.Context, service string) (OwnLibrary, error)
	// RemoveLibrary removes it: [ErrNoLibrary].
	RemoveLibrary(ctx context.Context, service string, entry audit.Entry) error
}
