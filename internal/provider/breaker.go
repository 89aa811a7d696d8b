package provider

import "time"

// The breaker of one provider. All of this file is pure: now is an argument, and so is chance.
const (
	// tripAfter failures in a row open it, and so does half of tripCalls or more within tripWindow.
	tripAfter  = 5
	tripCalls  = 20
	tripWindow = 30 * time.Second

	// It stays open for half to all of openBase, which doubles up to openCap with each probe that fails.
	openBase = time.Second
	openCap  = time.Minute
	// holdCap bounds the Retry-After that holds for all connections of a provider. Each connection still waits for as
	// long as the provider asked it to.
	holdCap = 15 * time.Minute
	// probePatience is after what a probe that nobody ended is given up.
	probePatience = 2 * time.Minute
)

type phase uint8

const (
	closed   phase = iota
	open           // nobody goes through before until
	halfOpen       // one is through, to see
)

type breaker struct {
	phase phase
	// epoch counts moves: what was sent before a move does not count after it.
	epoch uint32
	// down tells an outage from a provider that asks to be called later.
	down bool
	// since is when it went down, or came up again; openedAt when it left closed.
	since, openedAt time.Time
	until           time.Time // open: when one may go
	probeUntil      time.Time // halfOpen: when the probe is given up
	failures        int       // in a row
	opens           int       // in a row
	recalled        bool      // by another's word, not by what was seen here

	window        time.Time // when the window began
	calls, failed int       // in the window
}

// verdict is what becomes of somebody who asks.
type verdict uint8

const (
	pass verdict = iota
	probe
	refuse
)

// ask decides for a call.
func (b *breaker) ask(now time.Time, forced bool) verdict {
	switch {
	case b.phase == closed:
		return pass
	case b.phase == halfOpen && now.Before(b.probeUntil), b.phase == open && now.Before(b.until) && !forced:
		return refuse
	}
	return probe
}

// retryAt is when to ask again after a refusal.
func (b *breaker) retryAt(now time.Time) time.Time {
	if b.phase == open && b.until.After(now) {
		return b.until
	}
	return now.Add(time.Second) // the probe is out
}

// begin notes that a probe is let through.
func (b *breaker) begin(now time.Time) {
	b.phase, b.probeUntil = halfOpen, now.Add(probePatience)
	b.epoch++
}

// abandon notes that the probe was not sent: the next one may go.
func (b *breaker) abandon(now time.Time) {
	if b.phase == halfOpen {
		b.phase, b.until = open, now
	}
}

// edge is a move of the breaker.
type edge uint8

const (
	none     edge = iota
	opened        // nobody goes through for a while
	resumed       // all go through again, one after the other
	wentDown      // opened, and that is told
	cameUp        // resumed, and that is told
)

// news is what a call tells. spread is a number in [0, 1).
type news struct {
	word   word
	epoch  uint32
	hold   time.Duration
	spread float64
}

// hear takes in how a call ended.
func (b *breaker) hear(now time.Time, n news) edge {
	if n.epoch != b.epoch {
		if b.phase == open && n.hold > 0 {
			b.until = later(b.until, now.Add(min(n.hold, holdCap)))
		}
		return none
	}
	switch n.word {
	case alive:
		return b.good(now)
	case sick:
		return b.bad(now, n)
	}
	b.abandon(now)
	return none
}

func (b *breaker) good(now time.Time) edge {
	b.failures, b.opens, b.recalled = 0, 0, false
	if b.phase == closed {
		b.count(now, 0)
		return none
	}
	b.phase, b.openedAt, b.calls, b.failed = closed, time.Time{}, 0, 0
	b.epoch++
	if !b.down {
		return resumed
	}
	b.down, b.since = false, now
	return cameUp
}

func (b *breaker) bad(now time.Time, n news) edge {
	b.failures++
	b.recalled = false
	b.count(now, 1)
	tripped := b.failures >= tripAfter || b.calls >= tripCalls && 2*b.failed >= b.calls
	if b.phase == closed && !tripped && n.hold <= 0 {
		return none
	}
	if b.phase == closed {
		b.openedAt = now
	}
	length := min(openCap, openBase<<min(b.opens, 8))
	length = length/2 + time.Duration(n.spread*float64(length/2))
	b.phase, b.until = open, now.Add(max(length, min(n.hold, holdCap)))
	if n.hold > 0 && !tripped {
		b.until = now.Add(min(n.hold, holdCap))
	}
	b.opens++
	b.epoch++
	if b.down || !tripped {
		return opened
	}
	b.down, b.since = true, now
	return wentDown
}

// count counts a call in the window.
func (b *breaker) count(now time.Time, failed int) {
	if now.Sub(b.window) >= tripWindow {
		b.window, b.calls, b.failed = now, 0, 0
	}
	b.calls++
	b.failed += failed
}

// resume lets the next call through, whenever it comes.
func (b *breaker) resume(now time.Time) {
	if b.phase == open && now.Before(b.until) {
		b.until = now
	}
}

// recall puts an outage back that began in an earlier process, or that another node has seen: one call goes through to
// see whether it is over.
func (b *breaker) recall(now, since time.Time) {
	b.phase, b.down, b.since, b.openedAt, b.until, b.recalled = open, true, since, since, now, true
	b.epoch++
}

// revoke undoes a recall, when those whose word it was say that the outage is over.
func (b *breaker) revoke(since time.Time) {
	if b.recalled && b.phase == open {
		*b = breaker{epoch: b.epoch + 1, since: since}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
