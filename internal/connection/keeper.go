package connection

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"golang.org/x/sync/singleflight"

	"latchkey/internal/access"
	"latchkey/internal/clock"
	"latchkey/internal/exchange"
	"latchkey/internal/provider"
)

// KeeperConfig is what a [Keeper] works with.
type KeeperConfig struct {
	Ledger      Ledger
	Exchanger   Exchanger
	Definitions Definitions
	// Spill keeps what the ledger does not take; nil keeps it in memory alone.
	Spill Spill
	// Health paces the calls to each provider; nil lets all through.
	Health *provider.Health
	// Shared says that other processes work with the same ledger: what is in memory is looked at again after a minute, and
	// what they leave behind is taken up.
	Shared bool
	// Clock is the system's when nil.
	Clock clock.Clock
	// Log gets what goes wrong in the background; nil means none.
	Log *slog.Logger
	// Workers is how many refreshes may run, or wait for their providers, at once in the background; 0 means 256.
	Workers int
	// DefaultLife is assumed of renewable tokens whose life the provider does not tell; 0 means 1 h.
	DefaultLife time.Duration
	// RefreshTimeout is the deadline of one refresh, from claim to commit; 0 means 60 s.
	RefreshTimeout time.Duration
	// PruneAfter is the life of connections that never had a consent; 0 means 24 h.
	PruneAfter time.Duration
	// Renewed is told of each exchange for a next token of an organization's connection; it MUST NOT block. Nil means nobody.
	Renewed func(organization string, ok bool)
	// Meter counts exchanges; nil means none.
	Meter metric.Meter
	// Tracer makes a span of each renewal; nil means none.
	Tracer trace.Tracer
}

func (c *KeeperConfig) defaults() {
	if c.Clock == nil {
		c.Clock = clock.System()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Workers <= 0 {
		c.Workers = 256
	}
	if c.DefaultLife <= 0 {
		c.DefaultLife = time.Hour
	}
	if c.RefreshTimeout <= 0 {
		c.RefreshTimeout = time.Minute
	}
	if c.PruneAfter <= 0 {
		c.PruneAfter = 24 * time.Hour
	}
	if c.Renewed == nil {
		c.Renewed = func(string, bool) {}
	}
}

// Keeper serves tokens and keeps them fresh. Start it with [Keeper.Start], end it with [Keeper.Close].
type Keeper struct {
	config  KeeperConfig
	byID    *table   // id → entry
	byLabel *table   // organization, sandbox, label → entry
	gone    sync.Map // ids of connections that were just deleted
	words   words
	loads   singleflight.Group
	agenda  *agenda
	meters  meters
	// begun is when the keeper was made: times that must not follow a step of the clock are counted from it.
	begun time.Time
	// stale is, in nanoseconds since begun, when other processes' news was missed: what was read before is looked at again.
	stale atomic.Int64

	// background is the context of flights; cut ends it.
	background context.Context
	cut        context.CancelFunc
	mu         sync.Mutex
	closed     bool
	// flights counts what [Keeper.Close] waits for.
	flights sync.WaitGroup
}

// NewKeeper makes a keeper. It serves tokens at once; the work in the background begins with [Keeper.Start].
func NewKeeper(config KeeperConfig) (*Keeper, error) {
	if config.Ledger == nil || config.Exchanger == nil || config.Definitions == nil {
		return nil, errors.New("connection: a keeper needs a ledger, an exchanger and definitions")
	}
	config.defaults()
	if config.Tracer == nil {
		config.Tracer = noop.NewTracerProvider().Tracer("connection")
	}
	k := &Keeper{config: config, byID: newTable(hasID), byLabel: newTable(hasLabel)}
	k.background, k.cut = context.WithCancel(context.Background())
	k.begun = config.Clock.Now()
	k.agenda = newAgenda(k)
	var err error
	if k.meters, err = newMeters(config.Meter); err != nil {
		return nil, fmt.Errorf("connection: making the keeper's meters: %w", err)
	}
	return k, nil
}

// Start takes up what the process before left unsaved or unanswered, and begins the work in the background: what is due
// is refreshed, what was never used is swept away.
func (k *Keeper) Start(ctx context.Context) error {
	spilled, err := k.recoverSpill(ctx)
	if err != nil {
		return fmt.Errorf("taking up what was not saved: %w", err)
	}
	if err := k.config.Ledger.Inherit(ctx, spilled, k.config.Clock.Now().Add(k.lease())); err != nil {
		return fmt.Errorf("taking up what was not answered: %w", err)
	}
	if k.enter() {
		go k.agenda.run()
	}
	return nil
}

// lease is how long a claim holds: longer than an exchange can take.
func (k *Keeper) lease() time.Duration { return 2 * k.config.RefreshTimeout }

// Close ends the background and waits for the refreshes under way; when ctx ends first they are cut off. What is in the
// spill is saved, if the database takes it: other nodes can't know of it.
func (k *Keeper) Close(ctx context.Context) error {
	k.mu.Lock()
	if !k.closed {
		k.closed = true
		close(k.agenda.stop)
	}
	k.mu.Unlock()
	drained := make(chan struct{})
	go func() {
		k.flights.Wait()
		close(drained)
	}()
	defer k.cut()
	select {
	case <-drained:
		k.saveSpill(ctx)
		return nil
	case <-ctx.Done():
	}
	k.cut()
	<-drained
	return fmt.Errorf("waiting for refreshes under way: %w", ctx.Err())
}

// enter counts a goroutine that Close waits for, unless the keeper is closed.
func (k *Keeper) enter() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return false
	}
	k.flights.Add(1)
	return true
}

