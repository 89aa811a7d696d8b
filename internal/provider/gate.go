package provider

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"latchkey/internal/ident"
)

// Gate is a call that was let through.
type Gate struct {
	site    *site // nil when nobody is asked
	call    Call
	began   time.Time
	epoch   uint32
	trouble *trouble // whose probe it is
	done    atomic.Bool
}

// Done gives the place back, and tells how the call went. Only the first of several counts.
func (g *Gate) Done(o Outcome) {
	if g.site == nil || !g.done.CompareAndSwap(false, true) {
		return
	}
	s := g.site
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.h.config.Clock.Now()
	took := now.Sub(g.began)
	s.count(now, g.call.Organization, o, took)
	s.pace.end(now, o.Class == Unused)
	s.pace.hear(now, o.Class)
	s.hearClient(now, g, o)
	switch s.breaker.hear(now, news{word: o.Class.word(), epoch: g.epoch, hold: holdOf(o), spread: chance()}) {
	case wentDown:
		s.tell(now, true)
		s.dismiss(now)
	case opened:
		s.dismiss(now)
	case cameUp:
		s.tell(now, false)
		s.pace.restart(now)
	case resumed:
		s.pace.restart(now)
	}
	s.dispatch(now)
	s.h.meters.ended(s.name, o.Class, took)
}

// holdOf is the Retry-After that holds for the whole provider.
func holdOf(o Outcome) time.Duration {
	if o.Class == Throttled || o.Class == Unavailable {
		return o.RetryAfter
	}
	return 0
}

// count takes a call into the numbers.
func (s *site) count(now time.Time, organization string, o Outcome, took time.Duration) {
	if o.Class == Unused {
		return
	}
	s.counts[o.Class]++
	word := o.Class.word()
	if word != nothing {
		s.tally.add(now, word == sick)
	}
	if o.Class != Network { // how long nobody was reached says nothing of answers
		s.latency.add(now, took)
		if s.h.config.Answered != nil {
			s.h.config.Answered(organization, took)
		}
	}
	if o.Class == Good {
		s.lastGood = now
		return
	}
	known := s.tenants[organization]
	if known == nil {
		known = &tenant{} // forgotten meanwhile
	}
	s.last = failureOf(o, now)
	known.last = s.last
	if word == sick {
		s.sick, known.sick = s.last, s.last
	}
}

// public is a failure as others than the organization that had it are told: the provider's words may be about its account.
func (f Failure) public() Failure {
	f.Code, f.Description = "", ""
	return f
}

// hearClient takes in what the outcome says about the client.
func (s *site) hearClient(now time.Time, g *Gate, o Outcome) {
	if t := g.trouble; t != nil {
		if t.hear(now, o, chance()) {
			s.end(now, t, Accepted)
		}
		return
	}
	switch o.Class {
	case Good, GrantDead:
		s.credits.good(s.h.who(&g.call), now)
		if len(s.troubles) > 0 {
			if t := s.troubles[s.h.mark(&g.call)]; t != nil { // it was sent before the incident began
				s.end(now, t, Accepted)
			}
		}
	case ClientDead:
		if s.credits.refused(s.h.who(&g.call), now) {
			s.open(now, &g.call, o)
		}
	}
}

// open begins an incident, unless it has begun.
func (s *site) open(now time.Time, c *Call, o Outcome) {
	mark := s.h.mark(c)
	if s.troubles[mark] != nil {
		return
	}
	t := &trouble{asked: now, Incident: Incident{
		ID: ident.New("inc"), Host: s.name, Organization: c.Organization, Sandbox: c.Sandbox, Definition: c.Definition,
		Revision: c.Revision, Client: c.Client.ID, Mark: mark, OpenedAt: now, Last: failureOf(o, now),
		ProbeAt: now.Add(cadence(0, chance())),
	}}
	t.hold(c.Connection)
	s.troubles[mark] = t
	s.h.config.Log.Warn("provider refuses a client: its connections are paused", "provider", s.name, "incident", t.ID,
		"definition", c.Definition, "client", c.Client.ID, "code", o.Code, "status", o.Status, "next_probe", t.ProbeAt)
	s.h.scribe.opened(t.Incident)
}

// end ends an incident.
func (s *site) end(now time.Time, t *trouble, why Ending) {
	if s.troubles[t.Mark] != t {
		return
	}
	delete(s.troubles, t.Mark)
	t.ClosedAt, t.EndedBy = now, why
	s.h.config.Log.Info("incident ended: the client's connections go on", "provider", s.name, "incident", t.ID,
		"definition", t.Definition, "client", t.Client, "ended_by", string(why), "lasted", now.Sub(t.OpenedAt).String())
	s.h.scribe.ended(t.Incident)
}

// tell makes an edge known.
func (s *site) tell(now time.Time, down bool) {
	level, text := slog.LevelInfo, "provider is back"
	if down {
		level, text = slog.LevelWarn, "provider is down"
	}
	s.h.config.Log.Log(context.Background(), level, text, "provider", s.name, "last", s.sick.public().String())
	s.h.scribe.standing(s.name, Standing{Down: down, Since: now, Last: s.sick.public()})
	s.h.meters.edge(s.name, down)
}
