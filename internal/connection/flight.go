package connection

import (
	"context"
	"errors"

	"latchkey/internal/access"
)

// cause is why an exchange is wanted.
type cause int

const (
	// due: its time has come.
	due cause = iota
	// needed: a caller waits for a token that lives (long enough).
	needed
	// rejected: a caller says that the token does not work.
	rejected
	// ordered: a person asked for it, backoff or not.
	ordered
)

// flight is one exchange under way. What it achieves is in the entry's view when done is closed; the other members may
// be read then.
type flight struct {
	done chan struct{}
	// idle is set when it found nothing to do for the cause that it began for.
	idle bool
	// err is set when neither a token nor the provider's failure came of it: the store, the definition, or a provider that
	// was not asked.
	err error
}

// join gives the flight under way, or begins one of the caller's own; nil when the generation that the caller saw has
// been exchanged for being rejected before, and [ErrClosed] when the keeper is closed.
func (k *Keeper) join(e *entry, why cause, seen int64, by string) (f *flight, own bool, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.flight != nil:
		return e.flight, false, nil
	case e.closing:
		return nil, false, ErrNotFound
	case why == rejected && e.forced == seen:
		return nil, false, nil
	case !k.enter():
		return nil, false, ErrClosed
	}
	if why == rejected {
		e.forced = seen
	}
	f = &flight{done: make(chan struct{})}
	e.flight = f
	go k.fly(e, f, why, seen, by)
	return f, true, nil
}

// exchanged waits until an exchange of what the caller saw was tried, and gives the flight that did; nil when it was tried
// for being rejected before. A flight that was under way may have begun for less than this caller wants and found nothing to do: then it is
// this caller's turn.
func (k *Keeper) exchanged(ctx context.Context, e *entry, why cause, seen int64) (*flight, error) {
	for {
		f, own, err := k.join(e, why, seen, access.From(ctx).ID)
		if f == nil {
			return nil, err
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if own || !f.idle || e.now.Load().generation != seen {
			return f, nil
		}
	}
}

// fly runs a flight to its end, on a context of its own: no caller can cut it short.
func (k *Keeper) fly(e *entry, f *flight, why cause, seen int64, by string) {
	defer k.leave()
	ctx, cancel := context.WithTimeout(k.background, k.config.RefreshTimeout)
	defer cancel()
	ctx, span := k.begin(withAsker(ctx, by), e, why)
	f.idle, f.err = k.renew(ctx, e, why, seen)
	k.end(span, e, f)
	if put, ok := errors.AsType[*putOff](f.err); ok {
		f.err = put.err
		k.spare(e, put.until)
	} else if f.err != nil && !errors.Is(f.err, ErrNotFound) && !errors.Is(f.err, ErrClosed) {
		k.config.Log.Error("renewing a token", "connection", e.id, "error", f.err)
		k.postpone(e)
	}
	e.mu.Lock()
	e.flight = nil
	e.mu.Unlock()
	close(f.done)
}
