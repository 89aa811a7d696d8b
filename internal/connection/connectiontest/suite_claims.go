package connectiontest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/connection"
	"latchkey/internal/exchange"
)

func claimOf(r connection.Record, at time.Time) connection.Claim {
	c := connection.Claim{
		Organization: r.Organization, ID: r.ID, Version: r.Version, Generation: r.Generation, Presents: true, At: at,
		Lease: time.Minute,
	}
	if r.Pending != nil {
		c.Seen = r.Pending.Count
	}
	return c
}

func mustClaim(t *testing.T, s Subject, r connection.Record, at time.Time) connection.Claimed {
	t.Helper()
	claimed, err := s.Ledger.Claim(context.Background(), claimOf(r, at))
	if err != nil {
		t.Fatalf("Claim() = %v", err)
	}
	return claimed
}

func testClaims(t *testing.T, s Subject) {
	ctx := context.Background()
	r := create(t, s, record(t, s.AddDefinition(t, "moviestar"), ""), nil)
	at := start.Add(time.Hour)
	up := clock.Up(clock.System())
	ask := claimOf(r, at)
	ask.Up = up
	first, err := s.Ledger.Claim(ctx, ask)
	if err != nil {
		t.Fatal(err)
	}
	up, _ = clock.ParseUptime(up.String())
	if first.Fence == "" || first.Count != 1 || !first.First.Equal(at) || first.FirstUp != up {
		t.Errorf("the claim is %+v", first)
	}
	if _, err := s.Ledger.Claim(ctx, claimOf(r, at)); !errors.Is(err, connection.ErrConflict) {
		t.Errorf("Claim() of what has changed since it was read = %v, want ErrConflict", err)
	}
	if p := find(t, s, r.ID).Pending; p == nil || p.Count != 1 || p.Interrupted || !p.First.Equal(at) || p.FirstUp != up || p.Generation != r.Generation {
		t.Errorf("pending is %+v", p)
	}
	if err := s.Ledger.Again(ctx, r.ID, first.Fence); err != nil {
		t.Fatal(err)
	}
	second := mustClaim(t, s, find(t, s, r.ID), at.Add(time.Second)) // our own claim of a flight that is over
	if second.Count != 3 || !second.First.Equal(at) || second.FirstUp != up || second.Fence == first.Fence {
		t.Errorf("the second claim is %+v", second)
	}
	if err := s.Ledger.Again(ctx, r.ID, first.Fence); !errors.Is(err, connection.ErrFenced) {
		t.Errorf("Again() with an old fence = %v", err)
	}
	old := connection.Setback{Organization: r.Organization, ID: r.ID, Generation: r.Generation, Fence: first.Fence, State: connection.NeedsReauthorization, At: at}
	if _, applied, err := s.Ledger.SetBack(ctx, old); err != nil || applied {
		t.Errorf("SetBack() with an old fence = %v, %v", applied, err)
	}
	c := commitOf(r, "2", at)
	c.Fence = second.Fence
	if _, applied, err := s.Ledger.Commit(ctx, c); err != nil || !applied {
		t.Fatalf("Commit() = %v, %v", applied, err)
	}
	after := find(t, s, r.ID)
	if after.Pending != nil {
		t.Errorf("a commit left %+v", after.Pending)
	}
	if next := mustClaim(t, s, after, at); next.Count != 1 {
		t.Errorf("the next generation's claim is %+v", next)
	}
	stale := claimOf(after, at)
	stale.Version--
	if _, err := s.Ledger.Claim(ctx, stale); !errors.Is(err, connection.ErrConflict) {
		t.Errorf("Claim() of an old version = %v", err)
	}
	gone := claimOf(after, at)
	gone.ID += "x"
	if _, err := s.Ledger.Claim(ctx, gone); !errors.Is(err, connection.ErrNotFound) {
		t.Errorf("Claim() of nothing = %v", err)
	}
}

func testClaimsAtOnce(t *testing.T, s Subject) {
	definition := s.AddDefinition(t, "moviestar")
	for range 10 {
		r := create(t, s, record(t, definition, ""), nil)
		var all sync.WaitGroup
		var won atomic.Int32
		for range 8 {
			all.Go(func() {
				_, err := s.Ledger.Claim(context.Background(), claimOf(r, start))
				if err == nil {
					won.Add(1)
				} else if !errors.Is(err, connection.ErrConflict) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%d of 8 claims of what was read once were granted", won.Load())
		}
	}
}

func testUnanswered(t *testing.T, s Subject) {
	ctx := context.Background()
	r := create(t, s, record(t, s.AddDefinition(t, "moviestar"), ""), nil)
	claimed := mustClaim(t, s, r, start)
	back := connection.Setback{
		Organization: r.Organization, ID: r.ID, Generation: r.Generation, Fence: claimed.Fence, Unanswered: true,
		State: connection.Degraded, RefreshAt: start.Add(time.Hour), At: start,
		LastError: &connection.LastError{Kind: exchange.ProviderDown, Code: "timeout", At: start},
	}
	if _, applied, err := s.Ledger.SetBack(ctx, back); err != nil || !applied {
		t.Fatalf("SetBack() = %v, %v", applied, err)
	}
	got := find(t, s, r.ID)
	if got.State != connection.Degraded || got.Pending == nil || got.Pending.Count != 1 || got.Pending.Interrupted {
		t.Fatalf("left is %v, %+v", got.State, got.Pending)
	}
	if ids, err := s.Ledger.Interrupted(ctx, 10); err != nil || slices.Contains(ids, r.ID) {
		t.Errorf("Interrupted() = %v, %v", ids, err)
	}
	if again := mustClaim(t, s, got, start.Add(time.Hour)); again.Count != 2 || !again.First.Equal(start) {
		t.Errorf("the claim after it is %+v", again)
	}
	back.Fence, back.Unanswered = mustClaim(t, s, find(t, s, r.ID), start.Add(time.Hour)).Fence, false
	if _, applied, err := s.Ledger.SetBack(ctx, back); err != nil || !applied {
		t.Fatal(applied, err)
	}
	if got := find(t, s, r.ID); got.Pending != nil {
		t.Errorf("an answered exchange left %+v", got.Pending)
	}
}
