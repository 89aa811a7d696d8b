package seal_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"latchkey/internal/seal"
)

// memory is a store without a disk.
type memory struct {
	mu    sync.Mutex
	keys  map[string]seal.DataKey // organization → key
	roots []seal.RootKey
}

var _ seal.Store = (*memory)(nil)

func newMemory() *memory { return &memory{keys: map[string]seal.DataKey{}} }

func (m *memory) DataKey(_ context.Context, organization string) (seal.DataKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key, ok := m.keys[organization]
	if !ok {
		return key, fmt.Errorf("organization %q: %w", organization, seal.ErrNoDataKey)
	}
	return key, nil
}

func (m *memory) CreateDataKey(_ context.Context, key seal.DataKey) (seal.DataKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if root := m.root(key.Root); root == nil || root.State != seal.RootCurrent {
		return key, seal.ErrNotCurrent
	}
	if kept, ok := m.keys[key.Organization]; ok {
		return kept, nil
	}
	m.keys[key.Organization] = key
	return key, nil
}

func (m *memory) selected(s seal.Selection) []seal.DataKey {
	var out []seal.DataKey
	for _, key := range m.keys {
		if key.Root == s.Root && (s.WrappedBefore.IsZero() || key.WrappedAt.Before(s.WrappedBefore)) {
			out = append(out, key)
		}
	}
	slices.SortFunc(out, func(a, b seal.DataKey) int { return cmp.Compare(a.Organization, b.Organization) })
	return out
}

func (m *memory) DataKeys(_ context.Context, s seal.Selection) ([]seal.DataKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := slices.DeleteFunc(m.selected(s), func(k seal.DataKey) bool { return s.After != nil && k.Organization <= *s.After })
	return all[:min(len(all), s.Limit)], nil
}

func (m *memory) CountDataKeys(_ context.Context, s seal.Selection) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.selected(s)), nil
}

func (m *memory) Rewrap(_ context.Context, keys []seal.Rewrapped) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	changed := 0
	for _, key := range keys {
		kept := m.keys[key.Before.Organization]
		if kept.Root != key.Before.Root || !bytes.Equal(kept.Wrapped, key.Before.Wrapped) {
			continue
		}
		kept.Root, kept.Wrapped, kept.WrappedAt = key.Root, key.Wrapped, key.At
		m.keys[kept.Organization] = kept
		changed++
	}
	return changed, nil
}

func (m *memory) root(id string) *seal.RootKey {
	for i := range m.roots {
		if m.roots[i].ID == id {
			return &m.roots[i]
		}
	}
	return nil
}

func (m *memory) RootKeys(context.Context) ([]seal.RootKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.roots), nil
}

func (m *memory) AddRootKey(_ context.Context, key seal.RootKey) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	taken := slices.ContainsFunc(m.roots, func(r seal.RootKey) bool {
		return r.ID == key.ID || r.State == seal.RootCurrent && key.State == seal.RootCurrent
	})
	if !taken {
		m.roots = append(m.roots, key)
	}
	return nil
}

func (m *memory) BeginRotation(_ context.Context, from, to string, at time.Time, _ string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	old, next := m.root(from), m.root(to)
	if old == nil || next == nil || old.State != seal.RootCurrent || from != to && next.State != seal.RootNext {
		return seal.ErrConflict
	}
	old.State = seal.RootLeaving
	next.State, next.Replaces, next.StartedAt, next.FinishedAt = seal.RootCurrent, from, at, time.Time{}
	next.Total = len(m.selected(seal.Selection{Root: from}))
	return nil
}

func (m *memory) FinishRotation(_ context.Context, to string, at time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := m.root(to)
	selection := seal.Selection{Root: next.Replaces}
	if next.Replaces == to {
		selection.WrappedBefore = next.StartedAt
	}
	if len(m.selected(selection)) > 0 || !next.FinishedAt.IsZero() {
		return false, nil
	}
	next.FinishedAt = at
	if old := m.root(next.Replaces); old != next {
		old.State, old.RetiredAt = seal.RootRetired, at
	}
	return true, nil
}
