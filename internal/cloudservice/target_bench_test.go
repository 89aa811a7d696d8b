package cloudservice_test

import (
	"runtime"
	"testing"
	"time"
)

// BenchmarkHundredThousandAudiences syncs 100,000 audiences over a real socket into a database, and once more when nothing has
// changed. peak-MiB is the largest heap that was seen, the vendor's stand-in included, which lives in
// the same process.
func BenchmarkHundredThousandAudiences(b *testing.B) {
	for b.Loop() {
		h := newTargetHouse(b)
		a := newAccount(100_000)
		h.answers(a.ServeHTTP)
		h.connected()
		before, peak := heapNow(true), uint64(0)
		a.after = func(asked int) {
			if asked%20 == 0 {
				peak = max(peak, heapNow(false))
			}
		}
		begun := time.Now()
		first := h.sync(b.Context())
		filled := time.Since(begun)
		if counts(first) != "done 100% +100000 ~0 -0" {
			b.Fatal(counts(first))
		}
		_, err := h.services.Sync(b.Context(), h.admin, acmeRef())
		must(b, err)
		begun = time.Now()
		if again := h.sync(b.Context()); counts(again) != "done 100% +0 ~0 -0" {
			b.Fatal(counts(again))
		}
		b.ReportMetric(filled.Seconds(), "first-s")
		b.ReportMetric(time.Since(begun).Seconds(), "again-s")
		b.Logf("heap before %d KiB, at its peak %d KiB", before>>10, peak>>10)
		b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
	}
}

func heapNow(collected bool) uint64 {
	if collected {
		runtime.GC()
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
