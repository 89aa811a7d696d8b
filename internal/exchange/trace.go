package exchange

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"latchkey/internal/destination"
	"latchkey/internal/egress"
	"latchkey/internal/telemetry"
)

// traced sends a request within a span of its own. Of the address it tells host and path as a failure does, cleaned of all
// that is secret; nothing is sent along to the provider.
func (x *round) traced(ctx context.Context, w *wire, request *destination.Request) (*egress.Response, error) {
	ctx, span := x.tracer.Start(ctx, "exchange.request", trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	reply, err := x.do(ctx, w)
	if !span.IsRecording() {
		return reply, err
	}
	span.SetAttributes(attribute.String("http.request.method", w.method), attribute.String("latchkey.endpoint", x.endpoint(w)),
		attribute.String("latchkey.request", string(request.Kind)))
	if failed, ok := errors.AsType[*egress.Error](err); ok {
		telemetry.Failed(span, string(failed.Kind))
		return reply, err
	}
	if err == nil {
		span.SetAttributes(attribute.Int("http.response.status_code", reply.Status))
	}
	return reply, err
}

// endSpan tells how a round ended.
func endSpan(span trace.Span, err error) {
	if failure, ok := errors.AsType[*Failure](err); ok {
		telemetry.Failed(span, failure.Kind.String())
		span.SetAttributes(attribute.String("latchkey.error_code", failure.Code))
	}
}
