package store_test

import (
	"context"
	"testing"

	"latchkey/internal/event"
)

// BenchmarkEmit measures what an event adds to a write, with 128 callers who share transactions: nothing, an event that
// is kept, and a refresh that no endpoint asks for.
func BenchmarkEmit(b *testing.B) {
	for name, events := range map[string][]event.Event{
		"nothing": nil, "kept": {{Type: event.ConnectionDegraded}}, "unwanted": {{Type: event.ConnectionRefreshed}},
	} {
		for place, fresh := range map[string]func(testing.TB) folder{"SQLite": newFolder, "PostgreSQL": newServed} {
			b.Run(place+"/"+name, func(b *testing.B) {
				s := fresh(b).open(b)
				b.SetParallelism(64)
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						out := make([]event.Event, 0, 1)
						for _, e := range events {
							out = append(out, newEvent(e.Type, "conn_1", now))
						}
						if err := s.Emit(context.Background(), out...); err != nil {
							b.Error(err)
						}
					}
				})
			})
		}
	}
}
