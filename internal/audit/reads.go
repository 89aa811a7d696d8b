package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"latchkey/internal/clock"
)

// Mode says what a token read waits for.
type Mode string

// The modes.
const (
	// Batched reads are durable within [Loss]; the read does not wait for it.
	Batched Mode = "batched"
	// Strict reads are durable before the token is handed out, and fail when they can't be.
	Strict Mode = "strict"
	// Off records no reads.
	Off Mode = "off"
)

// Loss is how much of the last reads a crash can lose when reads are batched: they are written twice as often, so that
// there is as much time for the writing.
const Loss = 100 * time.Millisecond

// ErrNotRecorded is what a strict read fails with when it can't be recorded.
var ErrNotRecorded = errors.New("the read could not be recorded, so the token is not handed out")

// Journal keeps reads that are not yet records. A node is one life of a process.
type Journal interface {
	// OpenReads notes that a node counts reads from now on.
	OpenReads(ctx context.Context, node string, mode Mode, at time.Time) error
	// KeepReads makes tallies durable, and the entries records.
	KeepReads(ctx context.Context, node string, tallies []Tally, entries []Entry) error
	// FoldReads makes records of a node's tallies whose last read was before a second (Unix).
	FoldReads(ctx context.Context, node string, before int64) error
	// CloseReads makes records of all that a node left, and forgets it.
	CloseReads(ctx context.Context, node string) error
	// RecoverReads does so for the nodes that ended without CloseReads, and records that their last reads may be missing.
	RecoverReads(ctx context.Context) error
}

// ReadsConfig is what a [Reads] works with.
type ReadsConfig struct {
	Journal Journal
	// Node names this life of the process.
	Node string
	// Mode is [Batched] when empty; [Off] makes none.
	Mode Mode
	// Clock is the system's when nil.
	Clock clock.Clock
	// Log gets what goes wrong in the background; nil means none.
	Log *slog.Logger
	// Counted is told how many tokens an organization was handed out, in batches; it MUST NOT block. Nil means nobody.
	Counted func(organization string, reads int64)
	// Meter counts reads that were dropped; nil means none.
	Meter metric.Meter
	// Limit is how many tallies are held in memory at most, here and on their way; 0 means 100,000, some 13 MB.
	Limit int
}

// Reads records token reads. In memory they are counted by caller, connection, token and second; every [Loss]/2 what was
// counted is made durable, and when a second is over it becomes records. While the database is away counts go on within
// a bound, first without telling seconds apart, then only as a number of what was dropped, which is recorded.
type Reads struct {
	config  ReadsConfig
	shards  []shard
	mask    uint64
	pending tallies // the flusher's alone
	lost    metric.Int64Counter

	awake atomic.Bool
	wake  chan struct{}
	stop  chan struct{}
	done  sync.WaitGroup
	// kept counts what was made durable; newest is the last second (Unix) in it.
	kept, newest atomic.Int64
	warned       time.Time
}

// shard is a part of the counts, so that processors do not wait for each other.
type shard struct {
	mu     sync.Mutex
	counts tallies
	window *window
	_      [64]byte // its own cache line
}

// window is what strict reads wait for.
type window struct {
	done chan struct{}
	err  error
}

// OpenReads begins to count; [Reads.Close] ends it. What processes that are gone left becomes records now.
func OpenReads(ctx context.Context, config ReadsConfig) (*Reads, error) {
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	config.Mode = cmp.Or(config.Mode, Batched)
	config.Limit = cmp.Or(config.Limit, 100_000)
	shards := 1
	for config.Mode == Batched && shards < 2*runtime.GOMAXPROCS(0) {
		shards *= 2
	}
	r := &Reads{
		config: config, shards: make([]shard, shards), mask: uint64(shards - 1), pending: newTallies(config.Limit / 2),
		wake: make(chan struct{}, 1), stop: make(chan struct{}),
	}
	for i := range r.shards {
		r.shards[i].counts = newTallies(max(config.Limit/2/shards, 2))
		r.shards[i].window = &window{done: make(chan struct{})}
	}
	if config.Meter == nil {
		config.Meter = noop.Meter{}
	}
	var err error
	if r.lost, err = config.Meter.Int64Counter("audit.reads.dropped", metric.WithDescription(
		"Token reads that were not recorded one by one, because the database was away for long; the record has their number.")); err != nil {
		return nil, err
	}
	if err := config.Journal.RecoverReads(ctx); err != nil {
		return nil, fmt.Errorf("recording the reads of processes that are gone: %w", err)
	}
	if err := config.Journal.OpenReads(ctx, config.Node, config.Mode, config.Clock.Now()); err != nil {
		return nil, fmt.Errorf("beginning to count reads: %w", err)
	}
	r.done.Go(r.keep)
	r.done.Go(r.fold)
	return r, nil
}

