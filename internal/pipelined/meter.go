package pipelined

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// meters are the daemon's metrics. What the status counts is observed, so that both say the same.
type meters struct {
	lag          metric.Float64Histogram
	registration metric.Registration
}

func newMeters(meter metric.Meter, d *Daemon) (*meters, error) {
	m := &meters{}
	var err error
	if m.lag, err = meter.Float64Histogram("pipelined_latency", metric.WithUnit("s"),
		metric.WithDescription("From the moment the broker sent a trigger to its end here")); err != nil {
		return nil, fmt.Errorf("making a meter: %w", err)
	}
	o := &observer{daemon: d, counters: map[string]func(*listenerCounts) *atomic.Int64{
		"pipelined_received":        func(c *listenerCounts) *atomic.Int64 { return &c.received },
		"pipelined_processed":       func(c *listenerCounts) *atomic.Int64 { return &c.processed },
		"pipelined_discarded":       func(c *listenerCounts) *atomic.Int64 { return &c.discarded },
		"pipelined_duplicates":      func(c *listenerCounts) *atomic.Int64 { return &c.duplicates },
		"pipelined_malformed":       func(c *listenerCounts) *atomic.Int64 { return &c.malformed },
		"pipelined_unrouted":        func(c *listenerCounts) *atomic.Int64 { return &c.unrouted },
		"pipelined_failed_attempts": func(c *listenerCounts) *atomic.Int64 { return &c.failedDeliveries },
		"pipelined_lost_streams":    func(c *listenerCounts) *atomic.Int64 { return &c.failures },
		"pipelined_flush_errors":    func(c *listenerCounts) *atomic.Int64 { return &c.flushErrors },
	}, observed: map[string]metric.Int64ObservableCounter{}}
	var all []metric.Observable
	for name := range o.counters {
		if o.observed[name], err = meter.Int64ObservableCounter(name); err != nil {
			return nil, fmt.Errorf("making a meter: %w", err)
		}
		all = append(all, o.observed[name])
	}
	for name, at := range map[string]*metric.Int64ObservableGauge{
		"pipelined_waiting": &o.waiting, "pipelined_retries": &o.retries, "pipelined_dead_letters": &o.letters, "pipelined_journal_held": &o.held,
	} {
		if *at, err = meter.Int64ObservableGauge(name); err != nil {
			return nil, fmt.Errorf("making a meter: %w", err)
		}
		all = append(all, *at)
	}
	if m.registration, err = meter.RegisterCallback(o.observe, all...); err != nil {
		return nil, fmt.Errorf("making a meter: %w", err)
	}
	return m, nil
}

func (m *meters) processed(topic string, age time.Duration) {
	m.lag.Record(context.Background(), max(0, age.Seconds()), metric.WithAttributes(attribute.String("topic", topic)))
}

func (m *meters) close() error {
	if err := m.registration.Unregister(); err != nil {
		return fmt.Errorf("closing meters: %w", err)
	}
	return nil
}

// observer reads the counters off when they are asked for.
type observer struct {
	daemon                          *Daemon
	counters                        map[string]func(*listenerCounts) *atomic.Int64
	observed                        map[string]metric.Int64ObservableCounter
	waiting, retries, letters, held metric.Int64ObservableGauge
}

func (o *observer) observe(ctx context.Context, to metric.Observer) error {
	for _, l := range o.daemon.all() {
		labels := metric.WithAttributes(attribute.String("topic", l.topic), attribute.String("consumer", l.consumer))
		for name, of := range o.counters {
			to.ObserveInt64(o.observed[name], of(&l.counts).Load(), labels)
		}
		to.ObserveInt64(o.waiting, l.counts.waiting.Load(), labels)
		to.ObserveInt64(o.retries, l.counts.retries.Load(), labels)
		held := int64(0)
		if l.counts.held.Load() {
			held = 1
		}
		to.ObserveInt64(o.held, held, labels)
	}
	if n, err := o.daemon.journal.CountLetters(ctx); err == nil {
		to.ObserveInt64(o.letters, n)
	}
	return nil
}
