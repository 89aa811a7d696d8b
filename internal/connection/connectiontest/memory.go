// Package connectiontest holds what tests of connections share: a suite that every store of connections passes, and a
// store in memory.
package connectiontest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/connection"
	"latchkey/internal/event"
	"latchkey/internal/exchange"
)

// Memory is a store in memory, for tests of what works with one. Fault may make it fail.
type Memory struct {
	mu          sync.Mutex
	definitions map[string]string // id → name
	records     map[string]connection.Record
	labels      map[name]string // → id
	attempts    map[string]connection.Attempt
	fault       func(method string) error
	calls       map[string]int
	claims      map[string]*claim
	fences      int
	// self is the process that works with the store; those in gone have ended.
	self string
	// previous are the token sets before the last commit, by connection.
	previous map[string]*exchange.TokenSet
	gone     map[string]bool
	// Revocations are what deletions queued.
	Revocations []connection.Revocation
	// events are what was told.
	events []event.Event
	// history is what happened, by connection.
	history map[string][]connection.Past
}

// claim is a connection's claim: connection → claim.
type claim struct {
	fence, owner string
	generation   int64
	first        time.Time
	firstUp      clock.Uptime
	count        int
	left         *exchange.TokenSet
}

// name is what a label is unique by.
type name struct{ organization, sandbox, label string }

func nameOf(r connection.Record) name { return name{r.Organization, r.Sandbox, r.Label} }

var (
	_ connection.Store        = (*Memory)(nil)
	_ connection.AttemptStore = (*Memory)(nil)
	_ connection.Ledger       = (*Memory)(nil)
)

// NewMemory makes an empty store.
func NewMemory() *Memory {
	return &Memory{
		definitions: map[string]string{}, records: map[string]connection.Record{},
		labels: map[name]string{}, attempts: map[string]connection.Attempt{}, calls: map[string]int{},
		claims: map[string]*claim{}, self: "node_1", previous: map[string]*exchange.TokenSet{}, gone: map[string]bool{},
		history: map[string][]connection.Past{},
	}
}

// Restart makes what comes after it another process's; what was before is gone when killed is set.
func (m *Memory) Restart(killed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gone[m.self] = killed
	m.self += "_"
}

// Events gives what was told so far.
func (m *Memory) Events() []event.Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.events)
}

// AddDefinition makes a definition known.
func (m *Memory) AddDefinition(id, name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.definitions[id] = name
}

// Fail makes methods fail with what fault gives for their name; nil ends that.
func (m *Memory) Fail(fault func(method string) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = fault
}

// Calls tells how often a method was called.
func (m *Memory) Calls(method string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls[method]
}

// enter begins a method. The caller holds mu.
func (m *Memory) enter(method string) error {
	m.calls[method]++
	if m.fault != nil {
		return m.fault(method)
	}
	return nil
}

// rename sets a record's label, unless another connection has it. The caller holds mu.
func (m *Memory) rename(r *connection.Record, label string) error {
	former := nameOf(*r)
	r.Label = label
	if id, ok := m.labels[nameOf(*r)]; ok && label != "" && id != r.ID {
		return connection.ErrLabelTaken
	}
	if m.labels[former] == r.ID {
		delete(m.labels, former)
	}
	if label != "" {
		m.labels[nameOf(*r)] = r.ID
	}
	return nil
}

// Create implements [connection.Store].
func (m *Memory) Create(_ context.Context, record connection.Record, attempt *connection.Attempt) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("Create"); err != nil {
		return err
	}
	definition, ok := m.definitions[record.Definition]
	if !ok {
		return connection.ErrDefinitionNotFound
	}
	if err := m.rename(&record, record.Label); err != nil {
		return err
	}
	record.DefinitionName, record.Version = definition, max(record.Version, 1)
	m.tell(record.ID, record.Past)
	record.Past = nil
	m.records[record.ID] = record
	if attempt != nil {
		m.attempts[attempt.ID] = *attempt
	}
	return nil
}

