package provider

import "time"

// Limits are what a provider bears from this process. Zero members stand for defaults.
type Limits struct {
	// Rate is how many calls may begin in a second; a fifth of it, and one at least, may begin at once.
	Rate float64
	// Concurrency is how many may be under way.
	Concurrency int
}

// The defaults: by Little's law 64 calls of 320 ms under way are 200 a second.
const (
	defaultRate        = 200
	defaultConcurrency = 64
)

func (l Limits) over(fallback Limits) Limits {
	if l.Rate <= 0 {
		l.Rate = fallback.Rate
	}
	if l.Concurrency <= 0 {
		l.Concurrency = fallback.Concurrency
	}
	return l
}

// pace is how fast one provider is called. It is pure: now is an argument. The rate is a generic cell rate algorithm
// (ITU-T I.371): one instant says all.
type pace struct {
	limits Limits
	// next is when the next call would begin if all kept their distance (the theoretical arrival time).
	next time.Time
	// inFlight is how many are under way; allowed how many may be: it rises from 1 to the cap after an outage.
	inFlight, allowed int
	// left is what throttling answers left of the rate at lowered; it grows back within backToFull.
	left    float64
	lowered time.Time
}

const (
	// backToFull is how long the whole rate takes to come back after throttling answers.
	backToFull = time.Minute
	// lowerEvery is how often they lower it at most: answers that come together tell the same.
	lowerEvery = time.Second
	// slowest is the rate that is left in any case, unless less is configured.
	slowest = 1.0
)

func newPace(limits Limits) pace {
	return pace{limits: limits, allowed: limits.Concurrency, left: 1}
}

// rate is the present one, in calls a second.
func (p *pace) rate(now time.Time) float64 {
	share := 1.0
	if p.left < 1 {
		share = min(1, p.left+float64(max(0, now.Sub(p.lowered)))/float64(backToFull))
	}
	return p.limits.Rate * share
}

func (p *pace) distance(now time.Time) time.Duration {
	return time.Duration(float64(time.Second) / p.rate(now))
}

// burst is how long before its turn a call may begin.
func (p *pace) burst(distance time.Duration) time.Duration {
	return max(0, time.Second/5-distance)
}

// free tells whether there is a place, whatever the rate.
func (p *pace) free() bool { return p.inFlight < p.allowed }

// wait is how long the rate keeps the next call waiting.
func (p *pace) wait(now time.Time) time.Duration {
	return max(0, p.next.Add(-p.burst(p.distance(now))).Sub(now))
}

// begin takes a place.
func (p *pace) begin(now time.Time) {
	p.inFlight++
	p.next = later(p.next, now).Add(p.distance(now))
}

// end gives a place back; the distance too, when nothing was sent.
func (p *pace) end(now time.Time, unused bool) {
	p.inFlight--
	if unused && p.next.After(now) {
		p.next = p.next.Add(-p.distance(now))
	}
}

// hear fits the pace to how a call went.
func (p *pace) hear(now time.Time, class Class) {
	switch class.word() {
	case alive:
		p.allowed = min(p.limits.Concurrency, p.allowed+1)
	case sick:
		if p.allowed < p.limits.Concurrency {
			p.allowed = max(1, p.allowed/2)
		}
	}
	if class == Throttled && now.Sub(p.lowered) >= lowerEvery {
		least := min(1, slowest/p.limits.Rate)
		p.left, p.lowered = max(least, p.rate(now)/p.limits.Rate/2), now
	}
}

// restart begins anew after an outage: one call, then two, four, …, and none ahead of its turn.
func (p *pace) restart(now time.Time) {
	p.allowed = 1
	p.next = later(p.next, now.Add(p.burst(p.distance(now))))
}
