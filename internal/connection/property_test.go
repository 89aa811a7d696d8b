package connection_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"latchkey/internal/connection"
	"latchkey/internal/exchange"
)

// machine drives one connection through whatever may happen to it, and checks after each step what must always hold.
type machine struct {
	w        *world
	id       string
	mode     exchange.Kind // how the provider fails, when it does
	failing  bool
	life     time.Duration
	last     string          // the refresh token that the provider gave last
	given    map[string]bool // access tokens that the provider gave
	used     map[string]int  // refresh token → how often it worked
	state    connection.State
	calls    int // when state was noted
	restarts int
}

func newMachine(t *rapid.T, w *world) *machine {
	m := &machine{w: w, life: time.Hour, given: map[string]bool{}, used: map[string]int{}, state: connection.Active}
	w.provider.script(func(n int, in exchange.Input) (*exchange.TokenSet, error) {
		presented := ""
		if in.Tokens != nil {
			presented = in.Tokens.RefreshToken.Reveal()
		}
		justRefused := m.failing && m.mode == exchange.GrantDead // the one before is then tried, with nothing left to lose
		if presented != "" && presented != m.last && !justRefused {
			t.Fatalf("call %d presented %q, and the last that was given is %q", n, presented, m.last)
		}
		if m.failing {
			return nil, &exchange.Failure{Kind: m.mode, Code: "scripted"}
		}
		if m.used[presented]++; presented != "" && m.used[presented] > 1 {
			t.Fatalf("call %d presented %q again", n, presented)
		}
		set := w.provider.token(n, m.life)
		m.last, m.given[set.AccessToken.Reveal()] = set.RefreshToken.Reveal(), true
		return set, nil
	})
	m.id = w.connect("person", "").ID
	return m
}

func (m *machine) Advance(t *rapid.T) {
	m.w.clock.Advance(time.Duration(rapid.IntRange(0, 5400).Draw(t, "seconds")) * time.Second)
}

func (m *machine) Provider(t *rapid.T) {
	m.failing = rapid.Bool().Draw(t, "failing")
	m.mode = rapid.SampledFrom([]exchange.Kind{
		exchange.GrantDead, exchange.ClientDead, exchange.ProviderDown, exchange.BadResponse, exchange.Denied,
	}).Draw(t, "kind")
	m.life = time.Duration(rapid.IntRange(0, 7200).Draw(t, "life")) * time.Second
}

func (m *machine) Read(t *rapid.T) {
	want := connection.Want{MinTTL: time.Duration(rapid.IntRange(0, 3).Draw(t, "minutes")*20) * time.Minute}
	before := m.w.get(m.id)
	if rapid.Bool().Draw(t, "reject") {
		if token, err := m.w.keeper.Token(context.Background(), reader, m.id, connection.Want{}); err == nil {
			want.Rejected = token.ETag
			before = m.w.get(m.id)
		}
	}
	calls, now := m.w.provider.count(), m.w.clock.Now()
	token, err := m.w.keeper.Token(context.Background(), reader, m.id, want)
	after := m.w.get(m.id)
	most := 1
	if m.failing && m.mode == exchange.GrantDead {
		most = 2 // with the refresh token of before
	}
	if m.w.provider.count() > calls+most {
		t.Fatalf("one read caused %d exchanges", m.w.provider.count()-calls)
	}
	alive := before.ExpiresAt.IsZero() || now.Before(before.ExpiresAt)
	if err != nil {
		if alive && want.Rejected == "" && before.State != connection.Disabled {
			t.Fatalf("Token() = %v although the token of generation %d is valid", err, before.Generation)
		}
		m.explain(t, err, after)
		return
	}
	if !m.given[token.AccessToken.Reveal()] {
		t.Fatalf("%q was served and nobody gave it", token.AccessToken.Reveal())
	}
	fresh := token.Generation > before.Generation
	if !token.ExpiresAt.IsZero() && !now.Before(token.ExpiresAt) && !fresh {
		t.Fatalf("a token that ended at %v was served at %v", token.ExpiresAt, now)
	}
	if token.Generation != after.Generation || want.Rejected == token.ETag {
		t.Fatalf("generation %d was served, %d is stored", token.Generation, after.Generation)
	}
}

