package web

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"latchkey/internal/registry"
)

// meters count sign-ins. No label names a person or an address.
type meters struct{ signIns metric.Int64Counter }

// The outcomes of a sign-in, beside the proofs of those that succeed.
const (
	outcomeRefused registry.Proof = "refused"
	outcomeLimited registry.Proof = "limited"
)

func newMeters(meter metric.Meter) (m meters, err error) {
	if meter == nil {
		meter = noop.Meter{}
	}
	m.signIns, err = meter.Int64Counter("web.sign_ins", metric.WithDescription("Sign-ins of people, by how they proved who they are, or why they could not."))
	return m, err
}

func (m meters) signIn(ctx context.Context, outcome registry.Proof) {
	m.signIns.Add(ctx, 1, metric.WithAttributes(attribute.String("outcome", string(outcome))))
}
