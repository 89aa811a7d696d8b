package store_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/connection/connectiontest"
	"latchkey/internal/seal"
	"latchkey/internal/store"
)

const org = connectiontest.Organization

func openReads(t testing.TB, s *store.Store) *audit.Reads {
	t.Helper()
	reads, err := audit.OpenReads(context.Background(), audit.ReadsConfig{Journal: s.Audit(), Node: s.Incarnation()})
	if err != nil {
		t.Fatal(err)
	}
	return reads
}

func tokenRead(i int) audit.Read {
	return audit.Read{Organization: org, Caller: "key_1", Connection: fmt.Sprint("conn_", i), Token: "hash", At: time.Now()}
}

// counted gives how many reads are recorded of each connection, and which other actions are.
func counted(t testing.TB, s *store.Store) (reads map[string]int, others []string) {
	t.Helper()
	records, err := s.Audit().Records(context.Background(), audit.Selection{Organization: org, Forward: true, Limit: 1_000_000})
	if err != nil {
		t.Fatal(err)
	}
	reads = map[string]int{}
	for _, r := range records {
		if r.Action != audit.ActionRead {
			others = append(others, r.Action)
			continue
		}
		n, err := strconv.Atoi(r.Detail["count"])
		if err != nil {
			t.Fatal(err)
		}
		reads[r.Subject] += n
	}
	return reads, others
}

// TestReads records more than one transaction takes, and finds each.
func TestReads(t *testing.T) { onBoth(t, testReads) }

