package series_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"latchkey/internal/access"
	"latchkey/internal/clock"
	"latchkey/internal/series"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	acme  = "1111111111AAAAAAAAAA1111@AdobeOrg"
	other = "2222222222BBBBBBBBBB2222@AdobeOrg"
)

// memory is a store in memory.
type memory struct {
	mu      sync.Mutex
	rows    map[string]series.Row
	folds   int
	failure error
}

func (m *memory) KeepSeries(_ context.Context, rows []series.Row) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failure != nil {
		return m.failure
	}
	for _, r := range rows {
		m.rows[r.ID] = r
	}
	return nil
}

func (m *memory) Series(_ context.Context, organization string, from time.Time, each func(time.Time, *series.Counts)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.rows {
		if r.Organization == organization && !r.At.Before(from) {
			each(r.At, &r.Counts)
		}
	}
	return nil
}

func (m *memory) FoldSeries(context.Context, time.Time, time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.folds++
	return false, nil
}

func open(t testing.TB, m *memory, c clock.Clock) *series.Recorder {
	t.Helper()
	r, err := series.Open(series.Config{Store: m, Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func viewer(organization string) access.Caller {
	return access.Caller{ID: "ada", Organization: organization, Scopes: access.Scopes{access.ConnectionsRead}}
}

func view(t testing.TB, r *series.Recorder, organization string, w series.Window) *series.View {
	t.Helper()
	v, err := r.View(t.Context(), viewer(organization), w)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestMinutes counts over two minutes, on two nodes, for two organizations.
func TestMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{rows: map[string]series.Row{}}
		one, two := open(t, m, clock.System()), open(t, m, clock.System())
		one.Start()
		two.Start()
		one.Read(acme, 3)
		two.Read(acme, 4)
		one.Renewed(acme, true)
		one.Renewed(acme, false)
		one.Issued(acme, true)
		one.Issued(acme, false)
		one.Answered(acme, 80*time.Millisecond)
		one.Lagging(acme, 0, 0)
		one.Lagging(acme, 2*time.Second, 9)
		one.Read(other, 1000)
		if got := view(t, one, acme, series.Hour).Sum.Reads; got != 3 {
			t.Errorf("before the minute's end this node's own count is %d, want 3", got)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		one.Read(acme, 5)
		v := view(t, two, acme, series.Hour)
		want := series.Counts{Reads: 7, Renewed: 1, Failed: 1, Issued: 1, Refused: 1, Lagged: true, Lag: 2 * time.Second, Behind: 9}
		want.Latency = v.Sum.Latency
		if diff := cmp.Diff(want, v.Points[58]); diff != "" || v.Sum.Latency.Count() != 1 {
			t.Errorf("the minute before (-want +got):\n%s", diff)
		}
		if p99 := v.Sum.Latency.Quantile(.99); p99 < 80*time.Millisecond || p99 > 100*time.Millisecond {
			t.Errorf("p99 = %s", p99)
		}
		for _, r := range []*series.Recorder{one, two} {
			if err := r.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if got := view(t, open(t, m, clock.System()), acme, series.Week).Sum.Reads; got != 12 {
			t.Errorf("after the end there are %d reads, want 12", got)
		}
		if m.folds == 0 {
			t.Error("nobody made hours of minutes")
		}
	})
}

// TestAway counts on while the database is away, and shows each count once.
func TestAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{rows: map[string]series.Row{}, failure: errors.New("away")}
		r := open(t, m, clock.System())
		r.Start()
		for range 5 {
			r.Read(acme, 1)
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		if got := view(t, r, acme, series.Day).Sum.Reads; got != 5 {
			t.Errorf("while it is away %d are shown, want 5", got)
		}
		m.failure = nil
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if got := view(t, r, acme, series.Day).Sum.Reads; got != 5 || len(m.rows) != 5 {
			t.Errorf("then %d are shown of %d rows, want 5 of 5", got, len(m.rows))
		}
	})
}

// TestIdle writes nothing for who does nothing, and forgets him; a nil recorder counts nothing.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{rows: map[string]series.Row{}}
		r := open(t, m, clock.System())
		r.Start()
		r.Read(acme, 1)
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		r.Read(acme, 1)
		if err := r.Close(t.Context()); err != nil || len(m.rows) != 2 {
			t.Errorf("%d rows, want 2: %v", len(m.rows), err)
		}
	})
	var none *series.Recorder
	none.Read(acme, 1)
	none.Lagging(acme, 0, 0)
	if err := none.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestBound counts for no more organizations than it may.
