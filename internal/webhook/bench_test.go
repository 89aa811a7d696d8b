package webhook_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/egress"
	"latchkey/internal/event"
	"latchkey/internal/seal"
	"latchkey/internal/store"
	"latchkey/internal/webhook"
)

// counter is a receiver that answers at once.
type counter struct{ atomic.Int64 }

func (c *counter) Do(context.Context, *http.Request) (*egress.Response, error) {
	c.Add(1)
	return &egress.Response{Status: http.StatusNoContent}, nil
}

// BenchmarkDeliver measures events that are committed, spread, claimed, signed, delivered and logged over SQLite, to one
// endpoint and to sixteen.
func BenchmarkDeliver(b *testing.B) {
	for _, endpoints := range []int{1, 16} {
		b.Run(fmt.Sprintf("%d endpoints", endpoints), func(b *testing.B) {
			ctx := context.Background()
			dir := b.TempDir()
			root, err := seal.CreateFileRoot(filepath.Join(dir, "root.key"))
			if err != nil {
				b.Fatal(err)
			}
			s, err := store.Open(ctx, store.Config{Path: filepath.Join(dir, "latchkey.db"), Root: root})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			var got counter
			kept := s.Webhooks(nil)
			d, err := webhook.NewDispatcher(webhook.DispatcherConfig{Queue: kept, Sender: &got, Emitted: s.Emitted()})
			if err != nil {
				b.Fatal(err)
			}
			subscriptions := webhook.New(webhook.Config{Endpoints: kept, Log: kept})
			for i := range endpoints {
				if _, err := subscriptions.Create(ctx, owner, webhook.Create{URL: fmt.Sprintf("https://example.com/%d", i)}); err != nil {
					b.Fatal(err)
				}
			}
			events := make([]event.Event, b.N)
			for i := range events {
				events[i] = event.New(event.ConnectionDegraded, organization, "conn_1", time.Now(), nil)
			}
			b.ResetTimer()
			d.Start()
			if err := s.Emit(ctx, events...); err != nil {
				b.Fatal(err)
			}
			for got.Load() < int64(b.N*endpoints) {
				time.Sleep(time.Millisecond)
			}
			b.StopTimer()
			if err := d.Close(ctx); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N*endpoints)/b.Elapsed().Seconds(), "deliveries/s")
		})
	}
}
