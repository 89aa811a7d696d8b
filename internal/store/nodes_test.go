package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/connection"
	"latchkey/internal/connection/connectiontest"
	"latchkey/internal/destination"
	"latchkey/internal/store"
)

// twoNodes opens two stores on one database.
func twoNodes(t *testing.T) (one, two *store.Store) {
	t.Helper()
	f := newServed(t)
	return f.open(t), f.open(t)
}

// atOnce runs n acts at the same time, each at one of the nodes in turn.
func atOnce(n int, one, two *store.Store, act func(i int, s *store.Store)) {
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() { act(i, []*store.Store{one, two}[i%2]) })
	}
	wait.Wait()
}

// Of many who save tokens of the same generation exactly one does, on whatever node.
func TestOneOfManyNodesCommits(t *testing.T) {
	ctx := context.Background()
	one, two := twoNodes(t)
	r := newRecord(t, addDefinition(t, one, connectiontest.Organization, connectiontest.Sandbox, "moviestar"), "x")
	if err := one.Connections().Create(ctx, r, nil); err != nil {
		t.Fatal(err)
	}
	for generation := int64(1); generation <= 10; generation++ {
		r.Generation = generation
		var applied atomic.Int64
		atOnce(16, one, two, func(i int, s *store.Store) {
			_, won, err := s.Connections().Commit(ctx, newCommit(r, fmt.Sprint(i)))
			if err != nil {
				t.Error(err)
			}
			if won {
				applied.Add(1)
			}
		})
		if applied.Load() != 1 {
			t.Fatalf("%d of 16 committed generation %d", applied.Load(), generation+1)
		}
	}
}

// Owners who change one version on two nodes: one does, the others are told of a conflict.
func TestOneOfManyNodesChanges(t *testing.T) {
	ctx := context.Background()
	one, two := twoNodes(t)
	r := newRecord(t, addDefinition(t, one, connectiontest.Organization, connectiontest.Sandbox, "moviestar"), "x")
	if err := one.Connections().Create(ctx, r, nil); err != nil {
		t.Fatal(err)
	}
	var changed atomic.Int64
	atOnce(16, one, two, func(i int, s *store.Store) {
		label := fmt.Sprint("label-", i)
		err := s.Connections().Change(ctx, connection.Change{Organization: r.Organization, ID: r.ID, Version: 1, Label: &label, At: now})
		switch {
		case err == nil:
			changed.Add(1)
		case !errors.Is(err, connection.ErrConflict):
			t.Error(err)
		}
	})
	if changed.Load() != 1 {
		t.Errorf("%d of 16 changed the same version", changed.Load())
	}
}

// A definition is deleted on one node while connections to it are made on both: either it is gone and has none, or it is
// there and counts them right.
func TestDefinitionIsDeletedWhileConnectionsCome(t *testing.T) {
	ctx := context.Background()
	one, two := twoNodes(t)
	for round := range 5 {
		id := addDefinition(t, one, connectiontest.Organization, connectiontest.Sandbox, fmt.Sprint("d", round))
		var made atomic.Int64
		atOnce(12, one, two, func(i int, s *store.Store) {
			if i%4 == 3 {
				err := s.Definitions().Delete(ctx, id, audit.Entry{})
				if _, used := errors.AsType[*destination.InUseError](err); err != nil && !used && !errors.Is(err, destination.ErrNotFound) {
					t.Error(err)
				}
				return
			}
			switch err := s.Connections().Create(ctx, newRecord(t, id, "x"), nil); {
			case err == nil:
				made.Add(1)
			case !errors.Is(err, connection.ErrDefinitionNotFound):
				t.Error(err)
			}
		})
		d, err := two.Definitions().Find(ctx, destination.Place{}, id)
		if gone := errors.Is(err, destination.ErrNotFound); gone && made.Load() > 0 || !gone && int64(d.Connections) != made.Load() {
			t.Errorf("%d connections were made; the definition: %d, %v", made.Load(), d.Connections, err)
		}
	}
}

