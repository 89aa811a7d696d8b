package connection

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"latchkey/internal/telemetry"
)

// causes are the names of causes in a trace.
var causes = [...]string{due: "due", needed: "needed", rejected: "rejected", ordered: "ordered"}

// begin makes the span of a flight. It is nobody's child: a flight is for all that wait for it, and outlives them.
func (k *Keeper) begin(ctx context.Context, e *entry, why cause) (context.Context, trace.Span) {
	return k.config.Tracer.Start(ctx, "connection.renew", trace.WithNewRoot(), trace.WithAttributes(
		attribute.String("latchkey.connection", e.id), attribute.String("latchkey.cause", causes[why])))
}

// end tells how a flight ended.
func (k *Keeper) end(span trace.Span, e *entry, f *flight) {
	defer span.End()
	if !span.IsRecording() {
		return
	}
	v := e.now.Load()
	span.SetAttributes(attribute.String("latchkey.organization", v.organization), attribute.String("latchkey.state", string(v.state)),
		attribute.Int64("latchkey.generation", v.generation), attribute.Bool("latchkey.idle", f.idle))
	if _, put := errors.AsType[*putOff](f.err); put {
		telemetry.Failed(span, "put_off")
	} else if f.err != nil {
		telemetry.Failed(span, "error")
	} else if v.lastError != nil && !f.idle {
		telemetry.Failed(span, v.lastError.Kind.String())
	}
}
