package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Letter is a message that could not be handed to its connector: given up, and kept.
type Letter struct {
	ID              int64
	Topic, Consumer string
	Partition       int32
	Offset          int64
	// Message is the message's id, Trigger its type, Connector the name of the one that refused it.
	Message, Trigger, Connector string
	// Raw is the message as it came.
	Raw []byte
	// FirstAt is when it was tried first, DeadAt when it was given up.
	FirstAt, DeadAt time.Time
	Attempts        int
	// Error is why the last attempt failed.
	Error string
}

// ErrNoLetter says that there is no dead letter of that number.
var ErrNoLetter = errors.New("there is no dead letter of that number")

func bury(tx *sql.Tx, d *Done) error {
	l := d.Dead
	_, err := tx.Exec(`INSERT INTO dead_letters
		(topic, consumer, partition, message_offset, message, trigger_type, connector, raw, first_at, dead_at, attempts, error)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		d.Topic, d.Consumer, d.Partition, d.Offset, l.Message, l.Trigger, l.Connector, l.Raw, micros(l.FirstAt), micros(l.DeadAt), l.Attempts, l.Error)
	return err
}

const letterColumns = `id, topic, consumer, partition, message_offset, message, trigger_type, connector, raw, first_at, dead_at, attempts, error`

type scanner interface{ Scan(into ...any) error }

func scanLetter(row scanner) (*Letter, error) {
	var l Letter
	var first, dead int64
	err := row.Scan(&l.ID, &l.Topic, &l.Consumer, &l.Partition, &l.Offset, &l.Message, &l.Trigger, &l.Connector, &l.Raw, &first, &dead, &l.Attempts, &l.Error)
	l.FirstAt, l.DeadAt = instant(first), instant(dead)
	return &l, err
}

// Letters lists dead letters in the order in which they were given up, from after a number.
func (j *Journal) Letters(ctx context.Context, after int64, limit int) ([]*Letter, error) {
	return j.letters(ctx, `SELECT `+letterColumns+` FROM dead_letters WHERE id > $1 ORDER BY id LIMIT $2`, after, limit)
}

// letters reads the dead letters that a query gives.
func (j *Journal) letters(ctx context.Context, query string, args ...any) ([]*Letter, error) {
	rows, err := j.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("listing dead letters: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var list []*Letter
	for rows.Next() {
		l, err := scanLetter(rows)
		if err != nil {
			return nil, fmt.Errorf("listing dead letters: %w", err)
		}
		list = append(list, l)
	}
	return list, rows.Err()
}

// Letter gives one dead letter, or [ErrNoLetter].
func (j *Journal) Letter(ctx context.Context, id int64) (*Letter, error) {
	l, err := scanLetter(j.db.QueryRowContext(ctx, `SELECT `+letterColumns+` FROM dead_letters WHERE id = $1`, id))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, ErrNoLetter
	case err != nil:
		return nil, fmt.Errorf("reading a dead letter: %w", err)
	}
	return l, nil
}

// Drop removes a dead letter, because it was delivered after all or is not wanted. It is [ErrNoLetter] when it has gone.
func (j *Journal) Drop(ctx context.Context, id int64) error {
	result, err := j.db.ExecContext(ctx, `DELETE FROM dead_letters WHERE id = $1`, id)
	if err != nil {
		return fmt.Errorf("dropping a dead letter: %w", err)
	}
	if n, err := result.RowsAffected(); err == nil && n == 0 {
		return ErrNoLetter
	}
	return nil
}

// CountLetters tells how many dead letters there are.
func (j *Journal) CountLetters(ctx context.Context) (int64, error) {
	var n int64
	if err := j.db.QueryRowContext(ctx, `SELECT count(*) FROM dead_letters`).Scan(&n); err != nil {
		return 0, fmt.Errorf("counting dead letters: %w", err)
	}
	return n, nil
}
