// Package limit bounds how often something may happen, by name: a key's calls, an address's guesses at a password.
//
// A [Limiter] holds a time for each name and no timer (the generic cell rate algorithm), so a refusal costs next to
// nothing and a flood of names bounded memory. It counts in this process: with several nodes each has its own count.
package limit

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"latchkey/internal/clock"
)

// Rate is how often something may happen: Burst at once, then one every Every.
type Rate struct {
	Every time.Duration
	Burst int
}

// GCRA is the generic cell rate algorithm on integers: arrival is the theoretical arrival time kept from the call
// before (nanoseconds; 0 at first). It gives the time to keep, or how long to wait when the call comes too early.
func GCRA(arrival, now int64, rate Rate) (next int64, wait time.Duration) {
	every := int64(rate.Every)
	start := max(arrival, now)
	allowed := start + every - int64(rate.Burst)*every
	if now < allowed {
		return arrival, time.Duration(allowed - now)
	}
	return start + every, 0
}

// Limiter counts by name. It is safe for concurrent use. Names idle since their burst refilled are dropped when the
// table is full.
type Limiter struct {
	rate  Rate
	clock clock.Clock
	begun time.Time // times are counted from here: a wall clock that is set back must not shut everybody out
	size  atomic.Int64
	names sync.Map // :: name → *atomic.Int64 (theoretical arrival time)
}

const maxNames = 100_000

// New makes a limiter that has counted nothing.
func New(rate Rate, c clock.Clock) *Limiter {
	return &Limiter{rate: rate, clock: c, begun: c.Now()}
}

// Wait counts by name, and gives how long to wait instead; 0 lets it happen.
func (l *Limiter) Wait(name string) time.Duration {
	now := int64(l.clock.Now().Sub(l.begun))
	cell := l.cell(name, now)
	for {
		arrival := cell.Load()
		next, wait := GCRA(arrival, now, l.rate)
		if wait > 0 || cell.CompareAndSwap(arrival, next) {
			return wait
		}
	}
}

func (l *Limiter) cell(name string, now int64) *atomic.Int64 {
	if cell, ok := l.names.Load(name); ok {
		return cell.(*atomic.Int64)
	}
	if l.size.Add(1) > maxNames {
		l.drop(now)
	}
	cell, loaded := l.names.LoadOrStore(name, new(atomic.Int64))
	if loaded {
		l.size.Add(-1)
	}
	return cell.(*atomic.Int64)
}

// drop forgets the names that owe nothing; all of them when every one owes something.
func (l *Limiter) drop(now int64) {
	kept := int64(0)
	l.names.Range(func(name, cell any) bool {
		if cell.(*atomic.Int64).Load() <= now {
			l.names.Delete(name)
		} else {
			kept++
		}
		return true
	})
	if kept >= maxNames {
		l.names.Clear()
		kept = 0
	}
	l.size.Store(kept)
}

// Address names who sent a request, by http.Request.RemoteAddr: an IPv4 address, or the /64 that one IPv6 user holds whole.
func Address(remote string) string {
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
