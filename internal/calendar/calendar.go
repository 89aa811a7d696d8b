// Package calendar tells people what ends, before it does.
//
// It asks the rooms' sources (package expiry) and gives one list of all that a caller may see; [Calendar.Start] lets it
// warn: at 60, 30, 14, 7 and 1 days before an end an `expiring` event goes to the outbox, once for the thing, the end and
// the threshold, whatever number of nodes look and however often they start anew. What Latchkey renews by itself is
// listed and not warned of. A thing that was renewed has a new end, and is warned of anew.
//
// A [Feed] lets a calendar program, which cannot send a key, read the list as iCalendar: by a token in its address that
// opens this list alone, with the rights of its maker at most, and that can be revoked. Of the token a keyed hash is kept.
//
// It trusts its sources to bound what they look at, and its store to compare and set.
package calendar

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/metric"

	"latchkey/internal/access"
	"latchkey/internal/clock"
	"latchkey/internal/expiry"
)

// Listed is a source and who may see what it tells.
type Listed struct {
	expiry.Source
	// Scope is the right that its endings need.
	Scope access.Scope
	// Installation says that they are the installation's own: they need the scope admin, and no bond to a sandbox.
	Installation bool
}

// Config is what a [Calendar] works with.
type Config struct {
	Sources []Listed
	Store   Store
	// Organizations gives the ids of all.
	Organizations func(ctx context.Context) ([]string, error)
	// Hash is the installation's keyed hash: seal.Keyring.Hash.
	Hash  func(purpose string, data []byte) [32]byte
	Clock clock.Clock
	// Log gets what goes wrong in the background; nil means none.
	Log   *slog.Logger
	Meter metric.Meter
	// Every is how often there is a look at what to warn of; 0 means 10 minutes.
	Every time.Duration
}

// Store keeps what was warned of, and feeds.
type Store interface {
	// Warn emits the event of each warning whose thing, kind and end were not warned of at that threshold or a nearer one,
	// and notes that they now are, in one transaction. It gives how many events there are.
	Warn(ctx context.Context, warnings []Warning) (int, error)
	// Forget drops what is known of ends before a time.
	Forget(ctx context.Context, before time.Time) error
	FeedStore
}

// past is for how long what has ended stays in the list, if it is still there.
const past = 7 * expiry.Day

// Calendar holds the use cases. It is safe for concurrent use.
type Calendar struct {
	config Config
	meters *meters
	cancel context.CancelFunc
	done   chan struct{}
}

// New makes a calendar; [Calendar.Start] lets it warn.
func New(config Config) (*Calendar, error) {
	if config.Store == nil || config.Hash == nil || config.Organizations == nil {
		return nil, errors.New("calendar: Store, Hash and Organizations are needed")
	}
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	config.Every = cmp.Or(config.Every, 10*time.Minute)
	m, err := newMeters(config.Meter, config.Clock)
	if err != nil {
		return nil, err
	}
	return &Calendar{config: config, meters: m}, nil
}
