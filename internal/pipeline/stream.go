package pipeline

import (
	"context"
	"fmt"
	"slices"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/eventlog"
)

// Ask says what a consumer wants.
type Ask struct {
	Topic, Group string
	// SyncInterval is how often it wants a SYNC, SyncMessages after how many events; 0 is never.
	SyncInterval time.Duration
	SyncMessages int
	// Organizations and Sources are those whose events it wants; none is all.
	Organizations, Sources []string
	// Reset says where a group begins that is new: "earliest" or "latest"; "" is earliest.
	Reset string
}

// The bounds of what may be asked, and of what one reads at once.
const (
	MinSyncInterval = 5 * time.Second
	readSize        = 256 << 10
	writeSize       = 64 << 10
)

// Sink is where a stream goes. Write MUST return an error when the consumer is gone or takes nothing for long.
type Sink interface {
	Write(p []byte) error
}

// Stream is one member of a group, being served.
type Stream struct {
	broker *Broker
	topic  Topic
	ask    Ask
	sink   Sink
	// Valid tells whether the caller may still read; it is asked at every ping.
	valid func(context.Context) error

	epoch     int64
	parts     []int
	positions map[int]int64 // :: partition → offset to send next
	turn      int
	out       []byte
	unsynced  int
	syncedAt  time.Time
	sentAt    time.Time
	pingedAt  time.Time
}

// Serve streams a topic's events to a member of a group until ctx ends, the sink fails, the caller may no longer read, or
// the broker drains. It needs pipeline:consume. begun is called before the first byte.
func (b *Broker) Serve(ctx context.Context, caller access.Caller, ask Ask, valid func(context.Context) error, begin func() Sink) error {
	if err := caller.Require(access.PipelineConsume); err != nil {
		return err
	}
	if err := ask.check(); err != nil {
		return err
	}
	topic, err := b.topic(ctx, caller, ask.Topic)
	if err != nil {
		return err
	}
	select {
	case <-b.draining:
		return fmt.Errorf("%w: the server is stopping", eventlog.ErrUnavailable)
	default:
	}
	group, err := b.config.Log.OpenGroup(ctx, topic.log(), ask.Group, func(spans []eventlog.Span) map[int]int64 { return starts(spans, ask.Reset) })
	if err != nil {
		return err
	}
	seat, err := b.config.Log.Join(ctx, topic.log(), ask.Group)
	if err != nil {
		return err
	}
	defer seat.Leave()
	b.streams.Add(1)
	defer b.streams.Add(-1)
	now := b.config.Clock.Now()
	s := &Stream{broker: b, topic: topic, ask: ask, valid: valid, epoch: group.Epoch, positions: map[int]int64{}, syncedAt: now, sentAt: now}
	s.sink = begin()
	return s.run(ctx, seat)
}

func (a Ask) check() error {
	if err := checkGroup(a.Group); err != nil {
		return err
	}
	switch {
	case a.SyncInterval != 0 && a.SyncInterval < MinSyncInterval:
		return &InvalidError{"/syncInterval", fmt.Sprintf("the sync interval is %d ms", a.SyncInterval.Milliseconds()), "ask for 5000 at least, or leave it out"}
	case a.SyncMessages < 0:
		return &InvalidError{"/syncMessages", "the number of messages is below 0", "ask for a number above 0, or leave it out"}
	case a.Reset != "" && a.Reset != earliest && a.Reset != latest:
		return &InvalidError{"/reset", fmt.Sprintf("there is no place %.32q to begin", a.Reset), "use earliest or latest"}
	}
	return nil
}

// The places where a group can begin.
const (
	earliest = "earliest"
	latest   = "latest"
)

// starts gives the pointers of a place.
func starts(spans []eventlog.Span, at string) map[int]int64 {
	pointers := map[int]int64{}
	for part, span := range spans {
		pointers[part] = span.First
		if at == latest {
			pointers[part] = span.Next
		}
	}
	return pointers
}

