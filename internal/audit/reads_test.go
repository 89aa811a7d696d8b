package audit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"latchkey/internal/audit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// journal keeps tallies in memory, and fails while it is away. The store's own is tested with the store.
type journal struct {
	mu      sync.Mutex
	away    error
	writes  []time.Time
	tallies []audit.Tally
	records []audit.Entry
	open    bool
}

func (j *journal) do(act func()) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.away != nil {
		return j.away
	}
	act()
	return nil
}

func (j *journal) OpenReads(context.Context, string, audit.Mode, time.Time) error {
	return j.do(func() { j.open = true })
}

func (j *journal) KeepReads(_ context.Context, _ string, tallies []audit.Tally, entries []audit.Entry) error {
	return j.do(func() {
		j.writes = append(j.writes, time.Now())
		j.tallies, j.records = append(j.tallies, tallies...), append(j.records, entries...)
	})
}

func (j *journal) FoldReads(_ context.Context, _ string, before int64) error {
	return j.do(func() {
		var over, rest []audit.Tally
		for _, t := range j.tallies {
			if t.Last < before {
				over = append(over, t)
			} else {
				rest = append(rest, t)
			}
		}
		entries, _ := audit.Fold(over, 1_000_000)
		j.tallies, j.records = rest, append(j.records, entries...)
	})
}

func (j *journal) CloseReads(ctx context.Context, node string) error {
	if err := j.FoldReads(ctx, node, 1<<62); err != nil {
		return err
	}
	return j.do(func() { j.open = false })
}

func (j *journal) RecoverReads(context.Context) error { return j.do(func() {}) }

func (j *journal) setAway(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.away = err
}

func openReads(t testing.TB, config audit.ReadsConfig) *audit.Reads {
	t.Helper()
	config.Node = "node_1"
	reads, err := audit.OpenReads(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return reads
}

func read(caller, connection string) audit.Read {
	return audit.Read{Organization: "O", Caller: caller, Connection: connection, Token: "hash", At: time.Now()}
}

func mustRead(t testing.TB, reads *audit.Reads, read audit.Read) {
	t.Helper()
	if err := reads.Read(context.Background(), read); err != nil {
		t.Error(err)
	}
}

// TestOneRecordASecond reads two connections for three seconds: each second of each is one record with its count.
func TestOneRecordASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		reads := openReads(t, audit.ReadsConfig{Journal: j})
		start := time.Now()
		for range 3 * 100 {
			mustRead(t, reads, read("key_1", "conn_1"))
			mustRead(t, reads, read("key_2", "conn_2"))
			time.Sleep(10 * time.Millisecond)
		}
		if err := reads.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range j.records {
			got = append(got, fmt.Sprintf("%d %s %s %s", e.At.Unix()-start.Unix(), e.Actor, e.Subject, e.Detail["count"]))
		}
		slices.Sort(got)
		want := []string{
			"0 key_1 conn_1 100", "0 key_2 conn_2 100", "1 key_1 conn_1 100", "1 key_2 conn_2 100", "2 key_1 conn_1 100", "2 key_2 conn_2 100",
		}
		if !slices.Equal(got, want) || j.open || len(j.tallies) > 0 {
			t.Errorf("recorded %q, want %q", got, want)
		}
	})
}

// TestLoss holds that a read is durable within 100 ms of it, whenever it comes, and that nothing is written while
// nothing is read.
func TestLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		reads := openReads(t, audit.ReadsConfig{Journal: j})
		for i := range 50 {
			time.Sleep(time.Duration(i) * 7 * time.Millisecond)
			before := time.Now()
			mustRead(t, reads, read("key_1", fmt.Sprint("conn_", i)))
			time.Sleep(audit.Loss)
			j.mu.Lock()
			if last := j.writes[len(j.writes)-1]; last.Before(before) || last.Sub(before) > audit.Loss/2 {
				t.Errorf("a read was durable %v after it", last.Sub(before))
			}
			j.mu.Unlock()
		}
		writes := len(j.writes)
		time.Sleep(time.Hour)
		if len(j.writes) != writes {
			t.Errorf("%d writes while nothing was read", len(j.writes)-writes)
		}
		if err := reads.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// TestDatabaseAway reads while nothing can be written: what is read again and again is counted on, what is too much is
