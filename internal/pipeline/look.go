package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/eventlog"
)

// How people look into a topic. Looking moves no pointer and takes no seat, so that no consumer notices; events are what they
// say, so that it takes pipeline:consume.

// Found is an event where it stands.
type Found struct {
	Partition int
	eventlog.Entry
}

// ErrNoEvent says that no event is there any more, or yet.
var ErrNoEvent = fmt.Errorf("no such event: %w", ErrNotFound)

// looked is a topic that its caller may read.
func (b *Broker) looked(ctx context.Context, caller access.Caller, ref string) (Topic, error) {
	if err := caller.Require(access.PipelineConsume); err != nil {
		return Topic{}, err
	}
	return b.topic(ctx, caller, ref)
}

// Spans gives what the partitions of a topic hold, and a channel that is closed when it gets an event.
func (b *Broker) Spans(ctx context.Context, caller access.Caller, ref string) ([]eventlog.Span, <-chan struct{}, error) {
	t, err := b.looked(ctx, caller, ref)
	if err != nil {
		return nil, nil, err
	}
	news := b.config.Log.News(t.log()) // before it is looked: what comes meanwhile is news
	spans, err := b.config.Log.Spans(ctx, t.log())
	return spans, news, err
}

// Look gives events of a partition from an offset on, those that fit into about limit bytes.
func (b *Broker) Look(ctx context.Context, caller access.Caller, ref string, partition int, from int64, limit int) ([]eventlog.Entry, error) {
	t, err := b.looked(ctx, caller, ref)
	if err != nil {
		return nil, err
	}
	if partition < 0 || partition >= t.Partitions {
		return nil, &InvalidError{"/partition", fmt.Sprintf("there is no partition %d", partition), fmt.Sprintf("use 0 to %d", t.Partitions-1)}
	}
	return b.config.Log.Read(ctx, t.log(), partition, from, limit)
}

// Event gives the one at an offset, or [ErrNoEvent].
func (b *Broker) Event(ctx context.Context, caller access.Caller, ref string, partition int, offset int64) (Found, error) {
	found, err := b.Look(ctx, caller, ref, partition, offset, 1)
	if err != nil {
		return Found{}, err
	}
	if len(found) == 0 || found[0].Offset != offset {
		return Found{}, ErrNoEvent
	}
	return Found{partition, found[0]}, nil
}

// Last gives the newest events of a topic, the newest first: as many as are asked for, of those that fit. It looks through the
// newest of each partition, in steps, until it has enough or has looked at most of them; all tells that it looked at everything.
func (b *Broker) Last(ctx context.Context, caller access.Caller, ref string, count, most int, fits func(Found) bool) (found []Found, all bool, err error) {
	t, err := b.looked(ctx, caller, ref)
	if err != nil {
		return nil, false, err
	}
	spans, err := b.config.Log.Spans(ctx, t.log())
	if err != nil {
		return nil, false, err
	}
	const step = 64
	all = true
	for part, span := range spans {
		kept := 0
		for to := span.Next; to > span.First && kept < count; {
			from := max(span.First, to-step)
			if most <= 0 {
				all = false
				break
			}
			some, looked, err := b.between(ctx, t, part, from, to, fits)
			if err != nil {
				return nil, false, err
			}
			found, kept, to, most = append(found, some...), kept+len(some), from, most-looked
		}
	}
	slices.SortFunc(found, func(x, y Found) int {
		return cmp.Or(y.At.Compare(x.At), cmp.Compare(x.Partition, y.Partition), cmp.Compare(y.Offset, x.Offset))
	})
	return found[:min(len(found), count)], all, nil
}

// between gives those that fit of the offsets from one to another, exclusive, and how many it looked at.
func (b *Broker) between(ctx context.Context, t Topic, part int, from, to int64, fits func(Found) bool) (found []Found, looked int, err error) {
	for from < to {
		entries, err := b.config.Log.Read(ctx, t.log(), part, from, readSize)
		if err != nil || len(entries) == 0 {
			return found, looked, err
		}
		for _, e := range entries {
			from = e.Offset + 1
			if e.Offset >= to {
				break
			}
			looked++
			if one := (Found{part, e}); fits == nil || fits(one) {
				found = append(found, one)
			}
		}
	}
	return found, looked, nil
}

// Hourly gives how many events a topic got in each of the last hours, the oldest first, those without one too. It takes what
// looking at topics takes, for it says nothing of them. counted is false for a log that does not count: then it is what the log
// still holds that was looked at.
func (b *Broker) Hourly(ctx context.Context, caller access.Caller, ref string, hours int) (counts []eventlog.Hour, counted bool, err error) {
	t, spans, err := b.standing(ctx, caller, ref)
	if err != nil {
		return nil, false, err
	}
	first := b.now().Truncate(time.Hour).Add(-time.Duration(hours-1) * time.Hour)
	for i := range hours {
		counts = append(counts, eventlog.Hour{At: first.Add(time.Duration(i) * time.Hour)})
	}
	if log, ok := b.config.Log.(eventlog.Hours); ok {
		known, err := log.Hours(ctx, t.log(), first)
		for _, h := range known {
			if i := int(h.At.Sub(first) / time.Hour); i >= 0 && i < hours {
				counts[i].Events += h.Events
			}
		}
		return counts, true, err
	}
	return counts, false, b.hourly(ctx, t, spans, counts)
}

// hourly finds where each hour begins in each partition, halving between the one before and the end.
func (b *Broker) hourly(ctx context.Context, t Topic, spans []eventlog.Span, counts []eventlog.Hour) error {
	for part, span := range spans {
		for i := range counts {
			if span.First == span.Next {
				break
			}
			from, err := b.since(ctx, t, part, span, counts[i].At)
			if err != nil {
				return err
			}
			if i > 0 {
				counts[i-1].Events += from - span.First
			}
			span.First = from
		}
		counts[len(counts)-1].Events += span.Next - span.First
	}
	return nil
}
