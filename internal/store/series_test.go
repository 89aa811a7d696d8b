package store_test

import (
	"fmt"
	"testing"
	"time"

	"latchkey/internal/ident"
	"latchkey/internal/series"
)

func TestSeries(t *testing.T) { onBoth(t, testSeries) }

func testSeries(t *testing.T, fresh func(testing.TB) folder) {
	s := fresh(t).open(t)
	c := newConsole(t, s)
	ctx, kept, organization := t.Context(), s.Series(), c.admin.Organization
	begin := time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	var rows []series.Row
	for n := range 130 {
		rows = append(rows, series.Row{ID: ident.New("row"), Organization: organization, At: begin.Add(time.Duration(n) * time.Minute), Counts: series.Counts{Reads: 1, Lagged: true, Lag: time.Duration(n) * time.Second}})
	}
	gone := series.Row{ID: ident.New("row"), Organization: "nobody", At: begin, Counts: series.Counts{Reads: 1}}
	for range 2 { // what is sent again is there already
		if err := kept.KeepSeries(ctx, append([]series.Row{gone}, rows...)); err != nil {
			t.Fatal(err)
		}
	}
	read := func(organization string, from time.Time) (n int, sum series.Counts) {
		t.Helper()
		if err := kept.Series(ctx, organization, from, func(_ time.Time, c *series.Counts) { n++; sum.Add(c) }); err != nil {
			t.Fatal(err)
		}
		return n, sum
	}
	expect := func(when string, organization string, from time.Time, rows int, reads int64) {
		t.Helper()
		if n, sum := read(organization, from); n != rows || sum.Reads != reads {
			t.Errorf("%s: %d rows with %d reads, want %d with %d", when, n, sum.Reads, rows, reads)
		}
	}
	expect("minutes", organization, begin, 130, 130)
	expect("later ones", organization, begin.Add(2*time.Hour), 10, 10)
	expect("of an organization that is gone", "nobody", begin, 0, 0)
	for {
		more, err := kept.FoldSeries(ctx, begin.Add(2*time.Hour), begin.Add(-time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			break
		}
	}
	expect("two hours and ten minutes", organization, begin, 12, 130)
	if _, sum := read(organization, begin); sum.Lag != 129*time.Second {
		t.Errorf("the worst lag is %s", sum.Lag)
	}
	if _, err := kept.FoldSeries(ctx, begin, begin.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	expect("the first hour is old", organization, begin, 11, 70)
}

// BenchmarkSeries reads a day of minutes.
func BenchmarkSeries(b *testing.B) {
	s := newFolder(b).open(b)
	c := newConsole(b, s)
	begin := time.Now().Truncate(time.Minute).Add(-24 * time.Hour)
	var rows []series.Row
	for n := range 1440 {
		counts := series.Counts{Reads: 53_512, Renewed: 1_906, Issued: 8_217, Lagged: true}
		counts.Latency[n%40], counts.Latency[n%30] = 12, 7
		rows = append(rows, series.Row{ID: ident.New("row"), Organization: c.admin.Organization, At: begin.Add(time.Duration(n) * time.Minute), Counts: counts})
	}
	if err := s.Series().KeepSeries(b.Context(), rows); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		n := 0
		err := s.Series().Series(b.Context(), c.admin.Organization, begin, func(time.Time, *series.Counts) { n++ })
		if err != nil || n != len(rows) {
			b.Fatal(fmt.Sprint(n), err)
		}
	}
}
