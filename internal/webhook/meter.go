package webhook

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// meters count what the dispatcher does. No label names an endpoint.
type meters struct {
	attempts metric.Int64Counter
	took     metric.Float64Histogram
	lateness metric.Float64Histogram
	arrival  metric.Float64Histogram
}

func newMeters(meter metric.Meter) (m meters, err error) {
	if meter == nil {
		meter = noop.Meter{}
	}
	if m.attempts, err = meter.Int64Counter("webhook.attempts", metric.WithDescription(
		"Attempts to deliver an event, by outcome: delivered, status_4xx and the like, or the class of the error; and whether the delivery has ended.")); err != nil {
		return m, err
	}
	if m.took, err = meter.Float64Histogram("webhook.attempt.duration", metric.WithUnit("s"),
		metric.WithDescription("How long receivers took to answer.")); err != nil {
		return m, err
	}
	if m.lateness, err = meter.Float64Histogram("webhook.lag", metric.WithUnit("s"),
		metric.WithDescription("How much later than it was due an attempt began.")); err != nil {
		return m, err
	}
	m.arrival, err = meter.Float64Histogram("webhook.delivery.duration", metric.WithUnit("s"),
		metric.WithDescription("From what happened to its delivery."))
	return m, err
}

func (m *meters) late(by time.Duration) {
	m.lateness.Record(context.Background(), max(0, by.Seconds()))
}

func (m *meters) attempted(o Outcome, since time.Duration) {
	ctx := context.Background()
	outcome := o.Error
	switch {
	case o.State == Delivered:
		outcome = string(Delivered)
		m.arrival.Record(ctx, max(0, since.Seconds()))
	case o.Status != 0:
		outcome = fmt.Sprintf("status_%dxx", o.Status/100)
	}
	m.attempts.Add(ctx, 1, metric.WithAttributes(attribute.String("outcome", outcome), attribute.Bool("ended", o.State != Pending)))
	m.took.Record(ctx, o.Latency.Seconds())
}
