package provider

import (
	"hash/maphash"
	"sync"
	"time"

	"latchkey/internal/clock"
)

// site is one provider: its breaker, its pace, who waits, what is known.
type site struct {
	h    *Health
	name Host

	mu      sync.Mutex
	gone    bool // out of the map: look again
	breaker breaker
	pace    pace
	queue   queue
	timer   clock.Timer // armed while the rate keeps the first of the queue waiting

	latency  latency
	tally    tally
	counts   [classes]int64
	lastGood time.Time
	lastCall time.Time
	// last is the last failure, sick the last that told something about the provider as a whole.
	last, sick Failure

	credits  credits
	troubles map[Mark]*trouble
	tenants  map[string]*tenant // by organization
}

// tenant is an organization that calls a provider.
type tenant struct {
	seen       time.Time
	last, sick Failure
	// noted is when the store was told of it.
	noted time.Time
}

// queueMost bounds those who wait for a provider.
const queueMost = 250_000

func newSite(h *Health, name Host) *site {
	limits := h.config.Hosts[name].over(h.config.Limits)
	return &site{h: h, name: name, pace: newPace(limits), troubles: map[Mark]*trouble{}, tenants: map[string]*tenant{}}
}

// ask lets a call through, or refuses it, or gives the ticket with which it waits. mu is held, here and below.
func (s *site) ask(now time.Time, call Call) (*ticket, *Gate, error) {
	if s.h.closed.Load() {
		return nil, nil, ErrClosed
	}
	known := s.meet(now, &call)
	through := s.breaker.ask(now, call.Forced)
	if through == refuse {
		return nil, nil, s.down(now, known)
	}
	in := s.troubleOf(now, &call)
	if in != nil && in.ask(now, call.Forced) == refuse {
		in.hold(call.Connection)
		return nil, nil, &PausedError{Host: s.name, Incident: in.ID, Client: in.Client, Since: in.OpenedAt, RetryAt: in.retryAt(now), Last: in.Last}
	}
	if s.queue.len() >= queueMost {
		return nil, nil, &BusyError{Host: s.name, RetryAt: s.turnAt(now)}
	}
	t := ticket{call: call, probe: through == probe, trouble: in}
	if t.probe {
		s.breaker.begin(now)
	}
	if in != nil {
		in.begin(now)
	}
	if s.queue.len() == 0 && s.pace.free() && s.pace.wait(now) == 0 {
		return nil, s.admit(now, &t), nil
	}
	waiting := t // on the heap only when it has to wait
	waiting.index = -1
	return &waiting, nil, nil
}

// meet notes who calls.
func (s *site) meet(now time.Time, call *Call) *tenant {
	s.lastCall = now
	known := s.tenants[call.Organization]
	if known == nil {
		known = &tenant{}
		s.tenants[call.Organization] = known
	}
	known.seen = now
	if now.Sub(known.noted) >= noteEvery {
		known.noted = now
		s.h.scribe.meet(s.name, call.Organization, now)
	}
	return known
}

// down gives the refusal of an open breaker.
func (s *site) down(now time.Time, known *tenant) *DownError {
	e := &DownError{
		Host: s.name, Throttled: !s.breaker.down, Since: s.breaker.openedAt, RetryAt: s.breaker.retryAt(now), Last: s.sick.public(),
	}
	if s.breaker.down {
		e.Since = s.breaker.since
	}
	if known != nil && known.sick.At.After(s.breaker.openedAt.Add(-tripWindow)) {
		e.Last = known.sick // its own says more
	}
	return e
}

// enqueue lets a ticket wait.
func (s *site) enqueue(now time.Time, t *ticket) {
	t.deadline = t.call.deadline(now)
	s.queue.push(t)
	s.arm(now)
}

// leave takes a ticket out of the queue, and tells whether it was in.
func (s *site) leave(t *ticket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.queue.remove(t) {
		return false
	}
	now := s.h.config.Clock.Now()
	if t.probe {
		s.breaker.abandon(now)
	}
	if t.trouble != nil {
		t.trouble.probing = time.Time{}
	}
	s.dispatch(now)
	return true
}

// admit takes a place for a call.
func (s *site) admit(now time.Time, t *ticket) *Gate {
	s.pace.begin(now)
	return &Gate{site: s, call: t.call, began: now, epoch: s.breaker.epoch, trouble: t.trouble}
}

// dispatch lets through whom there is a place for.
func (s *site) dispatch(now time.Time) {
	for s.queue.len() > 0 && s.pace.free() && s.pace.wait(now) == 0 {
		t := s.queue.pop()
		t.answer(s.admit(now, t), nil)
	}
	s.arm(now)
}

// arm has the queue looked at again when the rate allows the next call. Where no place is free, the end of a call does. One
// that is armed stays: at worst it comes too early, and is armed again.
func (s *site) arm(now time.Time) {
	if s.timer != nil || s.queue.len() == 0 || !s.pace.free() {
		return
	}
	s.timer = s.h.config.Clock.AfterFunc(s.pace.wait(now), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.timer = nil
		s.dispatch(s.h.config.Clock.Now())
	})
}

func (s *site) stopTimer() {
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
}

// dismiss sends all who wait away: the breaker has opened.
func (s *site) dismiss(now time.Time) {
	for _, t := range s.queue.heap {
		if t.trouble != nil {
			t.trouble.probing = time.Time{}
		}
	}
	s.sendAway(func(t *ticket) error { return s.down(now, s.tenants[t.call.Organization]) })
}

// sendAway empties the queue, and tells everybody why, on one goroutine: they may be very many.
func (s *site) sendAway(why func(*ticket) error) {
	s.stopTimer()
	waiting := s.queue.drain()
	if len(waiting) == 0 {
		return
	}
	errs := make([]error, len(waiting))
	for i, t := range waiting {
		errs[i] = why(t)
	}
	s.h.work.Go(func() {
		for i, t := range waiting {
			t.answer(nil, errs[i])
		}
	})
}

// turn is when a place may be free for one who comes now.
func (s *site) turn() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.turnAt(s.h.config.Clock.Now())
}

func (s *site) turnAt(now time.Time) time.Time {
	byRate := s.pace.wait(now) + time.Duration(s.queue.len())*s.pace.distance(now)
	return now.Add(max(byRate, time.Second))
}

// mark gives what an incident is known by.
func (h *Health) mark(c *Call) Mark {
	var b []byte
	for _, part := range []string{c.Organization, c.Definition, c.Client.Fingerprint} {
		b = append(append(b, part...), 0)
	}
	return h.config.Hash("provider incident", append(b, c.Client.Credential[:]...))
}

// who gives a client's place among the credits; it is cheaper than its mark.
func (h *Health) who(c *Call) uint64 {
	return maphash.Comparable(h.seed, struct {
		organization, definition, fingerprint string
		credential                            [32]byte
	}{c.Organization, c.Definition, c.Client.Fingerprint, c.Client.Credential})
}

// troubleOf gives the open incident that a call falls under, nil for none. Incidents of an older secret of the same
// definition end here.
func (s *site) troubleOf(now time.Time, call *Call) *trouble {
	if len(s.troubles) == 0 {
		return nil
	}
	mark := s.h.mark(call)
	if t := s.troubles[mark]; t != nil {
		return t
	}
	for _, t := range s.troubles {
		if t.Organization == call.Organization && t.Definition == call.Definition && t.Revision < call.Revision {
			s.end(now, t, Replaced)
		}
	}
	return nil
}
