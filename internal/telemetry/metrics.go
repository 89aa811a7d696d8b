package telemetry

import (
	"context"
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/attribute"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
)

// Metrics collects the process's metrics in a registry of its own. Names are "latchkey_", then what the room calls
// the instrument, unit and "_total" as Prometheus has it.
type Metrics struct {
	provider *sdk.MeterProvider
	handler  http.Handler
}

// seconds are the borders of histograms in seconds: from a token read to a request that timed out.
func seconds() []float64 {
	return []float64{.00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
}

// NewMetrics makes a collection that carries the version of the program.
func NewMetrics(version string) (*Metrics, error) {
	registry := prometheus.NewRegistry()
	for _, collector := range []prometheus.Collector{
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		if err := registry.Register(collector); err != nil {
			return nil, fmt.Errorf("registering process metrics: %w", err)
		}
	}
	exporter, err := otelprometheus.New(otelprometheus.WithRegisterer(registry), otelprometheus.WithNamespace("latchkey"),
		otelprometheus.WithoutScopeInfo())
	if err != nil {
		return nil, fmt.Errorf("preparing the Prometheus exporter: %w", err)
	}
	provider := sdk.NewMeterProvider(
		sdk.WithReader(exporter),
		sdk.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "latchkey"), attribute.String("service.version", version))),
		sdk.WithView(sdk.NewView(
			sdk.Instrument{Kind: sdk.InstrumentKindHistogram, Unit: "s"},
			sdk.Stream{Aggregation: sdk.AggregationExplicitBucketHistogram{Boundaries: seconds()}})),
	)
	return &Metrics{provider: provider, handler: promhttp.HandlerFor(registry, promhttp.HandlerOpts{})}, nil
}

// Meter gives the meter of a room; by convention the room's name.
func (m *Metrics) Meter(name string) metric.Meter { return m.provider.Meter(name) }

// Handler answers with the metrics in Prometheus's format.
func (m *Metrics) Handler() http.Handler { return m.handler }

// Close stops collecting.
func (m *Metrics) Close(ctx context.Context) error {
	if err := m.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("closing metrics: %w", err)
	}
	return nil
}