// Find implements [connection.Store].
func (m *Memory) Find(_ context.Context, where connection.Selector) (connection.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("Find"); err != nil {
		return connection.Record{}, err
	}
	if where.ID != "" {
		r, ok := m.records[where.ID]
		if !ok || where.Organization != "" && r.Organization != where.Organization {
			return connection.Record{}, connection.ErrNotFound
		}
		return m.pending(r), nil
	}
	r, ok := m.records[m.labels[name{where.Organization, where.Sandbox, where.Label}]]
	if !ok {
		return connection.Record{}, connection.ErrNotFound
	}
	return m.pending(r), nil
}

// pending adds what is known of an exchange that has no end.
func (m *Memory) pending(r connection.Record) connection.Record {
	if c := m.claims[r.ID]; c != nil {
		r.Pending = &connection.Pending{
			Generation: c.generation, First: c.first, FirstUp: c.firstUp, Count: c.count, Interrupted: c.owner != "" && m.gone[c.owner], Left: c.left,
		}
	}
	return r
}

// List implements [connection.Store].
func (m *Memory) List(_ context.Context, s connection.Selection) ([]connection.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("List"); err != nil {
		return nil, err
	}
	newest := func(a, b connection.Record) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), strings.Compare(b.ID, a.ID))
	}
	var found []connection.Record
	for _, r := range slices.SortedFunc(maps.Values(m.records), newest) {
		text := strings.ToLower(s.Text)
		before := connection.Record{ID: s.Before.ID, CreatedAt: s.Before.CreatedAt}
		switch {
		case r.Organization != s.Organization, r.Sandbox != s.Sandbox, s.State != "" && r.State != s.State,
			s.Definition != "" && r.Definition != s.Definition && r.DefinitionName != s.Definition,
			!strings.Contains(strings.ToLower(r.ID), text) && !strings.Contains(strings.ToLower(r.Label), text),
			s.Before != (connection.Position{}) && newest(before, r) >= 0, len(found) == s.Limit:
			continue
		}
		found = append(found, r)
	}
	return found, nil
}

// Troubled implements [connection.Store].
func (m *Memory) Troubled(_ context.Context, organization string) (map[string]map[connection.State]int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := map[string]map[connection.State]int{}
	for _, r := range m.records {
		if r.Organization != organization || r.State == connection.Active {
			continue
		}
		if found[r.Sandbox] == nil {
			found[r.Sandbox] = map[connection.State]int{}
		}
		found[r.Sandbox][r.State]++
	}
	return found, nil
}

// Change implements [connection.Store].
func (m *Memory) Change(_ context.Context, change connection.Change) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("Change"); err != nil {
		return err
	}
	r, ok := m.records[change.ID]
	switch {
	case !ok || r.Organization != change.Organization:
		return connection.ErrNotFound
	case r.Version != change.Version:
		return connection.ErrConflict
	}
	if change.Label != nil {
		if err := m.rename(&r, *change.Label); err != nil {
			return err
		}
	}
	if change.ReturnURL != nil {
		r.ReturnURL = *change.ReturnURL
	}
	if change.State != nil {
		r.State, r.Reason, r.RefreshAt = *change.State, change.Reason, change.RefreshAt
	}
	r.Version++
	r.UpdatedAt = change.At
	m.records[r.ID] = r
	m.tell(r.ID, &change.Past)
	return nil
}

// Delete implements [connection.Store].
func (m *Memory) Delete(_ context.Context, d connection.Deletion) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("Delete"); err != nil {
		return err
	}
	r, ok := m.records[d.ID]
	switch {
	case !ok || r.Organization != d.Organization:
		return connection.ErrNotFound
	case r.Version != d.Version:
		return connection.ErrConflict
	case m.held(m.claims[d.ID]) && !d.Now:
		return &connection.HeldError{}
	}
	m.remove(d.ID)
	if d.Revocation != nil {
		m.Revocations = append(m.Revocations, *d.Revocation)
	}
	return nil
}

func (m *Memory) remove(id string) {
	if r := m.records[id]; r.Label != "" {
		delete(m.labels, nameOf(r))
	}
	delete(m.records, id)
	delete(m.claims, id)
	delete(m.history, id)
	maps.DeleteFunc(m.attempts, func(_ string, a connection.Attempt) bool { return a.Connection == id })
}

