package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/trace"

	"latchkey/internal/clock"
)

// groupLimit is how many writes share a transaction at most.
const groupLimit = 128

// writer has the connections that write: one over a file, few over a server. Writes queue; those that wait while a
// transaction syncs go into the next one together, so the cost of a sync is shared by as many as come at a time. One
// that fails leaves the others alone. A write is on the disk when write returns nil.
type writer struct {
	db      *sql.DB
	dialect dialect
	node    string // who announces: the store's incarnation
	clock   clock.Clock
	meters  *meters
	queue   chan *job
	// urgent is what goes before all that waits: a token set that a provider gave exists nowhere else until it is saved, and
	// what waits may be hundreds of claims whose answers come after it.
	urgent chan *job
	hands  sync.WaitGroup

	mu     sync.RWMutex
	closed bool
}

// job is a write on its way.
type job struct {
	ctx    context.Context
	act    func(*tx) error
	keys   []string // of the rows that it may wait for, order.go
	err    error
	state  atomic.Int32
	result chan error
}

// The states of a job: who waits for it may give it up until it has begun.
const (
	jobQueued int32 = iota
	jobBegun
	jobGivenUp
)

// newWriter opens the connections. The database is closed with it, also when that fails.
func newWriter(ctx context.Context, db *sql.DB, s *Store, connections int) (*writer, error) {
	w := &writer{db: db, dialect: s.dialect, node: s.incarnation, clock: s.clock, meters: s.meters, queue: make(chan *job, groupLimit), urgent: make(chan *job, groupLimit)}
	hands := make([]*hand, 0, connections)
	for i := range connections {
		session, err := newSession(ctx, db, s.dialect, s.incarnation)
		if err != nil {
			for _, h := range hands {
				_ = h.session.close() // the first error tells
			}
			_ = db.Close()
			return nil, fmt.Errorf("opening the writer: %w", err)
		}
		hands = append(hands, &hand{w: w, index: i, session: session})
	}
	for _, h := range hands {
		w.hands.Go(h.run)
	}
	return w, nil
}

// write runs act in a transaction, and returns when it is durable or has failed. Once begun it is not given up when
// ctx ends: nobody could tell what became of it.
//
// act may run more than once, when the server asks for another try or a neighbour in the transaction failed: it must
// set whatever it hands out anew each time. It fails with [ErrUnavailable] when the database can't be reached and
// nothing was written, and with an [*UnknownError] when the connection was lost while it was committed.
func (s *Store) write(ctx context.Context, act func(*tx) error) error {
	return s.writeOf(ctx, nil, act)
}

// writeOf is write of what other nodes may be writing at the same time: keys name the connections.
func (s *Store) writeOf(ctx context.Context, keys []string, act func(*tx) error) error {
	return s.writeBy(ctx, s.writer.queue, keys, act)
}

// writeSoon is writeOf of what goes before all that waits.
func (s *Store) writeSoon(ctx context.Context, keys []string, act func(*tx) error) error {
	return s.writeBy(ctx, s.writer.urgent, keys, act)
}

func (s *Store) writeBy(ctx context.Context, queue chan<- *job, keys []string, act func(*tx) error) error {
	w := s.writer
	if trace.SpanContextFromContext(ctx).IsSampled() { // a span of its own says nothing
		var span trace.Span
		ctx, span = s.tracer.Start(ctx, "store.write")
		defer span.End()
	}
	emitted := false
	withEvents := func(t *tx) error {
		if err := act(t); err != nil {
			return err
		}
		t.letters = s.letters(t.events)
		emitted = len(t.letters) > 0
		return nil
	}
	j := &job{ctx: ctx, act: withEvents, keys: keys, result: make(chan error, 1)}
	w.mu.RLock()
	if w.closed {
		w.mu.RUnlock()
		return errClosed
	}
	select {
	case queue <- j:
		w.mu.RUnlock()
	case <-ctx.Done():
		w.mu.RUnlock()
		return ctx.Err()
	}
	select {
	case err := <-j.result:
		return s.written(err, emitted)
	case <-ctx.Done():
		if j.state.CompareAndSwap(jobQueued, jobGivenUp) {
			return ctx.Err()
		}
		return s.written(<-j.result, emitted)
	}
}

// close lets the queued writes finish.
func (w *writer) close() error {
	w.mu.Lock()
	first := !w.closed
	w.closed = true
	w.mu.Unlock()
	if !first {
		return nil
	}
	close(w.queue)
	close(w.urgent)
	w.hands.Wait()
	return w.db.Close()
}

// next waits for a job; none when the writer is closed and nothing waits.
func (w *writer) next() *job {
	if j := w.waiting(); j != nil {
		return j
	}
	for urgent, queue := w.urgent, w.queue; urgent != nil || queue != nil; {
		select {
		case j, ok := <-urgent:
			if ok {
				return j
			}
			urgent = nil
		case j, ok := <-queue:
			if ok {
				return j
			}
			queue = nil
		}
	}
	return nil
}

// waiting gives a job that waits, an urgent one first; nil for none.
func (w *writer) waiting() *job {
	for _, queue := range []chan *job{w.urgent, w.queue} {
		select {
		case j := <-queue: // nil when it is closed
			if j != nil {
				return j
			}
		default:
		}
	}
	return nil
}

// gather takes a first job and those that wait behind it.
func (w *writer) gather(group []*job, first *job) []*job {
	group = begun(group[:0], first)
	for len(group) < groupLimit {
		next := w.waiting()
		if next == nil {
			return group
		}
		group = begun(group, next)
	}
	return group
}

// begun adds a job unless its caller has given it up.
func begun(group []*job, j *job) []*job {
	if !j.state.CompareAndSwap(jobQueued, jobBegun) {
		return group
	}
	return append(group, j)
}

// ErrUnavailable says that the database can't be reached at present, or can't write; nothing was written.
var ErrUnavailable error = unavailable{}

type unavailable struct{}

func (unavailable) Error() string { return "the database can't be used" }

// Unavailable tells rooms below, which can't name this error, what it is.
func (unavailable) Unavailable() bool { return true }
