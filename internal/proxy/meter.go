package proxy

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// meters count calls by connection and status.
type meters struct {
	calls metric.Int64Counter
	took  metric.Float64Histogram

	known *series
}

// series are the combinations of connection and status that were met. There is a bound: a metric must not grow with the number
// of connections, and those that come late are counted together.
type series struct {
	mu  sync.RWMutex
	all map[seriesKey]metric.MeasurementOption
}

type seriesKey struct {
	connection string
	status     int
}

// maxSeries is how many combinations are told apart.
const maxSeries = 2000

func newMeters(meter metric.Meter) (meters, error) {
	if meter == nil {
		meter = noop.Meter{}
	}
	m := meters{known: &series{all: map[seriesKey]metric.MeasurementOption{}}}
	var err error
	if m.calls, err = meter.Int64Counter("proxy_calls", metric.WithDescription("Calls that were passed on, by connection and status; status 0 is no answer.")); err != nil {
		return m, fmt.Errorf("proxy: making the counter of calls: %w", err)
	}
	if m.took, err = meter.Float64Histogram("proxy_call_seconds", metric.WithDescription("How long calls took until their answer had ended, by connection and status."),
		metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60)); err != nil {
		return m, fmt.Errorf("proxy: making the histogram of calls: %w", err)
	}
	return m, nil
}

func (m *meters) note(connection string, status int, took time.Duration) {
	with := m.known.option(connection, status)
	m.calls.Add(context.Background(), 1, with)
	m.took.Record(context.Background(), took.Seconds(), with)
}

func (s *series) option(connection string, status int) metric.MeasurementOption {
	key := seriesKey{connection, status}
	s.mu.RLock()
	with := s.all[key]
	full := len(s.all) >= maxSeries
	s.mu.RUnlock()
	if with != nil {
		return with
	}
	if full {
		key = seriesKey{"other", status - status%100}
	}
	with = metric.WithAttributeSet(attribute.NewSet(attribute.String("connection", key.connection), attribute.Int("status", key.status)))
	s.mu.Lock()
	s.all[key] = with
	s.mu.Unlock()
	return with
}
