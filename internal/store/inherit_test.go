package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"latchkey/internal/connection"
	"latchkey/internal/connection/connectiontest"
	"latchkey/internal/store"
)

// A process that is started where another was killed ends that one's claims, so that any node may present those refresh
// tokens again at once; but for what lies in the spill it holds them itself.
func TestInherit(t *testing.T) {
	ctx := context.Background()
	f := newServed(t)
	here := filepath.Join(f.path, "spill")
	killed, other := f.open(t), f.open(t)
	mustSpill(t, killed, here)
	definition := addDefinition(t, killed, connectiontest.Organization, connectiontest.Sandbox, "moviestar")
	var asks []connection.Claim
	for _, label := range []string{"spilled", "lost"} {
		r := newRecord(t, definition, label)
		if err := killed.Connections().Create(ctx, r, nil); err != nil {
			t.Fatal(err)
		}
		ask := connection.Claim{Organization: r.Organization, ID: r.ID, Version: 1, Generation: 1, Presents: true, At: now, Lease: time.Minute}
		if _, err := killed.Connections().Claim(ctx, ask); err != nil {
			t.Fatal(err)
		}
		ask.Seen = 1
		asks = append(asks, ask)
	}
	spilled, lost := asks[0], asks[1]
	if err := killed.Close(); err != nil {
		t.Fatal(err)
	}
	next := f.open(t)
	mustSpill(t, next, here)
	if err := next.Connections().Inherit(ctx, []string{spilled.ID}, now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if ids, err := other.Connections().Interrupted(ctx, 10); err != nil || !slices.Equal(ids, []string{lost.ID}) {
		t.Errorf("Interrupted() = %v, %v, want what was not spilled", ids, err)
	}
	if got, err := other.Connections().Find(ctx, connection.Selector{ID: lost.ID}); err != nil || !got.Pending.Interrupted || got.Pending.Orphaned {
		t.Errorf("what was lost is %+v, %v", got.Pending, err)
	}
	if got, err := other.Connections().Find(ctx, connection.Selector{ID: spilled.ID}); err != nil || got.Pending.Interrupted {
		t.Errorf("what was spilled is %+v, %v, want it held", got.Pending, err)
	}
	_, err := other.Connections().Claim(ctx, spilled)
	if _, held := errors.AsType[*connection.HeldError](err); !held {
		t.Errorf("Claim() of what lies in another's spill = %v, want it held", err)
	}
	if _, err := other.Connections().Claim(ctx, lost); err != nil {
		t.Errorf("Claim() of what was lost = %v", err)
	}
	commit := newCommit(connection.Record{Organization: spilled.Organization, ID: spilled.ID, Generation: 1}, "spilled")
	commit.Fence = "the killed process's"
	if _, applied, err := next.Connections().Commit(ctx, commit); err != nil || !applied {
		t.Errorf("saving what was spilled: %v, %v", applied, err)
	}
}

func mustSpill(t *testing.T, s *store.Store, dir string) {
	t.Helper()
	if _, err := s.Spill(dir); err != nil {
		t.Fatal(err)
	}
}
