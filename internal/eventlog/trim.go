package eventlog

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// trimStep is how many rows one transaction lets go of, so that no producer waits long behind it.
const trimStep = 500

// Trim implements [Log]. A chunk goes when its newest event is too old, or while there is too much: the oldest first.
func (l *Embedded) Trim(ctx context.Context, topic Topic) (Trimmed, error) {
	var all Trimmed
	for {
		step, more, err := l.trimSome(ctx, topic)
		all.Events, all.Bytes = all.Events+step.Events, all.Bytes+step.Bytes
		if err != nil || !more {
			return all, err
		}
	}
}

func (l *Embedded) trimSome(ctx context.Context, topic Topic) (Trimmed, bool, error) {
	spans, err := l.Spans(ctx, topic)
	if err != nil {
		return Trimmed{}, false, err
	}
	var total int64
	for _, s := range spans {
		total += s.Bytes
	}
	var step Trimmed
	gone := map[int]*Span{} // First is where the partition begins now, Bytes what went
	count := 0
	j := &job{do: func(tx *sql.Tx) (err error) {
		step, count = Trimmed{}, 0
		clear(gone)
		if _, err := tx.Exec(`DELETE FROM hours WHERE topic = $1 AND hour < $2`, topic.ID, hourOf(l.clock.Now().Add(-HoursKept))); err != nil {
			return err
		}
		rows, err := tx.Query(`SELECT id, part, first, count, at, size FROM chunks WHERE topic = $1 ORDER BY id LIMIT $2`, topic.ID, trimStep)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		var last int64
		oldest := l.clock.Now().Add(-topic.Age).UnixMicro()
		for rows.Next() {
			var id, first, events, at, size int64
			var part int
			if err := rows.Scan(&id, &part, &first, &events, &at, &size); err != nil {
				return err
			}
			if !(topic.Age > 0 && at < oldest) && !(topic.Bytes > 0 && total > topic.Bytes) {
				break
			}
			last, total, count = id, total-size, count+1
			step.Events, step.Bytes = step.Events+events, step.Bytes+size
			g := gone[part]
			if g == nil {
				g = &Span{}
				gone[part] = g
			}
			g.First, g.Bytes = first+events, g.Bytes+size
		}
		if err := rows.Err(); err != nil || count == 0 {
			return err
		}
		return dropUpTo(tx, topic, last, gone)
	}}
	j.after = func() { l.trimmed(topic, gone) }
	if err := l.hand(ctx, j); err != nil {
		return Trimmed{}, false, fmt.Errorf("letting go of old events of the topic %s: %w", topic.ID, told(err))
	}
	return step, count == trimStep, nil
}

func dropUpTo(tx *sql.Tx, topic Topic, last int64, gone map[int]*Span) error {
	if _, err := tx.Exec(`DELETE FROM chunks WHERE topic = $1 AND id <= $2`, topic.ID, last); err != nil {
		return err
	}
	for part, g := range gone {
		if _, err := tx.Exec(`INSERT INTO floors (topic, part, first) VALUES ($1, $2, $3) ON CONFLICT (topic, part) DO UPDATE SET first = excluded.first`,
			topic.ID, part, g.First); err != nil {
			return err
		}
	}
	return nil
}

// trimmed lets readers see where the partitions begin now. It runs on the writer's goroutine.
func (l *Embedded) trimmed(topic Topic, gone map[int]*Span) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.state(topic.ID)
	for part, g := range gone {
		s := t.span(part)
		s.First, s.Bytes, s.Oldest = g.First, s.Bytes-g.Bytes, time.Time{}
		var at int64
		if l.writer.QueryRow(`SELECT at FROM chunks WHERE topic = $1 AND part = $2 ORDER BY first LIMIT 1`, topic.ID, part).Scan(&at) == nil {
			s.Oldest = time.UnixMicro(at).UTC()
		}
	}
}

// Drop implements [Log].
func (l *Embedded) Drop(ctx context.Context, topic Topic) error {
	j := &job{do: func(tx *sql.Tx) error {
		for _, statement := range []string{
			`DELETE FROM chunks WHERE topic = $1`, `DELETE FROM floors WHERE topic = $1`, `DELETE FROM groups WHERE topic = $1`, `DELETE FROM pointers WHERE topic = $1`,
			`DELETE FROM hours WHERE topic = $1`,
		} {
			if _, err := tx.Exec(statement, topic.ID); err != nil {
				return err
			}
		}
		return nil
	}}
	j.after = func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if t := l.topics[topic.ID]; t != nil {
			close(t.news)
			delete(l.topics, topic.ID)
		}
	}
	if err := l.hand(ctx, j); err != nil {
		return fmt.Errorf("removing the topic %s from the event log: %w", topic.ID, told(err))
	}
	return nil
}
