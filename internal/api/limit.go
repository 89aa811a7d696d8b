package api

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"latchkey/internal/clock"
)

// Rate is how often something may happen: Burst at once, then one every Every. The zero Rate stands for the default.
type Rate struct {
	Every time.Duration
	Burst int
}

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

// gcra is the generic cell rate algorithm on integers: arrival is the theoretical arrival time kept from the call
// before (nanoseconds; 0 at first). It gives the time to keep, or how long to wait when the call comes too early.
func gcra(arrival, now int64, rate Rate) (next int64, wait time.Duration) {
	every := int64(rate.Every)
	start := max(arrival, now)
	allowed := start + every - int64(rate.Burst)*every
	if now < allowed {
		return arrival, time.Duration(allowed - now)
	}
	return start + every, 0
}

// limiter counts calls by name. It holds a time per name and no timer; names idle since their burst refilled are
// dropped when the table is full, so a flood of addresses costs bounded memory.
type limiter struct {
	rate  Rate
	clock clock.Clock
	begun time.Time // times are counted from here: a wall clock that is set back must not shut everybody out
	size  atomic.Int64
	names sync.Map // :: name → *atomic.Int64 (theoretical arrival time)
}

const limiterNames = 100_000

func newLimiter(rate Rate, c clock.Clock) *limiter {
	return &limiter{rate: rate, clock: c, begun: c.Now()}
}

// wait counts a call by name, and gives how long the caller has to wait instead; 0 lets the call through.
func (l *limiter) wait(name string) time.Duration {
	now := int64(l.clock.Now().Sub(l.begun))
	cell := l.cell(name, now)
	for {
		arrival := cell.Load()
		next, wait := gcra(arrival, now, l.rate)
		if wait > 0 || cell.CompareAndSwap(arrival, next) {
			return wait
		}
	}
}

func (l *limiter) cell(name string, now int64) *atomic.Int64 {
	if cell, ok := l.names.Load(name); ok {
		return cell.(*atomic.Int64)
	}
	if l.size.Add(1) > limiterNames {
		l.drop(now)
	}
	cell, loaded := l.names.LoadOrStore(name, new(atomic.Int64))
	if loaded {
		l.size.Add(-1)
	}
	return cell.(*atomic.Int64)
}

// drop forgets the names that owe nothing; all of them when every one owes something.
func (l *limiter) drop(now int64) {
	kept := int64(0)
	l.names.Range(func(name, cell any) bool {
		if cell.(*atomic.Int64).Load() <= now {
			l.names.Delete(name)
		} else {
			kept++
		}
		return true
	})
	if kept >= limiterNames {
		l.names.Clear()
		kept = 0
	}
	l.size.Store(kept)
}

// address names who sent a request for the limiter: an IPv4 address, or the /64 that one IPv6 user holds whole.
func address(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if addr = addr.Unmap().WithZone(""); addr.Is6() {
		if prefix, err := addr.Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return addr.String()
}
