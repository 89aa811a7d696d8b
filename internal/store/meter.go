package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// meters count what the store does.
type meters struct {
	group   metric.Int64Histogram
	took    metric.Float64Histogram
	failed  metric.Int64Counter
	audited metric.Int64Counter
	// since is when the database became unable to take a write, in nanoseconds; 0 while it does.
	since atomic.Int64
}

func newMeters(s *Store, meter metric.Meter) (*meters, error) {
	if meter == nil {
		meter = noop.Meter{}
	}
	m := &meters{}
	var err error
	if m.group, err = meter.Int64Histogram("store.write.group", metric.WithDescription("Writes that shared a transaction and its sync to the disk."),
		metric.WithExplicitBucketBoundaries(1, 2, 4, 8, 16, 32, 64, 128)); err != nil {
		return nil, err
	}
	if m.took, err = meter.Float64Histogram("store.write.duration", metric.WithUnit("s"),
		metric.WithDescription("How long such a transaction took, until it was on the disk.")); err != nil {
		return nil, err
	}
	if m.failed, err = meter.Int64Counter("store.write.failures", metric.WithDescription(
		"Transactions that failed as a whole, by reason: unavailable, unknown (the answer to the COMMIT was lost) or other.")); err != nil {
		return nil, err
	}
	if m.audited, err = meter.Int64Counter("audit.records", metric.WithDescription("Records that were added to the audit record.")); err != nil {
		return nil, err
	}
	return m, m.observe(s, meter)
}

// observe registers what is read when somebody asks.
func (m *meters) observe(s *Store, meter metric.Meter) error {
	unavailable, err := meter.Float64ObservableGauge("store.unavailable", metric.WithUnit("s"), metric.WithDescription(
		"For how long the database has taken no write; 0 while it does."))
	if err != nil {
		return err
	}
	spilled, err := meter.Int64ObservableGauge("store.spill", metric.WithDescription("Token sets in this machine's spill that the database has not taken yet."))
	if err != nil {
		return err
	}
	waiting, err := meter.Int64ObservableGauge("store.outbox", metric.WithDescription("Events that have not become deliveries yet."))
	if err != nil {
		return err
	}
	age, err := meter.Float64ObservableGauge("store.outbox.age", metric.WithUnit("s"), metric.WithDescription("How old the oldest of them is; 0 when there is none."))
	if err != nil {
		return err
	}
	_, err = meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		now := time.Now()
		o.ObserveFloat64(unavailable, m.unavailable(now))
		o.ObserveInt64(spilled, s.spilled())
		n, oldest, err := s.outbox(ctx)
		if err != nil {
			return err
		}
		o.ObserveInt64(waiting, n)
		old := 0.0
		if !oldest.IsZero() {
			old = max(0, now.Sub(oldest).Seconds())
		}
		o.ObserveFloat64(age, old)
		return nil
	}, unavailable, spilled, waiting, age)
	return err
}

// settled counts a transaction of n writes.
func (m *meters) settled(n int, took time.Duration, err error) {
	ctx := context.Background()
	m.group.Record(ctx, int64(n))
	m.took.Record(ctx, took.Seconds())
	unusable := errors.Is(err, ErrUnavailable) || unable(err)
	switch {
	case unusable:
		m.since.CompareAndSwap(0, time.Now().UnixNano())
	default:
		m.since.Store(0)
	}
	if err == nil {
		return
	}
	reason := "other"
	if _, unknown := errors.AsType[*UnknownError](err); unknown {
		reason = "unknown"
	} else if unusable {
		reason = "unavailable"
	}
	m.failed.Add(ctx, 1, metric.WithAttributes(attribute.String("reason", reason)))
}

func (m *meters) unavailable(now time.Time) float64 {
	since := m.since.Load()
	if since == 0 {
		return 0
	}
	return max(0, now.Sub(time.Unix(0, since)).Seconds())
}

// spilled counts the files of the spill.
func (s *Store) spilled() int64 {
	p := s.spill.Load()
	if p == nil {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	n := int64(0)
	if entries, err := os.ReadDir(p.dir); err == nil {
		for _, entry := range entries {
			if strings.HasSuffix(entry.Name(), spillSuffix) {
				n++
			}
		}
	}
	if p.held != nil {
		for name := range p.held.live {
			if strings.HasSuffix(name, spillSuffix) {
				n++
			}
		}
	}
	return n
}

// outbox counts the events that wait.
func (s *Store) outbox(ctx context.Context) (n int64, oldest time.Time, err error) {
	if s.readers == nil {
		return 0, time.Time{}, nil // it is being opened
	}
	var at sql.NullInt64
	if err := s.row(ctx, `SELECT COUNT(*), MIN(at) FROM events WHERE spread = 0`).Scan(&n, &at); err != nil {
		return 0, time.Time{}, fmt.Errorf("counting the outbox: %w", err)
	}
	return n, instant(at), nil
}
