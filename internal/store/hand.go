package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/event"
)

// hand is one of the writer's connections with the goroutine that works at it.
type hand struct {
	w       *writer
	index   int
	session *session // nil while there is none
	number  int64    // of the last mark, outcome.go

	// A server that is away is asked again after a pause; writes meanwhile fail at once with the same failure.
	failure error
	pause   time.Duration
	again   time.Time
}

// The pauses between attempts to reach a server.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = time.Second
)

// conflictLimit is how often a group is tried when the server asks for another try.
const conflictLimit = 20

// errUndone says that a write failed which had no savepoint, so that its neighbours were undone with it.
var errUndone = errors.New("undone with another write")

// tx is the transaction as a write sees it. It must not be kept.
type tx struct {
	s       *session
	ctx     context.Context
	entries []audit.Entry // for the audit record, audit.go
	events  []event.Event // for the outbox, outbox.go
	letters []letter      // the same, as they are kept
	news    []News        // to be told of when the transaction is committed

	counts map[string]int // definition → by how many its connections change, count.go
}

func (h *hand) run() {
	group := make([]*job, 0, groupLimit)
	for first := h.w.next(); first != nil; first = h.w.next() {
		group = h.w.gather(group, first)
		if len(group) == 0 {
			continue
		}
		began := time.Now()
		err := h.settle(group)
		h.w.meters.settled(len(group), time.Since(began), err)
		for _, j := range group {
			if j.err == nil {
				j.err = err
			}
			if unable(j.err) {
				j.err = fmt.Errorf("%w: %w", ErrUnavailable, j.err)
			}
			j.result <- j.err
		}
	}
	if h.session != nil {
		_ = h.session.close() // nothing is under way; the pool is closed next and tells
	}
}

