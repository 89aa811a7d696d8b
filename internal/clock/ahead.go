package clock

import (
	"sync"
	"time"
)

// Ahead is the machine's clock, which goes on running and can be moved ahead. What falls due by a move fires at once, earliest
// first, as after a machine's sleep; who wants to see each thing done at its time moves it there. It is safe for concurrent use.
type Ahead struct {
	mu     sync.Mutex
	ahead  time.Duration
	timers map[*aheadTimer]struct{}
}

var _ Clock = (*Ahead)(nil)

// NewAhead gives the machine's clock, not moved yet.
func NewAhead() *Ahead { return &Ahead{timers: map[*aheadTimer]struct{}{}} }

// Now gives the machine's time and what the clock is ahead of it.
func (a *Ahead) Now() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now()
}

func (a *Ahead) now() time.Time { return now().Add(a.ahead) }

// By tells how far the clock is ahead of the machine's.
func (a *Ahead) By() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ahead
}

// Advance moves the clock by d, which MUST NOT be negative, and fires what falls due.
func (a *Ahead) Advance(d time.Duration) {
	if d < 0 {
		panic("clock: advancing by less than nothing")
	}
	a.mu.Lock()
	a.ahead += d
	at := a.now()
	for t := range a.timers {
		t.real.Stop()
	}
	for first := a.earliest(at); first != nil; first = a.earliest(at) {
		a.fire(first, at)
	}
	for t := range a.timers {
		t.real.Reset(t.at.Sub(a.now())) // one that was begun meanwhile begins anew
	}
	a.mu.Unlock()
}

// fire takes a timer out of the table and does what it is for. The caller holds mu, which a call is made without.
func (a *Ahead) fire(t *aheadTimer, at time.Time) {
	delete(a.timers, t)
	if t.call != nil {
		a.mu.Unlock()
		defer a.mu.Lock()
		t.call()
		return
	}
	select {
	case t.ch <- at:
	default: // the last firing has not been read; time.Timer keeps one too
	}
}

// earliest finds the first timer that is due by limit. The caller holds mu.
func (a *Ahead) earliest(limit time.Time) *aheadTimer {
	var first *aheadTimer
	for t := range a.timers {
		if !t.at.After(limit) && (first == nil || t.at.Before(first.at)) {
			first = t
		}
	}
	return first
}

// NewTimer gives a timer that fires when the clock shows d more.
func (a *Ahead) NewTimer(d time.Duration) Timer {
	return a.start(d, &aheadTimer{clock: a, ch: make(chan time.Time, 1)})
}

// AfterFunc calls f when the clock shows d more.
func (a *Ahead) AfterFunc(d time.Duration, f func()) Timer {
	return a.start(d, &aheadTimer{clock: a, call: f})
}

func (a *Ahead) start(d time.Duration, t *aheadTimer) Timer {
	a.mu.Lock()
	defer a.mu.Unlock()
	t.at = a.now().Add(d)
	a.timers[t] = struct{}{}
	t.real = time.AfterFunc(d, t.due)
	return t
}

// aheadTimer stands in the clock's table from its start until it fires or is stopped.
type aheadTimer struct {
	clock *Ahead
	ch    chan time.Time
	call  func()

	// What the clock's mu guards.
	at   time.Time
	real *time.Timer
}

// due is called when the machine's clock has come so far. A move may have fired the timer, or its owner stopped it, while it
// was on its way here.
func (t *aheadTimer) due() {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	_, waits := t.clock.timers[t]
	at := t.clock.now()
	switch early := t.at.Sub(at); {
	case !waits:
	case early > 0: // it was reset meanwhile
		t.real.Reset(early)
	default:
		t.clock.fire(t, at)
	}
}

func (t *aheadTimer) C() <-chan time.Time { return t.ch }

func (t *aheadTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	_, waits := t.clock.timers[t]
	delete(t.clock.timers, t)
	t.real.Stop()
	t.drain()
	return waits
}

func (t *aheadTimer) Reset(d time.Duration) bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	_, waits := t.clock.timers[t]
	t.drain()
	t.at = t.clock.now().Add(d)
	t.clock.timers[t] = struct{}{}
	t.real.Reset(d)
	return waits
}

// drain drops a firing that nobody has read: as of a [time.Timer], none comes after Stop or Reset.
func (t *aheadTimer) drain() {
	select {
	case <-t.ch:
	default:
	}
}
