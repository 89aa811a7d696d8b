package pipeline

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/event"
	"latchkey/internal/eventlog"
	"latchkey/internal/ident"
)

// The use cases of topics. Looking takes pipeline:consume, changing registry:write.

// Create says what a topic is made of; nil members are the defaults.
type Create struct {
	Name, Description string
	Partitions        int // 0 is the default
	Age               *time.Duration
	Bytes             *int64
}

// Create makes a topic.
func (b *Broker) Create(ctx context.Context, caller access.Caller, ask Create) (Topic, error) {
	if err := caller.Require(access.RegistryWrite); err != nil {
		return Topic{}, err
	}
	if b.config.Log == nil {
		return Topic{}, ErrOff
	}
	now := b.now()
	t := Topic{
		ID: ident.New("top"), Organization: caller.Organization, Name: ask.Name, Description: ask.Description, Partitions: ask.Partitions,
		Age: DefaultAge, Bytes: DefaultBytes, Version: 1, CreatedBy: caller.ID, CreatedAt: now, UpdatedAt: now,
	}
	if t.Partitions == 0 {
		t.Partitions = DefaultPartitions
	}
	if ask.Age != nil {
		t.Age = *ask.Age
	}
	if ask.Bytes != nil {
		t.Bytes = *ask.Bytes
	}
	if err := t.check(); err != nil {
		return Topic{}, err
	}
	return t, b.config.Store.CreateTopic(ctx, t, b.record(caller, "topic.create", t, nil))
}

func (t Topic) check() error {
	switch {
	case !topicName.MatchString(t.Name):
		return &InvalidError{"/name", fmt.Sprintf("%.64q is no name of a topic", t.Name), "use up to 100 letters, digits and . _ -"}
	case t.Partitions < 1 || t.Partitions > MaxPartitions:
		return &InvalidError{"/partitions", fmt.Sprintf("there can't be %d partitions", t.Partitions), fmt.Sprintf("use 1 to %d", MaxPartitions)}
	case t.Age != 0 && t.Age < MinAge:
		return &InvalidError{"/retention_seconds", fmt.Sprintf("events can't be kept for %s", t.Age), "use a minute or more, or 0 for ever"}
	case t.Bytes != 0 && t.Bytes < MinBytes:
		return &InvalidError{"/retention_bytes", fmt.Sprintf("%d bytes are too few to keep", t.Bytes), "use 1048576 or more, or 0 for no limit"}
	case len(t.Description) > 1000:
		return &InvalidError{"/description", "the description is longer than 1000 bytes", "make it shorter"}
	}
	return nil
}

func (b *Broker) now() time.Time { return b.config.Clock.Now().UTC().Truncate(time.Microsecond) }

func (b *Broker) record(caller access.Caller, action string, t Topic, detail map[string]string) audit.Entry {
	if detail == nil {
		detail = map[string]string{}
	}
	detail["name"] = t.Name
	return audit.Entry{
		At: b.now(), Organization: t.Organization, Actor: caller.ID, Action: action, Subject: t.ID, Generation: t.Version, Detail: detail,
	}
}

// Topics gives those of the organization, by name.
func (b *Broker) Topics(ctx context.Context, caller access.Caller) ([]Topic, error) {
	if err := looking(caller); err != nil {
		return nil, err
	}
	return b.config.Store.Topics(ctx, caller.Organization)
}

// looking lets those look who may consume, or who administer.
func looking(caller access.Caller) error {
	if caller.Scopes.Has(access.RegistryRead) {
		return nil
	}
	return caller.Require(access.PipelineConsume)
}

// Topic gives one by its id or name.
func (b *Broker) Topic(ctx context.Context, caller access.Caller, ref string) (Topic, error) {
	if err := looking(caller); err != nil {
		return Topic{}, err
	}
	t, err := b.config.Store.Topic(ctx, caller.Organization, ref)
	if err != nil {
		return Topic{}, fmt.Errorf("the topic %.64q: %w", ref, err)
	}
	return t, nil
}

// Change says what to change of a topic; nil members stay as they are.
type Change struct {
	Description *string
	Age         *time.Duration
	Bytes       *int64
}

