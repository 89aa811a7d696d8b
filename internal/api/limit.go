package api

import (
	"time"

	"latchkey/internal/limit"
)

// Rate is how often something may happen. The zero Rate stands for the default.
type Rate = limit.Rate

// Limits are the rates per API key, and per address for credentials that were refused.
type Limits struct {
	// Requests bounds a key's ordinary calls; 1,000 a second, 5,000 at once.
	Requests Rate
	// Tokens bounds a key's token reads; 100,000 a second, as many at once.
	Tokens Rate
	// Refused bounds an address's calls with a missing or wrong key; 1 a second, 60 at once.
	Refused Rate
}

func (l Limits) withDefaults() Limits {
	fill := func(r *Rate, d Rate) {
		if *r == (Rate{}) {
			*r = d
		}
	}
	fill(&l.Requests, Rate{Every: time.Millisecond, Burst: 5000})
	fill(&l.Tokens, Rate{Every: 10 * time.Microsecond, Burst: 100_000})
	fill(&l.Refused, Rate{Every: time.Second, Burst: 60})
	return l
}

// limited counts a call by name, and gives the problem of one that comes too early.
func limited(l *limit.Limiter, name string) *Problem {
	if wait := l.Wait(name); wait > 0 {
		return newProblem(kindRate, "Ask again after the time in Retry-After.").after(wait)
	}
	return nil
}
