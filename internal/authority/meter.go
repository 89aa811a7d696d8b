package authority

import (
	"context"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// meters count what the server does. No label names a client, or is a stranger's word.
type meters struct {
	issued, denied metric.Int64Counter
	grants         map[string]grant
	labels         sync.Map // label → []metric.AddOption, as they cost more to make than the counting does
}

// label is what a count is told apart by: a grant, and an algorithm or an error's code.
type label struct{ grant, name, value string }

func newMeters(meter metric.Meter, grants map[string]grant) (m *meters, err error) {
	if meter == nil {
		meter = noop.Meter{}
	}
	m = &meters{grants: grants}
	if m.issued, err = meter.Int64Counter("authority.tokens", metric.WithDescription("Tokens that were issued, by grant and algorithm.")); err != nil {
		return m, err
	}
	m.denied, err = meter.Int64Counter("authority.errors", metric.WithDescription("Requests that were refused, by grant and error code."))
	return m, err
}

func (m *meters) minted(ctx context.Context, grant, algorithm string) {
	m.issued.Add(ctx, 1, m.labelled(label{m.grantLabel(grant), "algorithm", algorithm})...)
}

func (m *meters) refused(ctx context.Context, grant, code string) {
	m.denied.Add(ctx, 1, m.labelled(label{m.grantLabel(grant), "error", code})...)
}

func (m *meters) labelled(l label) []metric.AddOption {
	if made, ok := m.labels.Load(l); ok {
		return made.([]metric.AddOption)
	}
	options := []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(attribute.String("grant", l.grant), attribute.String(l.name, l.value)))}
	m.labels.Store(l, options)
	return options
}

// grantLabel gives a grant that is known, or "other": a stranger's word makes no time series.
func (m *meters) grantLabel(grant string) string {
	switch _, known := m.grants[grant]; {
	case grant == "":
		return "none"
	case grant == grantJWT, grant == grantImplicit, known:
		return grant
	}
	return "other"
}