// explain checks that an error fits the state.
func (m *machine) explain(t *rapid.T, err error, after connection.Connection) {
	var want connection.State
	switch {
	case isA[*connection.DisabledError](err):
		want = connection.Disabled
	case isA[*connection.NeedsReauthorizationError](err):
		want = connection.NeedsReauthorization
	case isA[*connection.ProviderError](err):
		want = connection.Degraded
	case errors.Is(err, connection.ErrNotModified):
		return
	}
	if after.State != want {
		t.Fatalf("Token() = %v in the state %v", err, after.State)
	}
}

func isA[T error](err error) bool { _, ok := errors.AsType[T](err); return ok }

func (m *machine) Refresh(t *rapid.T) {
	before := m.w.get(m.id)
	_, err := m.w.connector.Refresh(context.Background(), admin, connection.Ref{Name: m.id})
	if after := m.w.get(m.id); err == nil && after.Generation != before.Generation+1 {
		t.Fatalf("Refresh() brought generation %d after %d", after.Generation, before.Generation)
	}
}

func (m *machine) Reauthorize(*rapid.T) {
	_, _ = m.w.connector.Reauthorize(context.Background(), admin, connection.Ref{Name: m.id}, connection.Reauthorize{})
}

func (m *machine) Switch(t *rapid.T) {
	act := m.w.connector.Disable
	if rapid.Bool().Draw(t, "on") {
		act = m.w.connector.Enable
	}
	if _, err := act(context.Background(), admin, connection.Ref{Name: m.id}); err != nil {
		t.Fatal(err)
	}
}

// Restart goes on in a process that knows nothing but the store.
func (m *machine) Restart(t *rapid.T) {
	if m.restarts++; m.restarts > 3 {
		t.Skip("enough")
	}
	m.w.restart()
}

// Check is what always holds.
func (m *machine) Check(t *rapid.T) {
	now := m.w.get(m.id)
	calls := m.w.provider.count()
	if now.State != m.state && !m.state.To(now.State) && !viaActive(m.state, now.State) {
		t.Fatalf("%v went to %v", m.state, now.State)
	}
	if m.state == connection.Disabled && now.State == connection.Disabled && calls != m.calls {
		t.Fatal("a disabled connection was exchanged")
	}
	if now.State == connection.NeedsReauthorization && !now.NextRefreshAt.IsZero() {
		t.Fatal("a dead grant is due")
	}
	if (now.State == connection.Active) != (now.LastError == nil) && now.State != connection.Disabled && now.State != connection.NeedsReauthorization {
		t.Fatalf("%v with the last error %+v", now.State, now.LastError)
	}
	m.state, m.calls = now.State, calls
}

// viaActive allows for a step that did two things: it renewed, and was rejected.
func viaActive(from, to connection.State) bool {
	return from.To(connection.Active) && connection.Active.To(to)
}

func TestStateMachine(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t)
		r.Repeat(rapid.StateMachineActions(newMachine(r, w)))
	})
}

func TestEdges(t *testing.T) {
	for _, from := range connection.States() {
		if from.To(from) || !from.Valid() {
			t.Errorf("%v leads to itself, or is none", from)
		}
		if from != connection.Disabled && !from.To(connection.Disabled) {
			t.Errorf("%v can't be disabled", from)
		}
	}
	for _, from := range []connection.State{connection.Active, connection.Degraded, connection.NeedsReauthorization} {
		if from.To(connection.PendingAuthorization) {
			t.Errorf("%v goes back to waiting for its first consent", from)
		}
	}
	if connection.NeedsReauthorization.To(connection.Degraded) || connection.State("x").Valid() {
		t.Error("a dead grant is revived by an outage, or anything is a state")
	}
}
