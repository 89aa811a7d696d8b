package authority

import (
	"context"
	"fmt"
	"sync"
	"time"

	"latchkey/internal/clock"
)

// revocations are the tokens that were revoked and would live otherwise: few, and all in memory.
type revocations struct {
	store Store
	clock clock.Clock
	mu    sync.RWMutex
	ends  map[string]time.Time
	since time.Time
}

// overlap is how far back to look for what other nodes revoked: their clocks differ, and a commit takes a while.
const overlap = 5 * time.Minute

func openRevocations(ctx context.Context, store Store, clock clock.Clock) (*revocations, error) {
	r := &revocations{store: store, clock: clock, ends: map[string]time.Time{}}
	return r, r.read(ctx)
}

func (r *revocations) has(id string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	_, revoked := r.ends[id]
	return revoked
}

// read takes up what was revoked since the last time, and lets go of what has ended.
func (r *revocations) read(ctx context.Context) error {
	now := r.clock.Now()
	r.mu.RLock()
	since := r.since
	r.mu.RUnlock()
	found, err := r.store.Revoked(ctx, since, now)
	if err != nil {
		return fmt.Errorf("reading which tokens were revoked: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, end := range r.ends {
		if !now.Before(end) {
			delete(r.ends, id)
		}
	}
	for _, token := range found {
		r.ends[token.ID] = token.EndsAt
	}
	r.since = now.Add(-overlap)
	return nil
}

// add revokes a token, here at once.
func (r *revocations) add(ctx context.Context, token Revoked) error {
	if err := r.store.Revoke(ctx, token); err != nil {
		return fmt.Errorf("revoking a token: %w", err)
	}
	r.note(token.ID, token.EndsAt)
	return nil
}

// note makes an id that the store has revoked count at once.
func (r *revocations) note(id string, until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ends[id] = until
}
