package providertest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"latchkey/internal/event"
	"latchkey/internal/provider"
)

// Memory is a store for tests of what uses one. Several nodes may share it.
type Memory struct {
	mu        sync.Mutex
	standings map[provider.Host]provider.Standing
	downSince map[provider.Host]time.Time
	known     map[[2]string]time.Time
	incidents []provider.Incident
	told      []event.Event
	away      error
}

var _ provider.Store = (*Memory)(nil)

// Away makes every call fail with err, until it is nil.
func (m *Memory) Away(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away = err
}

// Told gives the events so far.
func (m *Memory) Told() []event.Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.told)
}

// Read implements [provider.Store].
func (m *Memory) Read(context.Context) (provider.Kept, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := provider.Kept{Standings: maps.Clone(m.standings)}
	for known, at := range m.known {
		kept.Known = append(kept.Known, provider.Acquaintance{Host: provider.Host(known[0]), Organization: known[1], At: at})
	}
	slices.SortFunc(kept.Known, func(a, b provider.Acquaintance) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Organization, b.Organization))
	})
	for _, i := range m.incidents {
		if i.ClosedAt.IsZero() {
			kept.Open = append(kept.Open, i)
		}
	}
	return kept, m.away
}

// Meet implements [provider.Store].
func (m *Memory) Meet(_ context.Context, met []provider.Acquaintance) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = map[[2]string]time.Time{}
	}
	for _, a := range met {
		key := [2]string{string(a.Host), a.Organization}
		if m.known[key].Before(a.At) && m.away == nil {
			m.known[key] = a.At
		}
	}
	return m.away
}

// Stand implements [provider.Store].
func (m *Memory) Stand(_ context.Context, host provider.Host, standing provider.Standing) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away != nil || m.standings[host].Down == standing.Down {
		return false, m.away
	}
	if m.standings == nil {
		m.standings, m.downSince = map[provider.Host]provider.Standing{}, map[provider.Host]time.Time{}
	}
	m.standings[host] = standing
	if standing.Down {
		m.downSince[host] = standing.Since
	}
	var organizations []string
	for known := range m.known {
		if known[0] == string(host) {
			organizations = append(organizations, known[1])
		}
	}
	m.told = append(m.told, provider.StandingEvents(host, standing, m.downSince[host], organizations)...)
	return true, nil
}

// Open implements [provider.Store].
func (m *Memory) Open(_ context.Context, incident provider.Incident) (provider.Incident, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, i := range m.incidents {
		if i.Mark == incident.Mark && i.ClosedAt.IsZero() {
			return i, m.away
		}
	}
	if m.away == nil {
		m.incidents = append(m.incidents, incident)
		m.told = append(m.told, provider.OpenedEvents(incident, "", 0)...)
	}
	return incident, m.away
}

// End implements [provider.Store].
func (m *Memory) End(_ context.Context, incident provider.Incident) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for at, i := range m.incidents {
		if i.ID == incident.ID && i.ClosedAt.IsZero() && m.away == nil {
			m.incidents[at] = incident
			m.told = append(m.told, provider.EndedEvents(incident, "")...)
			return true, nil
		}
	}
	return false, m.away
}
