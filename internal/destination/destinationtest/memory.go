package destinationtest

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"latchkey/internal/audit"
	"latchkey/internal/destination"
)

// Memory is a store that forgets everything with the process. It is safe for concurrent use.
type Memory struct {
	mu          sync.Mutex
	definitions map[string]destination.Definition // id → definition
	revisions   map[string][]stored               // definition id → its revisions, oldest first
	connections map[string]int                    // definition id → how many there are
	entries     []audit.Entry
}

// stored is a revision as a real store has it: the document's masked text, and its secrets apart.
type stored struct {
	destination.Revision
	read func() (*destination.Document, error)
}

var _ destination.Store = (*Memory)(nil)

// NewMemory makes an empty store.
func NewMemory() *Memory {
	return &Memory{
		definitions: map[string]destination.Definition{}, revisions: map[string][]stored{}, connections: map[string]int{},
	}
}

// Connect makes as if so many connections to a definition existed.
func (m *Memory) Connect(definition string, connections int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.connections[definition] = connections
}

// Entries gives what was recorded.
func (m *Memory) Entries() []audit.Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.entries)
}

// Save writes a change.
func (m *Memory) Save(_ context.Context, change destination.Change) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	def := change.Definition
	old, exists := m.definitions[def.ID]
	switch {
	case change.Expect > 0 && !exists:
		return destination.ErrNotFound
	case change.Expect > 0 && old.Draft != change.Expect, change.Expect == 0 && exists:
		return destination.ErrConflict
	}
	for _, other := range m.definitions {
		if other.ID != def.ID && other.Organization == def.Organization && other.Sandbox == def.Sandbox && other.Name == def.Name {
			return destination.ErrNameTaken
		}
	}
	m.definitions[def.ID] = def
	m.entries = append(m.entries, change.Entry)
	if change.Revision != nil {
		m.keep(*change.Revision)
	}
	return nil
}

// keep adds a revision or replaces the one of its number.
func (m *Memory) keep(rev destination.Revision) {
	text, secrets := rev.Document.JSON(), rev.Document.Secrets()
	rev.Document = nil
	row := stored{rev, func() (*destination.Document, error) { return destination.ParseJSONSealed(text, secrets) }}
	rows := m.revisions[rev.Definition]
	for i := range rows {
		if rev.Published {
			rows[i].Published = false
		}
		if rows[i].Number == rev.Number {
			rows[i] = row
			row.Number = 0
		}
	}
	if row.Number != 0 {
		rows = append(rows, row)
	}
	m.revisions[rev.Definition] = rows
}

// Find gives one definition.
func (m *Memory) Find(_ context.Context, place destination.Place, ref string) (destination.Definition, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var byName, byInstance *destination.Definition
	for _, def := range m.definitions {
		inside := def.Organization == place.Organization && def.Sandbox == place.Sandbox
		switch {
		case def.ID == ref && (inside || place == destination.Place{}):
			return m.counted(def), nil
		case inside && def.InstanceID == ref:
			byInstance = &def
		case inside && def.Name == ref:
			byName = &def
		}
	}
	if found := cmp.Or(byInstance, byName); found != nil {
		return m.counted(*found), nil
	}
	return destination.Definition{}, destination.ErrNotFound
}

func (m *Memory) counted(def destination.Definition) destination.Definition {
	def.Connections = m.connections[def.ID]
	return def
}

// List gives one page.
func (m *Memory) List(_ context.Context, query destination.Query) ([]destination.Definition, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []destination.Definition
	search := strings.ToLower(query.Search)
	for _, def := range m.definitions {
		found := strings.Contains(strings.ToLower(def.Name), search) || strings.Contains(strings.ToLower(def.Description), search)
		if def.Organization == query.Organization && def.Sandbox == query.Sandbox && found && def.ID > query.After {
			out = append(out, m.counted(def))
		}
	}
	slices.SortFunc(out, func(a, b destination.Definition) int { return cmp.Compare(a.ID, b.ID) })
	return out[:min(len(out), query.Limit)], nil
}

// Revisions gives the named revisions, or all.
func (m *Memory) Revisions(_ context.Context, definition string, numbers ...int) ([]destination.Revision, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []destination.Revision
	for _, row := range m.revisions[definition] {
		if len(numbers) > 0 && !slices.Contains(numbers, row.Number) {
			continue
		}
		document, err := row.read()
		if err != nil {
			return nil, err
		}
		rev := row.Revision
		rev.Document = document
		out = append(out, rev)
	}
	return out, nil
}

// Pins counts the connections as if all were made with the first revision.
func (m *Memory) Pins(_ context.Context, definition string) ([]destination.Pin, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := m.connections[definition]; n > 0 {
		return []destination.Pin{{Revision: 1, Connections: n}}, nil
	}
	return nil, nil
}

// Delete forgets a definition.
func (m *Memory) Delete(_ context.Context, definition string, entry audit.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, exists := m.definitions[definition]; !exists {
		return destination.ErrNotFound
	}
	if n := m.connections[definition]; n > 0 {
		return &destination.InUseError{Connections: n}
	}
	delete(m.definitions, definition)
	m.entries = append(m.entries, entry)
	delete(m.revisions, definition)
	return nil
}
