package series

import (
	"math"
	"math/bits"
	"time"
)

// Histogram counts durations in buckets that grow with the value: four for each doubling, from 1 ms to 131 s. A quantile is at
// most a quarter too high.
type Histogram [buckets]uint32

const (
	doublings = 17
	buckets   = doublings*4 + 1
)

// Add adds what another one counted.
func (h *Histogram) Add(o *Histogram) {
	for i, n := range o {
		h[i] = uint32(min(uint64(h[i])+uint64(n), math.MaxUint32))
	}
}

// Count tells of how many durations it knows.
func (h *Histogram) Count() int64 {
	var n int64
	for _, more := range h {
		n += int64(more)
	}
	return n
}

// Quantile gives what a share q of the durations did not exceed, rounded up to the end of its bucket; 0 when there is none.
func (h *Histogram) Quantile(q float64) time.Duration {
	rank := int64(math.Ceil(q * float64(h.Count())))
	var seen int64
	for i, n := range h {
		if seen += int64(n); n > 0 && seen >= rank {
			return bucketEnd(i)
		}
	}
	return 0
}

// bucketOf gives a duration's bucket: the doublings above 1 ms, then the two bits behind the first.
func bucketOf(d time.Duration) int {
	// In quarters of a millisecond, so that the two bits are there from the beginning.
	n := uint64(max(d, time.Millisecond) * 4 / time.Millisecond)
	double := bits.Len64(n) - 3
	return min(double*4+int(n>>double&3), buckets-1)
}

func bucketEnd(bucket int) time.Duration {
	return time.Duration(4+bucket%4+1) << (bucket / 4) * time.Millisecond / 4
}
