package seal

import (
	"context"
	"fmt"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// counts is what a keyring did since it was opened.
type counts struct{ sealed, opened, refused, rewrapped atomic.Int64 }

// Observe reports what the keyring does to a meter: seals, opens and refusals, data keys under each root key, and how
// far a rotation is.
func (k *Keyring) Observe(meter metric.Meter) error {
	operations, err := meter.Int64ObservableCounter("seal_operations",
		metric.WithDescription("Values sealed and opened, and those refused: moved, rolled back or damaged."))
	if err != nil {
		return fmt.Errorf("making a counter: %w", err)
	}
	rewrapped, err := meter.Int64ObservableCounter("seal_rewrapped_data_keys",
		metric.WithDescription("Data keys that this process wrapped with another root key."))
	if err != nil {
		return fmt.Errorf("making a counter: %w", err)
	}
	dataKeys, err := meter.Int64ObservableGauge("seal_data_keys",
		metric.WithDescription("Data keys under each root key; a rotation is complete when all are under the current one."))
	if err != nil {
		return fmt.Errorf("making a gauge: %w", err)
	}
	_, err = meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		for name, count := range map[string]*atomic.Int64{"seal": &k.counts.sealed, "open": &k.counts.opened, "refuse": &k.counts.refused} {
			o.ObserveInt64(operations, count.Load(), metric.WithAttributes(attribute.String("operation", name)))
		}
		o.ObserveInt64(rewrapped, k.counts.rewrapped.Load())
		roots, err := k.Roots(ctx)
		if err != nil {
			return nil //nolint:nilerr // the database is away; the counts above are told all the same
		}
		for _, root := range roots {
			o.ObserveInt64(dataKeys, int64(root.DataKeys), metric.WithAttributes(
				attribute.String("root", root.ID), attribute.String("state", string(root.State))))
		}
		return nil
	}, operations, rewrapped, dataKeys)
	if err != nil {
		return fmt.Errorf("registering the metrics: %w", err)
	}
	return nil
}
