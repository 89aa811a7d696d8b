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
func (k *Keeper) commitment(record *Record, plan *destination.Plan, next *exchange.TokenSet, fence string) Commit {
	renewable := exchange.Renewable(plan, next)
	life := lifeOf(next, renewable, k.config.DefaultLife)
	c := Commit{
		Organization: record.Organization, ID: record.ID, Generation: record.Generation, Tokens: next,
		Renewable: renewable, At: k.config.Clock.Now(), Fence: fence,
		RefreshAt: life.refreshAt(renewable, plan.Expiry().Leeway, spread(record.ID, record.Generation+1)),
	}
	c.Events = append(recovery(record, c.At), refreshed(record, next, c.At))
	past := arrived(WasRefreshed, record.Tokens, next, c.At)
	c.Past = &past
	return c
}

// commit makes a token set durable, and only then known. What the database does not take is made durable beside it: a
// rotated refresh token exists nowhere else. record is nil when it was read by an earlier flight.
func (k *Keeper) commit(ctx context.Context, e *entry, record *Record, c Commit) error {
	standing, applied, err := k.config.Ledger.Commit(ctx, c)
	if err != nil {
		return k.keep(ctx, e, record, c, err)
	}
	k.saved(e)
	if !applied || record == nil {
		return k.reread(ctx, e)
	}
	record.Version = standing.Version
	k.committed(e, record, c, standing.State)
	return nil
}

// committed makes a token set known.
func (k *Keeper) committed(e *entry, record *Record, c Commit, state State) {
	before := e.now.Load()
	record.Tokens, record.Renewable, record.RefreshAt, record.Generation = c.Tokens, c.Renewable, c.RefreshAt, c.Generation+1
	record.LastError, record.Reason, record.Setbacks, record.Pending = nil, "", 0, nil
	k.edge(record, state)
	after := k.install(e, record)
	if before.token != nil && before.token.ETag == after.token.ETag {
		k.exhaust(e, before.generation, after.generation)
	}
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
func (k *Keeper) retry(ctx context.Context, act func() error) error {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err := act()
		if err == nil || k.pause(ctx, wait) != nil {
			return err
		}
	}
}

// fail notes a failed exchange. A dead grant is believed only of the token that is still there.
func (t *turn) fail(ctx context.Context, failure *exchange.Failure) error {
	if t.background.Err() != nil { // cut off, which is no word of the provider's; what was presented stands in the journal
		return ErrClosed
	}
	if failure.Kind.Final(failure.Code) {
		if doubtful, err := t.doubt(ctx); doubtful || err != nil {
			return err
		}
	}
	now := t.config.Clock.Now()
	if t.unconfirmed(failure) {
		s := t.setback(doubted(failure), now)
		s.RefreshAt = now.Add(confirmAfter)
		return t.setBack(ctx, t.e, t.record, s)
	}
	s := t.setback(failure, now)
	s.Unanswered = failure.Unanswered
	if s.Unanswered {
		at, _ := t.policy.again(t.claim.First, t.claim.Count+t.policy.most+1, s.RefreshAt, t.ends())
		s.RefreshAt = at
	}
	return t.setBack(ctx, t.e, t.record, s)
}

// confirmAfter is when a provider that has trouble is asked again about a grant that it called dead.
const confirmAfter = 5 * time.Second

// codeDoubted is the code of a failure that is to be confirmed. It stands in the connection's last error, so that any node
// can tell that it asks for the second time.
const codeDoubted = "grant_doubted"

// unconfirmed tells whether a grant is not yet believed to be dead: its provider has trouble of late, as one whose
// replicas lag or whose sessions are being restored, and has said so once. With a lost answer there is nothing to doubt.
func (t *turn) unconfirmed(failure *exchange.Failure) bool {
	last := t.record.LastError
	return failure.Kind == exchange.GrantDead && failure.Left == nil && !t.lost && t.config.Health != nil &&
		t.config.Health.Troubled(t.host) && (last == nil || last.Code != codeDoubted)
}