func (s *Stream) run(ctx context.Context, seat eventlog.Seat) error {
	if err := s.ping(ctx); err != nil {
		return err
	}
	for {
		parts, moved := seat.Partitions()
		news := s.broker.config.Log.News(s.topic.log())
		if err := s.take(ctx, parts); err != nil {
			return s.end(err)
		}
		sent, err := s.pass(ctx)
		if err == nil {
			err = s.tick(ctx)
		}
		if err != nil {
			return s.end(err)
		}
		if sent {
			continue
		}
		timer := s.broker.config.Clock.NewTimer(s.wait())
		select {
		case <-news:
		case <-moved:
		case <-timer.C():
		case <-s.broker.draining:
			timer.Stop()
			return s.end(nil)
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
		timer.Stop()
	}
}

// take goes over to the partitions that are the member's now. Those that it has lost are told in a SYNC, so that it can
// commit what it has of them; those that it has gained begin at the group's pointers.
func (s *Stream) take(ctx context.Context, parts []int) error {
	if slices.Equal(parts, s.parts) && s.parts != nil {
		return nil
	}
	lost := slices.ContainsFunc(s.parts, func(p int) bool { return !slices.Contains(parts, p) })
	if lost && s.unsynced > 0 && s.syncs() {
		if err := s.sync(); err != nil {
			return err
		}
	}
	group, err := s.broker.config.Log.OpenGroup(ctx, s.topic.log(), s.ask.Group, func(spans []eventlog.Span) map[int]int64 { return starts(spans, s.ask.Reset) })
	if err != nil {
		return err
	}
	if group.Epoch != s.epoch {
		return errReset
	}
	positions := map[int]int64{}
	for _, p := range parts {
		at, had := s.positions[p]
		if !had {
			at = group.Pointers[p]
		}
		positions[p] = at
	}
	s.parts, s.positions = append([]int{}, parts...), positions
	return nil
}

// pass sends what there is of each partition, a piece of one after the other so that none starves, and tells whether
// there may be more.
func (s *Stream) pass(ctx context.Context) (bool, error) {
	sent := false
	for i := range s.parts {
		p := s.parts[(s.turn+i)%len(s.parts)]
		entries, err := s.broker.config.Log.Read(ctx, s.topic.log(), p, s.positions[p], readSize)
		if err != nil {
			return false, err
		}
		if len(entries) == 0 {
			continue
		}
		sent = true
		if err := s.send(p, entries); err != nil {
			return false, err
		}
	}
	s.turn++
	return sent, s.flush()
}

func (s *Stream) send(partition int, entries []eventlog.Entry) error {
	if first := entries[0].Offset; first > s.positions[partition] {
		s.broker.missed(s.topic, s.ask.Group, partition, s.positions[partition], first)
	}
	now := s.broker.config.Clock.Now()
	wanted := 0
	for i := range entries {
		e := &entries[i]
		s.positions[partition] = e.Offset + 1
		s.unsynced++
		if !s.wants(e) {
			continue
		}
		wanted++
		s.out = appendData(s.out, s.topic.Name, partition, e, now)
		if len(s.out) >= writeSize {
			if err := s.flush(); err != nil {
				return err
			}
			now = s.broker.config.Clock.Now()
		}
		if s.ask.SyncMessages > 0 && s.unsynced >= s.ask.SyncMessages {
			if err := s.sync(); err != nil {
				return err
			}
		}
	}
	s.sentAt = now
	s.broker.meters.consume(s.topic, wanted)
	return nil
}

func (s *Stream) wants(e *eventlog.Entry) bool {
	return (len(s.ask.Organizations) == 0 || slices.Contains(s.ask.Organizations, e.Organization)) &&
		(len(s.ask.Sources) == 0 || slices.Contains(s.ask.Sources, e.Source))
}

func (s *Stream) syncs() bool { return s.ask.SyncInterval > 0 || s.ask.SyncMessages > 0 }

// tick sends what is due: a SYNC, a PING.
func (s *Stream) tick(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	default:
	}
	now := s.broker.config.Clock.Now()
	due := s.ask.SyncInterval > 0 && now.Sub(s.syncedAt) >= s.ask.SyncInterval ||
		s.ask.SyncMessages > 0 && s.unsynced > 0 && now.Sub(s.sentAt) >= s.broker.config.Quiet
	if due {
		if err := s.sync(); err != nil {
			return err
		}
	}
	if now.Sub(s.pingedAt) >= s.broker.config.Ping {
		return s.ping(ctx)
	}
	return nil
}

// wait is how long nothing is due.
func (s *Stream) wait() time.Duration {
	now := s.broker.config.Clock.Now()
	wait := s.broker.config.Ping - now.Sub(s.pingedAt)
	if s.ask.SyncInterval > 0 {
		wait = min(wait, s.ask.SyncInterval-now.Sub(s.syncedAt))
	}
	if s.ask.SyncMessages > 0 && s.unsynced > 0 {
		wait = min(wait, s.broker.config.Quiet-now.Sub(s.sentAt))
	}
	return max(wait, time.Millisecond)
}

func (s *Stream) sync() error {
	now := s.broker.config.Clock.Now()
	m := marker{Topic: s.topic.ID, Group: s.ask.Group, Epoch: s.epoch, Pointers: s.positions}
	s.out = appendSync(s.out, m.String(), now)
	s.unsynced, s.syncedAt = 0, now
	return s.flush()
}

// ping tells the consumer that the stream lives, and asks whether it still may.
func (s *Stream) ping(ctx context.Context) error {
	if !s.pingedAt.IsZero() {
		if err := s.valid(ctx); err != nil {
			return err
		}
		group, err := s.broker.config.Log.OpenGroup(ctx, s.topic.log(), s.ask.Group, func(spans []eventlog.Span) map[int]int64 { return starts(spans, s.ask.Reset) })
		if err == nil && group.Epoch != s.epoch {
			err = errReset
		}
		if err != nil {
			return err
		}
	}
	s.pingedAt = s.broker.config.Clock.Now()
	s.out = appendMark(s.out, "PING", s.pingedAt)
	return s.flush()
}

// end tells the consumer to come again, where it can still be told.
func (s *Stream) end(err error) error {
	s.out = appendMark(s.out, "END_OF_STREAM", s.broker.config.Clock.Now())
	_ = s.flush() // the consumer may be what failed
	return err
}

func (s *Stream) flush() error {
	if len(s.out) == 0 {
		return nil
	}
	err := s.sink.Write(s.out)
	s.out = s.out[:0]
	return err
}
