package eventlog

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"
)

// How much one transaction takes, and how much waits for the next.
const (
	maxTogether      = 4 << 20 // bytes
	maxTogetherCount = 20_000
	maxWaiting       = 64 // calls
	// chunkSize is about what a row holds: readers take rows whole.
	chunkSize = 128 << 10
)

// job is what the writer is asked: to keep events, or else to do something.
type job struct {
	topic   Topic
	records []Record
	placed  []Placed
	do      func(*sql.Tx) error
	after   func() // once it is durable, before the answer
	done    chan error
}

func (l *Embedded) hand(ctx context.Context, j *job) error {
	j.done = make(chan error, 1)
	l.gate.RLock()
	if l.closed {
		l.gate.RUnlock()
		return ErrUnavailable
	}
	select {
	case l.jobs <- j:
		l.gate.RUnlock()
	case <-ctx.Done():
		l.gate.RUnlock()
		return ctx.Err()
	}
	// It may be durable whether somebody waits or not: an answer that comes too late is one that was lost.
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// do runs something in a transaction, together with what else there is.
func (l *Embedded) do(ctx context.Context, f func(*sql.Tx) error) error {
	return told(l.hand(ctx, &job{do: f}))
}

// Append implements [Log].
func (l *Embedded) Append(ctx context.Context, topic Topic, records []Record) ([]Placed, error) {
	j := &job{topic: topic, records: records}
	if err := l.hand(ctx, j); err != nil {
		return nil, told(err)
	}
	return j.placed, nil
}

// write is the writer's goroutine. It takes what waits, keeps it in one transaction, and answers.
func (l *Embedded) write() {
	defer close(l.ended)
	for j := range l.jobs {
		together, size, count := []*job{j}, j.size(), len(j.records)
	gather:
		for size < maxTogether && count < maxTogetherCount {
			select {
			case next, ok := <-l.jobs:
				if !ok {
					break gather
				}
				together, size, count = append(together, next), size+next.size(), count+len(next.records)
			default:
				break gather
			}
		}
		l.settle(together)
	}
}

func (j *job) size() int {
	n := 0
	for i := range j.records {
		n += j.records[i].size()
	}
	return n
}

// settle commits jobs together; when that fails, each by itself, so that one can't fail the others.
func (l *Embedded) settle(together []*job) {
	err := l.commit(together)
	if err != nil && len(together) > 1 && !errors.Is(told(err), ErrFull) {
		for _, j := range together {
			j.done <- l.commit([]*job{j})
		}
		return
	}
	for _, j := range together {
		j.done <- err
	}
}

func (l *Embedded) commit(together []*job) error {
	tx, err := l.writer.Begin()
	if err != nil {
		return err
	}
	b := batch{log: l, now: l.clock.Now(), fresh: map[string]*freshTopic{}}
	for _, j := range together {
		if j.do != nil {
			err = j.do(tx)
		} else {
			b.place(j)
		}
		if err != nil {
			break
		}
	}
	if err == nil {
		err = b.insert(tx)
	}
	if err == nil {
		err = b.count(tx)
	}
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	b.publish()
	for _, j := range together {
		if j.after != nil {
			j.after()
		}
	}
	return nil
}

// batch is what one transaction keeps. Nothing outside of it changes before the commit.
type batch struct {
	log   *Embedded
	now   time.Time
	fresh map[string]*freshTopic // :: topic id → what it gets
}

type freshTopic struct {
	state *topicState
	turn  int
	parts map[int]*freshPart
	ids   map[idHash]place
}

type freshPart struct {
	next   int64
	chunks []chunk
}

type chunk struct {
	first, count int64
	ids, body    []byte
}

// place finds each event its offset.
func (b *batch) place(j *job) {
	f := b.fresh[j.topic.ID]
	if f == nil {
		b.log.mu.Lock()
		f = &freshTopic{state: b.log.state(j.topic.ID), parts: map[int]*freshPart{}, ids: map[idHash]place{}}
		f.state.span(j.topic.Partitions - 1)
		f.turn = f.state.turn
		b.log.mu.Unlock()
		b.fresh[j.topic.ID] = f
	}
	j.placed = make([]Placed, len(j.records))
	for i := range j.records {
		j.placed[i] = b.put(f, j.topic.Partitions, &j.records[i])
	}
}

func (b *batch) put(f *freshTopic, partitions int, r *Record) Placed {
	var id idHash
	if r.ID != "" {
		id = hashID(r.ID)
		known, ok := f.ids[id]
		if !ok {
			known, ok = f.state.window.find(id)
		}
		if ok && b.now.Unix()-known.at <= int64(Remembered/time.Second) {
			return Placed{int(known.partition), known.offset, true}
		}
	}
	at := f.partition(r, partitions)
	part := f.parts[at]
	if part == nil {
		part = &freshPart{next: f.state.spans[at].Next} // the writer alone moves it
		f.parts[at] = part
	}
	if n := len(part.chunks); n == 0 || len(part.chunks[n-1].body) >= chunkSize {
		part.chunks = append(part.chunks, chunk{first: part.next})
	}
	c := &part.chunks[len(part.chunks)-1]
	c.body, c.ids, c.count = appendRecord(c.body, 0, r), append(c.ids, id[:]...), c.count+1
	if r.ID != "" {
		f.ids[id] = place{int32(at), part.next, b.now.Unix()}
	}
	part.next++
	return Placed{at, part.next - 1, false}
}

// partition finds where an event belongs: by its key, else by its id, so that a repetition meets it, else the next in turn.
func (f *freshTopic) partition(r *Record, partitions int) int {
	switch {
	case r.Key != "":
		return Partition(r.Key, partitions)
	case r.ID != "":
		return Partition(r.ID, partitions)
	}
	f.turn = (f.turn + 1) % partitions
	return f.turn
}

func (b *batch) insert(tx *sql.Tx) error {
	var insert *sql.Stmt
	for topic, f := range b.fresh {
		for at, part := range f.parts {
			for _, c := range part.chunks {
				if insert == nil {
					var err error
					if insert, err = tx.Prepare(`INSERT INTO chunks (topic, part, first, count, at, size, ids, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`); err != nil {
						return err
					}
					defer func() { _ = insert.Close() }()
				}
				ids := c.ids
				if !slices.ContainsFunc(ids, func(b byte) bool { return b != 0 }) {
					ids = []byte{}
				}
				if _, err := insert.Exec(topic, at, c.first, c.count, b.now.UnixMicro(), len(c.body)+len(ids), ids, c.body); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// publish lets readers see what is durable now.
func (b *batch) publish() {
	b.log.mu.Lock()
	defer b.log.mu.Unlock()
	for _, f := range b.fresh {
		f.state.turn = f.turn
		for id, p := range f.ids {
			f.state.window.add(id, p)
		}
		for at, part := range f.parts {
			s := f.state.span(at)
			if s.First == s.Next {
				s.Oldest = b.now.UTC()
			}
			s.Next = part.next
			for _, c := range part.chunks {
				s.Bytes += int64(len(c.body) + len(c.ids))
			}
		}
		if len(f.parts) > 0 {
			close(f.state.news)
			f.state.news = make(chan struct{})
		}
	}
}
