package eventlog

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
)

// directGet is how several messages of a stream are read at once (nats-server 2.11): they come one after the other, and then
// an empty one.
type directGet struct {
	Sequence int64 `json:"seq"`
	Batch    int   `json:"batch"`
	MaxBytes int   `json:"max_bytes"`
}

const readBatch = 1000

// Read implements [Log].
func (c *Cluster) Read(ctx context.Context, topic Topic, partition int, from int64, limit int) ([]Entry, error) {
	if err := c.ensure(ctx, topic); err != nil {
		return nil, err
	}
	if !c.reaches(topic, partition, from) {
		// What this node has not heard of may be there all the same: the second that it looks again is a second too late for
		// one who asks once.
		c.mu.Lock()
		fresh := c.remote(topic).looked.IsZero()
		c.mu.Unlock()
		if !fresh {
			return nil, nil
		}
		if _, err := c.Spans(ctx, topic); err != nil || !c.reaches(topic, partition, from) {
			return nil, err
		}
	}
	// A replica may be behind what is known to be there: it is asked again, a little later each time.
	for wait := 5 * time.Millisecond; ; wait *= 2 {
		entries, err := c.get(ctx, topic, partition, from, limit)
		if err != nil || len(entries) > 0 || wait > time.Second {
			return entries, err
		}
		timer := c.config.Clock.NewTimer(wait)
		select {
		case <-timer.C():
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
	}
}

func (c *Cluster) reaches(topic Topic, partition int, from int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.remote(topic).next[partition] > from
}

func (c *Cluster) get(ctx context.Context, topic Topic, partition int, from int64, limit int) ([]Entry, error) {
	ask, err := json.Marshal(directGet{from + 1, readBatch, limit})
	if err != nil {
		return nil, err
	}
	inbox := nats.NewInbox()
	answers, err := c.conn.SubscribeSync(inbox)
	if err != nil {
		return nil, c.told(err)
	}
	defer func() { _ = answers.Unsubscribe() }()
	if err := c.conn.PublishRequest("$JS.API.DIRECT.GET."+streamName(topic, partition), inbox, ask); err != nil {
		return nil, c.told(err)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var entries []Entry
	for {
		m, err := answers.NextMsgWithContext(ctx)
		if err != nil {
			if len(entries) > 0 {
				return entries, nil // what came is in order; the rest is asked for again
			}
			return nil, c.told(err)
		}
		if m.Header.Get("Status") != "" {
			return entries, nil
		}
		e, err := received(m)
		if err != nil {
			return nil, err
		}
		if n := len(entries); n > 0 && e.Offset != entries[n-1].Offset+1 {
			return entries, nil // one was lost on the way
		}
		entries = append(entries, e)
	}
}

func received(m *nats.Msg) (Entry, error) {
	sequence, err := strconv.ParseInt(m.Header.Get("Nats-Sequence"), 10, 64)
	at, timeErr := time.Parse(time.RFC3339Nano, m.Header.Get("Nats-Time-Stamp"))
	e, _, recordErr := readRecord(m.Data, at.UTC())
	e.Offset = sequence - 1
	return e, errors.Join(err, timeErr, recordErr)
}
