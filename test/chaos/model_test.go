package chaos

import (
	"errors"
	"os"
	"sync"
	"testing"
	"time"
)

// model is a keeper that keeps to the rule, as small as one can be: what is sent is written down before, an ambiguous
// send is repeated at once, a claim is void with its node. The harness must find nothing wrong with it.
type model struct {
	mu      sync.Mutex
	claims  map[string]*peer
	intents map[string]intent
}

// intent is a refresh token that was sent, or is about to be.
type intent struct {
	refresh   string
	first     time.Time
	sends     int
	ambiguous bool
}

var errBusy = errors.New("another node is at it")

func (m *model) renew(p *peer, id string) (row, error) {
	for until := time.Now().Add(10 * time.Second); !m.claim(p, id); {
		if time.Now().After(until) || !pause(p.ctx, 20*time.Millisecond) {
			return row{}, errBusy
		}
	}
	defer m.release(p, id)
	r, err := p.read(id)
	if err != nil || !p.due(r) {
		return r, err
	}
	for {
		if !m.journal(p, id, r.refresh) {
			return row{}, errors.New("it can't be sent again")
		}
		next, err := p.exchange(r.refresh, 2*time.Second)
		if err == nil {
			if err = p.write(id, next); err == nil {
				m.settle(id)
			}
			return next, err
		}
		switch open := m.note(p, id, errors.Is(err, errRefused)); {
		case !open:
			r.failed = time.Now().Add(time.Second)
			return row{}, errors.Join(err, p.write(id, r))
		case !pause(p.ctx, 300*time.Millisecond):
			return row{}, p.ctx.Err()
		}
	}
}

func (m *model) claim(p *peer, id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if owner := m.claims[id]; p.ctx.Err() != nil || owner != nil && owner.ctx.Err() == nil {
		return false
	}
	m.claims[id] = p
	return true
}

func (m *model) release(p *peer, id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.claims[id] == p {
		delete(m.claims, id)
	}
}

// journal writes a send down; false when the rule forbids it.
func (m *model) journal(p *peer, id, refresh string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.intents[id]
	if i.refresh != refresh {
		i = intent{refresh: refresh, first: time.Now()}
	}
	if p.ctx.Err() != nil || i.ambiguous && (i.sends > 3 || time.Since(i.first) > 10*time.Second) {
		return false
	}
	i.sends, i.ambiguous = i.sends+1, true
	m.intents[id] = i
	return true
}

// note keeps an ambiguous send open. A refusal of what was sent once alone settles it.
func (m *model) note(p *peer, id string, refused bool) (open bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p.ctx.Err() == nil && refused && m.intents[id].sends == 1 {
		delete(m.intents, id)
		return false
	}
	return true
}

func (m *model) settle(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.intents, id)
}

// recover repeats what an earlier node has left open.
func (m *model) recover(p *peer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id := range m.intents {
		go func() { _, _, _ = p.flights.Do(id, func() (any, error) { return m.renew(p, id) }) }()
	}
}

// A keeper that keeps to the rule passes, through everything that the provider and the killer do.
func TestModelPasses(t *testing.T) {
	if testing.Short() {
		t.Skip("a quarter of a minute of faults")
	}
	config := Config{
		Keeper: "model", Seed: uint64(time.Now().UnixNano()), Duration: 12 * time.Second, Kills: 15, Connections: 40, Reads: 100,
		Life: 2 * time.Second, Grace: 10 * time.Second, Faults: []string{FaultDrop, FaultSlow, FaultBusy, FaultBroken},
	}
	provider := newProvider(config)
	defer provider.stop()
	m := &model{claims: map[string]*peer{}, intents: map[string]intent{}}
	s, err := openPeers(config, provider, m.renew, m.recover)
	if err != nil {
		t.Fatal(err)
	}
	defer s.end()
	r, err := s.run(t.Context(), os.Stdout)
	if err != nil {
		t.Fatal(err)
	}
	if r.Within == 0 || r.Outside > 0 || r.Lost > 0 || r.Reads[readExpired] > 0 {
		r.Tell(os.Stdout)
		t.Errorf("the model: %d repeats in the rule and %d outside, %d grants lost, %d expired tokens served; want some, and then 0",
			r.Within, r.Outside, r.Lost, r.Reads[readExpired])
	}
}
