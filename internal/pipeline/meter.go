package pipeline

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"latchkey/internal/eventlog"
)

// meters count what goes in and out, by the topic's name.
type meters struct {
	produced, duplicates, bytes, consumed, syncs, refused, lost metric.Int64Counter
	took                                                        metric.Float64Histogram
	lag, near                                                   metric.Float64Gauge
}

func (b *Broker) newMeters(meter metric.Meter) (m meters, err error) {
	if meter == nil {
		meter = noop.Meter{}
	}
	for _, c := range []struct {
		at         *metric.Int64Counter
		name, text string
	}{
		{&m.produced, "pipeline.produced", "Events that were kept, by topic."},
		{&m.duplicates, "pipeline.duplicates", "Events that were there already, by topic."},
		{&m.bytes, "pipeline.produced.bytes", "Bytes of the events that were kept, by topic."},
		{&m.consumed, "pipeline.consumed", "Events that were put on consumers' streams, by topic."},
		{&m.syncs, "pipeline.syncs", "Sync markers that came back, by topic."},
		{&m.refused, "pipeline.refused", "Calls of producers that were refused, by reason: full, unavailable, busy."},
		{&m.lost, "pipeline.lost", "Events that retention let go of before a group had read them, by topic and group."},
	} {
		if *c.at, err = meter.Int64Counter(c.name, metric.WithDescription(c.text)); err != nil {
			return m, err
		}
	}
	if m.took, err = meter.Float64Histogram("pipeline.produce.duration", metric.WithUnit("s"),
		metric.WithDescription("How long it took until the events of a call were durable.")); err != nil {
		return m, err
	}
	if m.lag, err = meter.Float64Gauge("pipeline.lag", metric.WithDescription("Events that a group has not committed, by topic and group.")); err != nil {
		return m, err
	}
	if m.near, err = meter.Float64Gauge("pipeline.lag.retention",
		metric.WithDescription("How near a group's lag is to what the topic keeps, by topic and group: at 1 events are lost.")); err != nil {
		return m, err
	}
	_, err = meter.Int64ObservableGauge("pipeline.streams", metric.WithDescription("Consumers that are connected."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(b.streams.Load())
			return nil
		}))
	return m, err
}

func of(topic Topic) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String("topic", topic.Name))
}

func (m *meters) produce(topic Topic, placed []eventlog.Placed, records []eventlog.Record, took time.Duration, err error) {
	ctx := context.Background()
	if err != nil {
		reason := "unavailable"
		if errors.Is(err, eventlog.ErrFull) {
			reason = "full"
		}
		m.refuse(reason)
		return
	}
	var kept, repeated, bytes int64
	for i, p := range placed {
		if p.Duplicate {
			repeated++
			continue
		}
		kept++
		bytes += int64(len(records[i].Body))
	}
	m.produced.Add(ctx, kept, of(topic))
	m.bytes.Add(ctx, bytes, of(topic))
	if repeated > 0 {
		m.duplicates.Add(ctx, repeated, of(topic))
	}
	m.took.Record(ctx, took.Seconds())
}

func (m *meters) refuse(reason string) {
	m.refused.Add(context.Background(), 1, metric.WithAttributes(attribute.String("reason", reason)))
}

func (m *meters) consume(topic Topic, events int) {
	m.consumed.Add(context.Background(), int64(events), of(topic))
}

func (m *meters) synced(topic Topic) { m.syncs.Add(context.Background(), 1, of(topic)) }

func (m *meters) lagging(topic Topic, group string, events int64, near float64) {
	ctx := context.Background()
	with := metric.WithAttributes(attribute.String("topic", topic.Name), attribute.String("group", group))
	m.lag.Record(ctx, float64(events), with)
	m.near.Record(ctx, near, with)
}

func (m *meters) miss(topic Topic, group string, events int64) {
	m.lost.Add(context.Background(), events, metric.WithAttributes(attribute.String("topic", topic.Name), attribute.String("group", group)))
}