func testReads(t *testing.T, fresh func(testing.TB) folder) {
	s := fresh(t).open(t)
	reads := openReads(t, s)
	const connections = 4500
	for range 2 {
		for i := range connections {
			if err := reads.Read(context.Background(), tokenRead(i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := reads.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	got, others := counted(t, s)
	if len(got) != connections || got["conn_0"] != 2 || got["conn_4499"] != 2 || len(others) > 0 {
		t.Errorf("%d connections are recorded, the first read %d times; others %v", len(got), got["conn_0"], others)
	}
	extent, err := s.Audit().Extent(context.Background(), org)
	if err != nil {
		t.Fatal(err)
	}
	if report, err := audit.Examine(plainChain(t, s)); err != nil || !report.OK() || report.Records != extent.Sequence {
		t.Errorf("the chain of reads = %+v, %v", report.Faults, err)
	}
}

// TestKillLosesNoMore kills a process that reads and changes, without warning. What was read more than 100 ms before is
// in the record, no change is missing, and the record says that reads may be.
func TestKillLosesNoMore(t *testing.T) {
	if dir := os.Getenv("KILL_READS_DIR"); dir != "" {
		readForever(t, dir)
		return
	}
	ctx := context.Background()
	f := newFolder(t)
	if err := f.open(t).Audit().Append(ctx, audit.Entry{Organization: org, Action: "test.begin"}); err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		command := exec.Command(os.Args[0], "-test.run=^TestKillLosesNoMore$")
		command.Env = append(os.Environ(), "KILL_READS_DIR="+f.path)
		command.Stderr = os.Stderr
		told, err := os.Create(filepath.Join(f.path, "told"))
		if err != nil {
			t.Fatal(err)
		}
		command.Stdout = told
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		for {
			time.Sleep(50 * time.Millisecond)
			if text, err := os.ReadFile(told.Name()); err == nil && strings.Count(string(text), "\n") > 600+100*round {
				break
			}
		}
		killed := time.Now()
		if err := command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = command.Wait() // it was killed
		_ = told.Close()
		checkKilled(t, f, told.Name(), killed)
	}
}

// checkKilled compares what the process told, line by line when it had done it, with the record.
func checkKilled(t *testing.T, f folder, file string, killed time.Time) {
	t.Helper()
	ctx := context.Background()
	s := f.open(t)
	reads := openReads(t, s) // this recovers
	if err := reads.Close(ctx); err != nil {
		t.Fatal(err)
	}
	got, others := counted(t, s)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	read, missing, changes := 0, 0, 0
	for line := range strings.Lines(string(text)) {
		var what, subject string
		var at int64
		if _, err := fmt.Sscan(line, &what, &subject, &at); err != nil {
			continue // cut off by the kill
		}
		switch {
		case what == "changed":
			changes++
			found, err := s.Audit().Records(ctx, audit.Selection{Organization: org, Subject: subject, Limit: 1})
			if err != nil || len(found) != 1 {
				t.Errorf("the change of %s is not in the record: %v", subject, err)
			}
		case got[subject] > 0:
			read++
		case killed.Sub(time.UnixMicro(at)) > audit.Loss+20*time.Millisecond: // a busy machine's scheduling
			t.Errorf("a read %v before the end is not in the record", killed.Sub(time.UnixMicro(at)))
		default:
			missing++
		}
	}
	if read == 0 || changes == 0 {
		t.Errorf("%d reads and %d changes are there", read, changes)
	}
	if others[len(others)-1] != audit.ActionUncleanEnd && others[len(others)-2] != audit.ActionUncleanEnd {
		t.Errorf("the record does not say that reads may be missing: it ends with %q", others[max(0, len(others)-3):])
	}
	t.Logf("%d reads and %d changes are there, %d reads of the last moment are not", read, changes, missing)
	if report, err := audit.Examine(plainChain(t, s)); err != nil || !report.OK() {
		t.Errorf("after the kill the chain = %+v, %v", report.Faults, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func plainChain(t *testing.T, s *store.Store) audit.Chain {
	t.Helper()
	extent, err := s.Audit().Extent(context.Background(), org)
	if err != nil {
		t.Fatal(err)
	}
	records, err := s.Audit().Records(context.Background(), audit.Selection{Organization: org, Forward: true, Limit: 1_000_000})
	if err != nil {
		t.Fatal(err)
	}
	return audit.Chain{Organization: org, Base: extent.Base, Head: &extent.Head, Records: func(yield func(audit.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}}
}

// readForever reads a token every 200 µs and changes something now and then, and tells of each when it has.
func readForever(t *testing.T, dir string) {
	root, err := seal.FileRoot(filepath.Join(dir, "root.key"))
	if err != nil {
		t.Fatal(err)
	}
	s := folder{path: dir, root: root}.open(t)
	reads := openReads(t, s)
	for i := 0; ; i++ {
		r := tokenRead(os.Getpid()*1_000_000 + i)
		if err := reads.Read(context.Background(), r); err != nil {
			t.Fatal(err)
		}
		fmt.Println("read", r.Connection, time.Now().UnixMicro())
		if i%20 == 0 {
			subject := fmt.Sprintf("thing_%d_%d", os.Getpid(), i)
			if err := s.Audit().Append(context.Background(), audit.Entry{Organization: org, Action: "test.change", Subject: subject}); err != nil {
				t.Fatal(err)
			}
			fmt.Println("changed", subject, time.Now().UnixMicro())
		}
		time.Sleep(200 * time.Microsecond)
	}
}

// TestReadsOfNodesThatAreGone records what a node left that ended without a word, once, and what this node has under way
// stays.
func TestReadsOfNodesThatAreGone(t *testing.T) { onBoth(t, testReadsOfNodesThatAreGone) }

func testReadsOfNodesThatAreGone(t *testing.T, fresh func(testing.TB) folder) {
	ctx := context.Background()
	s := fresh(t).open(t)
	journal := s.Audit()
	for _, node := range []string{"node_gone", s.Incarnation()} {
		if err := journal.OpenReads(ctx, node, audit.Batched, now); err != nil {
			t.Fatal(err)
		}
		tallies := []audit.Tally{{Organization: org, Caller: "key_1", Connection: node, Token: "hash", Count: 3, First: 5, Last: 5}}
		if err := journal.KeepReads(ctx, node, tallies, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := journal.Append(ctx, audit.Entry{Organization: org, Action: "test.begin"}); err != nil {
		t.Fatal(err)
	}
	s.SkipRestartGrace()
	for range 2 {
		if err := journal.RecoverReads(ctx); err != nil {
			t.Fatal(err)
		}
	}
	reads, others := counted(t, s)
	if len(reads) != 1 || reads["node_gone"] != 3 || len(others) != 2 || others[1] != audit.ActionUncleanEnd {
		t.Errorf("recorded %v and %v", reads, others)
	}
	if err := journal.CloseReads(ctx, s.Incarnation()); err != nil {
		t.Fatal(err)
	}
	if reads, _ := counted(t, s); reads[s.Incarnation()] != 3 {
		t.Errorf("after its end %v are recorded", reads)
	}
}
