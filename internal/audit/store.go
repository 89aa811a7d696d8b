package audit

import (
	"context"
	"time"
)

// Selection picks records of one chain.
type Selection struct {
	Organization string
	// Request picks what was done within the request of this id, "" takes all.
	Request string
	// Actor, Action and Subject pick by what is exactly there; "" takes all. An Action that ends in a dot picks all that
	// begin with it: "key.".
	Actor, Action, Subject string
	// Since and Until bound the time, Since inclusive, Until exclusive; zero does not.
	Since, Until time.Time
	// After and Before bound the number, both exclusive; 0 does not.
	After, Before int64
	// Forward gives the oldest first; else it is the newest.
	Forward bool
	Limit   int
}

// Extent is where a chain begins and ends.
type Extent struct {
	// Base is the record up to which the chain was pruned, zero for none.
	Base Head
	Head
}

// Row is a connection as it is now.
type Row struct {
	ID         string
	Generation int64
	CreatedAt  time.Time
	// Token is the hash of its access token, "" for none.
	Token string
	// Unreadable says that its sealed tokens do not open: they belong elsewhere, or to another generation.
	Unreadable bool
}

// Store keeps chains and checkpoints. Times MUST keep their microseconds.
type Store interface {
	// Append makes records of entries that have no change beside them.
	Append(ctx context.Context, entries ...Entry) error
	// Extent gives where a chain begins and ends, zero for one that has not begun.
	Extent(ctx context.Context, organization string) (Extent, error)
	// Extents gives those of all chains, in the order of their organizations.
	Extents(ctx context.Context) ([]Extent, error)
	// Records gives up to Limit records, without those that were pruned. Previous is not set.
	Records(ctx context.Context, selection Selection) ([]Record, error)
	// Prune lets go of the records up to base, and appends the entry that says so. It does nothing when the chain begins
	// there or later already.
	Prune(ctx context.Context, base Head, entry Entry) error
	// Rows gives up to limit connections of an organization, by id, those after an id.
	Rows(ctx context.Context, organization, after string, limit int) ([]Row, error)
}

// Vault keeps checkpoints and the key that signs them.
type Vault interface {
	// SigningKey gives the newest key; when there is none it keeps fresh, and of two nodes that do so at once both get
	// the same. It MUST seal it.
	SigningKey(ctx context.Context, fresh []byte) ([]byte, error)
	// KeepCheckpoint keeps one; one of the same record that is there already stays.
	KeepCheckpoint(ctx context.Context, checkpoint Checkpoint) error
	// Checkpoints gives up to limit, the newest first, those before a number; 0 is no bound.
	Checkpoints(ctx context.Context, organization string, before int64, limit int) ([]Checkpoint, error)
	// KeepVerification keeps how the check of a chain stands, in the place of the one before.
	KeepVerification(ctx context.Context, v Verification) error
	// Verification gives how the last one stands; one that has not begun when there was none.
	Verification(ctx context.Context, organization string) (Verification, error)
}
