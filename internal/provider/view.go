package provider

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"latchkey/internal/access"
)

// State is how a provider stands.
type State string

// The states.
const (
	Up State = "up"
	// Recovering: it is up again, and what waited is let through in a rising trickle.
	Recovering State = "recovering"
	// Held: it asked to be called later.
	Held State = "throttled"
	// Down: it does not answer, and nobody is let through.
	Down State = "down"
	// Probing: one call is through, to see whether it is over.
	Probing State = "probing"
)

// States lists all, the worst first.
func States() []State { return []State{Down, Probing, Held, Recovering, Up} }

// Status is what is known of a provider.
type Status struct {
	Host  Host
	State State
	// Since is when an outage or a hold began, or when the last one ended; zero when there was none.
	Since time.Time
	// ProbeAt is when the next call is let through, zero while it is up.
	ProbeAt time.Time
	// P50, P95 and P99 are of late answers; zero when there were none.
	P50, P95, P99 time.Duration
	// Calls are those of the last five minutes that tell something about the provider, Failed those of them that failed.
	Calls, Failed int
	// Outcomes counts all calls of this process by class.
	Outcomes map[string]int64
	LastGood time.Time
	// LastFailure is the caller's organization's; zero when it had none.
	LastFailure       Failure
	InFlight, Waiting int
	// Rate is the present one, below Limits.Rate after throttling answers.
	Rate   float64
	Limits Limits
	// Incidents are the open ones that the caller may see, the oldest first.
	Incidents []Incident
}

// ErrNotFound is given for a provider that the caller's organization does not call.
var ErrNotFound = errors.New("provider not found")

// Query picks providers.
type Query struct {
	// State is one of [States], or "" for any; Text is a part of the host.
	State State
	Text  string
}

// List gives the providers that the caller's organization calls, by name. A caller without an organization is the
// operator, who sees all.
func (h *Health) List(caller access.Caller, query Query) ([]Status, error) {
	if err := caller.Require(access.ConnectionsRead); err != nil {
		return nil, err
	}
	now := h.config.Clock.Now()
	var out []Status
	h.all(func(s *site) {
		if !s.visible(caller) || !strings.Contains(string(s.name), strings.ToLower(query.Text)) {
			return
		}
		if status := s.status(now, caller); query.State == "" || query.State == status.State {
			out = append(out, status)
		}
	})
	slices.SortFunc(out, func(a, b Status) int { return cmp.Compare(a.Host, b.Host) })
	return out, nil
}

// Status gives one: [ErrNotFound].
func (h *Health) Status(caller access.Caller, host Host) (Status, error) {
	if err := caller.Require(access.ConnectionsRead); err != nil {
		return Status{}, err
	}
	s := h.find(caller, host)
	if s == nil {
		return Status{}, ErrNotFound
	}
	defer s.mu.Unlock()
	return s.status(h.config.Clock.Now(), caller), nil
}

// Resume lets one call through at once, to the provider and for each paused client that the caller sees, instead of
// waiting for the time of the next probe. What is down stays so until that call has succeeded.
func (h *Health) Resume(caller access.Caller, host Host) (Status, error) {
	if err := caller.Require(access.ConnectionsWrite); err != nil {
		return Status{}, err
	}
	s := h.find(caller, host)
	if s == nil {
		return Status{}, ErrNotFound
	}
	defer s.mu.Unlock()
	now := h.config.Clock.Now()
	s.breaker.resume(now)
	for _, t := range s.troubles {
		if visible(t.Incident, caller) {
			t.ProbeAt = now
		}
	}
	h.config.Log.Info("somebody asked to try a provider again", "provider", host, "by", caller.ID)
	return s.status(now, caller), nil
}

// find gives a site that the caller sees, locked; nil when there is none.
func (h *Health) find(caller access.Caller, host Host) *site {
	found, ok := h.sites.Load(host)
	if !ok {
		return nil
	}
	s := found.(*site)
	s.mu.Lock()
	if s.gone || !s.visible(caller) {
		s.mu.Unlock()
		return nil
	}
	return s
}

func (s *site) visible(caller access.Caller) bool {
	return caller.Organization == "" || s.tenants[caller.Organization] != nil
}

func visible(i Incident, caller access.Caller) bool {
	return (caller.Organization == "" || caller.Organization == i.Organization) &&
		(caller.Sandbox == "" || caller.Sandbox == i.Sandbox)
}

func (s *site) status(now time.Time, caller access.Caller) Status {
	out := Status{
		Host: s.name, State: s.state(now), Since: s.breaker.since, LastGood: s.lastGood, InFlight: s.pace.inFlight,
		Waiting: s.queue.len(), Rate: s.pace.rate(now), Limits: s.pace.limits, Outcomes: map[string]int64{},
		P50: s.latency.quantile(.50), P95: s.latency.quantile(.95), P99: s.latency.quantile(.99),
	}
	if s.breaker.phase != closed {
		out.ProbeAt = s.breaker.until
		if !s.breaker.down {
			out.Since = s.breaker.openedAt
		}
	}
	out.Calls, out.Failed = s.tally.sum(now)
	for class, n := range s.counts {
		if n > 0 {
			out.Outcomes[Class(class).String()] = n
		}
	}
	out.LastFailure = s.last
	if caller.Organization != "" {
		out.LastFailure = s.tenants[caller.Organization].last
	}
	for _, t := range s.troubles {
		if visible(t.Incident, caller) {
			out.Incidents = append(out.Incidents, t.Incident)
		}
	}
	slices.SortFunc(out.Incidents, func(a, b Incident) int { return a.OpenedAt.Compare(b.OpenedAt) })
	return out
}

func (s *site) state(now time.Time) State {
	switch {
	case s.breaker.phase == halfOpen && now.Before(s.breaker.probeUntil):
		return Probing
	case s.breaker.phase != closed && s.breaker.down:
		return Down
	case s.breaker.phase != closed:
		return Held
	case s.pace.allowed < s.pace.limits.Concurrency && now.Sub(s.breaker.since) < backToFull:
		return Recovering
	}
	return Up
}