// Claim implements [connection.Ledger].
func (m *Memory) Claim(_ context.Context, ask connection.Claim) (connection.Claimed, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("Claim"); err != nil {
		return connection.Claimed{}, err
	}
	r, ok := m.records[ask.ID]
	if !ok {
		return connection.Claimed{}, connection.ErrNotFound
	}
	c := m.claims[ask.ID]
	if m.held(c) {
		return connection.Claimed{}, &connection.HeldError{Until: ask.At.Add(ask.Lease)}
	}
	seen := 0
	if c != nil {
		seen = c.count
	}
	if r.Version != ask.Version || seen != ask.Seen {
		return connection.Claimed{}, connection.ErrConflict
	}
	if c == nil || c.generation != ask.Generation {
		c = &claim{generation: ask.Generation}
		m.claims[ask.ID] = c
	}
	m.fences++
	c.fence, c.owner = strconv.Itoa(m.fences), m.self
	if ask.Presents {
		if c.count++; c.first.IsZero() {
			c.first, c.firstUp = ask.At, ask.Up
		}
	}
	return connection.Claimed{Fence: c.fence, First: c.first, FirstUp: c.firstUp, Count: c.count}, nil
}

// held tells whether another process that lives has a claim.
func (m *Memory) held(c *claim) bool {
	return c != nil && c.owner != "" && c.owner != m.self && !m.gone[c.owner]
}

// Again implements [connection.Ledger].
func (m *Memory) Again(_ context.Context, id, fence string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("Again"); err != nil {
		return err
	}
	c := m.claims[id]
	if c == nil || c.fence != fence {
		return connection.ErrFenced
	}
	c.count++
	return nil
}

// Previous implements [connection.Ledger].
func (m *Memory) Previous(_ context.Context, _, id string, _ int64) (*exchange.TokenSet, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.previous[id], m.enter("Previous")
}

// Inherit implements [connection.Ledger].
func (m *Memory) Inherit(_ context.Context, spilled []string, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("Inherit"); err != nil {
		return err
	}
	for _, id := range spilled {
		if c := m.claims[id]; c != nil && m.gone[c.owner] {
			c.owner = m.self
		}
	}
	return nil
}

