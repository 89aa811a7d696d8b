package connection

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// What a provider gave and the database does not take is written to this machine's disk before anybody uses it, and goes
// into the database as soon as that is back. Without a spill, or when the disk does not take it either, the flight stays
// with the database for as long as it may.

// saveRetry is how long after a failure the database is tried again with what it did not take.
const saveRetry = time.Second

// keep makes a token set durable that the database did not take for a reason. record is nil for one that was kept before.
func (k *Keeper) keep(ctx context.Context, e *entry, record *Record, c Commit, why error) error {
	e.unsaved = &Unsaved{Commit: &c}
	if record == nil {
		return fmt.Errorf("saving the token set: %w", why)
	}
	err := k.spill(ctx, *e.unsaved)
	if err == nil {
		k.meters.spilled.Add(ctx, 1)
		k.config.Log.Warn("the database does not take a token set; it is kept in the spill", "connection", e.id, "error", why)
		state := Active
		if record.State == Disabled {
			state = Disabled
		}
		k.committed(e, record, c, state)
		k.agenda.push(e.id, k.config.Clock.Now().Add(saveRetry))
		return nil
	}
	err = k.retry(ctx, func() error {
		_, _, err := k.config.Ledger.Commit(ctx, c)
		return err
	})
	if err != nil {
		return fmt.Errorf("saving the token set: %w", err)
	}
	k.saved(e)
	return k.reread(ctx, e)
}

// keepSetback keeps the refresh token of a round that failed.
func (k *Keeper) keepSetback(ctx context.Context, e *entry, s Setback) {
	e.unsaved = &Unsaved{Setback: &s}
	if k.spill(ctx, *e.unsaved) == nil {
		k.agenda.push(e.id, k.config.Clock.Now().Add(saveRetry))
		return
	}
	err := k.retry(ctx, func() error {
		_, _, err := k.config.Ledger.SetBack(ctx, s)
		return err
	})
	if err == nil {
		k.saved(e)
	}
}

var errNoSpill = errors.New("there is no spill")

func (k *Keeper) spill(ctx context.Context, unsaved Unsaved) error {
	if k.config.Spill == nil {
		return errNoSpill
	}
	err := k.config.Spill.Put(context.WithoutCancel(ctx), unsaved)
	if err != nil {
		k.config.Log.Error("writing to the spill", "error", err)
	}
	return err
}

// saved forgets what the database has taken.
func (k *Keeper) saved(e *entry) {
	if e.unsaved == nil && e.note.Count == 0 {
		return
	}
	e.unsaved, e.note = nil, Note{}
	if k.config.Spill == nil {
		return
	}
	if err := k.config.Spill.Drop(e.id); err != nil {
		k.config.Log.Warn("removing what the database has taken from the spill", "connection", e.id, "error", err)
	}
}

// saveLeft brings what an earlier flight left into the database: nothing is sent before. It tells whether that was a
// token set, and with it all that this flight was for.
func (k *Keeper) saveLeft(ctx context.Context, e *entry) (saved bool, err error) {
	switch left := e.unsaved; {
	case left == nil:
		return false, nil
	case left.Commit != nil:
		return true, k.commit(ctx, e, nil, *left.Commit)
	default:
		if _, _, err := k.config.Ledger.SetBack(ctx, *left.Setback); err != nil {
			return false, fmt.Errorf("saving the refresh token that a failed exchange left: %w", err)
		}
		k.saved(e)
		return false, nil
	}
}

// saveSpill saves what is in the spill when nothing is under way any more. Where the database is still away, it stays there
// for the next process.
func (k *Keeper) saveSpill(ctx context.Context) {
	if k.config.Spill == nil {
		return
	}
	all, err := k.config.Spill.All(ctx)
	for _, unsaved := range all {
		if e := k.byID.find(key{name: unsaved.id()}); e != nil && err == nil {
			_, err = k.saveLeft(ctx, e)
		}
	}
	if err != nil {
		k.config.Log.Warn("leaving what the database did not take in the spill", "error", err)
	}
}

// recoverSpill takes up what the process before could not save, and tells of which connections that is.
func (k *Keeper) recoverSpill(ctx context.Context) (spilled []string, err error) {
	if k.config.Spill == nil {
		return nil, nil
	}
	notes, err := k.config.Spill.Notes()
	if err != nil {
		return nil, fmt.Errorf("reading the spill: %w", err)
	}
	for _, note := range notes {
		if e, err := k.load(ctx, Selector{}, note.ID); err == nil {
			e.note = note
		}
	}
	all, err := k.config.Spill.All(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the spill: %w", err)
	}
	for _, unsaved := range all {
		id := unsaved.id()
		e, err := k.load(ctx, Selector{}, id)
		if errors.Is(err, ErrNotFound) {
			if err := k.config.Spill.Drop(id); err != nil {
				return nil, fmt.Errorf("removing a connection that is gone from the spill: %w", err)
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		e.unsaved = &unsaved
		spilled = append(spilled, id)
		k.agenda.push(id, k.config.Clock.Now().Add(-urgency))
	}
	return spilled, nil
}

func (u Unsaved) id() string {
	if u.Commit != nil {
		return u.Commit.ID
	}
	return u.Setback.ID
}
