// Package eventlogtest is the suite that every event log passes.
package eventlogtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"latchkey/internal/eventlog"
)

// Backend makes logs of one kind.
type Backend struct {
	// Open gives the log that the place holds; a second call with it, after Close, finds what the first kept.
	Open func(t testing.TB, place string) eventlog.Log
	// Place makes a new one.
	Place func(t testing.TB) string
	// Checks is how many of a property's checks are made, for logs that are slow; 0 is all.
	Checks int
}

// Run holds a kind of log to its contract.
func Run(t *testing.T, backend Backend) {
	for name, test := range map[string]func(*testing.T, Backend){
		"keeps": keeps, "offsets": offsets, "duplicates": duplicates, "pointers": pointers, "seats": seats, "news": news,
		"retention": retention, "drop": drop, "many at once": atOnce,
	} {
		t.Run(name, func(t *testing.T) { test(t, backend) })
	}
}

// check holds a property.
func (b Backend) check(t *testing.T, property func(*rapid.T)) {
	made := 0
	rapid.Check(t, func(r *rapid.T) {
		if made++; b.Checks == 0 || made <= b.Checks {
			property(r)
		}
	})
}

func (b Backend) fresh(t testing.TB) eventlog.Log { return b.opened(t, b.Place(t)) }

func (b Backend) opened(t testing.TB, place string) eventlog.Log {
	log := b.Open(t, place)
	t.Cleanup(func() { _ = log.Close() })
	return log
}

var topicNumber int
var topicLock sync.Mutex

// topic gives one that nobody has.
func topic(partitions int) eventlog.Topic {
	topicLock.Lock()
	defer topicLock.Unlock()
	topicNumber++
	return eventlog.Topic{ID: fmt.Sprintf("top_%d_%d", time.Now().UnixNano(), topicNumber), Partitions: partitions}
}

func records(keys ...string) []eventlog.Record {
	out := make([]eventlog.Record, len(keys))
	for i, key := range keys {
		out[i] = eventlog.Record{Key: key, Organization: "org", Source: "source", Body: fmt.Appendf(nil, `{"n":%d,"key":%q}`, i, key)}
	}
	return out
}

func appended(t testing.TB, log eventlog.Log, topic eventlog.Topic, records []eventlog.Record) []eventlog.Placed {
	t.Helper()
	placed, err := log.Append(t.Context(), topic, records)
	if err != nil {
		t.Fatalf("Append: %v", err)
	}
	if len(placed) != len(records) {
		t.Fatalf("Append places %d of %d", len(placed), len(records))
	}
	return placed
}

// all reads a partition from an offset to its end.
func all(t testing.TB, log eventlog.Log, topic eventlog.Topic, partition int, from int64, limit int) []eventlog.Entry {
	t.Helper()
	var out []eventlog.Entry
	for {
		entries, err := log.Read(t.Context(), topic, partition, from, limit)
		if err != nil {
			t.Fatalf("Read: %v", err)
		}
		if len(entries) == 0 {
			return out
		}
		out, from = append(out, entries...), entries[len(entries)-1].Offset+1
	}
}

func keeps(t *testing.T, b Backend) {
	place := b.Place(t)
	log := b.opened(t, place)
	topic := topic(3)
	sent := records("a", "b", "c", "a", "")
	placed := appended(t, log, topic, sent)
	check := func(log eventlog.Log) {
		t.Helper()
		for i, p := range placed {
			entries, err := log.Read(t.Context(), topic, p.Partition, p.Offset, 1)
			if err != nil || len(entries) == 0 {
				t.Fatalf("event %d is not where it was placed (%+v): %v", i, p, err)
			}
			e := entries[0]
			if e.Offset != p.Offset || e.Key != sent[i].Key || e.Organization != "org" || e.Source != "source" || string(e.Body) != string(sent[i].Body) || time.Since(e.At).Abs() > time.Hour {
				t.Errorf("event %d reads as %+v", i, e)
			}
		}
	}
	check(log)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	check(b.opened(t, place))
	if _, err := log.Append(t.Context(), topic, sent); !errors.Is(err, eventlog.ErrUnavailable) {
		t.Errorf("a closed log answers %v, want ErrUnavailable", err)
	}
}

