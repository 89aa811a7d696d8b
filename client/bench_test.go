package client_test

import (
	"testing"
	"time"

	"latchkey/client"
)

// BenchmarkKeeper is a token that is in memory.
func BenchmarkKeeper(b *testing.B) {
	h := &house{life: time.Hour}
	k := h.keeper(b)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := k.Token(b.Context(), "acme", client.TokenOptions{}); err != nil {
				b.Error(err)
			}
		}
	})
}
