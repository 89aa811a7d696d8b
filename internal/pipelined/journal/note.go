package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// NewestLetters gives the last dead letters without their messages, the newest first.
func (j *Journal) NewestLetters(ctx context.Context, limit int) ([]*Letter, error) {
	return j.letters(ctx, `SELECT id, topic, consumer, partition, message_offset, message, trigger_type, connector, x'', first_at, dead_at, attempts, error
		FROM dead_letters ORDER BY id DESC LIMIT $1`, limit)
}

// LettersBefore gives the numbers of the letters that were given up before an instant, in that order.
func (j *Journal) LettersBefore(ctx context.Context, at time.Time) ([]int64, error) {
	rows, err := j.db.QueryContext(ctx, `SELECT id FROM dead_letters WHERE dead_at <= $1 ORDER BY id`, micros(at))
	if err != nil {
		return nil, fmt.Errorf("listing dead letters: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var list []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("listing dead letters: %w", err)
		}
		list = append(list, id)
	}
	return list, rows.Err()
}

// Consumers gives those that a topic has had, by name.
func (j *Journal) Consumers(ctx context.Context, topic string) ([]string, error) {
	rows, err := j.db.QueryContext(ctx, `SELECT DISTINCT consumer FROM pointers WHERE topic = $1 ORDER BY consumer`, topic)
	if err != nil {
		return nil, fmt.Errorf("listing consumers: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("listing consumers: %w", err)
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// Note keeps a text under a name, for the next start.
func (j *Journal) Note(ctx context.Context, name, text string) error {
	_, err := j.db.ExecContext(ctx, `INSERT INTO notes (name, text) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET text = excluded.text`, name, text)
	if err != nil {
		return fmt.Errorf("noting the %s: %w", name, err)
	}
	return nil
}

// Noted gives the text of a name, "" for none.
func (j *Journal) Noted(ctx context.Context, name string) (string, error) {
	var text string
	err := j.db.QueryRowContext(ctx, `SELECT text FROM notes WHERE name = $1`, name).Scan(&text)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("reading the %s: %w", name, err)
	}
	return text, nil
}
