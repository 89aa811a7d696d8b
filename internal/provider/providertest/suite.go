// Package providertest holds the implementations of [provider.Store] to its contract. Run it with a function that gives a
// fresh one.
package providertest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/event"
	"latchkey/internal/ident"
	"latchkey/internal/provider"
)

var now = time.Date(2026, 11, 21, 9, 30, 15, 0, time.UTC)

const host = provider.Host("login.example.com")

// Subject is what is tested.
type Subject struct {
	provider.Store
	// Events gives what was told so far.
	Events func(t *testing.T) []event.Event
}

// Run runs every test on a store of its own.
func Run(t *testing.T, fresh func(t *testing.T) Subject) {
	for name, test := range map[string]func(*testing.T, Subject){
		"Stand": testStand, "StandOnce": testStandOnce, "Meet": testMeet, "Incident": testIncident, "IncidentOnce": testIncidentOnce,
	} {
		t.Run(name, func(t *testing.T) { test(t, fresh(t)) })
	}
}

func down(at time.Time) provider.Standing {
	return provider.Standing{Down: true, Since: at, Last: provider.Failure{Class: provider.Unavailable, Status: 503, At: at}}
}

func up(at time.Time) provider.Standing { return provider.Standing{Since: at} }

func meet(t *testing.T, s Subject, organizations ...string) {
	t.Helper()
	for _, organization := range organizations {
		if err := s.Meet(context.Background(), []provider.Acquaintance{{Host: host, Organization: organization, At: now}}); err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, s Subject) provider.Kept {
	t.Helper()
	kept, err := s.Read(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

func testStand(t *testing.T, s Subject) {
	meet(t, s, "acme", "globex")
	for _, step := range []struct {
		standing provider.Standing
		changed  bool
	}{
		{up(now), false}, {down(now), true}, {down(now.Add(time.Minute)), false}, {up(now.Add(time.Hour)), true},
		{up(now.Add(2 * time.Hour)), false}, {down(now.Add(3 * time.Hour)), true},
	} {
		changed, err := s.Stand(context.Background(), host, step.standing)
		if err != nil || changed != step.changed {
			t.Errorf("Stand(%+v) = %v, %v, want %v", step.standing, changed, err, step.changed)
		}
	}
	want := map[provider.Host]provider.Standing{host: down(now.Add(3 * time.Hour))}
	if diff := cmp.Diff(want, read(t, s).Standings); diff != "" {
		t.Errorf("the standings (-want +got):\n%s", diff)
	}
	told := map[string][]event.Type{}
	for _, e := range s.Events(t) {
		told[e.Organization] = append(told[e.Organization], e.Type)
		if e.Subject != string(host) || e.Type == event.ProviderUp && e.Data["down_since"] != now.Format(time.RFC3339) {
			t.Errorf("told %+v", e)
		}
	}
	edges := []event.Type{event.ProviderDown, event.ProviderUp, event.ProviderDown}
	if diff := cmp.Diff(map[string][]event.Type{"acme": edges, "globex": edges}, told); diff != "" {
		t.Errorf("what was told (-want +got):\n%s", diff)
	}
}

// However many nodes see an outage begin at the same time, it is told once.
func testStandOnce(t *testing.T, s Subject) {
	meet(t, s, "acme")
	var group sync.WaitGroup
	var changes atomic.Int32
	for range 20 {
		group.Go(func() {
			changed, err := s.Stand(context.Background(), host, down(now))
			if err != nil {
				t.Error(err)
			}
			if changed {
				changes.Add(1)
			}
		})
	}
	group.Wait()
	if told := s.Events(t); changes.Load() != 1 || len(told) != 1 {
		t.Errorf("%d changes and %d events, want 1 and 1", changes.Load(), len(told))
	}
}

func testMeet(t *testing.T, s Subject) {
	later := now.Add(time.Hour)
	for _, at := range []time.Time{now, later, now} {
		if err := s.Meet(context.Background(), []provider.Acquaintance{
			{Host: host, Organization: "acme", At: at}, {Host: "b.example.com", Organization: "acme", At: at},
		}); err != nil {
			t.Fatal(err)
		}
	}
	want := []provider.Acquaintance{{Host: "b.example.com", Organization: "acme", At: later}, {Host: host, Organization: "acme", At: later}}
	if diff := cmp.Diff(want, read(t, s).Known); diff != "" {
		t.Errorf("who calls (-want +got):\n%s", diff)
	}
}

func incident(mark byte) provider.Incident {
	return provider.Incident{
		ID: ident.New("inc"), Host: host, Organization: "acme", Sandbox: "prod", Definition: "def_1", Revision: 3, Client: "client-1",
		Mark: provider.Mark{mark}, OpenedAt: now, ProbeAt: now.Add(time.Minute),
		Last: provider.Failure{Class: provider.ClientDead, Code: "invalid_client", Status: 401, Description: "secret expired", At: now},
	}
}

func testIncident(t *testing.T, s Subject) {
	ctx := context.Background()
	first := incident(1)
	kept, err := s.Open(ctx, first)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, kept); diff != "" {
		t.Errorf("Open() (-want +got):\n%s", diff)
	}
	if again, err := s.Open(ctx, incident(1)); err != nil || again.ID != first.ID {
		t.Errorf("Open() of the same mark gives %s, %v, want %s", again.ID, err, first.ID)
	}
	second := incident(2)
	if _, err := s.Open(ctx, second); err != nil {
		t.Fatal(err)
	}
	first.ClosedAt, first.EndedBy = now.Add(time.Hour), provider.Accepted
	for _, want := range []bool{true, false} {
		if changed, err := s.End(ctx, first); err != nil || changed != want {
			t.Errorf("End() = %v, %v, want %v", changed, err, want)
		}
	}
	if diff := cmp.Diff([]provider.Incident{second}, read(t, s).Open); diff != "" {
		t.Errorf("the open incidents (-want +got):\n%s", diff)
	}
	third := incident(1)
	if kept, err := s.Open(ctx, third); err != nil || kept.ID != third.ID {
		t.Errorf("Open() after the end of the one before gives %s, %v, want %s", kept.ID, err, third.ID)
	}
	var told []string
	for _, e := range s.Events(t) {
		told = append(told, string(e.Type)+" "+e.Subject)
		if e.Organization != "acme" || e.Sandbox != "prod" {
			t.Errorf("told %+v", e)
		}
	}
	want := []string{"provider.down " + first.ID, "provider.down " + second.ID, "provider.up " + first.ID, "provider.down " + third.ID}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("what was told (-want +got):\n%s", diff)
	}
}

func testIncidentOnce(t *testing.T, s Subject) {
	var group sync.WaitGroup
	ids := make(chan string, 20)
	for range cap(ids) {
		group.Go(func() {
			kept, err := s.Open(context.Background(), incident(1))
			if err != nil {
				t.Error(err)
			}
			ids <- kept.ID
		})
	}
	group.Wait()
	close(ids)
	first := <-ids
	for id := range ids {
		if id != first {
			t.Errorf("two incidents are open: %s and %s", first, id)
		}
	}
	if told := s.Events(t); len(told) != 1 {
		t.Errorf("%d events, want 1", len(told))
	}
}
