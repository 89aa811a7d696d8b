package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"latchkey/internal/audit"
)

// groupLimit is how many writes share a transaction at most.
const groupLimit = 128

// writer is the one connection that writes. Writes queue; those that wait while a transaction syncs go into the next
// one together, so the cost of a sync is shared by as many as come at a time. Each write is a savepoint of its own: one
// that fails leaves the others alone. A write is on the disk when write returns nil.
type writer struct {
	db         *sql.DB
	conn       *sql.Conn
	queue      chan *job
	done       chan struct{}
	statements map[string]*sql.Stmt // SQL text → statement of conn

	mu     sync.RWMutex
	closed bool
}

type job struct {
	ctx    context.Context
	act    func(*tx) error
	err    error
	result chan error
}

// tx is the transaction as a write sees it. It must not be kept.
type tx struct {
	w       *writer
	ctx     context.Context
	entries []audit.Entry // for the audit record, audit.go
	news    []News        // to be told of when the transaction is committed
}

func newWriter(ctx context.Context, db *sql.DB) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("opening the writer: %w", err)
	}
	w := &writer{
		db: db, conn: conn, queue: make(chan *job, groupLimit), done: make(chan struct{}),
		statements: map[string]*sql.Stmt{},
	}
	go w.run()
	return w, nil
}

// write runs act in a transaction, and returns when it is durable or has failed. Once begun it is not given up when
// ctx ends: nobody could tell what became of it.
func (s *Store) write(ctx context.Context, act func(*tx) error) error {
	w := s.writer
	j := &job{ctx: ctx, act: act, result: make(chan error, 1)}
	w.mu.RLock()
	if w.closed {
		w.mu.RUnlock()
		return errClosed
	}
	select {
	case w.queue <- j:
		w.mu.RUnlock()
	case <-ctx.Done():
		w.mu.RUnlock()
		return ctx.Err()
	}
	return <-j.result
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
	<-w.done
	var errs []error
	for _, statement := range w.statements {
		errs = append(errs, statement.Close())
	}
	return errors.Join(append(errs, w.conn.Close(), w.db.Close())...)
}

func (w *writer) run() {
	defer close(w.done)
	group := make([]*job, 0, groupLimit)
	for j := range w.queue {
		group = append(group[:0], j)
	gather:
		for len(group) < groupLimit {
			select {
			case next, ok := <-w.queue:
				if !ok {
					break gather
				}
				group = append(group, next)
			default:
				break gather
			}
		}
		err := w.commit(group)
		for _, j := range group {
			if j.err == nil {
				j.err = err
			}
			j.result <- j.err
		}
	}
}

// commit runs a group in one transaction.
func (w *writer) commit(group []*job) error {
	ctx := context.Background()
	if err := w.exec(ctx, beginWrite); err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	for _, j := range group {
		if j.err = j.ctx.Err(); j.err == nil {
			j.err = w.apply(j, len(group) > 1)
		}
		if j.err != nil && len(group) == 1 {
			return w.exec(ctx, `ROLLBACK`)
		}
	}
	if err := w.exec(ctx, `COMMIT`); err != nil {
		_ = w.exec(ctx, `ROLLBACK`)
		return fmt.Errorf("committing: %w", err)
	}
	return nil
}

// apply runs one write, undone alone when it fails.
func (w *writer) apply(j *job, shared bool) error {
	t := &tx{w: w, ctx: context.WithoutCancel(j.ctx)}
	if !shared {
		return j.act(t)
	}
	if err := w.exec(t.ctx, `SAVEPOINT one`); err != nil {
		return err
	}
	err := j.act(t)
	if err != nil {
		if undo := w.exec(t.ctx, `ROLLBACK TO one`); undo != nil {
			return errors.Join(err, undo)
		}
	}
	return errors.Join(err, w.exec(t.ctx, `RELEASE one`))
}

func (w *writer) exec(ctx context.Context, text string, args ...any) error {
	statement, err := w.statement(ctx, text)
	if err != nil {
		return err
	}
	_, err = statement.ExecContext(ctx, args...)
	return err
}

func (w *writer) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	if statement := w.statements[text]; statement != nil {
		return statement, nil
	}
	statement, err := w.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("preparing a statement: %w", err)
	}
	w.statements[text] = statement
	return statement, nil
}

// exec changes rows, and tells how many.
func (t *tx) exec(text string, args ...any) (int64, error) {
	statement, err := t.w.statement(t.ctx, text)
	if err != nil {
		return 0, err
	}
	result, err := statement.ExecContext(t.ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// row reads one row.
func (t *tx) row(text string, args ...any) scanner {
	statement, err := t.w.statement(t.ctx, text)
	if err != nil {
		return failedRow{err}
	}
	return statement.QueryRowContext(t.ctx, args...)
}