// counted as dropped, and all of it comes into the record when the database is back.
func TestDatabaseAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		reads := openReads(t, audit.ReadsConfig{Journal: j, Limit: 400})
		j.setAway(errors.New("away"))
		const seconds, connections, strangers = 300, 20, 1000
		for second := range seconds {
			for c := range connections {
				mustRead(t, reads, read("key_1", fmt.Sprint("conn_", c)))
			}
			if second == seconds/2 {
				for c := range strangers {
					mustRead(t, reads, read("key_2", fmt.Sprint("conn_x", c)))
				}
			}
			time.Sleep(time.Second)
		}
		j.setAway(nil)
		time.Sleep(5 * time.Second)
		if err := reads.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		counted, dropped := map[string]int{}, 0
		for _, e := range j.records {
			n := 0
			if _, err := fmt.Sscan(e.Detail["count"], &n); err != nil {
				t.Fatal(err)
			}
			if e.Action == audit.ActionReadsDropped {
				dropped += n
			} else {
				counted[e.Actor] += n
			}
		}
		if counted["key_1"] != seconds*connections {
			t.Errorf("%d reads of what was read all the time are recorded, want %d", counted["key_1"], seconds*connections)
		}
		if counted["key_2"]+dropped != strangers || dropped == 0 {
			t.Errorf("of %d others %d are recorded and %d dropped", strangers, counted["key_2"], dropped)
		}
		if len(j.records) > 400 {
			t.Errorf("%d records out of a bound of 400", len(j.records))
		}
	})
}

// TestStrict holds that a strict read waits until it is durable, that many share a write, and that one that can't be
// recorded fails.
func TestStrict(t *testing.T) {
	j := &journal{}
	reads := openReads(t, audit.ReadsConfig{Journal: j, Mode: audit.Strict})
	var wait sync.WaitGroup
	for i := range 200 {
		wait.Go(func() {
			id := fmt.Sprint("conn_", i)
			mustRead(t, reads, read("key_1", id))
			j.mu.Lock()
			defer j.mu.Unlock()
			if !slices.ContainsFunc(append(j.asTallies(), j.tallies...), func(t audit.Tally) bool { return t.Connection == id }) {
				t.Errorf("the read of %s returned before it was durable", id)
			}
		})
	}
	wait.Wait()
	j.setAway(errors.New("away"))
	if err := reads.Read(t.Context(), read("key_1", "conn_1")); !errors.Is(err, audit.ErrNotRecorded) {
		t.Errorf("a read that can't be recorded = %v", err)
	}
	j.setAway(nil)
	mustRead(t, reads, read("key_1", "conn_1"))
	if err := reads.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// asTallies gives the records as tallies: a fold may have come between.
func (j *journal) asTallies() []audit.Tally {
	var out []audit.Tally
	for _, e := range j.records {
		out = append(out, audit.Tally{Connection: e.Subject})
	}
	return out
}

// BenchmarkRead measures what a token read pays for being recorded.
func BenchmarkRead(b *testing.B) {
	reads := openReads(b, audit.ReadsConfig{Journal: &journal{}})
	r := audit.Read{
		Organization: "1111111111AAAAAAAAAA1111@AdobeOrg", Caller: "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", At: time.Now(),
		Connection: "conn_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", Token: "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg",
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := reads.Read(context.Background(), r); err != nil {
				b.Error(err)
			}
		}
	})
	b.StopTimer()
	if err := reads.Close(context.Background()); err != nil {
		b.Fatal(err)
	}
}
