package registrytest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/access"
	"latchkey/internal/registry"
)

// PeopleStore keeps people and their sessions.
type PeopleStore interface {
	registry.UserStore
	registry.SessionStore
	registry.FactorStore
	registry.PasskeyStore
}

// TestSessionStore checks a [registry.SessionStore] that open gives beside its [registry.Store].
func TestSessionStore(t *testing.T, open func(t *testing.T) (registry.Store, PeopleStore)) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, PeopleStore, registry.User){
		"keeping": testSessions, "tickets": testTickets, "persons who go": testSessionsEnd, "some of a person": testSomeSessions,
		"second factors": testFactors, "passkeys": testPasskeys,
	} {
		t.Run(name, func(t *testing.T) {
			store, people := open(t)
			fill(t, store)
			ada := registry.User{
				ID: "A@x", Organization: one, Email: "ada@example.com", Role: access.Viewer, Status: registry.UserActive, Version: 1, CreatedBy: "key_1", CreatedAt: at, UpdatedAt: at,
			}
			if err := people.CreateUser(context.Background(), ada, entry); err != nil {
				t.Fatal(err)
			}
			test(t, people, ada)
		})
	}
}

func newSession(name string, user registry.User) registry.Session {
	return registry.Session{
		Name: []byte(name), ID: "ses_" + name, Person: user.ID, Organization: user.Organization, Proof: registry.ByPassword,
		BeganAt: at, SeenAt: at, EndsAt: at.Add(time.Hour),
	}
}

// begin keeps sessions that spend nothing.
func begin(t *testing.T, store PeopleStore, sessions ...registry.Session) {
	t.Helper()
	for _, s := range sessions {
		if err := store.BeginSession(context.Background(), s, nil, entry); err != nil {
			t.Fatal(err)
		}
	}
}

// gone wants no session of these names.
func gone(t *testing.T, store PeopleStore, names ...string) {
	t.Helper()
	for _, name := range names {
		if s, _, err := store.Session(context.Background(), []byte(name)); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("Session(%q) = %+v, %v, want ErrNotFound", name, s, err)
		}
	}
}

func testSessions(t *testing.T, store PeopleStore, ada registry.User) {
	ctx := context.Background()
	s, other := newSession("a", ada), newSession("b", ada)
	begin(t, store, s, other)
	nobody := newSession("c", ada)
	nobody.Person = "N@x"
	if err := store.BeginSession(ctx, nobody, nil, entry); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("BeginSession() of nobody = %v, want ErrNotFound", err)
	}
	want := func(name string, want registry.Session) {
		t.Helper()
		got, user, err := store.Session(ctx, []byte(name))
		if diff := cmp.Diff(want, got, sameTimes); diff != "" || err != nil {
			t.Errorf("Session(%q) = %v (-want +got):\n%s", name, err, diff)
		}
		if diff := cmp.Diff(ada, user, sameTimes, noProfiles); diff != "" {
			t.Errorf("the person of %q (-want +got):\n%s", name, diff)
		}
	}
	want("a", s)
	s.SeenAt, s.EndsAt = at.Add(time.Minute), at.Add(2*time.Hour)
	for _, seen := range []time.Time{s.SeenAt, at} { // an older one changes nothing
		if err := store.SeeSession(ctx, s.Name, seen, seen.Add(2*time.Hour-time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	want("a", s)
	want("b", other)
	for range 2 { // the second finds none
		if err := store.EndSession(ctx, s.Name, entry); err != nil {
			t.Errorf("EndSession() = %v", err)
		}
	}
	gone(t, store, "a", "c", "")
	want("b", other)
	late := newSession("d", ada)
	late.BeganAt, late.EndsAt = other.EndsAt, other.EndsAt.Add(time.Hour)
	begin(t, store, late)
	gone(t, store, "b")
}

func testTickets(t *testing.T, store PeopleStore, ada registry.User) {
	ctx := context.Background()
	ticket, s := newSession("ticket", ada), newSession("a", ada)
	ticket.Ticket = true
	begin(t, store, ticket)
	if got, _, err := store.Session(ctx, ticket.Name); err != nil || !got.Ticket {
		t.Errorf("Session() of a ticket = %+v, %v", got, err)
	}
	for i, want := range []error{nil, registry.ErrLink} {
		s.Name, s.ID = append(s.Name, byte('0'+i)), s.ID+"x"
		if err := store.BeginSession(ctx, s, ticket.Name, entry); !errors.Is(err, want) {
			t.Errorf("BeginSession() by the ticket, the %d. time = %v, want %v", i+1, err, want)
		}
	}
	gone(t, store, "ticket", "a01")
	s.ID = "ses_y"
	if err := store.BeginSession(ctx, s, []byte("a0"), entry); !errors.Is(err, registry.ErrLink) {
		t.Errorf("BeginSession() by a session = %v, want ErrLink", err)
	}
	if _, _, err := store.Session(ctx, []byte("a0")); err != nil {
		t.Errorf("the session that the ticket began: %v", err)
	}
}

func testSessionsEnd(t *testing.T, store PeopleStore, ada registry.User) {
	ctx := context.Background()
	bob := ada
	bob.ID, bob.Email = "B@x", "bob@example.com"
	if err := store.CreateUser(ctx, bob, entry); err != nil {
		t.Fatal(err)
	}
	begin(t, store, newSession("a", ada), newSession("b", bob))
	change := func(status registry.UserStatus) {
		t.Helper()
		ada.Status = status
		if err := store.ChangeUser(ctx, ada, entry); err != nil {
			t.Fatal(err)
		}
		ada.Version++
	}
	ada.Role = access.Developer
	change(registry.UserActive)
	if _, user, err := store.Session(ctx, []byte("a")); err != nil || user.Role != access.Developer {
		t.Errorf("Session() after a change of the role = %v, %v", user.Role, err)
	}
	change(registry.UserDisabled)
	if err := store.BeginSession(ctx, newSession("c", ada), nil, entry); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("BeginSession() of a disabled person = %v, want ErrNotFound", err)
	}
	change(registry.UserActive)
	gone(t, store, "a", "c")
	begin(t, store, newSession("d", ada))
	ada.FirstName = "Ada"
	change(registry.UserActive)
	if _, _, err := store.Session(ctx, []byte("d")); err != nil {
		t.Errorf("Session() after a change of the name = %v", err)
	}
	ada.Password = "$argon2id$"
	change(registry.UserActive)
	gone(t, store, "d")
	if err := store.DeleteUser(ctx, bob.Organization, bob.ID, entry); err != nil {
		t.Fatal(err)
	}
	gone(t, store, "b")
}