// offsets holds, for any sequence of appends and reopenings, that offsets count up without a gap and that events of a key
// keep their order.
func offsets(t *testing.T, b Backend) {
	place := b.Place(t)
	log := b.opened(t, place)
	b.check(t, func(r *rapid.T) {
		topic := topic(rapid.IntRange(1, 4).Draw(r, "partitions"))
		next := map[int]int64{}
		sent := map[string][]string{}
		number := 0
		for range rapid.IntRange(1, 6).Draw(r, "appends") {
			var batch []eventlog.Record
			for range rapid.IntRange(1, 20).Draw(r, "events") {
				key := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(r, "key")
				body := fmt.Sprint(number)
				number++
				sent[key] = append(sent[key], body)
				batch = append(batch, eventlog.Record{Key: key, Body: []byte(body)})
			}
			for i, p := range appended(t, log, topic, batch) {
				if want := eventlog.Partition(batch[i].Key, topic.Partitions); p.Partition != want || p.Offset != next[want] || p.Duplicate {
					r.Fatalf("an event is placed at %+v, want the partition %d, offset %d", p, want, next[want])
				}
				next[p.Partition]++
			}
		}
		got := map[string][]string{}
		spans, err := log.Spans(t.Context(), topic)
		if err != nil {
			r.Fatal(err)
		}
		for p := range topic.Partitions {
			entries := all(t, log, topic, p, 0, rapid.IntRange(1, 200).Draw(r, "limit"))
			if int64(len(entries)) != next[p] || spans[p].First != 0 || spans[p].Next != next[p] {
				r.Fatalf("partition %d holds %d events and says %+v, want %d", p, len(entries), spans[p], next[p])
			}
			for i, e := range entries {
				if e.Offset != int64(i) {
					r.Fatalf("partition %d has the offset %d at place %d", p, e.Offset, i)
				}
				got[e.Key] = append(got[e.Key], string(e.Body))
			}
			if from := next[p] / 2; next[p] > 0 && all(t, log, topic, p, from, 1000)[0].Offset != from {
				r.Fatalf("reading from %d begins elsewhere", from)
			}
		}
		for key := range sent {
			if !slices.Equal(got[key], sent[key]) {
				r.Fatalf("the events of %s come as %v, want %v", key, got[key], sent[key])
			}
		}
	})
}