// Read counts one token read. It costs no I/O and fails never, unless reads are [Strict].
func (r *Reads) Read(ctx context.Context, read Read) error {
	second := read.At.Unix()
	s := &r.shards[rand.Uint64()&r.mask]
	s.mu.Lock()
	s.counts.add(tallyKey{read.Organization, read.Caller, read.Connection, read.Token, second}, tally{1, second, second})
	waited := s.window
	s.mu.Unlock()
	if !r.awake.Load() {
		r.awake.Store(true)
		r.rouse()
	}
	if r.config.Mode != Strict {
		return nil
	}
	select {
	case <-waited.done:
		return waited.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *Reads) rouse() {
	select {
	case r.wake <- struct{}{}:
	default: // it will come
	}
}

// keep makes counts durable until Close. While nothing is read it sleeps.
func (r *Reads) keep() {
	pause := Loss / 2
	for open := true; open; {
		if r.config.Mode == Strict || !r.awake.Load() {
			select {
			case <-r.wake:
			case <-r.stop:
				open = false
			}
		}
		if open && r.config.Mode != Strict {
			open = r.sleep(pause)
		}
		// What comes from here on wakes it again; what came before is taken now.
		r.awake.Store(false)
		if err := r.flush(context.Background()); err != nil {
			r.warn("keeping token reads", err)
			// What batched reads left is tried again; strict ones have failed, and the next one rouses.
			r.awake.Store(r.config.Mode != Strict)
			pause = min(2*pause, time.Second)
			continue
		}
		pause = Loss / 2
	}
}

// sleep waits; false when Close was called.
func (r *Reads) sleep(pause time.Duration) bool {
	timer := r.config.Clock.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C():
		return true
	case <-r.stop:
		return false
	}
}

// warn logs once a minute.
func (r *Reads) warn(what string, err error) {
	if now := r.config.Clock.Now(); now.Sub(r.warned) >= time.Minute {
		r.warned = now
		r.config.Log.Warn(what+": they are counted in memory meanwhile", "error", err)
	}
}

// keepLimit is how long one attempt to keep reads may take.
const keepLimit = 5 * time.Second

// flush makes durable what was counted. What can't be is held, except of strict reads: those were not handed out.
func (r *Reads) flush(ctx context.Context) error {
	windows := make([]*window, 0, 1)
	for i := range r.shards {
		s := &r.shards[i]
		s.mu.Lock()
		if !s.counts.empty() {
			r.pending.merge(&s.counts)
			if r.config.Mode == Strict {
				windows = append(windows, s.window)
				s.window = &window{done: make(chan struct{})}
			}
		}
		s.mu.Unlock()
	}
	if r.pending.empty() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, keepLimit)
	defer cancel()
	list, dropped := r.pending.list(), r.pending.dropped
	err := r.config.Journal.KeepReads(ctx, r.config.Node, list, r.droppedEntries())
	for _, w := range windows {
		if err != nil {
			w.err = fmt.Errorf("%w: %w", ErrNotRecorded, err)
		}
		close(w.done)
	}
	if err == nil || r.config.Mode == Strict {
		clear(r.pending.counts)
		r.pending.dropped = nil
	}
	if err == nil {
		for _, n := range dropped {
			r.lost.Add(ctx, n)
		}
		r.tell(list, dropped)
		for i := range list {
			r.newest.Store(max(r.newest.Load(), list[i].Last))
		}
		r.kept.Add(1)
	}
	return err
}

// tell counts reads by organization, for whoever wants to know.
func (r *Reads) tell(list []Tally, dropped map[string]int64) {
	if r.config.Counted == nil {
		return
	}
	counts := map[string]int64{}
	for i := range list {
		counts[list[i].Organization] += list[i].Count
	}
	for organization, n := range dropped {
		counts[organization] += n
	}
	for organization, n := range counts {
		r.config.Counted(organization, n)
	}
}

func (r *Reads) droppedEntries() []Entry {
	var entries []Entry
	for organization, count := range r.pending.dropped {
		entries = append(entries, Entry{
			At: r.config.Clock.Now(), Organization: organization, Actor: System, Action: ActionReadsDropped, Subject: r.config.Node,
			Detail: map[string]string{"count": strconv.FormatInt(count, 10)},
		})
	}
	return entries
}

// foldAfter is how many seconds after a second its reads become records: none of them is on its way any more.
const foldAfter = 2

// recoverEvery is how often it is looked for nodes that are gone.
const recoverEvery = time.Minute

// fold makes records of seconds that are over, until Close.
func (r *Reads) fold() {
	var seen, folded int64 // what was kept when it last was folded, and up to which second
	recovered := r.config.Clock.Now()
	for r.sleep(time.Second) {
		ctx, now := context.Background(), r.config.Clock.Now()
		kept, before := r.kept.Load(), now.Unix()-foldAfter+1
		if kept != seen || r.newest.Load() >= folded {
			if err := r.config.Journal.FoldReads(ctx, r.config.Node, before); err != nil {
				r.config.Log.Warn("making records of token reads: they are kept meanwhile", "error", err)
				continue
			}
			seen, folded = kept, before
		}
		if now.Sub(recovered) >= recoverEvery {
			recovered = now
			if err := r.config.Journal.RecoverReads(ctx); err != nil {
				r.config.Log.Warn("recording the token reads of nodes that are gone", "error", err)
			}
		}
	}
}

// UncleanEnd says that a node that counted reads ended without warning.
func UncleanEnd(organization, node string, started time.Time) Entry {
	return Entry{
		Organization: organization, Actor: System, Action: ActionUncleanEnd, Subject: node,
		Detail: map[string]string{
			"started_at": started.UTC().Format(time.RFC3339), "missing": "token reads of up to " + Loss.String() + " before the end",
		},
	}
}

// Close makes records of all that was read.
func (r *Reads) Close(ctx context.Context) error {
	close(r.stop)
	r.done.Wait()
	err := r.flush(ctx)
	if err == nil {
		err = r.config.Journal.CloseReads(ctx, r.config.Node)
	}
	if err != nil {
		return fmt.Errorf("recording the last token reads: %w", err)
	}
	return nil
}
