package connection

import (
	"context"
	"fmt"
	"time"
)

// restLook is how many connections [Keeper.Rest] looks through for one that is due later than now: those that were put off
// stand in the store as due.
const restLook = 256

// Rest waits until nothing is due and no renewal in the background is under way, and gives when the next falls due before a
// time; zero when none does. It is for those who move the keeper's clock, so that what falls due on the way is done on the way.
func (k *Keeper) Rest(ctx context.Context, before time.Time) (next time.Time, err error) {
	rested := make(chan time.Time, 1)
	select {
	case k.agenda.asks <- rested:
	case <-k.agenda.stop:
		return time.Time{}, ErrClosed
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	}
	select {
	case next = <-rested:
	case <-k.agenda.stop:
		return time.Time{}, ErrClosed
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	}
	found, err := k.config.Ledger.Due(ctx, before, restLook)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading which connection is due next: %w", err)
	}
	now := k.config.Clock.Now()
	for _, d := range found {
		if d.At.After(now) && (next.IsZero() || d.At.Before(next)) {
			next = d.At
		}
	}
	if !next.Before(before) {
		return time.Time{}, nil
	}
	return next, nil
}

// answer tells those who ask that the agenda rests, when it does. Nothing is due, so that only renewals can be under way.
func (a *agenda) answer() {
	if len(a.asking) == 0 || len(a.slots) > 0 { // the end of the last renewal wakes
		return
	}
	var first time.Time
	a.mu.Lock()
	if len(a.times) > 0 {
		first = a.times[0].At
	}
	a.mu.Unlock()
	for _, rested := range a.asking {
		rested <- first
	}
	a.asking = nil
	a.asked.Store(false)
}
