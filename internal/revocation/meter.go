package revocation

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"latchkey/internal/clock"
)

// meters count what the worker does. No label names a connection.
type meters struct{ attempts metric.Int64Counter }

func newMeters(queue Queue, clock clock.Clock, meter metric.Meter) (m meters, err error) {
	if meter == nil {
		meter = noop.Meter{}
	}
	if m.attempts, err = meter.Int64Counter("revocation.attempts", metric.WithDescription(
		"Attempts to revoke the grant of a deleted connection, by outcome: ok, or the class of the failure; and by what follows: revoked, waiting or failed.")); err != nil {
		return m, err
	}
	waiting, err := meter.Int64ObservableGauge("revocation.waiting", metric.WithDescription("Grants that wait to be revoked."))
	if err != nil {
		return m, err
	}
	failed, err := meter.Int64ObservableGauge("revocation.failed", metric.WithDescription("Grants that could not be revoked, and that nobody has tried again or forgotten."))
	if err != nil {
		return m, err
	}
	age, err := meter.Float64ObservableGauge("revocation.age", metric.WithUnit("s"), metric.WithDescription(
		"How long the oldest of the waiting grants waits; 0 when none does."))
	if err != nil {
		return m, err
	}
	_, err = meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		s, err := queue.Standing(ctx)
		if err != nil {
			return fmt.Errorf("counting revocations: %w", err)
		}
		o.ObserveInt64(waiting, s.Waiting)
		o.ObserveInt64(failed, s.Failed)
		old := 0.0
		if !s.Oldest.IsZero() {
			old = clock.Now().Sub(s.Oldest).Seconds()
		}
		o.ObserveFloat64(age, old)
		return nil
	}, waiting, failed, age)
	return m, err
}

func (m *meters) ended(ctx context.Context, o Outcome) {
	outcome := "ok"
	if o.Last != nil {
		outcome = o.Last.Class
	}
	m.attempts.Add(ctx, 1, metric.WithAttributes(attribute.String("outcome", outcome), attribute.String("next", string(o.State))))
}
