package connection

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/provider"
	"latchkey/internal/secret"
)

const (
	// claimTries bounds how often a connection is read again because it was changed meanwhile.
	claimTries = 8
	// heldPoll is how often to look for the end of another process's exchange.
	heldPoll = 100 * time.Millisecond
	// heldRetry is when the background looks again at a connection that another process is renewing.
	heldRetry = 2 * time.Second
	// orphanRetry is when to look again whether a machine has come back.
	orphanRetry = 5 * time.Second
)

// putOff ends a flight that may not ask the provider now. Nothing was sent, and nothing is known of the connection.
type putOff struct {
	// err is what a caller is told who is left with nothing; nil when there is nothing to tell.
	err   error
	until time.Time
}

func (p *putOff) Error() string { return fmt.Sprintf("put off: %v", p.err) }

// renew is one exchange: state is read here, inside the flight, so that whoever renewed meanwhile is adopted. It tells
// whether it was idle: by what is stored there is nothing to do.
func (k *Keeper) renew(ctx context.Context, e *entry, why cause, seen int64) (idle bool, err error) {
	if saved, err := k.saveLeft(ctx, e); saved || err != nil {
		return false, err
	}
	for try := 1; ; {
		record, err := k.config.Ledger.Find(ctx, Selector{ID: e.id})
		if err != nil {
			if errors.Is(err, ErrNotFound) {
				k.forget(e)
			}
			return false, fmt.Errorf("reading the connection: %w", err)
		}
		now := k.config.Clock.Now()
		if p := record.Pending; p != nil {
			p.First = k.began(p.First, p.FirstUp)
		}
		have := k.adopt(e, &record)
		if !wanted(&record, have, why, seen, now) {
			return true, nil
		}
		err = k.exchange(ctx, e, &record, why, now)
		held, isHeld := errors.AsType[*HeldError](err)
		switch {
		case isHeld && why == due:
			return true, &putOff{until: earlier(now.Add(heldRetry), held.Until)}
		case isHeld:
			if err := k.pause(ctx, heldPoll); err != nil {
				return false, fmt.Errorf("waiting for another process's renewal: %w", err)
			}
		case errors.Is(err, ErrConflict) && try < claimTries:
			try++
		default:
			return false, err
		}
	}
}

// wanted tells whether a connection, as it is stored, is to be exchanged for a cause.
func wanted(record *Record, have *view, why cause, seen int64, now time.Time) bool {
	switch {
	case record.Generation != seen, !record.State.renewing(), record.Tokens == nil:
		return false
	case record.open() && (record.Pending.Interrupted || record.Pending.Left != nil):
		return true
	case why == due:
		return !have.refreshAt.IsZero() && !now.Before(have.refreshAt) && !now.Before(have.blockedUntil)
	}
	return why == ordered || !have.blocked(now)
}

// open tells whether the answer to a presentation of the record's refresh token is not known.
func (r *Record) open() bool {
	return r.Pending != nil && r.Pending.Generation == r.Generation && (r.Pending.Count > 0 || r.Pending.Left != nil)
}

// seen gives the presentations that were read.
func (r *Record) seen() (first time.Time, count int) {
	if r.Pending == nil {
		return time.Time{}, 0
	}
	return r.Pending.First, r.Pending.Count
}

// began gives a stored time by this process's clock, so that a step of the wall clock since does not move the grace.
func (k *Keeper) began(at time.Time, up clock.Uptime) time.Time {
	if elapsed, ok := up.Since(k.config.Clock); ok {
		return k.config.Clock.Now().Add(-elapsed)
	}
	return at
}

// turn is one exchange of one connection, from the claim to its end.
type turn struct {
	*Keeper
	e      *entry
	record *Record
	plan   *destination.Plan
	input  exchange.Input
	policy policy
	host   provider.Host
	claim  Claimed
	// why and by tell the cause, and who asked; began is when the provider was asked.
	why   cause
	by    string
	began time.Time
	// lost says that some presentation of the refresh token got no whole answer.
	lost bool
}

