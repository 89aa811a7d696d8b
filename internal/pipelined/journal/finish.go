package journal

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Done is a message that needs nothing more.
type Done struct {
	Topic, Consumer string
	Partition       int32
	Offset          int64
	// Identity is the message's; "" for one that is passed over without being remembered.
	Identity string
	// Dead is the letter when it is finished by giving up.
	Dead *Letter
}

// Pointer is how far a partition is finished.
type Pointer struct {
	Topic, Consumer string
	Partition       int32
	// Next is the lowest offset that is not finished.
	Next int64
}

// Marker is the broker's own word for a place.
type Marker struct{ Topic, Consumer, Text string }

// request is something to write.
type request struct {
	done    []Done // of one partition, in its order
	flush   *Marker
	replied chan error
}

// maxGroup bounds one transaction.
const maxGroup = 256

// Finish writes that messages of a partition are done, which come in its order. It returns once that survives the end of this
// process; with a dead letter, once it survives the machine's. An error means that nothing was written.
func (j *Journal) Finish(done ...Done) error {
	if len(done) == 0 {
		return nil
	}
	r := &request{done: done, replied: make(chan error, 1)}
	j.requests <- r
	return <-r.replied
}

// Flush puts everything that was finished on the disk, and the marker that is about to be given to the broker with it.
func (j *Journal) Flush(marker Marker) error {
	r := &request{flush: &marker, replied: make(chan error, 1)}
	j.requests <- r
	return <-r.replied
}

// write is the one writer. What waits while a transaction is written goes into the next one together.
func (j *Journal) write() {
	defer close(j.ended)
	pruned := 0
	for first := range j.requests {
		group := []*request{first}
		for len(group) < maxGroup {
			select {
			case next, ok := <-j.requests:
				if ok {
					group = append(group, next)
					continue
				}
			default:
			}
			break
		}
		err := j.commit(group)
		for _, r := range group {
			pruned += len(r.done)
			r.replied <- err
		}
		if pruned >= keepSeen/64 && err == nil {
			pruned = 0
			_, _ = j.db.Exec(`DELETE FROM seen WHERE number <= (SELECT max(number) FROM seen) - $1`, keepSeen) // the next one does it
		}
	}
}

// commit writes a group in one transaction, synced when one of them asks for that.
func (j *Journal) commit(group []*request) error {
	ctx := context.Background()
	conn, err := j.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	defer func() { _ = conn.Close() }()
	synced := false
	for _, r := range group {
		synced = synced || r.flush != nil || slices.ContainsFunc(r.done, func(d Done) bool { return d.Dead != nil })
	}
	if synced {
		if _, err := conn.ExecContext(ctx, `PRAGMA synchronous = FULL`); err != nil {
			return fmt.Errorf("writing the journal: %w", err)
		}
		defer func() { _, _ = conn.ExecContext(ctx, `PRAGMA synchronous = NORMAL`) }()
	}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	for _, r := range group {
		if err := j.put(tx, r); err != nil {
			return fmt.Errorf("writing the journal: %w", errors.Join(err, tx.Rollback()))
		}
	}
	if err := tx.Commit(); err != nil {
		_ = tx.Rollback()
		return fmt.Errorf("writing the journal: %w", err)
	}
	return nil
}

func (j *Journal) put(tx *sql.Tx, r *request) error {
	if m := r.flush; m != nil {
		if m.Text == "" {
			return nil
		}
		_, err := tx.Exec(`INSERT INTO markers (topic, consumer, marker) VALUES ($1, $2, $3)
			ON CONFLICT (topic, consumer) DO UPDATE SET marker = excluded.marker`, m.Topic, m.Consumer, m.Text)
		return err
	}
	remember := tx.Stmt(j.remember)
	defer func() { _ = remember.Close() }()
	for i := range r.done {
		d := &r.done[i]
		if d.Dead != nil {
			if err := bury(tx, d); err != nil {
				return err
			}
		}
		if d.Identity != "" {
			if _, err := remember.Exec(d.Consumer, digest(d.Identity)); err != nil {
				return err
			}
		}
	}
	last := r.done[len(r.done)-1]
	point := tx.Stmt(j.point)
	defer func() { _ = point.Close() }()
	_, err := point.Exec(last.Topic, last.Consumer, last.Partition, last.Offset+1)
	return err
}

// digest shortens an identity to what is told apart beyond doubt.
func digest(identity string) []byte {
	sum := sha256.Sum256([]byte(identity))
	return sum[:16]
}

// Seen tells whether a message was finished before.
func (j *Journal) Seen(ctx context.Context, consumer, identity string) (bool, error) {
	var one int
	err := j.seen.QueryRowContext(ctx, consumer, digest(identity)).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking for a duplicate: %w", err)
	}
	return true, nil
}

// Pointers gives how far the partitions of a topic are finished.
func (j *Journal) Pointers(ctx context.Context, topic, consumer string) ([]Pointer, error) {
	rows, err := j.db.QueryContext(ctx, `SELECT partition, next FROM pointers WHERE topic = $1 AND consumer = $2 ORDER BY partition`, topic, consumer)
	if err != nil {
		return nil, fmt.Errorf("reading pointers: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var list []Pointer
	for rows.Next() {
		p := Pointer{Topic: topic, Consumer: consumer}
		if err := rows.Scan(&p.Partition, &p.Next); err != nil {
			return nil, fmt.Errorf("reading pointers: %w", err)
		}
		list = append(list, p)
	}
	return list, rows.Err()
}

// Marker gives the last marker that was flushed; "" for none.
func (j *Journal) Marker(ctx context.Context, topic, consumer string) (string, error) {
	var text string
	err := j.db.QueryRowContext(ctx, `SELECT marker FROM markers WHERE topic = $1 AND consumer = $2`, topic, consumer).Scan(&text)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("reading the marker: %w", err)
	}
	return text, nil
}

// Wait tells how long to leave a disk alone that could not be written.
const Wait = time.Second