// doubted makes a failure of the provider's trouble, and not of the grant.
func doubted(failure *exchange.Failure) *exchange.Failure {
	return &exchange.Failure{
		Kind: exchange.ProviderDown, Code: codeDoubted, Status: failure.Status, Endpoint: failure.Endpoint, Sent: failure.Sent,
		Description: "the provider, which has trouble, answered " + failure.Code + "; it is asked once more before that is believed",
	}
}

// doubt reads the connection again before a grant is called dead. Where another has renewed it meanwhile, or has left
// what it got, that is adopted, and the provider's no was about a token that had been rotated.
func (t *turn) doubt(ctx context.Context) (doubtful bool, err error) {
	current, err := t.config.Ledger.Find(ctx, Selector{ID: t.e.id})
	if err != nil {
		return true, fmt.Errorf("reading the connection again before its grant is called dead: %w", err)
	}
	switch {
	case current.Generation != t.record.Generation, current.Tokens == nil,
		!current.Tokens.RefreshToken.Equal(t.record.Tokens.RefreshToken):
		t.adopt(t.e, &current)
		return true, nil
	case current.open() && current.Pending.Left != nil:
		return true, t.commit(ctx, t.e, &current, t.commitment(&current, t.plan, current.Pending.Left, t.claim.Fence))
	}
	return false, nil
}

// setback makes the setback of a failure.
func (t *turn) setback(failure *exchange.Failure, now time.Time) Setback {
	record := t.record
	s := Setback{
		Organization: record.Organization, ID: record.ID, Generation: record.Generation, Tokens: failure.Left,
		State: afterFailure(failure.Kind, failure.Code), Reason: reason(failure), LastError: lastErrorOf(failure, now),
		Setbacks: record.Setbacks + 1, At: now, Fence: t.claim.Fence,
	}
	past := failed(WasNotRefreshed, s.LastError, now)
	t.tell(&past)
	s.Past = &past
	if t.lost && failure.Kind == exchange.GrantDead {
		s.Reason = "the answer to an earlier refresh was lost, and the provider no longer takes the refresh token"
	} else if failure.Unanswered || failure.Code == "unanswered" {
		s.Reason = "the answer to a refresh was lost; it is asked for again when the token has ended"
	}
	if s.State.renewing() {
		have := t.e.now.Load()
		s.RefreshAt = inTime(now.Add(backoff(s.Setbacks, failure, t.config.Health != nil)), now, have.ends, have.life, failure)
	}
	return s.told(record)
}

// told adds the events of a setback, which are those of a change of state.
func (s Setback) told(record *Record) Setback {
	if s.State != record.State {
		s.Events = troubled(record, s)
	}
	return s
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
	if s.State != record.State {
		s.Past = &Past{At: now, What: WasEnded}
	}
	return k.setBack(ctx, e, record, s.told(record))
}

func lapsed(tokens *exchange.TokenSet, now time.Time) bool {
	return !tokens.RefreshExpiresAt.IsZero() && !now.Before(tokens.RefreshExpiresAt)
}

// setBack notes a setback. When the store does not take it, it is known here all the same: the provider said it. Tokens
// that come with it are kept as those of a commit are.
func (k *Keeper) setBack(ctx context.Context, e *entry, record *Record, s Setback) error {
	standing, applied, err := k.config.Ledger.SetBack(ctx, s)
	if err == nil && !applied {
		return k.reread(ctx, e)
	}
	if err != nil {
		k.config.Log.Error("noting a failed exchange", "connection", e.id, "error", err)
		if s.Tokens != nil {
			k.keepSetback(ctx, e, s)
		}
		standing = Standing{Version: record.Version, State: s.State}
	}
	record.Reason, record.LastError, record.Setbacks = s.Reason, s.LastError, s.Setbacks
	record.RefreshAt, record.Version = s.RefreshAt, standing.Version
	if s.Tokens != nil {
		record.Tokens = s.Tokens
	}
	k.edge(record, standing.State)
	k.install(e, record)
	return nil
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
	v.blockedUntil, v.callersUntil = until, k.config.Clock.Now().Add(storePatience)
	if !v.refreshAt.IsZero() && v.refreshAt.Before(until) {
		v.refreshAt = until
		k.setHot(&v)
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
