package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"latchkey/internal/audit"
	"latchkey/internal/store"
)

func openLog(t testing.TB, s *store.Store) *audit.Log {
	t.Helper()
	log, err := audit.Open(context.Background(), audit.LogConfig{Store: s.Audit(), Vault: s.Audit()})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// TestChainHasNoGaps lets many write at once, of which some fail after they handed in their entries: each chain holds
// those that succeeded, in an order that keeps each writer's own, without a gap.
func TestChainHasNoGaps(t *testing.T) {
	failure := errors.New("on purpose")
	rapid.Check(t, func(r *rapid.T) {
		ctx := context.Background()
		s := newFolder(t).open(t)
		defer func() { _ = s.Close() }()
		writers := rapid.IntRange(1, 20).Draw(r, "writers")
		want := map[string]int{}
		var wait sync.WaitGroup
		for w := range writers {
			var writes [][]audit.Entry
			var fails []bool
			for i := range rapid.IntRange(1, 10).Draw(r, "writes") {
				organization := rapid.SampledFrom([]string{"", "A", "B"}).Draw(r, "organization")
				var entries []audit.Entry
				for e := range rapid.IntRange(0, 40).Draw(r, "entries") {
					entries = append(entries, audit.Entry{
						Organization: organization, Actor: fmt.Sprint(w), Action: "test.write", Subject: fmt.Sprintf("%03d.%03d", i, e),
						Detail: map[string]string{"n": rapid.StringN(0, 10, 40).Draw(r, "text")},
					})
				}
				fail := rapid.Bool().Draw(r, "fails")
				if !fail {
					want[organization] += len(entries)
				}
				writes, fails = append(writes, entries), append(fails, fail)
			}
			wait.Go(func() {
				for i, entries := range writes {
					var end error
					if fails[i] {
						end = failure
					}
					if err := s.WriteEntries(ctx, end, entries...); !errors.Is(err, end) {
						t.Errorf("the write ended with %v, want %v", err, end)
					}
				}
			})
		}
		wait.Wait()
		for organization, n := range want {
			report, err := audit.Examine(chainOf(t, s, organization))
			if err != nil || !report.OK() || report.Records != int64(n) || report.Last != int64(n) {
				r.Fatalf("the chain %q has %d records, want %d: %v %v", organization, report.Records, n, report.Faults, err)
			}
		}
	})
}

// chainOf gives a chain as it is, for examination.
func chainOf(t *testing.T, s *store.Store, organization string) audit.Chain {
	t.Helper()
	ctx := context.Background()
	extent, err := s.Audit().Extent(ctx, organization)
	if err != nil {
		t.Fatal(err)
	}
	records, err := s.Audit().Records(ctx, audit.Selection{Organization: organization, Forward: true, Limit: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	return audit.Chain{Organization: organization, Base: extent.Base, Head: &extent.Head, Records: func(yield func(audit.Record, error) bool) {
		newest := map[string]string{} // actor → subject
		for _, r := range records {
			if r.Subject <= newest[r.Actor] {
				t.Errorf("%s wrote %s after %s", r.Actor, newest[r.Actor], r.Subject)
			}
			newest[r.Actor] = r.Subject
			if !yield(r, nil) {
				return
			}
		}
	}}
}

func TestSelection(t *testing.T) { onBoth(t, testSelection) }

func testSelection(t *testing.T, fresh func(testing.TB) folder) {
	ctx := context.Background()
	s := fresh(t).open(t)
	for i := range 10 {
		err := s.Audit().Append(ctx, audit.Entry{
			At: now.Add(time.Duration(i) * time.Second), Organization: "O", Actor: fmt.Sprint("key_", i%2), Action: []string{"a.x", "a.y", "ab.x"}[i%3], Subject: fmt.Sprint("s", i%4),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		selection audit.Selection
		want      []int64
	}{
		"all":     {audit.Selection{}, []int64{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}},
		"page":    {audit.Selection{Before: 9, Limit: 2}, []int64{8, 7}},
		"forward": {audit.Selection{After: 3, Forward: true, Limit: 3}, []int64{4, 5, 6}},
		"actor":   {audit.Selection{Actor: "key_1"}, []int64{10, 8, 6, 4, 2}},
		"action":  {audit.Selection{Action: "a.x"}, []int64{10, 7, 4, 1}},
		"noun":    {audit.Selection{Action: "a."}, []int64{10, 8, 7, 5, 4, 2, 1}},
		"subject": {audit.Selection{Subject: "s3"}, []int64{8, 4}},
		"since":   {audit.Selection{Since: now.Add(time.Duration(8) * time.Second)}, []int64{10, 9}},
		"until":   {audit.Selection{Until: now.Add(time.Duration(2) * time.Second)}, []int64{2, 1}},
	} {
		c.selection.Organization = "O"
		if c.selection.Limit == 0 {
			c.selection.Limit = 100
		}
		records, err := s.Audit().Records(ctx, c.selection)
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for _, r := range records {
			got = append(got, r.Sequence)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: records %v, want %v", name, got, c.want)
		}
	}
}