func (k *Keeper) leave() { k.flights.Done() }

// Token gives a valid token of the connection that ref names, by id or by label. A fresh one comes from memory. The
// errors are [ErrNotFound], [ErrNotModified], [*access.DeniedError], [*NeedsReauthorizationError], [*PendingError],
// [*DisabledError] and [*ProviderError]. When ctx ends, the wait ends; the exchange goes on for the others.
func (k *Keeper) Token(ctx context.Context, caller access.Caller, ref string, want Want) (Token, error) {
	if err := caller.Require(access.TokensRead); err != nil {
		return Token{}, err
	}
	return k.token(ctx, caller, ref, want)
}

// token gives it to who may have it.
func (k *Keeper) token(ctx context.Context, caller access.Caller, ref string, want Want) (Token, error) {
	sandbox := want.Sandbox
	if sandbox == "" {
		sandbox = caller.Sandbox
	} else if caller.Sandbox != "" && caller.Sandbox != sandbox {
		return Token{}, &access.DeniedError{Sandbox: sandbox, Caller: caller.ID}
	}
	e := k.find(caller.Organization, sandbox, ref)
	if e != nil && want.MinTTL == 0 && want.Rejected == "" {
		v := e.now.Load()
		if v.hotUntil > k.since(k.config.Clock.Now()) && v.readAt >= k.stale.Load() && v.visible(caller.Organization, sandbox) {
			return *v.token, nil
		}
	}
	return k.think(ctx, e, Selector{Organization: caller.Organization, Sandbox: sandbox}, ref, want)
}

// find gives the entry that ref leads to, nil when it is not in memory.
func (k *Keeper) find(organization, sandbox, ref string) *entry {
	if isID(ref) {
		return k.byID.find(key{name: ref})
	}
	if sandbox == "" {
		sandbox = access.DefaultSandbox
	}
	return k.byLabel.find(key{organization, sandbox, ref})
}

// isID tells an id from a label: no label begins like an id.
func isID(ref string) bool { return strings.HasPrefix(ref, idPrefix+"_") }

const idPrefix = "conn"

// think serves a token that is not simply there.
func (k *Keeper) think(ctx context.Context, e *entry, where Selector, ref string, want Want) (Token, error) {
	if e == nil {
		var err error
		if e, err = k.load(ctx, where, ref); err != nil {
			return Token{}, err
		}
	}
	v := e.now.Load()
	if !v.visible(where.Organization, where.Sandbox) {
		return Token{}, ErrNotFound
	}
	k.recheck(e, v)
	verdict := judge(e.id, v, want, k.config.Clock.Now())
	if verdict.wait {
		why := needed
		if verdict.forced {
			why = rejected
		}
		return k.await(ctx, e, why, v.generation, want)
	}
	if verdict.stale {
		k.nudge(e)
	}
	if verdict.err != nil {
		return Token{}, verdict.err
	}
	return *v.token, nil
}

// await waits for an exchange and makes the best of how it ended.
func (k *Keeper) await(ctx context.Context, e *entry, why cause, before int64, want Want) (Token, error) {
	const tries = 3
	for try := 1; ; try++ {
		flight, err := k.exchanged(ctx, e, why, before)
		if err != nil && !errors.Is(err, ErrClosed) {
			return Token{}, err
		}
		v, now := e.now.Load(), k.config.Clock.Now()
		if v.generation > before && v.outlived(now) && try < tries { // what was saved, or adopted, has ended meanwhile
			before = v.generation
			continue
		}
		verdict := conclude(e.id, v, want, now, before)
		switch {
		case verdict.serve:
			return *v.token, nil
		case err != nil:
			return Token{}, err
		case flight != nil && flight.err != nil:
			return Token{}, flight.err
		}
		return Token{}, verdict.err
	}
}

// force exchanges now, fresh or not, backoff or not, and waits for it. A failure is a [*ProviderError].
func (k *Keeper) force(ctx context.Context, id string) error {
	e, err := k.load(ctx, Selector{}, id)
	if err != nil {
		return err
	}
	v := e.now.Load()
	if err := v.closed(id); err != nil {
		return err
	}
	if v.state == NeedsReauthorization {
		return v.needsReauthorization(id)
	}
	flight, err := k.exchanged(ctx, e, ordered, v.generation)
	if err != nil {
		return err
	}
	after := e.now.Load()
	switch {
	case flight.err != nil:
		return flight.err
	case after.generation > v.generation:
		return nil
	case after.state == NeedsReauthorization && after.lastError == nil:
		return after.needsReauthorization(id)
	case after.lastError != nil && after.version > v.version:
		return after.failed(id)
	}
	return after.unrenewable(id)
}

// nudge asks for a refresh of a stale token in the background.
func (k *Keeper) nudge(e *entry) {
	if e.queued.CompareAndSwap(false, true) {
		k.agenda.push(e.id, k.config.Clock.Now())
	}
}

// unrenewable says that there is no way to a next token.
func (v *view) unrenewable(id string) error {
	return &ProviderError{Identity: v.identity(id), Failure: &exchange.Failure{
		Kind: exchange.Denied, Code: "not_renewable",
		Description: "the definition has no way to renew this token without the customer",
	}}
}
