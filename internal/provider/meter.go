package provider

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// meters count calls and tell how providers stand. A provider is named as long as there are no more than namedMost of
// them; the rest share the name "other".
type meters struct {
	calls    metric.Int64Counter
	duration metric.Float64Histogram
	edges    metric.Int64Counter

	up, inFlight, waiting, incidents metric.Int64ObservableGauge

	mu     sync.Mutex
	named  map[Host]string
	series sync.Map // series → metric.MeasurementOption
}

// series is a provider and an outcome: what a counter is kept for.
type series struct {
	host  Host
	class Class
}

const (
	namedMost = 200
	other     = "other"
)

func newMeters(h *Health, meter metric.Meter) (*meters, error) {
	if meter == nil {
		meter = noop.Meter{}
	}
	m := &meters{named: map[Host]string{}}
	var err error
	count := func(name, says string) (c metric.Int64Counter) {
		if err == nil {
			c, err = meter.Int64Counter(name, metric.WithDescription(says))
		}
		return c
	}
	gauge := func(name, says string) (g metric.Int64ObservableGauge) {
		if err == nil {
			g, err = meter.Int64ObservableGauge(name, metric.WithDescription(says))
		}
		return g
	}
	m.calls = count("provider.calls", "Token requests to a provider, by outcome.")
	m.edges = count("provider.edges", "How often a provider went down or came up, as this node saw it.")
	m.up = gauge("provider.up", "Whether the breaker lets calls through: 1 or 0.")
	m.inFlight = gauge("provider.in_flight", "Token requests under way.")
	m.waiting = gauge("provider.waiting", "Token requests that wait for a place.")
	m.incidents = gauge("provider.incidents", "Clients that the provider refuses.")
	if err == nil {
		m.duration, err = meter.Float64Histogram("provider.call.duration", metric.WithUnit("s"),
			metric.WithDescription("How long a provider took to answer."))
	}
	if err == nil {
		_, err = meter.RegisterCallback(m.observe(h), m.up, m.inFlight, m.waiting, m.incidents)
	}
	if err != nil {
		return nil, fmt.Errorf("making the providers' meters: %w", err)
	}
	return m, nil
}

// label gives the name that a provider has in metrics.
func (m *meters) label(host Host) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	label, ok := m.named[host]
	if !ok {
		if len(m.named) >= namedMost {
			return other
		}
		label = string(host)
		m.named[host] = label
	}
	return label
}

func (m *meters) ended(host Host, class Class, took time.Duration) {
	if class == Unused {
		return
	}
	by, ok := m.series.Load(series{host, class})
	if !ok {
		label := m.label(host)
		by = metric.MeasurementOption(metric.WithAttributeSet(attribute.NewSet(
			attribute.String("provider", label), attribute.String("outcome", class.String()))))
		if label != other {
			m.series.Store(series{host, class}, by)
		}
	}
	option := by.(metric.MeasurementOption)
	m.calls.Add(context.Background(), 1, option)
	m.duration.Record(context.Background(), took.Seconds(), option)
}

func (m *meters) edge(host Host, down bool) {
	to := "up"
	if down {
		to = "down"
	}
	m.edges.Add(context.Background(), 1, metric.WithAttributes(
		attribute.String("provider", m.label(host)), attribute.String("to", to)))
}

// observe gives the callback that tells how providers stand; those without a name of their own are left out.
func (m *meters) observe(h *Health) metric.Callback {
	return func(_ context.Context, o metric.Observer) error {
		h.all(func(s *site) {
			label := m.label(s.name)
			if label == other {
				return
			}
			by := metric.WithAttributes(attribute.String("provider", label))
			up := int64(0)
			if s.breaker.phase == closed {
				up = 1
			}
			o.ObserveInt64(m.up, up, by)
			o.ObserveInt64(m.inFlight, int64(s.pace.inFlight), by)
			o.ObserveInt64(m.waiting, int64(s.queue.len()), by)
			o.ObserveInt64(m.incidents, int64(len(s.troubles)), by)
		})
		return nil
	}
}
