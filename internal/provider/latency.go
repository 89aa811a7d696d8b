package provider

import (
	"math/bits"
	"time"
)

// latency is a histogram of durations in buckets that grow with the value: eight for each doubling, so that a quantile is
// at most an eighth too high. What is old fades: counts are halved with each half-life in which something was added. 1 ms
// to 128 s; a provider takes 560 bytes.
type latency struct {
	counts [latencyBuckets]uint32
	total  uint32
	faded  time.Time
}

const (
	latencyBuckets = 17*8 + 1
	// latencyWeight is how much one sample counts at first, so that halving does not lose it at once.
	latencyWeight = 256
	latencyFade   = 5 * time.Minute
)

// add counts a duration.
func (l *latency) add(now time.Time, d time.Duration) {
	l.fade(now)
	bucket := latencyBucket(d)
	if l.counts[bucket] < 1<<31 {
		l.counts[bucket] += latencyWeight
		l.total += latencyWeight
	}
	if l.total > 1<<30 {
		l.halve()
	}
}

func (l *latency) fade(now time.Time) {
	if l.total == 0 {
		l.faded = now
	}
	for n := now.Sub(l.faded) / latencyFade; n > 0 && l.total > 0; n-- {
		l.halve()
	}
	if now.Sub(l.faded) >= latencyFade {
		l.faded = now
	}
}

func (l *latency) halve() {
	l.total = 0
	for i := range l.counts {
		l.counts[i] >>= 1
		l.total += l.counts[i]
	}
}

// quantile gives the duration that a share q of the samples did not exceed, rounded up to its bucket's end; 0 without
// samples. Nothing fades while nothing comes: the last known is better than none.
func (l *latency) quantile(q float64) time.Duration {
	if l.total == 0 {
		return 0
	}
	rank := uint32(q * float64(l.total))
	var seen uint32
	for i, n := range l.counts {
		if seen += n; n > 0 && seen >= rank {
			return latencyEnd(i)
		}
	}
	return latencyEnd(latencyBuckets - 1)
}

// latencyBucket gives a duration's bucket: the doublings above 1 ms, then the three bits behind the first.
func latencyBucket(d time.Duration) int {
	// In eighths of a millisecond, so that the three bits are there from the beginning.
	n := uint64(max(d, time.Millisecond) * 8 / time.Millisecond)
	doublings := bits.Len64(n) - 4
	return min(doublings*8+int(n>>doublings&7), latencyBuckets-1)
}

// latencyEnd gives where a bucket ends.
func latencyEnd(bucket int) time.Duration {
	return time.Duration(8+bucket%8+1) << (bucket / 8) * time.Millisecond / 8
}
