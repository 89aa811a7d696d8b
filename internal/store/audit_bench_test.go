package store_test

import (
	"context"
	"fmt"
	"testing"

	"latchkey/internal/audit"
	"latchkey/internal/ident"
)

// BenchmarkAudit measures records by how many come in one write: what a flush of token reads costs.
func BenchmarkAudit(b *testing.B) {
	for _, together := range []int{1, 32, 1024} {
		b.Run(fmt.Sprintf("%d together", together), func(b *testing.B) {
			ctx := context.Background()
			s := newFolder(b).open(b)
			entries := make([]audit.Entry, together)
			for n := 0; n < b.N; n += together {
				for i := range entries {
					entries[i] = audit.Entry{
						At: now, Organization: "O", Actor: "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", Action: audit.ActionRead,
						Subject: ident.New("conn"), Detail: map[string]string{"token": "wMwJXxGqH0dDNu5zS7wB1b5E5mU2bR5JXxGqH0dDNu5", "count": "12"},
					}
				}
				if err := s.Audit().Append(ctx, entries...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