// Interrupted implements [connection.Ledger].
func (m *Memory) Interrupted(_ context.Context, limit int) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("Interrupted"); err != nil {
		return nil, err
	}
	var ids []string
	for id, c := range m.claims {
		if c.count > 0 && m.gone[c.owner] && len(ids) < limit {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// Commit implements [connection.Ledger].
func (m *Memory) Commit(_ context.Context, c connection.Commit) (connection.Standing, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("Commit"); err != nil {
		return connection.Standing{}, false, err
	}
	r, ok := m.records[c.ID]
	if !ok || r.Generation != c.Generation {
		return connection.Standing{}, false, nil
	}
	if k := m.claims[c.ID]; c.Account == nil && m.held(k) && k.fence != c.Fence {
		k.left = c.Tokens
		return connection.Standing{}, false, nil
	}
	delete(m.claims, c.ID)
	m.events = append(m.events, c.Events...)
	m.previous[c.ID] = r.Tokens
	if c.Account != nil {
		m.previous[c.ID] = nil
	}
	r.Tokens, r.Renewable, r.Setbacks, r.LastError = c.Tokens, c.Renewable, 0, nil
	r.LastRefreshAt, r.UpdatedAt = c.At, c.At
	r.Generation++
	r.Version++
	if r.State != connection.Disabled {
		r.State, r.Reason, r.RefreshAt = connection.Active, "", c.RefreshAt
	}
	if a := c.Account; a != nil {
		r.Fields, r.Revision, r.Configuration, r.Fingerprint = a.Fields, a.Revision, a.Configuration, a.Fingerprint
	}
	if attempt, ok := m.attempts[c.Attempt]; ok {
		attempt.Outcome = connection.OutcomeDone
		m.attempts[c.Attempt] = attempt
	}
	m.records[r.ID] = r
	if c.Past != nil {
		c.Past.Generation, c.Past.State = r.Generation, r.State
	}
	m.tell(r.ID, c.Past)
	return connection.Standing{Version: r.Version, State: r.State}, true, nil
}

// SetBack implements [connection.Ledger].
func (m *Memory) SetBack(_ context.Context, s connection.Setback) (connection.Standing, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("SetBack"); err != nil {
		return connection.Standing{}, false, err
	}
	r, ok := m.records[s.ID]
	if !ok || r.Generation != s.Generation {
		return connection.Standing{}, false, nil
	}
	if s.Tokens != nil {
		r.Tokens = s.Tokens
		r.Version++
		m.records[r.ID] = r
	}
	k := m.claims[s.ID]
	fenced := s.Fence != "" && (k == nil || k.fence != s.Fence)
	if fenced || r.State != connection.Active && r.State != connection.Degraded {
		return connection.Standing{}, false, nil
	}
	if s.Unanswered && k != nil {
		k.owner = ""
	} else if s.Fence != "" {
		delete(m.claims, s.ID)
	}
	m.events = append(m.events, s.Events...)
	r.State, r.Reason, r.LastError, r.Setbacks = s.State, s.Reason, s.LastError, s.Setbacks
	r.RefreshAt, r.UpdatedAt = s.RefreshAt, s.At
	r.Version++
	m.records[r.ID] = r
	if s.Past != nil {
		s.Past.Generation, s.Past.State, s.Past.Reason = r.Generation, r.State, r.Reason
	}
	m.tell(r.ID, s.Past)
	return connection.Standing{Version: r.Version, State: r.State}, true, nil
}

// tell keeps a thing of a history.
func (m *Memory) tell(id string, p *connection.Past) {
	if p != nil && p.What != "" {
		m.history[id] = append(m.history[id], *p)
	}
}

// History implements [connection.Store].
func (m *Memory) History(_ context.Context, _, id string, since time.Time) ([]connection.Past, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := slices.DeleteFunc(slices.Clone(m.history[id]), func(p connection.Past) bool { return p.At.Before(since) })
	all = all[max(0, len(all)-connection.HistoryKept):]
	for _, a := range m.attempts {
		if a.Connection == id {
			all = append(all, connection.Past{At: a.CreatedAt, What: connection.ConsentBegun, By: a.CreatedBy, Attempt: a.ID, Outcome: a.Outcome})
		}
	}
	return all, nil
}

// SweepHistory implements [connection.Ledger].
func (m *Memory) SweepHistory(_ context.Context, before time.Time, _ string, _ int) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, all := range m.history {
		m.history[id] = slices.DeleteFunc(all, func(p connection.Past) bool { return p.At.Before(before) })
	}
	return "", nil
}

// Due implements [connection.Ledger].
func (m *Memory) Due(_ context.Context, before time.Time, limit int) ([]connection.Due, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("Due"); err != nil {
		return nil, err
	}
	var found []connection.Due
	for _, r := range m.records {
		if !r.RefreshAt.IsZero() && r.RefreshAt.Before(before) {
			found = append(found, connection.Due{ID: r.ID, At: r.RefreshAt})
		}
	}
	slices.SortFunc(found, func(a, b connection.Due) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ID, b.ID))
	})
	return found[:min(limit, len(found))], nil
}

// Sweep implements [connection.Ledger].
func (m *Memory) Sweep(_ context.Context, attemptsBefore, pendingBefore time.Time, limit int) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("Sweep"); err != nil {
		return 0, err
	}
	busy := map[string]bool{}
	for id, a := range m.attempts {
		if a.ExpiresAt.Before(attemptsBefore) {
			delete(m.attempts, id)
		} else {
			busy[a.Connection] = true
		}
	}
	removed := 0
	for id, r := range m.records {
		if r.State == connection.PendingAuthorization && r.CreatedAt.Before(pendingBefore) && !busy[id] && removed < limit {
			m.remove(id)
			removed++
		}
	}
	return removed, nil
}
