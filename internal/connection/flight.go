package connection

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/secret"
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
	// err is set when neither a token nor the provider's failure came of it: the store, the definition.
	err error
}

// join gives the flight under way, or begins one of the caller's own; nil when the generation that the caller saw has
// been exchanged for being rejected before, and [ErrClosed] when the keeper is closed.
func (k *Keeper) join(e *entry, why cause, seen int64) (f *flight, own bool, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.flight != nil:
		return e.flight, false, nil
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
	go k.fly(e, f, why, seen)
	return f, true, nil
}

// exchanged waits until an exchange of what the caller saw was tried, and gives the flight that did; nil when it was tried
// for being rejected before. A flight that was under way may have begun for less than this caller wants and found nothing to do: then it is
// this caller's turn.
func (k *Keeper) exchanged(ctx context.Context, e *entry, why cause, seen int64) (*flight, error) {
	for {
		f, own, err := k.join(e, why, seen)
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
func (k *Keeper) fly(e *entry, f *flight, why cause, seen int64) {
	defer k.leave()
	ctx, cancel := context.WithTimeout(k.background, k.config.RefreshTimeout)
	defer cancel()
	f.idle, f.err = k.renew(ctx, e, why, seen)
	if f.err != nil && !errors.Is(f.err, ErrNotFound) {
		k.config.Log.Error("renewing a token", "connection", e.id, "error", f.err)
		k.postpone(e)
	}
	e.mu.Lock()
	e.flight = nil
	e.mu.Unlock()
	close(f.done)
}

// renew is one exchange: state is read here, inside the flight, so that whoever renewed meanwhile is adopted. It tells
// whether it was idle: by what is stored there is nothing to do.
func (k *Keeper) renew(ctx context.Context, e *entry, why cause, seen int64) (idle bool, err error) {
	if e.unsaved != nil {
		return false, k.commit(ctx, e, nil, *e.unsaved)
	}
	if e.unsavedSetback != nil {
		if _, _, err := k.noteSetback(ctx, e, *e.unsavedSetback); err != nil {
			return false, fmt.Errorf("saving the refresh token that a failed exchange left: %w", err)
		}
	}
	record, err := k.config.Ledger.Claim(ctx, e.id)
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			k.forget(e)
		}
		return false, fmt.Errorf("claiming the connection: %w", err)
	}
	now := k.config.Clock.Now()
	have := k.adopt(e, &record)
	switch {
	case record.Generation != seen, !record.State.renewing(), record.Tokens == nil:
		return true, nil
	case why == due && (record.RefreshAt.IsZero() || now.Before(record.RefreshAt)):
		return true, nil
	case why == due && now.Before(have.blockedUntil), why != ordered && have.blocked(now):
		return true, nil
	}
	return false, k.exchange(ctx, e, &record, now)
}

// exchange asks the provider and notes what came of it.
func (k *Keeper) exchange(ctx context.Context, e *entry, record *Record, now time.Time) error {
	plan, err := k.planOf(ctx, record)
	if err != nil {
		return fmt.Errorf("reading the definition: %w", err)
	}
	tokens := usable(record.Tokens, now)
	if plan == nil || !exchange.Renewable(plan, tokens) {
		return k.ended(ctx, e, record, plan == nil, now)
	}
	next, err := k.config.Exchanger.Renew(ctx, plan, exchange.Input{
		Fields: record.Fields, Tokens: tokens, User: userOf(record, record.CreatedBy),
	})
	k.meters.exchanged(ctx, err, k.config.Clock.Now().Sub(now))
	if err != nil {
		return k.fail(ctx, e, record, failureOf(err))
	}
	return k.commit(ctx, e, record, k.commitment(record, plan, next))
}

// usable leaves out a refresh token that has ended: presenting it can only fail.
func usable(tokens *exchange.TokenSet, now time.Time) *exchange.TokenSet {
	if tokens.RefreshExpiresAt.IsZero() || now.Before(tokens.RefreshExpiresAt) {
		return tokens
	}
	without := *tokens
	without.RefreshToken = secret.String{}
	return &without
}

// planOf gives the plan to renew by: that of the newest published revision if the fields and the grant are the same
// and it sends the secrets where they were authorized for (U18), else the pinned one's. It is nil when none sends them
// there.
func (k *Keeper) planOf(ctx context.Context, record *Record) (*destination.Plan, error) {
	effective, _, err := k.config.Definitions.EffectivePlan(ctx, record.Definition, record.Revision, record.Configuration)
	if err == nil && effective.Fingerprint(record.Fields) == record.Fingerprint {
		return effective, nil
	}
	pinned, err := k.config.Definitions.Plan(ctx, record.Definition, record.Revision, record.Configuration)
	if err != nil {
		return nil, err
	}
	if pinned.Fingerprint(record.Fields) != record.Fingerprint {
		return nil, nil
	}
	return pinned, nil
}