// settle runs a group until it is committed or has failed. It gives the error of those writes that have none of their
// own.
func (h *hand) settle(group []*job) error {
	savepoints := h.w.dialect.savepoints
	conflicts, losses := 0, 0
	for {
		if err := h.connect(); err != nil {
			clearErrors(group)
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		err := h.try(group, savepoints)
		switch {
		case err == nil:
			return nil
		case h.session.lost():
			h.drop()
			if unknown, ok := errors.AsType[*UnknownError](err); ok {
				committed, known := h.outcome(unknown.number)
				if committed {
					return nil
				}
				if !known {
					return err
				}
			}
			if losses++; losses > 1 {
				clearErrors(group)
				return fmt.Errorf("%w: %w", ErrUnavailable, err)
			}
		case errors.Is(err, errUndone):
			savepoints = true
		case conflict(err) && len(group) > 1:
			return h.settleEach(group)
		case conflict(err) && conflicts < conflictLimit:
			conflicts++
			time.Sleep(rand.N(time.Duration(conflicts) * 5 * time.Millisecond))
		default:
			return err
		}
	}
}

// settleEach runs a group's writes one by one: alone they lock less, and do not meet the same conflict again.
func (h *hand) settleEach(group []*job) error {
	for i, j := range group {
		if err := h.settle(group[i : i+1]); j.err == nil {
			j.err = err
		}
	}
	return nil
}

// clearErrors forgets what writes of a group met in a transaction that is void.
func clearErrors(group []*job) {
	for _, j := range group {
		j.err = nil
	}
}

// connect makes sure that there is a connection.
func (h *hand) connect() error {
	if h.session != nil {
		return nil
	}
	if time.Now().Before(h.again) {
		return h.failure
	}
	ctx, cancel := context.WithTimeout(context.Background(), connectLimit)
	defer cancel()
	session, err := newSession(ctx, h.w.db, h.w.dialect, h.w.node)
	if err != nil {
		h.pause = min(max(2*h.pause, firstPause), lastPause)
		h.failure, h.again = err, time.Now().Add(h.pause)
		return err
	}
	h.session, h.failure, h.pause = session, nil, 0
	return nil
}

// drop gives a lost connection back.
func (h *hand) drop() {
	_ = h.session.close() // it is lost
	h.session = nil
}

// try runs a group in one transaction.
func (h *hand) try(group []*job, savepoints bool) error {
	s, ctx := h.session, context.Background()
	savepoints = savepoints && len(group) > 1
	if err := s.begin(ctx); err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	if err := h.order(ctx, group); err != nil {
		return errors.Join(fmt.Errorf("waiting for the writes of others: %w", err), s.rollback(ctx))
	}
	var all tx // what the writes that succeeded handed in
	for _, j := range group {
		if j.err = j.ctx.Err(); j.err != nil {
			continue
		}
		t, err := h.apply(j, savepoints)
		if s.failure != nil {
			_ = s.rollback(ctx) // the failure tells
			return s.failure
		}
		if j.err = err; err == nil {
			all.take(t)
			continue
		}
		if savepoints {
			continue
		}
		if err := s.rollback(ctx); err != nil || len(group) == 1 {
			return err
		}
		return errUndone
	}
	number, err := h.conclude(ctx, &all)
	if err != nil {
		return errors.Join(err, s.rollback(ctx))
	}
	if err := s.commit(ctx); err != nil {
		// The driver's word that it may be repeated is not to be had: it gives it for a COMMIT that was sent, too.
		if s.lost() && number != 0 {
			return &UnknownError{err, number}
		}
		_ = s.rollback(ctx) // where the failure has not done it
		return fmt.Errorf("committing: %w", err)
	}
	return nil
}

// take adds what another write handed in.
func (t *tx) take(other *tx) {
	t.entries, t.news = append(t.entries, other.entries...), append(t.news, other.news...)
	t.letters = append(t.letters, other.letters...)
	for definition, by := range other.counts {
		t.count(definition, by)
	}
}

// conclude writes what a group's writes leave to its end, and gives the number of the transaction's mark. Rows that many
// groups change are changed here, late and in one order, so that groups wait for each other shortly and never in a
// circle.
func (h *hand) conclude(ctx context.Context, all *tx) (int64, error) {
	if err := h.settleCounts(ctx, all.counts); err != nil {
		return 0, fmt.Errorf("counting connections: %w", err)
	}
	if err := h.post(ctx, all.letters); err != nil {
		return 0, fmt.Errorf("keeping events: %w", err)
	}
	if err := h.chain(ctx, all.entries); err != nil {
		return 0, fmt.Errorf("writing the audit record: %w", err)
	}
	if err := h.announce(ctx, all.news); err != nil {
		return 0, fmt.Errorf("announcing: %w", err)
	}
	number, err := h.mark(ctx)
	if err != nil {
		return 0, fmt.Errorf("marking the transaction: %w", err)
	}
	return number, nil
}

// apply runs one write, undone alone when it fails and has a savepoint.
func (h *hand) apply(j *job, savepoint bool) (*tx, error) {
	t := &tx{s: h.session, ctx: context.WithoutCancel(j.ctx)}
	if savepoint {
		if err := t.s.exec(t.ctx, `SAVEPOINT one`); err != nil {
			return nil, err
		}
	}
	err := j.act(t)
	if err == nil && t.s.aborted() {
		err = errors.New("a statement failed, and the write went on all the same")
	}
	if !savepoint {
		return t, err
	}
	if err != nil {
		if undo := t.s.exec(t.ctx, `ROLLBACK TO one`); undo != nil {
			return nil, errors.Join(err, undo)
		}
	}
	return t, errors.Join(err, t.s.exec(t.ctx, `RELEASE one`))
}

// exec changes rows, and tells how many.
func (t *tx) exec(text string, args ...any) (int64, error) { return t.s.change(t.ctx, text, args...) }

// row reads one row. Its Scan must be called.
func (t *tx) row(text string, args ...any) scanner { return t.s.row(t.ctx, text, args...) }

// announce tells the other nodes, when the transaction is committed. One process over a file has none.
func (h *hand) announce(ctx context.Context, news []News) error {
	if h.session.remote == nil || len(news) == 0 {
		return nil
	}
	_, err := h.session.change(ctx, `SELECT pg_notify('`+newsChannel+`', n) FROM unnest(string_to_array($1, chr(10))) n`,
		writeNews(h.w.node, news))
	return err
}