// exchange asks the provider and notes what came of it.
func (k *Keeper) exchange(ctx context.Context, e *entry, record *Record, why cause, now time.Time) error {
	plan, err := k.planOf(ctx, record)
	if err != nil {
		return fmt.Errorf("reading the definition: %w", err)
	}
	if record.open() && record.Pending.Left != nil && plan != nil {
		left := k.commitment(record, plan, record.Pending.Left, "")
		left.Past.Cause = causes[why]
		return k.commit(ctx, e, record, left)
	}
	tokens := usable(record.Tokens, now)
	if plan == nil || !exchange.Renewable(plan, tokens) {
		return k.ended(ctx, e, record, plan == nil, now)
	}
	t := &turn{Keeper: k, e: e, record: record, plan: plan, policy: policyOf(plan.Refresh()), lost: record.open(), why: why, by: askerOf(ctx)}
	t.input = exchange.Input{Fields: record.Fields, Tokens: tokens, User: userOf(record, record.CreatedBy)}
	presents := exchange.PresentsRefreshToken(plan, tokens)
	urgent := false
	if presents && t.lost {
		at, prompt := t.mayPresentAt(now)
		if now.Before(at) {
			return t.wait(ctx, at, now)
		}
		urgent = prompt
	}
	gate := &provider.Gate{}
	if !urgent { // in the provider's grace nothing is waited for, and these are few
		if gate, err = t.enter(ctx, why); err != nil {
			return err
		}
	}
	defer gate.Done(provider.Outcome{Class: provider.Unused})
	if t.claim, err = k.config.Ledger.Claim(ctx, t.ask(presents, now)); err != nil {
		return fmt.Errorf("claiming the connection: %w", err)
	}
	t.claim.First = k.began(t.claim.First, t.claim.FirstUp)
	t.began = k.config.Clock.Now()
	next, failure := t.present(ctx, presents)
	if presents && failure != nil && failure.Kind == exchange.GrantDead && !t.unconfirmed(failure) {
		next, failure = t.presentPrevious(ctx, failure)
	}
	gate.Done(OutcomeOf(failure))
	k.meters.exchanged(ctx, failure, k.config.Clock.Now().Sub(now))
	k.config.Renewed(record.Organization, failure == nil)
	if failure != nil {
		return t.fail(ctx, failure)
	}
	c := k.commitment(record, plan, next, t.claim.Fence)
	t.tell(c.Past)
	return k.commit(ctx, e, record, c)
}

func (t *turn) ask(presents bool, now time.Time) Claim {
	_, seen := t.record.seen()
	return Claim{
		Organization: t.record.Organization, ID: t.record.ID, Version: t.record.Version, Generation: t.record.Generation,
		Seen: seen, Presents: presents, At: now, Up: clock.Up(t.config.Clock), Lease: t.lease(),
	}
}

// ends is when the access token ends, or is assumed to.
func (t *turn) ends() time.Time { return t.e.now.Load().ends }

// mayPresentAt says when a refresh token may be presented whose last answer is not known: after a restart at once. Prompt
// tells that the provider's grace lasts.
func (t *turn) mayPresentAt(now time.Time) (at time.Time, prompt bool) {
	first, count := t.record.seen()
	at, prompt = t.policy.again(first, count+t.e.noted(t.record.Generation), now, t.ends())
	if !prompt && t.record.Pending.Orphaned {
		at = later(at, first.Add(orphanWait))
	}
	return at, prompt
}

// orphanWait is how long a machine may take to come back with what it spilled, once the grace is over: another node that
// presents the refresh token then would end the grant whose next token lies there.
const orphanWait = 5 * time.Minute

// wait leaves a connection alone until its access token has ended: its refresh token may have been used up, and asking
// would cost what is still there.
func (t *turn) wait(ctx context.Context, at, now time.Time) error {
	if t.record.Pending.Orphaned {
		return &putOff{err: t.e.now.Load().failed(t.e.id), until: earlier(at, now.Add(orphanRetry))}
	}
	if !t.record.Pending.Interrupted && t.record.RefreshAt.Equal(at) {
		return nil
	}
	claim, err := t.config.Ledger.Claim(ctx, t.ask(false, now))
	if err != nil {
		return fmt.Errorf("claiming the connection: %w", err)
	}
	t.claim = claim
	s := t.setback(&exchange.Failure{Kind: exchange.ProviderDown, Code: "unanswered"}, now)
	s.Unanswered, s.RefreshAt, s.Setbacks, s.Tokens = true, at, t.record.Setbacks, nil
	return t.setBack(ctx, t.e, t.record, s)
}

