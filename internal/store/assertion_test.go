package store_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestUsedAssertions(t *testing.T) { onBoth(t, testUsedAssertions) }

// testUsedAssertions holds that of many who use an assertion at once one is the first, on two nodes as well, until it is swept.
func testUsedAssertions(t *testing.T, fresh func(testing.TB) folder) {
	ctx := context.Background()
	f := fresh(t)
	nodes := []interface {
		UseAssertion(context.Context, string, time.Time) (bool, error)
		SweepAssertions(context.Context, time.Time) error
	}{f.open(t).Authority()}
	if !f.url.Empty() {
		nodes = append(nodes, f.open(t).Authority())
	}
	now := time.Now().UTC()
	use := func(id string, ends time.Time) int {
		var first atomic.Int64
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				fresh, err := nodes[i%len(nodes)].UseAssertion(ctx, id, ends)
				if err != nil {
					t.Error(err)
				}
				if fresh {
					first.Add(1)
				}
			})
		}
		all.Wait()
		return int(first.Load())
	}
	if n := use("ends", now); n != 1 {
		t.Errorf("%d were the first", n)
	}
	if n := use("stays", now.Add(time.Minute)); n != 1 {
		t.Errorf("%d were the first of another", n)
	}
	if err := nodes[0].SweepAssertions(ctx, now.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if ended, stayed := use("ends", now), use("stays", now); ended != 1 || stayed != 0 {
		t.Errorf("after the sweep %d and %d were the first, want 1 and 0", ended, stayed)
	}
}
