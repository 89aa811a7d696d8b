package eventlog

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Read implements [Log].
func (l *Embedded) Read(ctx context.Context, topic Topic, partition int, from int64, limit int) (_ []Entry, err error) {
	if span := l.span(topic, partition); from >= span.Next {
		return nil, nil
	}
	// The chunk that holds the offset begins at it or before it.
	rows, err := l.readers.QueryContext(ctx, `SELECT first, at, body FROM chunks WHERE topic = $1 AND part = $2 AND first >= COALESCE(
		(SELECT MAX(first) FROM chunks WHERE topic = $1 AND part = $2 AND first <= $3), 0) ORDER BY first`, topic.ID, partition, from)
	if err != nil {
		return nil, told(err)
	}
	defer func() {
		if closeErr := rows.Close(); err == nil && closeErr != nil {
			err = told(closeErr)
		}
	}()
	var entries []Entry
	for size := 0; size < limit && rows.Next(); {
		var first, at int64
		var body []byte
		if err := rows.Scan(&first, &at, &body); err != nil {
			return nil, told(err)
		}
		for ; len(body) > 0; first++ {
			var e Entry
			if e, body, err = readRecord(body, time.UnixMicro(at).UTC()); err != nil {
				return nil, fmt.Errorf("reading the event log, topic %s, partition %d, offset %d: %w", topic.ID, partition, first, err)
			}
			if first < from || size >= limit {
				continue
			}
			e.Offset = first
			entries, size = append(entries, e), size+e.size()
		}
	}
	return entries, told(rows.Err())
}

func (l *Embedded) span(topic Topic, partition int) Span {
	l.mu.RLock()
	defer l.mu.RUnlock()
	t := l.topics[topic.ID]
	if t == nil || partition >= len(t.spans) {
		return Span{}
	}
	return t.spans[partition]
}

// Spans implements [Log].
func (l *Embedded) Spans(_ context.Context, topic Topic) ([]Span, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var spans []Span
	if t := l.topics[topic.ID]; t != nil {
		spans = slices.Clone(t.spans)
	}
	for len(spans) < topic.Partitions {
		spans = append(spans, Span{})
	}
	return spans, nil
}

// News implements [Log].
func (l *Embedded) News(topic Topic) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state(topic.ID).news
}

// Held implements [Log].
func (l *Embedded) Held(context.Context) ([]string, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var ids []string
	for id, t := range l.topics {
		if slices.ContainsFunc(t.spans, func(s Span) bool { return s.Next > 0 }) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}
