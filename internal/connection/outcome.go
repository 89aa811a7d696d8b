package connection

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/destination"
	"latchkey/internal/exchange"
)

// commitment makes the commit of a token set that follows a record's.
func (k *Keeper) commitment(record *Record, plan *destination.Plan, next *exchange.TokenSet) Commit {
	renewable := exchange.Renewable(plan, next)
	life := lifeOf(next, renewable, k.config.DefaultLife)
	return Commit{
		Organization: record.Organization, ID: record.ID, Generation: record.Generation, Tokens: next,
		Renewable: renewable, At: k.config.Clock.Now(),
		RefreshAt: life.refreshAt(renewable, plan.Expiry().Leeway, spread(record.ID, record.Generation+1)),
	}
}

// commit makes a token set durable, and only then known. When the store does not take it, it is kept for the next
// flight: a rotated refresh token exists nowhere else. record is nil when it was read by an earlier flight.
func (k *Keeper) commit(ctx context.Context, e *entry, record *Record, c Commit) error {
	var standing Standing
	var applied bool
	err := retry(ctx, func() (err error) {
		standing, applied, err = k.config.Ledger.Commit(ctx, c)
		return err
	})
	if err != nil {
		e.unsaved = &c
		return fmt.Errorf("saving the token set: %w", err)
	}
	e.unsaved = nil
	if !applied || record == nil {
		return k.reread(ctx, e)
	}
	before := e.now.Load()
	record.Tokens, record.Renewable, record.RefreshAt, record.Generation = c.Tokens, c.Renewable, c.RefreshAt, c.Generation+1
	record.Version, record.LastError, record.Reason, record.Setbacks = standing.Version, nil, "", 0
	k.edge(record, standing.State)
	after := k.adopt(e, record)
	if before.token != nil && before.token.ETag == after.token.ETag {
		k.exhaust(e, before.generation, after.generation)
	}
	return nil
}

// exhaust carries the mark of a forced exchange over to a generation that brought the same token again.
func (k *Keeper) exhaust(e *entry, before, after int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.forced == before {
		e.forced = after
	}
}

// retry repeats an act of the store until it works or ctx ends.
func retry(ctx context.Context, act func() error) error {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err := act()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}

// fail notes a failed exchange. A dead grant is believed only of the token that is still there.
func (k *Keeper) fail(ctx context.Context, e *entry, record *Record, failure *exchange.Failure) error {
	now := k.config.Clock.Now()
	s := Setback{
		Organization: record.Organization, ID: record.ID, Generation: record.Generation, Tokens: failure.Left, State: afterFailure(failure.Kind, failure.Code), Reason: reason(failure),
		LastError: lastErrorOf(failure, now), Setbacks: record.Setbacks + 1, At: now,
	}
	if s.State.renewing() {
		s.RefreshAt = now.Add(backoff(s.Setbacks, failure))
	}
	return k.setBack(ctx, e, record, s)
}

// ended notes that there is no way to a next token without the customer: at once when the grant can't be used any
// more, else at the token's end.
func (k *Keeper) ended(ctx context.Context, e *entry, record *Record, elsewhere bool, now time.Time) error {
	s := Setback{
		Organization: record.Organization, ID: record.ID, Generation: record.Generation, State: NeedsReauthorization, LastError: record.LastError,
		Reason: "the token has ended and can't be renewed without the customer", At: now,
	}
	switch have := e.now.Load(); {
	case elsewhere:
		s.Reason = "the definition would send the grant to another endpoint or client than it was given for"
	case have.valid(now) && !lapsed(record.Tokens, now):
		s.State, s.Reason, s.RefreshAt = record.State, record.Reason, record.Tokens.ExpiresAt
		if record.RefreshAt.Equal(s.RefreshAt) {
			return nil
		}
	}
	return k.setBack(ctx, e, record, s)
}

func lapsed(tokens *exchange.TokenSet, now time.Time) bool {
	return !tokens.RefreshExpiresAt.IsZero() && !now.Before(tokens.RefreshExpiresAt)
}

// setBack notes a setback. When the store does not take it, it is known here all the same: the provider said it. Tokens
// that come with it are kept for the next flight then, as commit does.
func (k *Keeper) setBack(ctx context.Context, e *entry, record *Record, s Setback) error {
	standing, applied, err := k.noteSetback(ctx, e, s)
	if err == nil && !applied {
		return k.reread(ctx, e)
	}
	if err != nil {
		k.config.Log.Error("noting a failed exchange", "connection", e.id, "error", err)
		standing = Standing{Version: record.Version, State: s.State}
	}
	record.Reason, record.LastError, record.Setbacks = s.Reason, s.LastError, s.Setbacks
	record.RefreshAt, record.Version = s.RefreshAt, standing.Version
	if s.Tokens != nil {
		record.Tokens = s.Tokens
	}
	k.edge(record, standing.State)
	k.adopt(e, record)
	return nil
}

func (k *Keeper) noteSetback(ctx context.Context, e *entry, s Setback) (standing Standing, applied bool, err error) {
	if s.Tokens == nil {
		return k.config.Ledger.SetBack(ctx, s)
	}
	err = retry(ctx, func() (err error) {
		standing, applied, err = k.config.Ledger.SetBack(ctx, s)
		return err
	})
	e.unsavedSetback = nil
	if err != nil {
		e.unsavedSetback = &s
	}
	return standing, applied, err
}

// edge moves a record to a state and tells of it once.
func (k *Keeper) edge(record *Record, next State) {
	if record.State == next {
		return
	}
	class := ""
	if record.LastError != nil {
		class = record.LastError.Kind.String()
	}
	k.meters.edge(next)
	k.config.Log.Info("connection changed state", "connection", record.ID, "from", record.State, "to", next,
		"reason", record.Reason, "class", class)
	record.State = next
}

// reread adopts what is stored.
func (k *Keeper) reread(ctx context.Context, e *entry) error {
	record, err := k.config.Ledger.Find(ctx, Selector{ID: e.id})
	if errors.Is(err, ErrNotFound) {
		k.forget(e)
	}
	if err != nil {
		return fmt.Errorf("reading the connection: %w", err)
	}
	k.adopt(e, &record)
	return nil
}

// postpone keeps the callers of a connection from trying again and again while the store is away.
func (k *Keeper) postpone(e *entry) {
	v := *e.now.Load()
	until := k.config.Clock.Now().Add(backoffFloor)
	v.blockedUntil, v.callersUntil = until, until
	if !v.refreshAt.IsZero() && v.refreshAt.Before(until) {
		v.refreshAt = until
		v.setHot()
	}
	e.adopt(&v)
	k.agenda.push(e.id, until)
}

func failureOf(err error) *exchange.Failure {
	if failure, ok := errors.AsType[*exchange.Failure](err); ok {
		return failure
	}
	return &exchange.Failure{Kind: exchange.BadResponse, Code: "internal", Err: err}
}

func lastErrorOf(f *exchange.Failure, at time.Time) *LastError {
	last := &LastError{
		Kind: f.Kind, Code: f.Code, Status: f.Status, Endpoint: f.Endpoint, Description: f.Description,
		Validation: f.Validation, At: at,
	}
	if f.RetryAfter > 0 {
		last.NotBefore = at.Add(min(f.RetryAfter, retryAfterCap))
	}
	return last
}