func duplicates(t *testing.T, b Backend) {
	place := b.Place(t)
	log := b.opened(t, place)
	topic := topic(4)
	first := records("a", "", "b")
	for i := range first {
		first[i].ID = fmt.Sprintf("id-%d", i)
	}
	placed := appended(t, log, topic, first)
	again := append(slices.Clone(first), eventlog.Record{ID: "id-9", Body: []byte("9")})
	for range 2 { // before and after a restart
		for i, p := range appended(t, log, topic, again) {
			if i < 3 && (!p.Duplicate || p.Partition != placed[i].Partition) {
				t.Errorf("the event %s comes again and is placed at %+v, want a duplicate of %+v", again[i].ID, p, placed[i])
			}
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		log = b.opened(t, place)
	}
	count := 0
	for p := range 4 {
		count += len(all(t, log, topic, p, 0, 1000))
	}
	if count != 4 {
		t.Errorf("%d events are kept, want 4", count)
	}
	twice := []eventlog.Record{{ID: "x", Key: "k", Body: []byte("1")}, {ID: "x", Key: "k", Body: []byte("1")}}
	if placed := appended(t, log, topic, twice); placed[0].Duplicate || !placed[1].Duplicate {
		t.Errorf("twice in one call is placed at %+v", placed)
	}
}

func pointers(t *testing.T, b Backend) {
	ctx := t.Context()
	place := b.Place(t)
	log := b.opened(t, place)
	topic := topic(2)
	begin := func([]eventlog.Span) map[int]int64 { return map[int]int64{0: 5, 1: 7} }
	group, err := log.OpenGroup(ctx, topic, "g", begin)
	if err != nil || group.Pointers[0] != 5 || group.Pointers[1] != 7 || group.Epoch != 0 {
		t.Fatalf("OpenGroup = %+v, %v", group, err)
	}
	if group, err = log.OpenGroup(ctx, topic, "g", func([]eventlog.Span) map[int]int64 { return map[int]int64{0: 99} }); err != nil || group.Pointers[0] != 5 {
		t.Fatalf("a group that is there begins anew: %+v, %v", group, err)
	}
	// For any moves, a pointer is the furthest that it was moved to since it was last set by hand.
	want, epoch := map[int]int64{0: 5, 1: 7}, int64(0)
	b.check(t, func(r *rapid.T) {
		partition := rapid.IntRange(0, 1).Draw(r, "partition")
		to := rapid.Int64Range(0, 50).Draw(r, "to")
		switch rapid.IntRange(0, 9).Draw(r, "act") {
		case 0:
			group, err := log.Rewind(ctx, topic, "g", map[int]int64{partition: to})
			if err != nil || group.Epoch != epoch+1 {
				r.Fatalf("Rewind = %+v, %v", group, err)
			}
			want[partition], epoch = to, epoch+1
		case 1:
			if err := log.Advance(ctx, topic, "g", epoch-1, map[int]int64{partition: 50}); !errors.Is(err, eventlog.ErrEpoch) {
				r.Fatalf("a marker of another epoch gives %v", err)
			}
		default:
			if err := log.Advance(ctx, topic, "g", epoch, map[int]int64{partition: to}); err != nil {
				r.Fatal(err)
			}
			want[partition] = max(want[partition], to)
		}
		groups, err := log.Groups(ctx, topic)
		if err != nil || len(groups) != 1 || groups[0].Pointers[0] != want[0] || groups[0].Pointers[1] != want[1] {
			r.Fatalf("the groups are %+v, %v, want the pointers %v", groups, err, want)
		}
	})
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	log = b.opened(t, place)
	if group, err = log.OpenGroup(ctx, topic, "g", begin); err != nil || group.Pointers[0] != want[0] || group.Epoch != epoch {
		t.Errorf("after a restart the group is %+v, %v, want %v", group, err, want)
	}
	if err := log.Forget(ctx, topic, "g"); err != nil {
		t.Fatal(err)
	}
	if _, err := log.Rewind(ctx, topic, "g", nil); !errors.Is(err, eventlog.ErrNoGroup) {
		t.Errorf("setting the pointers of a forgotten group gives %v", err)
	}
}

func seats(t *testing.T, b Backend) {
	ctx := t.Context()
	log := b.fresh(t)
	topic := topic(5)
	begin := func([]eventlog.Span) map[int]int64 { return nil }
	if _, err := log.OpenGroup(ctx, topic, "g", begin); err != nil {
		t.Fatal(err)
	}
	join := func() eventlog.Seat {
		seat, err := log.Join(ctx, topic, "g")
		if err != nil {
			t.Fatal(err)
		}
		return seat
	}
	first := join()
	settled(t, []eventlog.Seat{first}, 5)
	second := join()
	settled(t, []eventlog.Seat{first, second}, 5)
	third := join()
	settled(t, []eventlog.Seat{first, second, third}, 5)
	if members, err := log.Members(ctx, topic, "g"); err != nil || len(members) != 3 {
		t.Errorf("Members = %+v, %v, want 3", members, err)
	}
	first.Leave()
	settled(t, []eventlog.Seat{second, third}, 5)
	second.Leave()
	third.Leave()
	if members, err := log.Members(ctx, topic, "g"); err != nil || len(members) != 0 {
		t.Errorf("Members = %+v, %v, want none", members, err)
	}
}

// settled waits until the seats share the partitions, each at one of them and all evenly.
func settled(t *testing.T, seats []eventlog.Seat, partitions int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		count := map[int]int{}
		var changed <-chan struct{}
		even := true
		for _, seat := range seats {
			parts, c := seat.Partitions()
			if changed == nil {
				changed = c
			}
			even = even && len(parts) >= partitions/len(seats) && len(parts) <= (partitions+len(seats)-1)/len(seats)
			for _, p := range parts {
				count[p]++
			}
		}
		once := len(count) == partitions
		for _, n := range count {
			once = once && n == 1
		}
		if once && even {
			return
		}
		timer := time.NewTimer(50 * time.Millisecond) // another seat may be the one that changes
		select {
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
			t.Fatalf("%d seats never share %d partitions: %v", len(seats), partitions, count)
		}
		timer.Stop()
	}
}

