package connection

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/exchange"
)

// Disable stops serving and refreshing.
func (c *Connector) Disable(ctx context.Context, caller access.Caller, ref Ref) (Connection, error) {
	record, err := c.find(ctx, caller, ref, access.ConnectionsWrite)
	if err != nil {
		return Connection{}, err
	}
	return c.modify(ctx, &record, func(Record) (Change, error) {
		state := Disabled
		return Change{State: &state, Reason: "switched off by its owner"}, nil
	})
}

// Enable undoes Disable. A connection that is not disabled stays as it is.
func (c *Connector) Enable(ctx context.Context, caller access.Caller, ref Ref) (Connection, error) {
	record, err := c.find(ctx, caller, ref, access.ConnectionsWrite)
	if err != nil {
		return Connection{}, err
	}
	return c.modify(ctx, &record, func(r Record) (Change, error) {
		if r.State != Disabled {
			return Change{}, errUnchanged
		}
		state := afterEnable(r)
		change := Change{State: &state}
		if r.LastError != nil && state != Active {
			change.Reason = reason(&exchange.Failure{Kind: r.LastError.Kind})
		}
		if state.renewing() {
			change.RefreshAt = c.resume(&r)
		}
		return change, nil
	})
}

// resume says when an enabled connection is due: as if it had never been disabled, but not in the past.
func (c *Connector) resume(r *Record) time.Time {
	at := lifeOf(r.Tokens, r.Renewable, c.config.Keeper.config.DefaultLife).refreshAt(r.Renewable, 0, spread(r.ID, r.Generation))
	if now := c.now(); !at.IsZero() && at.Before(now) {
		return now
	}
	return at
}

var errUnchanged = errors.New("nothing to change")

// modify changes a row by what it says now, again when someone else came first.
func (c *Connector) modify(ctx context.Context, record *Record, change func(Record) (Change, error)) (Connection, error) {
	const tries = 8
	for try := 1; ; try++ {
		current, err := c.config.Store.Find(ctx, Selector{Organization: record.Organization, ID: record.ID})
		if err != nil {
			return Connection{}, fmt.Errorf("reading the connection %s: %w", record.ID, err)
		}
		ask, err := change(current)
		if errors.Is(err, errUnchanged) {
			return present(&current), nil
		}
		if err != nil {
			return Connection{}, err
		}
		ask.Organization, ask.ID, ask.Version, ask.At = current.Organization, current.ID, current.Version, c.now()
		ask.Past = ask.past(access.From(ctx).ID)
		err = c.config.Store.Change(ctx, ask)
		if errors.Is(err, ErrConflict) && try < tries {
			continue
		}
		if err != nil {
			return Connection{}, fmt.Errorf("changing the connection %s: %w", record.ID, err)
		}
		after, err := c.config.Store.Find(ctx, Selector{Organization: record.Organization, ID: record.ID})
		if err != nil {
			return Connection{}, fmt.Errorf("reading the connection %s: %w", record.ID, err)
		}
		c.config.Keeper.changed(&after)
		return present(&after), nil
	}
}
