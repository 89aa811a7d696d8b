package eventlog

import (
	"context"
	"database/sql"
	"time"
)

// Hour is how many events a topic got in an hour.
type Hour struct {
	// At is the hour's beginning.
	At     time.Time
	Events int64
}

// Hours are logs that count events by the hour as they come. What was counted stays when the events go, for [HoursKept].
type Hours interface {
	// Hours gives those of a topic that had events, from the hour of a time on, the oldest first.
	Hours(ctx context.Context, topic Topic, from time.Time) ([]Hour, error)
}

// HoursKept is for how long hours are remembered.
const HoursKept = 15 * 24 * time.Hour

var _ Hours = (*Embedded)(nil)

// hourOf numbers hours.
func hourOf(t time.Time) int64 { return t.Unix() / int64(time.Hour/time.Second) }

// count adds what a batch brings to its hour: a row a topic, in the transaction of the events.
func (b *batch) count(tx *sql.Tx) error {
	for topic, f := range b.fresh {
		var events int64
		for _, part := range f.parts {
			for _, c := range part.chunks {
				events += c.count
			}
		}
		if events == 0 {
			continue
		}
		if _, err := tx.Exec(`INSERT INTO hours (topic, hour, events) VALUES ($1, $2, $3) ON CONFLICT (topic, hour) DO UPDATE SET events = events + excluded.events`,
			topic, hourOf(b.now), events); err != nil {
			return err
		}
	}
	return nil
}

// Hours implements [Hours].
func (l *Embedded) Hours(ctx context.Context, topic Topic, from time.Time) (_ []Hour, err error) {
	rows, err := l.readers.QueryContext(ctx, `SELECT hour, events FROM hours WHERE topic = $1 AND hour >= $2 ORDER BY hour`, topic.ID, hourOf(from))
	if err != nil {
		return nil, told(err)
	}
	defer func() { _ = rows.Close() }()
	var out []Hour
	for rows.Next() {
		var hour int64
		var one Hour
		if err := rows.Scan(&hour, &one.Events); err != nil {
			return nil, told(err)
		}
		one.At = time.Unix(hour*int64(time.Hour/time.Second), 0).UTC()
		out = append(out, one)
	}
	return out, told(rows.Err())
}
