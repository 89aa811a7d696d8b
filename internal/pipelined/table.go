package pipelined

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"latchkey/internal/pipelined/connector"
	"latchkey/internal/pipelined/message"
	"latchkey/internal/secret"
)

// table holds the connectors by the name that routes have for them. A connector is opened when the first trigger comes for
// it, and tried again like a trigger when that fails: a receiver that is away at the start is no other than one that goes
// away later.
type table struct {
	*Daemon
	mu     sync.Mutex
	open   map[string]*slot // by what the entry says: two names for the same thing share it
	change chan struct{}    // closed when the settings were read anew
}

// slot is one connector.
type slot struct {
	entry connector.Entry
	users sync.WaitGroup
	mu    sync.Mutex
	is    connector.Connector
}

func newTable(d *Daemon) *table {
	return &table{Daemon: d, open: map[string]*slot{}, change: make(chan struct{})}
}

// builtInEntry is what takes triggers whose route names no script, unless the settings say otherwise.
func builtInEntry() connector.Entry {
	return connector.Entry{SQL: &connector.SQL{Database: "sqlite:pipelineEvent.db"}}
}

// changed gives a channel that is closed at the next reload.
func (t *table) changed() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.change
}

// entry tells which connector takes the part of a name.
func (s *Setup) entry(name string) (connector.Entry, bool) {
	entry, ok := s.Settings.Connectors[name]
	if !ok && name == "" {
		return builtInEntry(), true
	}
	return entry, ok
}

// Unmapped lists the scripts of the routes that no connector takes the part of.
func (s *Setup) Unmapped() []string {
	var names []string
	for _, name := range s.Routes.Connectors() {
		if _, ok := s.entry(name); !ok {
			names = append(names, name)
		}
	}
	return names
}

// together tells how many triggers a connector takes at once.
func (t *table) together(name string) int {
	entry, ok := t.setup.Load().entry(name)
	if !ok {
		return 1
	}
	return entry.Together()
}

// deliver hands triggers over, and tells how many of the first ones the connector has.
func (t *table) deliver(ctx context.Context, name string, triggers []*message.Trigger) (delivered int, err error) {
	setup := t.setup.Load()
	entry, ok := setup.entry(name)
	if !ok {
		return 0, connector.Unmapped{Name: name, File: setup.SettingsFile}.Deliver(ctx, triggers[0])
	}
	key := entry.Key()
	t.mu.Lock()
	s := t.open[key]
	if s == nil {
		s = &slot{entry: entry}
		t.open[key] = s
	}
	s.users.Add(1)
	t.mu.Unlock()
	defer s.users.Done()
	is, err := s.connector(ctx, t.Daemon)
	if err == nil {
		delivered, err = connector.DeliverAll(ctx, is, triggers)
	}
	if err != nil {
		return delivered, fmt.Errorf("connector %q: %w", name, err)
	}
	return delivered, nil
}

func (s *slot) connector(ctx context.Context, d *Daemon) (connector.Connector, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.is == nil {
		is, err := connector.Open(ctx, d.connectors(), s.entry)
		if err != nil {
			return nil, err
		}
		s.is = is
	}
	return s.is, nil
}

// connectors gives what connectors work with.
func (d *Daemon) connectors() connector.Config {
	config := connector.Config{Client: d.config.Client, Clock: d.clock, Dir: d.config.Dir, Receivers: d.receivers, Warn: func(text string) { d.log.Warn(text) }}
	if server := d.setup.Load().Settings.Server; server != nil && d.config.Token != nil {
		config.Token = func(ctx context.Context, name string) (secret.String, error) {
			return d.config.Token(ctx, *server, name)
		}
	}
	return config
}

func (s *slot) close() error {
	s.users.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.is == nil {
		return nil
	}
	return s.is.Close()
}

// reload closes the connectors whose settings changed, and wakes what waits for another attempt.
func (t *table) reload(setup *Setup) {
	t.mu.Lock()
	var stale []*slot
	kept := map[string]bool{}
	for _, name := range setup.Routes.Connectors() {
		if entry, ok := setup.entry(name); ok {
			kept[entry.Key()] = true
		}
	}
	for key, s := range t.open {
		if !kept[key] {
			stale = append(stale, s)
			delete(t.open, key)
		}
	}
	t.mu.Unlock()
	t.wake()
	for _, s := range stale {
		t.closeSlot(s)
	}
}

// wake has whatever waits for another attempt try it now.
func (t *table) wake() {
	t.mu.Lock()
	defer t.mu.Unlock()
	close(t.change)
	t.change = make(chan struct{})
}

func (t *table) closeSlot(s *slot) {
	if err := s.close(); err != nil {
		t.log.Warn("Closing a connector: " + err.Error())
	}
}

func (t *table) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	var errs []error
	for _, s := range t.open {
		errs = append(errs, s.close())
	}
	if err := errors.Join(errs...); err != nil {
		t.log.Warn("Closing connectors: " + err.Error())
	}
}