// present presents the refresh token, again as its policy says where the answer is lost. The first presentation is in the
// journal with the claim; every other is written down when it is about to leave ([turn.again]), so that what never left does
// not count.
func (t *turn) present(ctx context.Context, presents bool) (*exchange.TokenSet, *exchange.Failure) {
	first, count := t.claim.First, t.claim.Count+t.e.noted(t.record.Generation)
	coming := count
	for ; ; coming = count + 1 {
		var unwritten error
		if coming > count {
			t.input.Before = func(ctx context.Context) error {
				if unwritten = t.again(ctx); unwritten == nil {
					count++
				}
				return unwritten
			}
		}
		if presents {
			t.input.Limit = t.policy.limit(first, coming, t.config.Clock.Now(), t.p99())
		}
		next, err := t.config.Exchanger.Renew(ctx, t.plan, t.input)
		t.input.Before = nil
		if err == nil {
			return next, nil
		}
		failure := failureOf(err)
		t.lost = t.lost || failure.Unanswered
		if !t.lost || failure.Left != nil || !failure.Unanswered && failure.Kind != exchange.ProviderDown {
			return nil, failure
		}
		now := t.config.Clock.Now()
		at := now.Add(repeatPause)
		if !failure.Unanswered {
			at = t.policy.refused(first, count, now)
		}
		failure.Unanswered = true // what became of the refresh token is not known, whatever this answer was
		if unwritten != nil {
			failure.Code, failure.Description = "unanswered", "" // it was not asked for again
			return nil, failure
		}
		if _, prompt := t.policy.again(first, count, at, t.ends()); !prompt || t.pause(ctx, at.Sub(now)) != nil {
			return nil, failure
		}
	}
}

// journalWait is how long the database may take to write down a repeat before it is written to the spill.
const journalWait = 300 * time.Millisecond

// again writes down that the refresh token is about to be presented once more: in the database, or where that is away, on
// this machine, because the provider's grace does not wait.
func (t *turn) again(ctx context.Context) error {
	t.meters.repeats.Add(ctx, 1)
	written := make(chan error, 1)
	go func() { written <- t.config.Ledger.Again(ctx, t.e.id, t.claim.Fence) }()
	timer := t.config.Clock.NewTimer(journalWait)
	defer timer.Stop()
	select {
	case err := <-written:
		if err == nil || errors.Is(err, ErrFenced) || ctx.Err() != nil {
			return err
		}
	case <-timer.C():
	}
	if t.config.Spill == nil {
		return errNoSpill
	}
	note := Note{ID: t.e.id, Generation: t.record.Generation, Count: t.e.noted(t.record.Generation) + 1}
	if err := t.config.Spill.Note(note); err != nil {
		return fmt.Errorf("writing down a further presentation: %w", err)
	}
	t.e.note = note
	return nil
}

// previousKept is how long the refresh token of before is of use.
const previousKept = 24 * time.Hour

// presentPrevious tries the refresh token of before when the provider refuses the one that it gave out last, as one does
// that has lost its last minutes. It is tried with nothing left to lose: no answer is lost, the access token has ended, and
// the new refresh token never worked.
func (t *turn) presentPrevious(ctx context.Context, refused *exchange.Failure) (*exchange.TokenSet, *exchange.Failure) {
	now := t.config.Clock.Now()
	if t.lost || t.e.now.Load().valid(now) || now.Sub(t.record.LastRefreshAt) > previousKept {
		return nil, refused
	}
	previous, err := t.config.Ledger.Previous(ctx, t.record.Organization, t.record.ID, t.record.Generation)
	if err != nil || previous == nil || previous.RefreshToken.Empty() || previous.RefreshToken.Equal(t.record.Tokens.RefreshToken) {
		return nil, refused
	}
	t.input.Tokens, t.input.Limit = usable(previous, now), 0
	next, err := t.config.Exchanger.Renew(ctx, t.plan, t.input)
	if err != nil {
		return nil, refused
	}
	t.config.Log.Warn("the provider refuses its last refresh token and took the one before", "connection", t.e.id)
	return next, nil
}

// pause waits by the keeper's clock.
func (k *Keeper) pause(ctx context.Context, d time.Duration) error {
	timer := k.config.Clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
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
