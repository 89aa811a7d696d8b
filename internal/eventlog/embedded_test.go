package eventlog_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"latchkey/internal/eventlog"
	"latchkey/internal/eventlog/eventlogtest"
)

func TestEmbedded(t *testing.T) {
	eventlogtest.Run(t, eventlogtest.Backend{
		Place: func(t testing.TB) string { return filepath.Join(t.TempDir(), "events.db") },
		Open: func(t testing.TB, place string) eventlog.Log {
			log, err := eventlog.OpenEmbedded(t.Context(), eventlog.EmbeddedConfig{Path: place})
			if err != nil {
				t.Fatal(err)
			}
			return log
		},
	})
}

// TestFull holds that a full log says so, keeps what it has acknowledged, and takes events again when there is room.
func TestFull(t *testing.T) {
	config := eventlog.EmbeddedConfig{Path: filepath.Join(t.TempDir(), "events.db"), Limit: 1 << 20}
	log, err := eventlog.OpenEmbedded(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	topic := eventlog.Topic{ID: "top_full", Partitions: 2}
	body := bytes.Repeat([]byte("x"), 8<<10)
	var acknowledged []eventlog.Placed
	for err == nil {
		var placed []eventlog.Placed
		if placed, err = log.Append(t.Context(), topic, []eventlog.Record{{Body: body}, {Body: body}}); err == nil {
			acknowledged = append(acknowledged, placed...)
		}
	}
	if !errors.Is(err, eventlog.ErrFull) || len(acknowledged) == 0 {
		t.Fatalf("after %d events it says %v, want ErrFull", len(acknowledged), err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if log, err = eventlog.OpenEmbedded(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	count := 0
	for p := range 2 {
		for from := int64(0); ; {
			entries, err := log.Read(t.Context(), topic, p, from, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			if len(entries) == 0 {
				break
			}
			count, from = count+len(entries), entries[len(entries)-1].Offset+1
		}
	}
	if count != len(acknowledged) {
		t.Errorf("it holds %d events and has acknowledged %d", count, len(acknowledged))
	}
	topic.Bytes = 300 << 10
	if _, err := log.Trim(t.Context(), topic); err != nil {
		t.Fatal(err)
	}
	if _, err := log.Append(t.Context(), topic, []eventlog.Record{{Body: body}}); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// TestNewerFile holds that a file of a newer version is left alone.
func TestNewerFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `PRAGMA user_version = 9`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := eventlog.OpenEmbedded(t.Context(), eventlog.EmbeddedConfig{Path: path}); err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("OpenEmbedded = %v, want that it is newer", err)
	}
}

// killedLog names the file that a process of TestKilled writes.
const killedLog = "LATCHKEY_TEST_EVENT_LOG"

func TestMain(m *testing.M) {
	if path := os.Getenv(killedLog); path != "" {
		produceUntilKilled(path)
	}
	os.Exit(m.Run())
}

// produceUntilKilled appends from several sides, and writes a line for each event that was acknowledged.
func produceUntilKilled(path string) {
	log, err := eventlog.OpenEmbedded(context.Background(), eventlog.EmbeddedConfig{Path: path})
	if err != nil {
		panic(err)
	}
	topic := eventlog.Topic{ID: "top_killed", Partitions: 3}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for producer := range 4 {
		wg.Go(func() {
			for n := 0; ; n += 10 {
				var batch []eventlog.Record
				for i := range 10 {
					batch = append(batch, eventlog.Record{Key: strconv.Itoa(producer), Body: fmt.Appendf(nil, "%d-%d-%d", os.Getpid(), producer, n+i)})
				}
				placed, err := log.Append(context.Background(), topic, batch)
				if err != nil {
					panic(err)
				}
				mu.Lock()
				for i, p := range placed {
					fmt.Printf("%d %d %s\n", p.Partition, p.Offset, batch[i].Body)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

// TestKilled holds that what was acknowledged is there after kill -9 in the middle of work, at the place that was told, and
// that offsets have no gap, over several such ends.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.db")
	acknowledged := map[string]string{} // :: "partition offset" → body
	for round := range 3 {
		command := exec.CommandContext(t.Context(), os.Args[0])
		command.Env = append(os.Environ(), killedLog+"="+path)
		out, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; n < 500+300*round && lines.Scan(); n++ {
			place, body, _ := cutLast(lines.Text())
			acknowledged[place] = body
		}
		if err := command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what it told before it died
			if place, body, ok := cutLast(lines.Text()); ok && strings.Count(body, "-") == 2 {
				acknowledged[place] = body
			}
		}
		_ = command.Wait() // it was killed
	}
	log, err := eventlog.OpenEmbedded(t.Context(), eventlog.EmbeddedConfig{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	for p := range 3 {
		var next int64
		for {
			entries, err := log.Read(t.Context(), eventlog.Topic{ID: "top_killed", Partitions: 3}, p, next, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			if len(entries) == 0 {
				break
			}
			for _, e := range entries {
				if e.Offset != next {
					t.Fatalf("partition %d has a gap before %d", p, e.Offset)
				}
				next++
				place := fmt.Sprintf("%d %d", p, e.Offset)
				if body, told := acknowledged[place]; told && body != string(e.Body) {
					t.Errorf("at %s stands %s, acknowledged was %s", place, e.Body, body)
				}
				delete(acknowledged, place)
			}
		}
	}
	if len(acknowledged) > 0 {
		t.Errorf("%d acknowledged events are lost", len(acknowledged))
	}
}

func cutLast(line string) (before, last string, ok bool) {
	at := strings.LastIndexByte(line, ' ')
	if at < 0 {
		return "", "", false
	}
	return line[:at], line[at+1:], true
}
