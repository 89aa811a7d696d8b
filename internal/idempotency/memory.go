package idempotency

import (
	"context"
	"sync"
	"time"
)

// memoryLimit is how many answers a [Memory] keeps.
const memoryLimit = 10_000

// Memory keeps answers in this process: for a server without a store. The zero value works.
type Memory struct {
	mu   sync.Mutex
	kept map[Replay]*kept // :: replay without its hash → answer
}

type kept struct {
	request [32]byte
	answer  *Answer // nil while it is being worked on
	expires time.Time
}

var _ Store = (*Memory)(nil)

func (r Replay) name() Replay {
	r.Request = [32]byte{}
	return r
}

// Begin claims a request, as [Store] says.
func (m *Memory) Begin(_ context.Context, replay Replay, now time.Time) (*Answer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.kept[replay.name()]
	switch {
	case old == nil || !now.Before(old.expires):
	case old.request != replay.Request:
		return nil, ErrOtherRequest
	case old.answer == nil:
		return nil, ErrInProgress
	default:
		return old.answer, nil
	}
	if len(m.kept) >= memoryLimit {
		m.drop(now)
	}
	if m.kept == nil {
		m.kept = map[Replay]*kept{}
	}
	m.kept[replay.name()] = &kept{request: replay.Request, expires: now.Add(ClaimLife)}
	return nil, nil
}

// drop makes room for a tenth: what has expired goes, and when that is not enough, anything.
func (m *Memory) drop(now time.Time) {
	for name, old := range m.kept {
		if !now.Before(old.expires) {
			delete(m.kept, name)
		}
	}
	for name := range m.kept {
		if len(m.kept) <= memoryLimit/10*9 {
			return
		}
		delete(m.kept, name)
	}
}

// Finish keeps the answer until expires.
func (m *Memory) Finish(_ context.Context, replay Replay, answer Answer, expires time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old := m.kept[replay.name()]; old != nil && old.request == replay.Request {
		old.answer, old.expires = &answer, expires
	}
	return nil
}

// Abandon gives a claim back.
func (m *Memory) Abandon(_ context.Context, replay Replay) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old := m.kept[replay.name()]; old != nil && old.answer == nil {
		delete(m.kept, replay.name())
	}
	return nil
}
