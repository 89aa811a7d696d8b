package connectiontest

import (
	"context"
	"time"

	"latchkey/internal/connection"
)

// OpenAttempt implements [connection.AttemptStore].
func (m *Memory) OpenAttempt(_ context.Context, attempt connection.Attempt) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("OpenAttempt"); err != nil {
		return err
	}
	if _, ok := m.records[attempt.Connection]; !ok {
		return connection.ErrNotFound
	}
	m.attempts[attempt.ID] = attempt
	return nil
}

// AttemptByLink implements [connection.AttemptStore].
func (m *Memory) AttemptByLink(_ context.Context, link connection.Hash) (connection.Attempt, error) {
	return m.attempt("AttemptByLink", func(a connection.Attempt) bool { return a.Link == link })
}

// AttemptByState implements [connection.AttemptStore].
func (m *Memory) AttemptByState(_ context.Context, state connection.Hash) (connection.Attempt, error) {
	return m.attempt("AttemptByState", func(a connection.Attempt) bool { return a.State == state })
}

func (m *Memory) attempt(method string, is func(connection.Attempt) bool) (connection.Attempt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter(method); err != nil {
		return connection.Attempt{}, err
	}
	for _, a := range m.attempts {
		if is(a) {
			return a, nil
		}
	}
	return connection.Attempt{}, connection.ErrAttemptUnknown
}

// BindAttempt implements [connection.AttemptStore].
func (m *Memory) BindAttempt(_ context.Context, id string, cookie connection.Hash) error {
	return m.changeAttempt("BindAttempt", id, func(a *connection.Attempt) bool {
		a.Cookie = cookie
		return a.UsedAt.IsZero()
	})
}

// UseAttempt implements [connection.AttemptStore].
func (m *Memory) UseAttempt(_ context.Context, id, outcome string, at time.Time) error {
	return m.changeAttempt("UseAttempt", id, func(a *connection.Attempt) bool {
		open := a.UsedAt.IsZero()
		a.UsedAt, a.Outcome = at, outcome
		return open
	})
}

// FailAttempt implements [connection.AttemptStore].
func (m *Memory) FailAttempt(_ context.Context, id, outcome string, failure connection.LastError) error {
	return m.changeAttempt("FailAttempt", id, func(a *connection.Attempt) bool {
		a.Outcome = outcome
		if r, ok := m.records[a.Connection]; ok {
			r.LastError, r.UpdatedAt = &failure, failure.At
			r.Version++
			m.records[a.Connection] = r
			told := connection.FailedConsent(id, &failure)
			told.Generation, told.State = r.Generation, r.State
			m.tell(r.ID, &told)
		}
		return true
	})
}

func (m *Memory) changeAttempt(method, id string, change func(*connection.Attempt) bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter(method); err != nil {
		return err
	}
	a, ok := m.attempts[id]
	if !ok || !change(&a) {
		return connection.ErrAttemptUsed
	}
	m.attempts[id] = a
	return nil
}
