package authority

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// meters count what the server does. No label names a client, or is a stranger's word.
type meters struct{ issued, denied metric.Int64Counter }

func newMeters(meter metric.Meter) (m meters, err error) {
	if meter == nil {
		meter = noop.Meter{}
	}
	if m.issued, err = meter.Int64Counter("authority.tokens", metric.WithDescription("Tokens that were issued, by grant and algorithm.")); err != nil {
		return m, err
	}
	m.denied, err = meter.Int64Counter("authority.errors", metric.WithDescription("Requests that were refused, by grant and error code."))
	return m, err
}

func (m *meters) minted(ctx context.Context, grant, algorithm string) {
	m.issued.Add(ctx, 1, metric.WithAttributes(attribute.String("grant", grantLabel(grant)), attribute.String("algorithm", algorithm)))
}

func (m *meters) refused(ctx context.Context, grant, code string) {
	m.denied.Add(ctx, 1, metric.WithAttributes(attribute.String("grant", grantLabel(grant)), attribute.String("error", code)))
}

// grantLabel gives a grant that is known, or "other": a stranger's word makes no time series.
func grantLabel(grant string) string {
	switch _, known := grants()[grant]; {
	case grant == "":
		return "none"
	case grant == grantJWT, known:
		return grant
	}
	return "other"
}
