package connectiontest

import (
	"context"
	"testing"
	"time"

	"latchkey/internal/connection"
	"latchkey/internal/exchange"
)

// testHistory holds that what happens is told with it, that a ring keeps the newest, and that what is old goes.
func testHistory(t *testing.T, s Subject) {
	ctx := context.Background()
	r := record(t, s.AddDefinition(t, "moviestar"), "acme")
	r.Past = &connection.Past{At: start, What: connection.WasCreated, By: "key_1", State: connection.Active, Generation: 1}
	r = create(t, s, r, nil)
	at := start.Add(time.Hour)
	commit := commitOf(r, "2", at)
	commit.Past = &connection.Past{At: at, What: connection.WasRefreshed, Cause: "due", Took: 42 * time.Millisecond, Status: 200, Scope: "read", Rotated: true}
	if _, applied, err := s.Ledger.Commit(ctx, commit); err != nil || !applied {
		t.Fatalf("Commit() = %v, %v", applied, err)
	}
	if _, applied, err := s.Ledger.Commit(ctx, commit); err != nil || applied {
		t.Fatalf("the same again = %v, %v", applied, err)
	}
	back := connection.Setback{
		Organization: r.Organization, ID: r.ID, Generation: 2, State: connection.Degraded, Reason: "away", At: at.Add(time.Minute),
		LastError: &connection.LastError{Kind: exchange.ProviderDown, Status: 503, At: at.Add(time.Minute)},
		Past:      &connection.Past{At: at.Add(time.Minute), What: connection.WasNotRefreshed, Class: "provider_down", Status: 503},
	}
	if _, applied, err := s.Ledger.SetBack(ctx, back); err != nil || !applied {
		t.Fatalf("SetBack() = %v, %v", applied, err)
	}
	r = find(t, s, r.ID)
	label := "renamed"
	change := connection.Change{
		Organization: r.Organization, ID: r.ID, Version: r.Version, Label: &label, At: at.Add(2 * time.Minute),
		Past: connection.Past{At: at.Add(2 * time.Minute), What: connection.WasChanged, Label: label},
	}
	if err := s.Store.Change(ctx, change); err != nil {
		t.Fatalf("Change() = %v", err)
	}
	a := attempt(t, &r)
	if err := s.Attempts.OpenAttempt(ctx, a); err != nil {
		t.Fatalf("OpenAttempt() = %v", err)
	}
	if err := s.Attempts.UseAttempt(ctx, a.ID, "", at.Add(3*time.Minute)); err != nil {
		t.Fatalf("UseAttempt() = %v", err)
	}
	denied := connection.LastError{Kind: exchange.Denied, Code: "access_denied", At: at.Add(3 * time.Minute)}
	if err := s.Attempts.FailAttempt(ctx, a.ID, "access_denied", denied); err != nil {
		t.Fatalf("FailAttempt() = %v", err)
	}
	found := historyOf(t, s, r.ID, start.Add(-time.Hour))
	for what, want := range map[connection.What]connection.Past{
		connection.WasCreated:       *createdPast(),
		connection.WasRefreshed:     {At: at, What: connection.WasRefreshed, Cause: "due", Took: 42 * time.Millisecond, Generation: 2, State: connection.Active, Status: 200, Scope: "read", Rotated: true},
		connection.WasNotRefreshed:  {At: at.Add(time.Minute), What: connection.WasNotRefreshed, Generation: 2, State: connection.Degraded, Reason: "away", Status: 503, Class: "provider_down"},
		connection.WasChanged:       {At: at.Add(2 * time.Minute), What: connection.WasChanged, Label: label},
		connection.WasNotAuthorized: {At: at.Add(3 * time.Minute), What: connection.WasNotAuthorized, Generation: 2, State: connection.Degraded, Class: "denied", Code: "access_denied", Attempt: a.ID},
		connection.ConsentBegun:     {At: a.CreatedAt, What: connection.ConsentBegun, By: a.CreatedBy, Attempt: a.ID, Outcome: "access_denied"},
	} {
		if got := found[what]; len(got) != 1 || got[0] != want {
			t.Errorf("%s is told as %+v, want %+v", what, got, want)
		}
	}
	testRing(t, s, r.ID, at)
}

func createdPast() *connection.Past {
	return &connection.Past{At: start, What: connection.WasCreated, By: "key_1", State: connection.Active, Generation: 1}
}

// testRing renews more often than is kept.
func testRing(t *testing.T, s Subject, id string, at time.Time) {
	t.Helper()
	ctx := context.Background()
	for range connection.HistoryKept + 5 {
		r := find(t, s, id)
		at = at.Add(time.Hour)
		commit := commitOf(r, "n", at)
		commit.Past = &connection.Past{At: at, What: connection.WasRefreshed}
		if _, applied, err := s.Ledger.Commit(ctx, commit); err != nil || !applied {
			t.Fatalf("Commit() = %v, %v", applied, err)
		}
	}
	found := historyOf(t, s, id, start)
	if n := len(found[connection.WasRefreshed]); n != connection.HistoryKept || len(found[connection.WasCreated]) != 0 {
		t.Errorf("%d renewals are kept, want %d and nothing older", n, connection.HistoryKept)
	}
	if next, err := s.Ledger.SweepHistory(ctx, at.Add(-10*time.Hour), "", 10); err != nil || next != "" {
		t.Errorf("SweepHistory() = %q, %v", next, err)
	}
	if n := len(historyOf(t, s, id, start)[connection.WasRefreshed]); n != 11 {
		t.Errorf("%d renewals are left, want 11", n)
	}
}

// historyOf gives what happened, by what it is.
func historyOf(t *testing.T, s Subject, id string, since time.Time) map[connection.What][]connection.Past {
	t.Helper()
	all, err := s.Store.History(context.Background(), Organization, id, since)
	if err != nil {
		t.Fatalf("History() = %v", err)
	}
	found := map[connection.What][]connection.Past{}
	for _, p := range all {
		found[p.What] = append(found[p.What], p)
	}
	return found
}
