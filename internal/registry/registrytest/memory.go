// Package registrytest checks implementations of registry's stores, and has one in memory for the tests of others.
//
// A store passes [TestStore], [TestKeyStore], [TestUserStore] and [TestSessionStore]: what the interfaces promise in their comments is a test here.
package registrytest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/registry"
)

// Memory is a store without a disk. It is safe for concurrent use.
type Memory struct {
	mu            sync.Mutex
	organizations map[string]registry.Organization
	sandboxes     map[string]registry.Sandbox // id → sandbox
	keys          map[string]registry.Key     // id → key
	occupied      map[string]bool             // sandbox ids
	entries       []audit.Entry
}

var (
	_ registry.Store    = (*Memory)(nil)
	_ registry.KeyStore = (*Memory)(nil)
)

// NewMemory makes an empty store.
func NewMemory() *Memory {
	return &Memory{
		organizations: map[string]registry.Organization{}, sandboxes: map[string]registry.Sandbox{},
		keys: map[string]registry.Key{}, occupied: map[string]bool{},
	}
}

// Occupy makes a sandbox one that something is in.
func (m *Memory) Occupy(sandbox registry.Sandbox) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.occupied[sandbox.ID] = true
}

// Entries gives what was recorded.
func (m *Memory) Entries() []audit.Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.entries)
}

// CreateOrganization meets [registry.Store].
func (m *Memory) CreateOrganization(_ context.Context, o registry.Organization, first registry.Sandbox, entry audit.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.organizations[o.ID]; ok {
		return fmt.Errorf("organization %s: %w", o.ID, registry.ErrNameTaken)
	}
	m.organizations[o.ID] = o
	m.sandboxes[first.ID] = first
	m.entries = append(m.entries, entry)
	return nil
}

// Organizations meets [registry.Store].
func (m *Memory) Organizations(context.Context) ([]registry.Organization, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.SortedFunc(maps.Values(m.organizations), func(a, b registry.Organization) int {
		return cmp.Compare(a.ID, b.ID)
	}), nil
}

// CreateSandbox meets [registry.Store].
func (m *Memory) CreateSandbox(_ context.Context, sandbox registry.Sandbox, entry audit.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.organizations[sandbox.Organization]; !ok {
		return fmt.Errorf("organization %q: %w", sandbox.Organization, registry.ErrNotFound)
	}
	if m.named(sandbox.Organization, sandbox.Name) {
		return fmt.Errorf("sandbox %q: %w", sandbox.Name, registry.ErrNameTaken)
	}
	m.sandboxes[sandbox.ID] = sandbox
	m.entries = append(m.entries, entry)
	return nil
}

// named tells whether the organization has a sandbox of that name. The caller holds mu.
func (m *Memory) named(organization, name string) bool {
	for _, sandbox := range m.sandboxes {
		if sandbox.Organization == organization && sandbox.Name == name {
			return true
		}
	}
	return false
}

// Sandboxes meets [registry.Store].
func (m *Memory) Sandboxes(_ context.Context, organization string) ([]registry.Sandbox, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []registry.Sandbox
	for _, sandbox := range m.sandboxes {
		if sandbox.Organization == organization {
			out = append(out, sandbox)
		}
	}
	slices.SortFunc(out, func(a, b registry.Sandbox) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// DeleteSandbox meets [registry.Store].
func (m *Memory) DeleteSandbox(_ context.Context, organization, id string, entry audit.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	sandbox, ok := m.sandboxes[id]
	switch {
	case !ok || sandbox.Organization != organization:
		return fmt.Errorf("sandbox %s: %w", id, registry.ErrNotFound)
	case m.occupied[id]:
		return fmt.Errorf("sandbox %s: %w", id, registry.ErrInUse)
	}
	delete(m.sandboxes, id)
	m.entries = append(m.entries, entry)
	return nil
}

// CreateKey meets [registry.KeyStore].
func (m *Memory) CreateKey(_ context.Context, key registry.Key, entry audit.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.organizations[key.Organization]; !ok {
		return fmt.Errorf("organization %q: %w", key.Organization, registry.ErrNotFound)
	}
	if key.Sandbox != "" && !m.named(key.Organization, key.Sandbox) {
		return fmt.Errorf("sandbox %q: %w", key.Sandbox, registry.ErrNotFound)
	}
	m.keys[key.ID] = key
	m.entries = append(m.entries, entry)
	return nil
}

// Keys meets [registry.KeyStore].
func (m *Memory) Keys(context.Context) ([]registry.Key, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.SortedFunc(maps.Values(m.keys), func(a, b registry.Key) int { return cmp.Compare(a.ID, b.ID) }), nil
}

// RevokeKey meets [registry.KeyStore].
func (m *Memory) RevokeKey(_ context.Context, organization, id string, at time.Time, entry audit.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	key, ok := m.keys[id]
	if !ok || key.Organization != organization {
		return fmt.Errorf("key %s: %w", id, registry.ErrNotFound)
	}
	if key.RevokedAt.IsZero() {
		key.RevokedAt = at
		m.keys[id] = key
		m.entries = append(m.entries, entry)
	}
	return nil
}

// TouchKeys meets [registry.KeyStore].
func (m *Memory) TouchKeys(_ context.Context, used map[string]time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, at := range used {
		if key, ok := m.keys[id]; ok && at.After(key.LastUsedAt) {
			key.LastUsedAt = at
			m.keys[id] = key
		}
	}
	return nil
}
