package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"

	"latchkey/internal/access"
	"latchkey/internal/clock"
	"latchkey/internal/eventlog"
)

// Config is what a [Broker] works with.
type Config struct {
	Store Store
	// Log keeps the events; nil where none is configured: every call is refused then.
	Log   eventlog.Log
	Clock clock.Clock
	// Logger gets alarms and what goes wrong in the background; nil means none.
	Logger *slog.Logger
	Meter  metric.Meter
	// Lagging is told at each look how old the oldest event is that a group of the organization has not committed, and how
	// many it has not. Nil means nobody.
	Lagging func(organization string, oldest time.Duration, events int64)
	// Ping is how often a stream is told that it lives; 0 is 30 s.
	Ping time.Duration
	// Tend is how often retention is enforced and lag looked at; 0 is 30 s.
	Tend time.Duration
	// Quiet is after how long without an event a SYNC comes to who wants one every so many events; 0 is 5 s.
	Quiet time.Duration
	// Slow is how long a consumer may take nothing before its stream is cut; 0 is a minute.
	Slow time.Duration
}

// ErrOff says that no event log is configured.
var ErrOff = errors.New("the pipeline is off: no event log is configured")

// Broker holds the use cases.
type Broker struct {
	config Config
	meters meters
	alarms map[alarmKey]bool // of the tending goroutine alone

	topics sync.Map // :: organization + "/" + name → cachedTopic
	// inFlight is how many bytes of requests are being taken in.
	inFlight atomic.Int64
	streams  atomic.Int64

	draining chan struct{}
	drain    sync.Once
	stop     context.CancelFunc
	running  sync.WaitGroup
}

type cachedTopic struct {
	topic Topic
	until time.Time
}

// remembered is how long a topic is not read again: another node's change counts after it.
const remembered = 2 * time.Second

// New makes the use cases.
func New(config Config) (*Broker, error) {
	if config.Store == nil {
		return nil, errors.New("pipeline: Store is needed")
	}
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Lagging == nil {
		config.Lagging = func(string, time.Duration, int64) {}
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	for at, fallback := range map[*time.Duration]time.Duration{&config.Ping: 30 * time.Second, &config.Tend: 30 * time.Second, &config.Slow: time.Minute, &config.Quiet: 5 * time.Second} {
		if *at == 0 {
			*at = fallback
		}
	}
	b := &Broker{config: config, alarms: map[alarmKey]bool{}, draining: make(chan struct{}), stop: func() {}}
	var err error
	b.meters, err = b.newMeters(config.Meter)
	return b, err
}

// On tells whether there is an event log.
func (b *Broker) On() bool { return b.config.Log != nil }

// Start begins to enforce retention and to look at lag.
func (b *Broker) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	b.stop = cancel
	if b.config.Log != nil {
		b.running.Go(func() { b.tend(ctx) })
	}
}

// Drain ends the streams, each with an END_OF_STREAM, and lets no new one begin.
func (b *Broker) Drain() { b.drain.Do(func() { close(b.draining) }) }

// Close drains and ends what runs in the background. The log is its owner's to close.
func (b *Broker) Close() {
	b.Drain()
	b.stop()
	b.running.Wait()
}

// topic finds a topic of the caller's organization.
func (b *Broker) topic(ctx context.Context, caller access.Caller, ref string) (Topic, error) {
	if b.config.Log == nil {
		return Topic{}, ErrOff
	}
	key := caller.Organization + "/" + ref
	now := b.config.Clock.Now()
	if found, ok := b.topics.Load(key); ok && now.Before(found.(cachedTopic).until) {
		return found.(cachedTopic).topic, nil
	}
	t, err := b.config.Store.Topic(ctx, caller.Organization, ref)
	if err != nil {
		return Topic{}, fmt.Errorf("the topic %.64q: %w", ref, err)
	}
	b.topics.Store(key, cachedTopic{t, now.Add(remembered)})
	return t, nil
}

// Produce keeps messages, in their order, and answers when they are durable. It needs pipeline:produce.
func (b *Broker) Produce(ctx context.Context, caller access.Caller, ref string, messages []Message) ([]eventlog.Placed, error) {
	if err := caller.Require(access.PipelineProduce); err != nil {
		return nil, err
	}
	topic, err := b.topic(ctx, caller, ref)
	if err != nil || len(messages) == 0 {
		return nil, err
	}
	records := make([]eventlog.Record, len(messages))
	for i, m := range messages {
		if m.Organization == "" {
			m.Organization = topic.Organization
		}
		records[i] = eventlog.Record{ID: m.ID, Key: m.Key, Organization: m.Organization, Source: m.Source, Body: m.Text}
	}
	started := b.config.Clock.Now()
	placed, err := b.config.Log.Append(ctx, topic.log(), records)
	b.meters.produce(topic, placed, records, b.config.Clock.Now().Sub(started), err)
	return placed, err
}

// Sync moves a group's pointers to where a sync marker was sent. It needs pipeline:consume.
func (b *Broker) Sync(ctx context.Context, caller access.Caller, group, text string) error {
	if err := caller.Require(access.PipelineConsume); err != nil {
		return err
	}
	if err := checkGroup(group); err != nil {
		return err
	}
	m, err := readMarker(text)
	if err != nil || m.Group != group {
		return ErrMarker
	}
	topic, err := b.topic(ctx, caller, m.Topic)
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			return ErrMarker
		}
		return err
	}
	spans, err := b.config.Log.Spans(ctx, topic.log())
	if err != nil {
		return err
	}
	for part, next := range m.Pointers {
		if part < 0 || part >= len(spans) || next < 0 || next > spans[part].Next {
			return ErrMarker
		}
	}
	if err := b.config.Log.Advance(ctx, topic.log(), group, m.Epoch, m.Pointers); err != nil {
		return err
	}
	b.meters.synced(topic)
	return nil
}
