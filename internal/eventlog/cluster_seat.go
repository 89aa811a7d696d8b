package eventlog

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// remoteSeat is a seat that a member of this node has in a group of the whole cluster.
type remoteSeat struct {
	of      *Cluster
	key, id string
	count   int
	ctx     context.Context
	stop    context.CancelFunc
	ended   chan struct{}

	mu      sync.Mutex
	parts   []int
	changed chan struct{}
}

// beat tells that the member lives, and takes out those that have not.
func (m *remoteSeat) beat(ctx context.Context) error {
	now := m.of.config.Clock.Now().UTC()
	s, err := change(ctx, m.of.members, m.key, func(s *sitting, _ bool) (bool, error) {
		i := slices.IndexFunc(s.Members, func(o sitter) bool { return o.ID == m.id })
		if i < 0 {
			s.Members = append(s.Members, sitter{ID: m.id, Since: now, Seen: now})
		} else {
			s.Members[i].Seen = now
		}
		s.sweep(now, m.of.config.Beat)
		return true, nil
	})
	if err == nil {
		m.sit(s)
	}
	return err
}

// follow hears of changes, and beats.
func (m *remoteSeat) follow(watch jetstream.KeyWatcher) {
	defer close(m.ended)
	defer func() { _ = watch.Stop() }()
	timer := m.of.config.Clock.NewTimer(m.of.config.Beat)
	defer timer.Stop()
	heard := m.of.config.Clock.Now()
	for {
		select {
		case <-m.ctx.Done():
			return
		case entry, ok := <-watch.Updates():
			if !ok {
				return
			}
			var s sitting
			if entry != nil && json.Unmarshal(entry.Value(), &s) == nil {
				m.sit(s)
			}
		case <-timer.C():
			ctx, cancel := context.WithTimeout(m.ctx, m.of.config.Beat)
			err := m.beat(ctx)
			cancel()
			now := m.of.config.Clock.Now()
			if err == nil {
				heard = now
			} else if now.Sub(heard) > gone*m.of.config.Beat {
				m.sit(sitting{}) // the others have taken over by now
			}
			timer.Reset(m.of.config.Beat)
		}
	}
}

// sit takes the partitions that are the member's among those who sit.
func (m *remoteSeat) sit(s sitting) {
	var parts []int
	if i := slices.IndexFunc(s.Members, func(o sitter) bool { return o.ID == m.id }); i >= 0 {
		parts = assigned(m.count, i, len(s.Members))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if slices.Equal(parts, m.parts) {
		return
	}
	m.parts = parts
	close(m.changed)
	m.changed = make(chan struct{})
}

// Partitions implements [Seat].
func (m *remoteSeat) Partitions() ([]int, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.parts), m.changed
}

// Leave implements [Seat].
func (m *remoteSeat) Leave() {
	m.stop()
	<-m.ended
	ctx, cancel := context.WithTimeout(m.of.ctx, 5*time.Second)
	defer cancel()
	_, err := change(ctx, m.of.members, m.key, func(s *sitting, there bool) (bool, error) {
		s.Members = slices.DeleteFunc(s.Members, func(o sitter) bool { return o.ID == m.id })
		return there, nil
	})
	if err != nil {
		m.of.config.Log.Warn("leaving a group", "error", err) // the others see that it is gone
	}
	m.sit(sitting{})
}