// Two nodes extend one audit chain without a gap.
func TestTwoNodesOneChain(t *testing.T) {
	ctx := context.Background()
	one, two := twoNodes(t)
	const writers, writes = 8, 12
	no := errors.New("no")
	atOnce(writers, one, two, func(i int, s *store.Store) {
		for n := range writes {
			var end error
			if n%4 == 3 {
				end = no
			}
			entry := audit.Entry{Organization: "O", Actor: fmt.Sprint(i), Action: "test.write", Subject: fmt.Sprintf("%03d", n)}
			if err := s.WriteEntries(ctx, end, entry); !errors.Is(err, end) {
				t.Error(err)
			}
		}
	})
	report, err := audit.Examine(chainOf(t, one, "O"))
	if want := int64(writers * writes * 3 / 4); err != nil || !report.OK() || report.Records != want {
		t.Errorf("the chain has %d records, want %d: %v %v", report.Records, want, report.Faults, err)
	}
}

// Many make connections of a few definitions on two nodes, in groups that move the same numbers in every order: the
// numbers are right, and nobody locked anybody out.
func TestCountsAreMovedInOneOrder(t *testing.T) {
	ctx := context.Background()
	f := newServed(t)
	one, two := f.open(t), f.open(t)
	var ids []string
	for i := range 4 {
		ids = append(ids, addDefinition(t, one, connectiontest.Organization, connectiontest.Sandbox, fmt.Sprint("d", i)))
	}
	const callers, each = 32, 12
	atOnce(callers, one, two, func(i int, s *store.Store) {
		for n := range each {
			if err := s.Connections().Create(ctx, newRecord(t, ids[(i+n)%len(ids)], "x"), nil); err != nil {
				t.Error(err)
			}
		}
	})
	for _, id := range ids {
		if d, err := one.Definitions().Find(ctx, destination.Place{}, id); err != nil || d.Connections != callers*each/len(ids) {
			t.Errorf("%d connections are counted, %v, want %d", d.Connections, err, callers*each/len(ids))
		}
	}
	for _, s := range []*store.Store{one, two} {
		if err := s.Close(); err != nil { // what a session met is counted when it ends
			t.Error(err)
		}
	}
	var deadlocks int
	err := f.raw(t).QueryRow(`SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&deadlocks)
	if err != nil || deadlocks != 0 {
		t.Errorf("%d deadlocks, %v", deadlocks, err)
	}
}

// Two nodes that claim and save the same connections at once, each in its own order, never wait in a circle: a server takes
// a second to notice one, and in that time nobody's refresh is saved.
func TestNodesDoNotWaitInACircle(t *testing.T) {
	ctx := context.Background()
	f := newServed(t)
	one, two := f.open(t), f.open(t)
	definition := addDefinition(t, one, connectiontest.Organization, connectiontest.Sandbox, "moviestar")
	records := make([]connection.Record, 60)
	for i := range records {
		records[i] = newRecord(t, definition, fmt.Sprint(i))
		if err := one.Connections().Create(ctx, records[i], nil); err != nil {
			t.Fatal(err)
		}
	}
	for round := range 4 {
		var wait sync.WaitGroup
		for n, s := range []*store.Store{one, two} {
			for _, i := range rand.Perm(len(records)) {
				wait.Go(func() {
					r := records[i]
					ask := connection.Claim{Organization: r.Organization, ID: r.ID, Version: int64(round + 1), Generation: int64(round + 1), Presents: true, At: now, Lease: time.Minute}
					claim, err := s.Connections().Claim(ctx, ask)
					if err != nil {
						return // the other node has it
					}
					r.Generation = int64(round + 1)
					commit := newCommit(r, fmt.Sprint(n))
					commit.Fence = claim.Fence
					if _, _, err := s.Connections().Commit(ctx, commit); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wait.Wait()
	}
	var circles int64
	if err := f.raw(t).QueryRowContext(ctx, `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&circles); err != nil || circles > 0 {
		t.Errorf("the server had to end %d circles, %v", circles, err)
	}
}