// Change changes a topic. What it keeps less of is let go of within the minute.
func (b *Broker) Change(ctx context.Context, caller access.Caller, ref string, change Change) (Topic, error) {
	if err := caller.Require(access.RegistryWrite); err != nil {
		return Topic{}, err
	}
	t, err := b.Topic(ctx, caller, ref)
	if err != nil {
		return Topic{}, err
	}
	detail := map[string]string{}
	if change.Description != nil {
		t.Description = *change.Description
	}
	if change.Age != nil {
		detail["retention_age"], detail["retention_age_before"] = change.Age.String(), t.Age.String()
		t.Age = *change.Age
	}
	if change.Bytes != nil {
		detail["retention_bytes"], detail["retention_bytes_before"] = strconv.FormatInt(*change.Bytes, 10), strconv.FormatInt(t.Bytes, 10)
		t.Bytes = *change.Bytes
	}
	if err := t.check(); err != nil {
		return Topic{}, err
	}
	t.UpdatedAt = b.now()
	entry := b.record(caller, "topic.update", t, detail)
	entry.Generation = t.Version + 1
	if err := b.config.Store.ChangeTopic(ctx, t, entry); err != nil {
		return Topic{}, err
	}
	b.topics.Clear()
	t.Version++
	return t, nil
}

// Delete removes a topic with its events and groups.
func (b *Broker) Delete(ctx context.Context, caller access.Caller, ref string) error {
	if err := caller.Require(access.RegistryWrite); err != nil {
		return err
	}
	t, err := b.Topic(ctx, caller, ref)
	if err != nil {
		return err
	}
	if err := b.config.Store.DeleteTopic(ctx, t.Organization, t.ID, b.record(caller, "topic.delete", t, nil)); err != nil {
		return err
	}
	b.topics.Clear()
	if b.config.Log == nil {
		return nil
	}
	return b.config.Log.Drop(ctx, t.log())
}

// Partition is how a partition of a topic stands.
type Partition struct {
	Number int
	eventlog.Span
}

// Partitions gives those of a topic.
func (b *Broker) Partitions(ctx context.Context, caller access.Caller, ref string) ([]Partition, error) {
	t, spans, err := b.standing(ctx, caller, ref)
	if err != nil {
		return nil, err
	}
	out := make([]Partition, t.Partitions)
	for i := range out {
		out[i] = Partition{i, spans[i]}
	}
	return out, nil
}

func (b *Broker) standing(ctx context.Context, caller access.Caller, ref string) (Topic, []eventlog.Span, error) {
	t, err := b.Topic(ctx, caller, ref)
	if err != nil {
		return Topic{}, nil, err
	}
	if b.config.Log == nil {
		return Topic{}, nil, ErrOff
	}
	spans, err := b.config.Log.Spans(ctx, t.log())
	return t, spans, err
}

// Consumer is how a group stands.
type Consumer struct {
	Topic Topic
	Group string
	// Lag is how many events it has not committed, Oldest how old the first of them is, Near how near that is to what the topic
	// keeps: at 1 events are lost.
	Lag        int64
	Oldest     time.Duration
	Near       float64
	Partitions []ConsumerPartition
	Members    []eventlog.Member
	CreatedAt  time.Time
	MovedAt    time.Time
}

// ConsumerPartition is how a group stands in a partition.
type ConsumerPartition struct {
	Number int
	// Pointer is the offset to go on from; Next is that of the event that will come.
	Pointer, First, Next, Lag int64
	// Lost is how many events are gone that it had not read.
	Lost int64
}

