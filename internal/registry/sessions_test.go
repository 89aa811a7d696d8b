package registry_test

import (
	"errors"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/registry"
	"latchkey/internal/secret"
)

// TestSessions walks a session from its beginning to each of its ends.
func TestSessions(t *testing.T) {
	p := newPeople(t)
	ada := p.active(t, registry.NewUser{Email: "ada@example.com", Role: access.Viewer})
	begin := func() registry.Begun {
		t.Helper()
		begun, err := p.sessions.Begin(ctx, registry.Entry{User: ada, Proof: registry.ByPassword})
		if err != nil {
			t.Fatal(err)
		}
		return begun
	}
	open := func(begun registry.Begun, want error) (registry.Session, registry.User) {
		t.Helper()
		s, user, err := p.sessions.Open(ctx, begun.Name)
		if !errors.Is(err, want) {
			t.Errorf("Open() = %v, want %v", err, want)
		}
		return s, user
	}
	began := p.hand.Now()
	first, second := begin(), begin()
	if first.Name.Reveal() == second.Name.Reveal() || len(first.Name.Reveal()) != 43 || !first.Until.Equal(began.Add(12*time.Hour)) {
		t.Errorf("Begin() = %+v", first)
	}
	// In use it lasts twelve hours, and the time of the proof stays.
	for range 7 {
		p.hand.Advance(100 * time.Minute)
		if s, user := open(first, nil); !s.BeganAt.Equal(began) || user.ID != ada.ID {
			t.Errorf("after %v Open() = %+v of %s", p.hand.Now().Sub(began), s, user.ID)
		}
	}
	open(second, registry.ErrNotFound) // two hours without a request
	p.hand.Advance(20 * time.Minute)
	open(first, registry.ErrNotFound)
	// What the person is counts at once.
	third := begin()
	role := access.Developer
	if _, err := p.Change(ctx, p.admin, ada.ID, registry.UserEdit{Role: &role}); err != nil {
		t.Fatal(err)
	}
	if _, user := open(third, nil); user.Caller().Role != access.Developer {
		t.Errorf("after a change the role is %s", user.Role)
	}
	for _, act := range []func() error{
		func() error { _, err := p.Disable(ctx, p.admin, ada.ID); return err },
		func() error { _, err := p.Enable(ctx, p.admin, ada.ID); return err },
	} {
		if err := act(); err != nil {
			t.Fatal(err)
		}
		open(third, registry.ErrNotFound)
	}
	fourth := begin()
	for range 2 {
		if err := p.sessions.End(ctx, fourth.Name); err != nil {
			t.Errorf("End() = %v", err)
		}
	}
	open(fourth, registry.ErrNotFound)
	open(registry.Begun{}, registry.ErrNotFound)
}

// TestTickets spends each ticket once, in time, and for a session alone.
func TestTickets(t *testing.T) {
	p := newPeople(t)
	ada := p.active(t, registry.NewUser{Email: "ada@example.com", Role: access.Viewer})
	ticket := func() secret.String {
		t.Helper()
		made, err := p.sessions.Ticket(ctx, registry.Entry{User: ada, Proof: registry.ByTicket}, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	first := ticket()
	if _, _, err := p.sessions.Open(ctx, first); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("Open() of a ticket = %v", err)
	}
	begun, err := p.sessions.Redeem(ctx, first, registry.Second{}, registry.Browser{})
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := p.sessions.Open(ctx, begun.Name)
	if err != nil || s.Proof != registry.ByTicket {
		t.Errorf("Open() of what it began = %+v, %v", s, err)
	}
	late := ticket()
	p.hand.Advance(time.Hour)
	void := ticket()
	if _, err := p.Disable(ctx, p.admin, ada.ID); err != nil {
		t.Fatal(err)
	}
	for what, name := range map[string]secret.String{
		"spent": first, "that ended": late, "of a disabled person": void, "unknown": secret.New("x"), "empty": {}, "that is a session": begun.Name,
	} {
		if _, err := p.sessions.Redeem(ctx, name, registry.Second{}, registry.Browser{}); !errors.Is(err, registry.ErrLink) {
			t.Errorf("Redeem() of a ticket %s = %v, want ErrLink", what, err)
		}
	}
}
