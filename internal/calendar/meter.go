package calendar

import (
	"context"
	"maps"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"latchkey/internal/clock"
	"latchkey/internal/expiry"
)

// meters tell when the next thing of each kind ends. Kinds are few; no label names a thing.
type meters struct {
	warnings metric.Int64Counter

	mu   sync.Mutex
	next map[expiry.Kind]time.Time
}

func newMeters(meter metric.Meter, clock clock.Clock) (*meters, error) {
	if meter == nil {
		meter = noop.Meter{}
	}
	m := &meters{}
	var err error
	if m.warnings, err = meter.Int64Counter("expiring.warnings", metric.WithDescription(
		"Events that warned of something that ends.")); err != nil {
		return nil, err
	}
	_, err = meter.Float64ObservableGauge("expiring", metric.WithUnit("s"), metric.WithDescription(
		"Until the next thing of a kind ends that Latchkey does not renew by itself; absent when none does within 60 days."),
		metric.WithFloat64Callback(func(_ context.Context, o metric.Float64Observer) error {
			now := clock.Now()
			m.mu.Lock()
			next := maps.Clone(m.next)
			m.mu.Unlock()
			for kind, ends := range next {
				o.Observe(ends.Sub(now).Seconds(), metric.WithAttributes(attribute.String("kind", string(kind))))
			}
			return nil
		}))
	return m, err
}

func (m *meters) measure(next map[expiry.Kind]time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.next = next
}

func (m *meters) warned(ctx context.Context, n int) { m.warnings.Add(ctx, int64(n)) }
