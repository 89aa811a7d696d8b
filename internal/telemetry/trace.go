package telemetry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// TraceConfig says where traces go.
type TraceConfig struct {
	// Endpoint is a collector's, for OTLP over HTTP: http://collector:4318, or with a path of its own.
	Endpoint string
	// Headers go with each export. They MAY hold what the collector knows us by.
	Headers map[string]string
	// Roots are the authorities to trust; nil means the system's.
	Roots *x509.CertPool
	// Ratio is the part of traces that is kept, from 0 to 1.
	Ratio float64
	// Trust goes on with a caller's trace (traceparent, W3C Trace Context), whose sampling then decides.
	Trust   bool
	Service string
	Version string
	Meter   metric.Meter
	// Log is told, seldom, that the collector does not take spans.
	Log *slog.Logger
}

// Traces sends spans to a collector. A nil one makes none, at no cost.
//
// A span holds names and outcomes: no query, no header, no body, no URL beyond host and route. A collector that is away
// costs the spans alone, which are counted.
type Traces struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	trust    bool
}

const (
	exportTimeout = 5 * time.Second
	queuedSpans   = 4096
)

// NewTraces prepares the sending. Nothing is asked of the collector yet.
func NewTraces(ctx context.Context, config TraceConfig) (*Traces, error) {
	u, err := url.Parse(config.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("the collector's endpoint is no URL; it looks like http://collector:4318")
	}
	if path := strings.TrimRight(u.Path, "/"); path == "" {
		u.Path = "/v1/traces"
	}
	options := []otlptracehttp.Option{
		otlptracehttp.WithEndpointURL(u.String()), otlptracehttp.WithHeaders(config.Headers), otlptracehttp.WithTimeout(exportTimeout),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: true, InitialInterval: time.Second, MaxInterval: exportTimeout, MaxElapsedTime: 2 * exportTimeout}),
	}
	if u.Scheme == "https" {
		options = append(options, otlptracehttp.WithTLSClientConfig(&tls.Config{RootCAs: config.Roots, MinVersion: tls.VersionTLS12}))
	}
	client, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("preparing the sending of traces: %w", err)
	}
	exporter, err := newCounted(client, config)
	if err != nil {
		return nil, err
	}
	sampler := sdktrace.TraceIDRatioBased(config.Ratio)
	if config.Trust {
		sampler = sdktrace.ParentBased(sampler)
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithSampler(inner{sampler}),
		sdktrace.WithBatcher(exporter, sdktrace.WithExportTimeout(exportTimeout), sdktrace.WithMaxQueueSize(queuedSpans)),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", config.Service), attribute.String("service.version", config.Version))),
	)
	return &Traces{provider: provider, tracer: provider.Tracer("http"), trust: config.Trust}, nil
}

// inner follows the decision of a span in this process, and asks the sampler for the others.
type inner struct{ sdktrace.Sampler }

func (s inner) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	if parent := trace.SpanContextFromContext(p.ParentContext); parent.IsValid() && !parent.IsRemote() {
		decision := sdktrace.Drop
		if parent.IsSampled() {
			decision = sdktrace.RecordAndSample
		}
		return sdktrace.SamplingResult{Decision: decision, Tracestate: parent.TraceState()}
	}
	return s.Sampler.ShouldSample(p)
}

// Tracer gives the tracer of a room; by convention the room's name.
func (t *Traces) Tracer(name string) trace.Tracer {
	if t == nil {
		return noop.NewTracerProvider().Tracer(name)
	}
	return t.provider.Tracer(name)
}

// Close sends what is left, until ctx ends.
func (t *Traces) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("sending the last traces: %w", err)
	}
	return nil
}

// Requests makes a span of each request. Its name is the route that [SetRoute] tells, or the mux's pattern.
func (t *Traces) Requests(next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if t.trust {
			ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header))
		}
		ctx, span := t.tracer.Start(ctx, r.Method, trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		if !span.IsRecording() {
			next.ServeHTTP(w, r.WithContext(ctx))
			return
		}
		named := &route{}
		inside := r.WithContext(context.WithValue(ctx, routeKey{}, named))
		watched := &watcher{ResponseWriter: w}
		next.ServeHTTP(watched, inside)
		describe(span, r, named.name(inside.Pattern), watched.status)
	})
}

func describe(span trace.Span, r *http.Request, route string, status int) {
	if status == 0 {
		status = http.StatusOK
	}
	span.SetName(r.Method + " " + route)
	span.SetAttributes(attribute.String("http.request.method", r.Method), attribute.String("http.route", route),
		attribute.Int("http.response.status_code", status))
	if id := RequestID(r.Context()); id != "" {
		span.SetAttributes(attribute.String("latchkey.request_id", id))
	}
	if status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, http.StatusText(status))
	}
}

type routeKey struct{}

type route struct{ told atomic.Pointer[string] }

func (r *route) name(pattern string) string {
	if told := r.told.Load(); told != nil {
		return *told
	}
	if _, path, ok := strings.Cut(pattern, " "); ok {
		return path
	}
	return pattern
}

// SetRoute tells the span of the context's request which route it took.
func SetRoute(ctx context.Context, path string) {
	if named, ok := ctx.Value(routeKey{}).(*route); ok {
		told := path // in a variable of its own, so that only this allocates
		named.told.Store(&told)
	}
}

// Failed ends a span's story with a failure's class, which is no secret; "" is success.
func Failed(span trace.Span, class string) {
	if class != "" {
		span.SetStatus(codes.Error, class)
		span.SetAttributes(attribute.String("error.type", class))
	}
}

// counted is an exporter that counts what it loses, and makes no noise about it.
type counted struct {
	sdktrace.SpanExporter
	lost metric.Int64Counter
	log  *slog.Logger
	told atomic.Int64 // when, in seconds
}

func newCounted(exporter sdktrace.SpanExporter, config TraceConfig) (*counted, error) {
	c := &counted{SpanExporter: exporter, log: config.Log}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if config.Meter == nil {
		return c, nil
	}
	var err error
	c.lost, err = config.Meter.Int64Counter("telemetry.lost_spans", metric.WithDescription("Spans that the collector did not take."))
	return c, err
}

// tellEvery is how often a collector that takes nothing is told of.
const tellEvery = 60

// ExportSpans sends spans. Their loss is no error: the SDK would tell it to a global handler.
func (c *counted) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := c.SpanExporter.ExportSpans(ctx, spans)
	if err == nil {
		return nil
	}
	if c.lost != nil {
		c.lost.Add(ctx, int64(len(spans)))
	}
	now := time.Now().Unix()
	if before := c.told.Load(); now-before >= tellEvery && c.told.CompareAndSwap(before, now) {
		c.log.Warn("the collector takes no traces; they are dropped", "spans", len(spans), "error", err)
	}
	return nil
}
