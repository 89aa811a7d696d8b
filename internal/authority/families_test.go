package authority_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"latchkey/internal/authority"
)

// families keeps in memory what persons granted; store.TestFamilies holds the real ones to the same.
type families struct {
	mu       sync.Mutex
	consents map[string][]string
	families map[string]authority.Family
	endings  map[string]authority.Ending
	fail     bool // the database is away
}

func (m *families) Consent(_ context.Context, user, clientID string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.consents[user+" "+clientID]), nil
}

func (m *families) KeepConsent(_ context.Context, c authority.Consented) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.consents == nil {
		m.consents = map[string][]string{}
	}
	key := c.User + " " + c.ClientID
	m.consents[key] = append(m.consents[key], c.Scopes...)
	return nil
}

func (m *families) Consents(_ context.Context, user string) ([]authority.Consented, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []authority.Consented
	for key, scopes := range m.consents {
		if who, client, _ := strings.Cut(key, " "); who == user {
			all = append(all, authority.Consented{User: user, ClientID: client, Organization: org, Scopes: scopes})
		}
	}
	return all, nil
}

func (m *families) Withdraw(_ context.Context, c authority.Consented, e authority.Ending) (ended []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.consents[c.User+" "+c.ClientID]; !ok || c.Organization != org {
		return nil, authority.ErrNoConsent
	}
	delete(m.consents, c.User+" "+c.ClientID)
	for id, f := range m.families {
		if f.User == c.User && f.ClientID == c.ClientID && f.EndedAt.IsZero() {
			f.EndedAt = e.At
			m.families[id], m.endings[id] = f, e
			ended = append(ended, id)
		}
	}
	return ended, nil
}

func (m *families) BeginFamily(_ context.Context, f authority.Family) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.families[f.ID]; ok {
		return false, nil
	}
	if m.families == nil {
		m.families, m.endings = map[string]authority.Family{}, map[string]authority.Ending{}
	}
	m.families[f.ID] = f
	return true, nil
}

func (m *families) Family(_ context.Context, id string) (authority.Family, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, ok := m.families[id]
	if m.fail {
		return f, errors.New("the database is away")
	}
	if !ok {
		return f, authority.ErrNoFamily
	}
	return f, nil
}

func (m *families) Rotate(_ context.Context, id string, from int64, at, endsAt time.Time) (authority.Family, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, ok := m.families[id]
	if !ok || f.Generation != from || !f.EndedAt.IsZero() {
		return f, authority.ErrNotCurrent
	}
	f.Generation, f.RotatedAt, f.EndsAt = from+1, at, endsAt
	m.families[id] = f
	return f, nil
}

func (m *families) EndFamily(_ context.Context, id string, e authority.Ending) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, ok := m.families[id]
	if m.fail {
		return errors.New("the database is away")
	}
	if ok && f.EndedAt.IsZero() {
		f.EndedAt = e.At
		m.families[id], m.endings[id] = f, e
	}
	return nil
}
