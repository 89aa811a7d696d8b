package clock

import (
	"sync"
	"time"
)

// Manual is a clock that stands still until it is told to move. It is safe for concurrent use.
type Manual struct {
	mu     sync.Mutex
	now    time.Time
	timers map[*manualTimer]struct{}
}

var _ Clock = (*Manual)(nil)

// NewManual makes a clock that shows now.
func NewManual(now time.Time) *Manual {
	return &Manual{now: now, timers: map[*manualTimer]struct{}{}}
}

// Now gives the instant that the clock shows.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// Advance moves the clock by d and fires what falls due on the way, earliest first.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	target := m.now.Add(d)
	for {
		next := m.earliest(target)
		if next == nil {
			break
		}
		at := next.at // its owner may reset it once it has fired
		m.now = at
		delete(m.timers, next)
		m.mu.Unlock()
		next.fire(at)
		m.mu.Lock()
	}
	m.now = target
	m.mu.Unlock()
}

// Waiting tells how many timers have yet to fire; a test waits for it before it advances.
func (m *Manual) Waiting() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.timers)
}

// earliest finds the first timer that is due by limit. The caller holds mu.
func (m *Manual) earliest(limit time.Time) *manualTimer {
	var first *manualTimer
	for t := range m.timers {
		if !t.at.After(limit) && (first == nil || t.at.Before(first.at)) {
			first = t
		}
	}
	return first
}

// NewTimer gives a timer that fires when the clock has been advanced by d.
func (m *Manual) NewTimer(d time.Duration) Timer {
	return m.add(d, &manualTimer{clock: m, ch: make(chan time.Time, 1)})
}

// AfterFunc calls f, on the advancing goroutine, when the clock has been advanced by d.
func (m *Manual) AfterFunc(d time.Duration, f func()) Timer {
	return m.add(d, &manualTimer{clock: m, call: f})
}

func (m *Manual) add(d time.Duration, t *manualTimer) *manualTimer {
	m.mu.Lock()
	at := m.now.Add(d)
	t.at = at
	due := d <= 0
	if !due {
		m.timers[t] = struct{}{}
	}
	m.mu.Unlock()
	if due {
		t.fire(at)
	}
	return t
}

type manualTimer struct {
	clock *Manual
	at    time.Time
	ch    chan time.Time
	call  func()
}

func (t *manualTimer) C() <-chan time.Time { return t.ch }

func (t *manualTimer) fire(at time.Time) {
	if t.call != nil {
		t.call()
		return
	}
	select {
	case t.ch <- at:
	default: // the last firing has not been read; time.Timer keeps one too
	}
}

func (t *manualTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	_, waiting := t.clock.timers[t]
	delete(t.clock.timers, t)
	return waiting
}

func (t *manualTimer) Reset(d time.Duration) bool {
	waiting := t.Stop()
	t.clock.add(d, t)
	return waiting
}
