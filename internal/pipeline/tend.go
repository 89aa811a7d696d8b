package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"latchkey/internal/event"
	"latchkey/internal/eventlog"
)

// alarmAt is how near a group's lag may come to what the topic keeps.
const alarmAt = 0.8

type alarmKey struct{ topic, group string }

// errReset ends the streams of a group whose pointers were set by hand.
var errReset = errors.New("the group's pointers were set by hand")

// tend enforces retention and looks at lag, again and again.
func (b *Broker) tend(ctx context.Context) {
	for {
		timer := b.config.Clock.NewTimer(b.config.Tend)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C():
		}
		if err := b.Tend(ctx); err != nil && ctx.Err() == nil {
			b.config.Logger.ErrorContext(ctx, "tending the event log", "error", err)
		}
	}
}

// Tend does once what is done every half minute: each topic lets go of what is too old or too much; each group whose lag is
// near that is told of.
func (b *Broker) Tend(ctx context.Context) error {
	held, err := b.config.Log.Held(ctx) // before the topics are read: one that is made meanwhile is among them
	if err != nil {
		return err
	}
	topics, err := b.config.Store.Topics(ctx, "")
	if err != nil {
		return err
	}
	errs := []error{b.dropOrphans(ctx, held, topics)}
	for _, topic := range topics {
		// Lag comes first: what goes now was seen before it went.
		errs = append(errs, b.watch(ctx, topic))
		trimmed, err := b.config.Log.Trim(ctx, topic.log())
		if trimmed.Events > 0 {
			b.config.Logger.InfoContext(ctx, "let go of old events", "topic", topic.Name, "events", trimmed.Events, "bytes", trimmed.Bytes)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// dropOrphans removes events whose topic is gone: with its organization, or between two steps of a deletion.
func (b *Broker) dropOrphans(ctx context.Context, held []string, topics []Topic) error {
	var errs []error
	for _, id := range held {
		if !slices.ContainsFunc(topics, func(t Topic) bool { return t.ID == id }) {
			b.config.Logger.InfoContext(ctx, "removing the events of a topic that is gone", "topic", id)
			errs = append(errs, b.config.Log.Drop(ctx, eventlog.Topic{ID: id}))
		}
	}
	return errors.Join(errs...)
}

func (b *Broker) watch(ctx context.Context, topic Topic) error {
	groups, err := b.config.Log.Groups(ctx, topic.log())
	if err != nil || len(groups) == 0 {
		return err
	}
	spans, err := b.config.Log.Spans(ctx, topic.log())
	if err != nil {
		return err
	}
	for _, group := range groups {
		events, oldest, near, err := b.lag(ctx, topic, group, spans)
		if err != nil {
			return err
		}
		b.meters.lagging(topic, group.Name, events, near)
		b.config.Lagging(topic.Organization, oldest, events)
		if err := b.alarm(ctx, topic, group.Name, events, near); err != nil {
			return err
		}
	}
	return nil
}

// lag tells how many events a group has not committed, how old the oldest of them is, and how near that is to what the topic
// keeps: by that age, or by the share of what is kept.
func (b *Broker) lag(ctx context.Context, topic Topic, group eventlog.Group, spans []eventlog.Span) (events int64, age time.Duration, near float64, err error) {
	var total, behind float64
	now := b.config.Clock.Now()
	for part, span := range spans {
		at := max(group.Pointers[part], 0)
		open := span.Next - max(at, span.First)
		events += max(span.Next-at, 0)
		total += float64(span.Bytes)
		if open <= 0 {
			continue
		}
		behind += float64(span.Bytes) * float64(open) / float64(span.Next-span.First)
		oldest, err := b.oldest(ctx, topic, part, max(at, span.First), span)
		if err != nil {
			return 0, 0, 0, err
		}
		age = max(age, now.Sub(oldest))
	}
	if topic.Age > 0 {
		near = float64(age) / float64(topic.Age)
	}
	if topic.Bytes > 0 {
		near = max(near, behind/float64(topic.Bytes))
	}
	return events, age, near, nil
}

// oldest is when the first event that a group has not committed came.
func (b *Broker) oldest(ctx context.Context, topic Topic, partition int, at int64, span eventlog.Span) (time.Time, error) {
	if at == span.First && !span.Oldest.IsZero() {
		return span.Oldest, nil
	}
	entries, err := b.config.Log.Read(ctx, topic.log(), partition, at, 1)
	if err != nil || len(entries) == 0 {
		return b.config.Clock.Now(), err
	}
	return entries[0].At, nil
}

// alarm tells, once, that a group's lag came near what the topic keeps, and that it is over.
func (b *Broker) alarm(ctx context.Context, topic Topic, group string, events int64, near float64) error {
	key := alarmKey{topic.ID, group}
	was := b.alarms[key]
	if was && near >= alarmAt/2 || !was && near < alarmAt {
		return nil
	}
	now := b.config.Clock.Now()
	data := map[string]any{"topic": topic.Name, "group": group, "lag": events}
	kind := event.PipelineCaughtUp
	if !was {
		kind = event.PipelineLagging
		data["retention_used"] = float64(int(near*100)) / 100
	}
	if err := b.config.Store.Note(ctx, nil, []event.Event{event.New(kind, topic.Organization, topic.ID, now, data)}); err != nil {
		return err
	}
	b.alarms[key] = !was
	level := slog.LevelWarn
	if was {
		level = slog.LevelInfo
	}
	b.config.Logger.Log(ctx, level, string(kind), "topic", topic.Name, "group", group, "lag", events, "retention_used", near)
	return nil
}

// missed tells that a group finds events gone that it had not read.
func (b *Broker) missed(topic Topic, group string, partition int, from, first int64) {
	b.meters.miss(topic, group, first-from)
	b.config.Logger.Error("a group has lost events to retention", "topic", topic.Name, "group", group, "partition", partition, "from", from, "events", first-from)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	e := event.New(event.PipelineLost, topic.Organization, topic.ID, b.config.Clock.Now(), map[string]any{
		"topic": topic.Name, "group": group, "partition": partition, "from": from, "events": first - from,
	})
	if err := b.config.Store.Note(ctx, nil, []event.Event{e}); err != nil {
		b.config.Logger.Error("telling of lost events", "error", err)
	}
}
