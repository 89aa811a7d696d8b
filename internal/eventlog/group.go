package eventlog

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// OpenGroup implements [Log].
func (l *Embedded) OpenGroup(ctx context.Context, topic Topic, group string, begin func([]Span) map[int]int64) (Group, error) {
	found, err := l.group(ctx, topic, group)
	if err == nil || !noGroup(err) {
		return found, err
	}
	spans, err := l.Spans(ctx, topic)
	if err != nil {
		return Group{}, err
	}
	pointers := begin(spans)
	now := l.clock.Now().UnixMicro()
	err = l.do(ctx, func(tx *sql.Tx) error {
		made, err := tx.Exec(`INSERT INTO groups (topic, name, epoch, created_at, moved_at) VALUES ($1, $2, 0, $3, 0) ON CONFLICT (topic, name) DO NOTHING`,
			topic.ID, group, now)
		if err != nil {
			return err
		}
		if n, err := made.RowsAffected(); err != nil || n == 0 {
			return err // another member came first
		}
		return setPointers(tx, topic, group, pointers, putPointer)
	})
	if err != nil {
		return Group{}, fmt.Errorf("making the group %q: %w", group, err)
	}
	return l.group(ctx, topic, group)
}

func noGroup(err error) bool { return err == ErrNoGroup } //nolint:errorlint // as group gives it

// How pointers are kept: wherever they are set, or no further back than they are.
const (
	putPointer  = `INSERT INTO pointers (topic, name, part, next) VALUES ($1, $2, $3, $4) ON CONFLICT (topic, name, part) DO UPDATE SET next = excluded.next`
	pushPointer = `INSERT INTO pointers (topic, name, part, next) VALUES ($1, $2, $3, $4) ON CONFLICT (topic, name, part) DO UPDATE SET next = MAX(next, excluded.next)`
)

func setPointers(tx *sql.Tx, topic Topic, group string, pointers map[int]int64, statement string) error {
	for part, next := range pointers {
		if _, err := tx.Exec(statement, topic.ID, group, part, next); err != nil {
			return err
		}
	}
	return nil
}

// group reads one, or gives [ErrNoGroup].
func (l *Embedded) group(ctx context.Context, topic Topic, name string) (Group, error) {
	groups, err := l.list(ctx, topic, name)
	if err != nil {
		return Group{}, err
	}
	if len(groups) == 0 {
		return Group{}, ErrNoGroup
	}
	return groups[0], nil
}

// Groups implements [Log].
func (l *Embedded) Groups(ctx context.Context, topic Topic) ([]Group, error) {
	return l.list(ctx, topic, "")
}

func (l *Embedded) list(ctx context.Context, topic Topic, only string) (_ []Group, err error) {
	rows, err := l.readers.QueryContext(ctx, `SELECT g.name, g.epoch, g.created_at, g.moved_at, p.part, p.next FROM groups g
		LEFT JOIN pointers p ON p.topic = g.topic AND p.name = g.name WHERE g.topic = $1 AND ($2 = '' OR g.name = $2) ORDER BY g.name, p.part`, topic.ID, only)
	if err != nil {
		return nil, told(err)
	}
	defer func() { _ = rows.Close() }()
	var groups []Group
	for rows.Next() {
		var g Group
		var created, moved int64
		var part, next sql.NullInt64
		if err := rows.Scan(&g.Name, &g.Epoch, &created, &moved, &part, &next); err != nil {
			return nil, told(err)
		}
		if n := len(groups); n == 0 || groups[n-1].Name != g.Name {
			g.CreatedAt, g.Pointers = time.UnixMicro(created).UTC(), map[int]int64{}
			if moved > 0 {
				g.MovedAt = time.UnixMicro(moved).UTC()
			}
			groups = append(groups, g)
		}
		if part.Valid {
			groups[len(groups)-1].Pointers[int(part.Int64)] = next.Int64
		}
	}
	return groups, told(rows.Err())
}

// Advance implements [Log].
func (l *Embedded) Advance(ctx context.Context, topic Topic, group string, epoch int64, pointers map[int]int64) error {
	var stale error
	err := l.do(ctx, func(tx *sql.Tx) error {
		stale = nil
		moved, err := tx.Exec(`UPDATE groups SET moved_at = $1 WHERE topic = $2 AND name = $3 AND epoch = $4`, l.clock.Now().UnixMicro(), topic.ID, group, epoch)
		if err != nil {
			return err
		}
		if n, err := moved.RowsAffected(); err != nil || n == 0 {
			stale = ErrEpoch
			return err
		}
		return setPointers(tx, topic, group, pointers, pushPointer)
	})
	if err != nil {
		return fmt.Errorf("moving the pointers of the group %q: %w", group, err)
	}
	return stale
}

// Rewind implements [Log].
func (l *Embedded) Rewind(ctx context.Context, topic Topic, group string, pointers map[int]int64) (Group, error) {
	missing := false
	err := l.do(ctx, func(tx *sql.Tx) error {
		moved, err := tx.Exec(`UPDATE groups SET epoch = epoch + 1, moved_at = $1 WHERE topic = $2 AND name = $3`, l.clock.Now().UnixMicro(), topic.ID, group)
		if err != nil {
			return err
		}
		n, err := moved.RowsAffected()
		if missing = n == 0; err != nil || missing {
			return err
		}
		return setPointers(tx, topic, group, pointers, putPointer)
	})
	switch {
	case err != nil:
		return Group{}, fmt.Errorf("setting the pointers of the group %q: %w", group, err)
	case missing:
		return Group{}, ErrNoGroup
	}
	return l.group(ctx, topic, group)
}

// Forget implements [Log].
func (l *Embedded) Forget(ctx context.Context, topic Topic, group string) error {
	missing := false
	err := l.do(ctx, func(tx *sql.Tx) error {
		gone, err := tx.Exec(`DELETE FROM groups WHERE topic = $1 AND name = $2`, topic.ID, group)
		if err != nil {
			return err
		}
		n, err := gone.RowsAffected()
		if missing = n == 0; err != nil {
			return err
		}
		_, err = tx.Exec(`DELETE FROM pointers WHERE topic = $1 AND name = $2`, topic.ID, group)
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("removing the group %q: %w", group, err)
	case missing:
		return ErrNoGroup
	}
	return nil
}

// Join implements [Log].
func (l *Embedded) Join(_ context.Context, topic Topic, group string) (Seat, error) {
	return l.join(topic, group), nil
}

// Members implements [Log].
func (l *Embedded) Members(_ context.Context, topic Topic, group string) ([]Member, error) {
	return l.members(topic, group), nil
}
