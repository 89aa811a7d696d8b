package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// What became of a COMMIT whose answer was lost is told by a row that each writing connection changes in every
// transaction: either both are there or neither, also after the server crashed or another took its place. (A
// transaction's own id would not do: after a crash the server may give it to another one.)

// setMark changes the row, unless the transaction has changed nothing else.
const setMark = `INSERT INTO write_marks (node, hand, number)
	SELECT $1, $2, $3 WHERE pg_current_xact_id_if_assigned() IS NOT NULL
	ON CONFLICT (node, hand) DO UPDATE SET number = excluded.number`

// readMark waits for a transaction that is still under way, whose connection the server does not yet miss.
const readMark = `SELECT number FROM write_marks WHERE node = $1 AND hand = $2 FOR UPDATE`

// mark marks the transaction, and gives its number; 0 when it changes nothing. Over a file nothing is ever lost.
func (h *hand) mark(ctx context.Context) (int64, error) {
	if h.session.remote == nil {
		return 0, nil
	}
	h.number++
	n, err := h.session.change(ctx, setMark, h.w.node, h.index, h.number)
	if err != nil || n == 0 {
		return 0, err
	}
	return h.number, nil
}

// outcomeLimit is how long the outcome of a transaction is asked for.
const outcomeLimit = 5 * time.Second

// outcome asks what became of a transaction whose connection was lost while it was committed.
func (h *hand) outcome(number int64) (committed, known bool) {
	for end := time.Now().Add(outcomeLimit); time.Now().Before(end); time.Sleep(firstPause) {
		if h.connect() != nil {
			continue
		}
		var last int64
		err := h.session.row(context.Background(), readMark, h.w.node, h.index).Scan(&last)
		switch {
		case h.session.lost():
			h.drop()
		case errors.Is(err, sql.ErrNoRows):
			return false, true
		case err != nil:
			return false, false
		default:
			return last == number, true
		}
	}
	return false, false
}

// sweepMarks forgets the marks of nodes that are gone.
func (s *Store) sweepMarks(ctx context.Context) error {
	err := s.write(ctx, func(t *tx) error {
		_, err := t.exec(`DELETE FROM write_marks WHERE NOT ` + s.aliveOwner("node"))
		return err
	})
	if err != nil {
		return fmt.Errorf("forgetting the marks of other nodes: %w", err)
	}
	return nil
}

// UnknownError says that the connection was lost while a write was committed, and that the server did not come back to
// tell: it is done, or it is not. Who has to know reads again.
type UnknownError struct {
	Err    error
	number int64 // of the mark
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("the connection to the database was lost while it committed, so that nobody knows whether it did: %v", e.Err)
}

// Unwrap gives what ended the connection.
func (e *UnknownError) Unwrap() error { return e.Err }

// OutcomeUnknown tells rooms below, which can't name this type, what it is.
func (e *UnknownError) OutcomeUnknown() bool { return true }