// Consumers gives the groups of a topic, by name.
func (b *Broker) Consumers(ctx context.Context, caller access.Caller, ref string) ([]Consumer, error) {
	t, spans, err := b.standing(ctx, caller, ref)
	if err != nil {
		return nil, err
	}
	groups, err := b.config.Log.Groups(ctx, t.log())
	if err != nil {
		return nil, err
	}
	out := make([]Consumer, 0, len(groups))
	for _, group := range groups {
		c, err := b.consumer(ctx, t, group, spans)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

func (b *Broker) consumer(ctx context.Context, t Topic, group eventlog.Group, spans []eventlog.Span) (c Consumer, err error) {
	c = Consumer{Topic: t, Group: group.Name, CreatedAt: group.CreatedAt, MovedAt: group.MovedAt}
	if c.Lag, c.Oldest, c.Near, err = b.lag(ctx, t, group, spans); err != nil {
		return c, err
	}
	for part, span := range spans {
		at := group.Pointers[part]
		c.Partitions = append(c.Partitions, ConsumerPartition{
			Number: part, Pointer: at, First: span.First, Next: span.Next, Lag: max(0, span.Next-at), Lost: max(0, span.First-at),
		})
	}
	c.Members, err = b.config.Log.Members(ctx, t.log(), group.Name)
	return c, err
}

// Consumer gives one group, or [eventlog.ErrNoGroup].
func (b *Broker) Consumer(ctx context.Context, caller access.Caller, ref, name string) (Consumer, error) {
	all, err := b.Consumers(ctx, caller, ref)
	if err != nil {
		return Consumer{}, err
	}
	for _, c := range all {
		if c.Group == name {
			return c, nil
		}
	}
	return Consumer{}, fmt.Errorf("the group %.64q: %w", name, eventlog.ErrNoGroup)
}

// Reset says where a group is to go on: To a place, earliest or latest, or At an instant, or at Offsets of partitions;
// partitions without one stay.
type Reset struct {
	To      string
	At      time.Time
	Offsets map[int]int64
}

// Reset sets a group's pointers. Its streams end and begin anew from there; markers from before count no more.
func (b *Broker) Reset(ctx context.Context, caller access.Caller, ref, name string, ask Reset) (Consumer, error) {
	if err := caller.Require(access.RegistryWrite); err != nil {
		return Consumer{}, err
	}
	t, spans, err := b.standing(ctx, caller, ref)
	if err != nil {
		return Consumer{}, err
	}
	pointers, err := b.resetting(ctx, t, spans, ask)
	if err != nil {
		return Consumer{}, err
	}
	if _, err := b.Consumer(ctx, caller, ref, name); err != nil {
		return Consumer{}, err
	}
	detail := map[string]string{"group": name, "pointers": fmt.Sprint(pointers)}
	if err := b.config.Store.Note(ctx, []audit.Entry{b.record(caller, "consumer.reset", t, detail)}, []event.Event(nil)); err != nil {
		return Consumer{}, err
	}
	group, err := b.config.Log.Rewind(ctx, t.log(), name, pointers)
	if err != nil {
		return Consumer{}, err
	}
	return b.consumer(ctx, t, group, spans)
}

func (b *Broker) resetting(ctx context.Context, t Topic, spans []eventlog.Span, ask Reset) (map[int]int64, error) {
	switch {
	case ask.To == earliest || ask.To == latest:
		return starts(spans, ask.To), nil
	case ask.To != "":
		return nil, &InvalidError{"/to", fmt.Sprintf("there is no place %.32q", ask.To), "use earliest or latest"}
	case !ask.At.IsZero():
		pointers := map[int]int64{}
		for part, span := range spans {
			at, err := b.since(ctx, t, part, span, ask.At)
			if err != nil {
				return nil, err
			}
			pointers[part] = at
		}
		return pointers, nil
	case len(ask.Offsets) == 0:
		return nil, &InvalidError{"/to", "nothing says where the group is to go on", "give to, at or offsets"}
	}
	for part, at := range ask.Offsets {
		if part < 0 || part >= len(spans) {
			return nil, &InvalidError{fmt.Sprintf("/offsets/%d", part), fmt.Sprintf("there is no partition %d", part), fmt.Sprintf("use 0 to %d", len(spans)-1)}
		}
		if at < spans[part].First || at > spans[part].Next {
			return nil, &InvalidError{fmt.Sprintf("/offsets/%d", part), fmt.Sprintf("the partition %d has no offset %d", part, at), fmt.Sprintf("use %d to %d", spans[part].First, spans[part].Next)}
		}
	}
	return ask.Offsets, nil
}

// since finds the first event of a partition that came at an instant or later: halving, for times go up with offsets.
func (b *Broker) since(ctx context.Context, t Topic, part int, span eventlog.Span, at time.Time) (int64, error) {
	low, high := span.First, span.Next
	for low < high {
		middle := low + (high-low)/2
		entries, err := b.config.Log.Read(ctx, t.log(), part, middle, 1)
		if err != nil {
			return 0, err
		}
		if len(entries) > 0 && entries[0].At.Before(at) {
			low = entries[0].Offset + 1
		} else {
			high = middle
		}
	}
	return low, nil
}

// Forget removes a group and its pointers.
func (b *Broker) Forget(ctx context.Context, caller access.Caller, ref, name string) error {
	if err := caller.Require(access.RegistryWrite); err != nil {
		return err
	}
	c, err := b.Consumer(ctx, caller, ref, name)
	if err != nil {
		return err
	}
	if len(c.Members) > 0 {
		return &InvalidError{"", fmt.Sprintf("the group %q has %d members", name, len(c.Members)), "end them first"}
	}
	if err := b.config.Store.Note(ctx, []audit.Entry{b.record(caller, "consumer.delete", c.Topic, map[string]string{"group": name})}, nil); err != nil {
		return err
	}
	return b.config.Log.Forget(ctx, c.Topic.log(), name)
}
