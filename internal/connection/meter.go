package connection

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"latchkey/internal/exchange"
)

// meters count what the keeper does. No label names a connection or a customer.
type meters struct {
	// renewals counts exchanges for a next token, by outcome: "ok" or the failure's class.
	renewals metric.Int64Counter
	// latency is how long they took, in seconds.
	latency metric.Float64Histogram
	// edges counts changes of state, by the new state.
	edges metric.Int64Counter
	// repeats counts refresh tokens that were presented again because an answer was lost.
	repeats metric.Int64Counter
	// spilled counts token sets that the database did not take.
	spilled metric.Int64Counter
	// lateness is how long after its time a renewal in the background began, in seconds.
	lateness metric.Float64Histogram
}

func newMeters(meter metric.Meter) (m meters, err error) {
	if meter == nil {
		meter = noop.Meter{}
	}
	if m.renewals, err = meter.Int64Counter("connection.renewals",
		metric.WithDescription("Exchanges for a next token, by outcome.")); err != nil {
		return m, err
	}
	if m.latency, err = meter.Float64Histogram("connection.renewal.duration", metric.WithUnit("s"),
		metric.WithDescription("How long exchanges for a next token took.")); err != nil {
		return m, err
	}
	if m.repeats, err = meter.Int64Counter("connection.repeats",
		metric.WithDescription("Refresh tokens presented again because an answer was lost.")); err != nil {
		return m, err
	}
	if m.spilled, err = meter.Int64Counter("connection.spilled",
		metric.WithDescription("Token sets that the database did not take, kept in the spill.")); err != nil {
		return m, err
	}
	if m.lateness, err = meter.Float64Histogram("connection.lateness", metric.WithUnit("s"),
		metric.WithDescription("How long after its time a renewal in the background began.")); err != nil {
		return m, err
	}
	m.edges, err = meter.Int64Counter("connection.edges",
		metric.WithDescription("Changes of a connection's state in the background, by the new state."))
	return m, err
}

func (m *meters) exchanged(ctx context.Context, failure *exchange.Failure, took time.Duration) {
	outcome := "ok"
	if failure != nil {
		outcome = failure.Kind.String()
	}
	by := metric.WithAttributes(attribute.String("outcome", outcome))
	m.renewals.Add(ctx, 1, by)
	m.latency.Record(ctx, took.Seconds(), by)
}

func (m *meters) edge(next State) {
	m.edges.Add(context.Background(), 1, metric.WithAttributes(attribute.String("state", string(next))))
}
