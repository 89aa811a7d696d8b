package connection

import (
	"time"

	"latchkey/internal/destination"
)

// What to do when a refresh token was presented and no whole answer came. The provider may have rotated it: then the
// answer is lost unless it is asked for again, and most providers that rotate give the same answer again for a while. Past
// that while the token is presented only when there is nothing left to lose, its access token having ended; and the
// grant is given up when the provider says so, never for want of an answer (docs/decisions). All of this file is pure.

const (
	// repeatPause is how long after a lost answer the token is presented again.
	repeatPause = 250 * time.Millisecond
	// refusedPause is how long at most after a 429 or 5xx to a repeat.
	refusedPause = 2 * time.Second
	// repeatSlack is what the end of one presentation may take before the next.
	repeatSlack = 100 * time.Millisecond
	// graceMargin keeps the last presentation within the provider's grace, with a new connection to be made for it.
	graceMargin = 500 * time.Millisecond
	// The deadline of an answer that can be asked for again: three times what the slow ones take of late.
	answerLeast, answerMost, answerUnknown = 3 * time.Second, 8 * time.Second, 4 * time.Second
	// answerLast is that of one after which nothing follows; a server that stops waits for it.
	answerLast = 15 * time.Second
)

// policy is a definition's options.refresh, as a rule.
type policy struct {
	grace time.Duration
	most  int // repeats in the grace
}

func policyOf(o destination.RefreshOptions) policy {
	switch o.Reuse {
	case destination.ReuseRevokesFamily:
		return policy{}
	case destination.ReuseNone:
		return policy{o.Grace, 1}
	}
	return policy{o.Grace, 3}
}

// last is the latest time for a presentation in the grace.
func (p policy) last(first time.Time) time.Time {
	return first.Add(max(p.grace-graceMargin, p.grace/2))
}

// again says when a refresh token may be presented again that was presented count times, first at first, and not before
// earliest. Prompt tells that this is within the grace, and that there are repeats left; else it is when the access token has
// ended. (The count has presentations that never left, because the process was killed while it connected.)
func (p policy) again(first time.Time, count int, earliest, ends time.Time) (at time.Time, prompt bool) {
	if count <= p.most && !earliest.After(p.last(first)) {
		return earliest, true
	}
	return later(earliest, ends), false
}

// refused says when to present it again after the provider has answered a repeat without an answer, as with 500 or 429:
// the repeats that are left are spread over what is left of the grace, but this process may not live to its end.
func (p policy) refused(first time.Time, count int, now time.Time) time.Time {
	left := p.last(first).Sub(now) / time.Duration(max(1, p.most-count+1))
	return now.Add(max(repeatPause, min(left, refusedPause)))
}

// limit is how long to wait for the answer to a presentation that begins now: longest when no other can follow, and shorter
// than usual when that lets another one follow. p99 is the provider's latency, 0 when unknown.
func (p policy) limit(first time.Time, count int, now time.Time, p99 time.Duration) time.Duration {
	wait, least := answerUnknown, answerLeast/2
	if p99 > 0 {
		wait = min(max(3*p99, answerLeast), answerMost)
		least = max(least, wait/2)
	}
	room := p.last(first).Sub(now) - repeatPause - repeatSlack
	if room >= least {
		wait = min(wait, room)
	}
	if _, prompt := p.again(first, count, now.Add(wait+repeatPause), now); !prompt {
		return answerLast
	}
	return wait
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