func news(t *testing.T, b Backend) {
	log := b.fresh(t)
	topic := topic(1)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for n := range 3 {
		told := log.News(topic)
		appended(t, log, topic, records("a"))
		select {
		case <-told:
		case <-ctx.Done():
			t.Fatal("nobody is told of an event")
		}
		for len(all(t, log, topic, 0, int64(n), 1000)) == 0 { // of a cluster it may be seen a moment later
			if ctx.Err() != nil {
				t.Fatal("the event is not there")
			}
		}
	}
}

func retention(t *testing.T, b Backend) {
	log := b.fresh(t)
	topic := topic(2)
	body := make([]byte, 10_000)
	for i := range body {
		body[i] = 'x'
	}
	for range 30 {
		appended(t, log, topic, []eventlog.Record{{Key: "a", Body: body}, {Key: "b", Body: body}, {Key: "c", Body: body}})
	}
	before, err := log.Spans(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	topic.Bytes = 300_000
	if _, err := log.Trim(t.Context(), topic); err != nil {
		t.Fatal(err)
	}
	after, err := log.Spans(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	var kept int64
	for p := range after {
		kept += after[p].Bytes
		if after[p].Next != before[p].Next || before[p].Next > 0 && after[p].First <= before[p].First {
			t.Errorf("partition %d is %+v, was %+v", p, after[p], before[p])
		}
		if entries := all(t, log, topic, p, 0, 1<<20); before[p].Next > 0 && (len(entries) == 0 || entries[0].Offset != after[p].First) {
			t.Errorf("reading partition %d from 0 gives %d events, want to begin at %d", p, len(entries), after[p].First)
		}
	}
	if kept == 0 || kept > 330_000 {
		t.Errorf("%d bytes are kept, want about %d", kept, topic.Bytes)
	}
	// Offsets go on when all has gone.
	topic.Age, topic.Bytes = time.Nanosecond, 0
	if _, err := log.Trim(t.Context(), topic); err != nil {
		t.Fatal(err)
	}
	at := eventlog.Partition("a", 2)
	if placed := appended(t, log, topic, records("a")); placed[0].Offset != before[at].Next {
		t.Errorf("after all has gone the next offset is %d, want %d", placed[0].Offset, before[at].Next)
	}
}

func drop(t *testing.T, b Backend) {
	log := b.fresh(t)
	topic, other := topic(1), topic(1)
	appended(t, log, topic, records("a"))
	appended(t, log, other, records("a"))
	if _, err := log.OpenGroup(t.Context(), topic, "g", func([]eventlog.Span) map[int]int64 { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := log.Drop(t.Context(), topic); err != nil {
		t.Fatal(err)
	}
	if groups, err := log.Groups(t.Context(), topic); err != nil || len(groups) != 0 {
		t.Errorf("a dropped topic has the groups %v, %v", groups, err)
	}
	if left := all(t, log, topic, 0, 0, 1000); len(left) != 0 {
		t.Errorf("a dropped topic holds %d events", len(left))
	}
	if left := all(t, log, other, 0, 0, 1000); len(left) != 1 {
		t.Errorf("the other topic holds %d events, want 1", len(left))
	}
}

func atOnce(t *testing.T, b Backend) {
	log := b.fresh(t)
	topic := topic(3)
	var wg sync.WaitGroup
	const producers, batches, size = 8, 10, 20
	for p := range producers {
		wg.Go(func() {
			for n := range batches {
				var batch []eventlog.Record
				for i := range size {
					batch = append(batch, eventlog.Record{Key: fmt.Sprint(p), Body: fmt.Append(nil, n*size+i)})
				}
				if _, err := log.Append(t.Context(), topic, batch); err != nil {
					t.Errorf("Append: %v", err)
				}
			}
		})
	}
	wg.Wait()
	seen := map[string]int{}
	for p := range 3 {
		for i, e := range all(t, log, topic, p, 0, 1<<16) {
			if e.Offset != int64(i) {
				t.Fatalf("partition %d has a gap at %d", p, i)
			}
			if want := fmt.Sprint(seen[e.Key]); string(e.Body) != want {
				t.Fatalf("the producer %s comes as %s, want %s", e.Key, e.Body, want)
			}
			seen[e.Key]++
		}
	}
	for p := range producers {
		if seen[fmt.Sprint(p)] != batches*size {
			t.Errorf("of the producer %d %d events are kept", p, seen[fmt.Sprint(p)])
		}
	}
}