func TestBound(t *testing.T) {
	r := open(t, &memory{rows: map[string]series.Row{}}, clock.NewManual(time.Now()))
	for n := range series.MostOrganizations + 1 {
		r.Read(time.Duration(n).String(), 1)
	}
	if got := view(t, r, time.Duration(series.MostOrganizations).String(), series.Hour).Sum.Reads; got != 0 {
		t.Errorf("the last has %d reads, want none", got)
	}
}

// TestRights gives figures to nobody who may not see all of the organization.
func TestRights(t *testing.T) {
	r := open(t, &memory{rows: map[string]series.Row{}}, clock.NewManual(time.Now()))
	bound, none := viewer(acme), viewer(acme)
	bound.Sandbox, none.Scopes = "prod", access.Scopes{access.TokensRead}
	for _, caller := range []access.Caller{bound, none} {
		_, err := r.View(t.Context(), caller, series.Hour)
		if _, denied := errors.AsType[*access.DeniedError](err); !denied {
			t.Errorf("%+v is given figures: %v", caller, err)
		}
	}
}

// TestWindows divides each window, with the present at its end.
func TestWindows(t *testing.T) {
	hand := clock.NewManual(time.Date(2026, 11, 28, 9, 44, 31, 0, time.UTC))
	r := open(t, &memory{rows: map[string]series.Row{}}, hand)
	for window, want := range map[series.Window]struct {
		from string
		n    int
	}{series.Hour: {"2026-11-28T08:45:00Z", 60}, series.Day: {"2026-11-27T09:45:00Z", 96}, series.Week: {"2026-11-21T10:00:00Z", 168}} {
		v := view(t, r, acme, window)
		if v.From.Format(time.RFC3339) != want.from || len(v.Points) != want.n || v.At(want.n).Before(hand.Now()) {
			t.Errorf("%s begins %s with %d spans, want %s and %d", window, v.From, len(v.Points), want.from, want.n)
		}
	}
}

// TestText reads what it wrote, and passes over what a later version may write.
func TestText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, 1<<40)
		want := series.Counts{Reads: n.Draw(t, "reads"), Renewed: n.Draw(t, "renewed"), Failed: n.Draw(t, "failed"), Issued: n.Draw(t, "issued"),
			Refused: n.Draw(t, "refused"), Behind: n.Draw(t, "behind"), Lagged: rapid.Bool().Draw(t, "lagged")}
		if want.Lagged {
			want.Lag = time.Duration(n.Draw(t, "lag")) * time.Millisecond
		}
		want.Latency[rapid.IntRange(0, len(want.Latency)-1).Draw(t, "bucket")] = rapid.Uint32().Draw(t, "n")
		var got series.Counts
		got.Read(want.Text() + " later=7 took.999=1 reads=x =")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

// TestQuantile is at most a quarter too high, and never too low.
func TestQuantile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		took := time.Duration(rapid.Int64Range(int64(time.Millisecond), int64(2*time.Minute)).Draw(t, "took"))
		hand := clock.NewManual(time.Now())
		r, err := series.Open(series.Config{Store: &memory{rows: map[string]series.Row{}}, Clock: hand})
		if err != nil {
			t.Fatal(err)
		}
		r.Answered(acme, took)
		v, err := r.View(context.Background(), viewer(acme), series.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if got := v.Sum.Latency.Quantile(.5); got < took || got > took*5/4+time.Millisecond {
			t.Fatalf("of %s the quantile is %s", took, got)
		}
	})
}

// BenchmarkCount is what a count costs that does not come in batches.
func BenchmarkCount(b *testing.B) {
	r := open(b, &memory{rows: map[string]series.Row{}}, clock.System())
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r.Read(acme, 1)
		}
	})
}
