package eventlog

import (
	"slices"
	"sync"
	"time"

	"latchkey/internal/ident"
)

// seats seats the members of one process. The partitions go round: the first to the member that came first, the next to the
// next, so that one who comes or goes moves few of them.
type seats struct {
	mu     sync.Mutex
	groups map[seatKey][]*seat
	now    func() time.Time
}

type seatKey struct{ topic, group string }

type seat struct {
	of      *seats
	key     seatKey
	id      string
	count   int // partitions of the topic
	since   time.Time
	parts   []int
	changed chan struct{}
}

func newSeats(now func() time.Time) *seats { return &seats{groups: map[seatKey][]*seat{}, now: now} }

func (s *seats) join(topic Topic, group string) *seat {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &seat{of: s, key: seatKey{topic.ID, group}, id: ident.New("mem"), count: topic.Partitions, since: s.now(), changed: make(chan struct{})}
	s.groups[m.key] = append(s.groups[m.key], m)
	s.spread(m.key)
	return m
}

// spread gives each partition of a group a member, and tells those for whom it is another than before.
func (s *seats) spread(key seatKey) {
	members := s.groups[key]
	if len(members) == 0 {
		delete(s.groups, key)
		return
	}
	for i, m := range members {
		parts := assigned(m.count, i, len(members))
		if slices.Equal(parts, m.parts) {
			continue
		}
		m.parts = parts
		close(m.changed)
		m.changed = make(chan struct{})
	}
}

// assigned gives the partitions of the member that sits at a place of so many.
func assigned(partitions, at, members int) []int {
	var parts []int
	for p := at; p < partitions; p += members {
		parts = append(parts, p)
	}
	return parts
}

// Partitions implements [Seat].
func (m *seat) Partitions() ([]int, <-chan struct{}) {
	m.of.mu.Lock()
	defer m.of.mu.Unlock()
	return m.parts, m.changed
}

// Leave implements [Seat].
func (m *seat) Leave() {
	m.of.mu.Lock()
	defer m.of.mu.Unlock()
	m.of.groups[m.key] = slices.DeleteFunc(m.of.groups[m.key], func(other *seat) bool { return other == m })
	m.parts = nil
	m.of.spread(m.key)
}

func (s *seats) members(topic Topic, group string) []Member {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Member
	for _, m := range s.groups[seatKey{topic.ID, group}] {
		out = append(out, Member{ID: m.id, Partitions: slices.Clone(m.parts), Since: m.since})
	}
	return out
}
