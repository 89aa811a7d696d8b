package eventlog_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"latchkey/internal/eventlog"
)

// A disk that is really full refuses in words, keeps all that was acknowledged and nothing else, and takes events again
// without a restart once there is room. (Mounting a small disk takes root.)
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("small", dir, "tmpfs", 0, "size=24m"); err != nil {
		t.Skipf("mounting a small disk: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	log, err := eventlog.OpenEmbedded(t.Context(), eventlog.EmbeddedConfig{Path: filepath.Join(dir, "events.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 12<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	topic, kept := eventlog.Topic{ID: "top_full", Partitions: 2}, map[string]bool{}
	add := func(n int) error {
		body := fmt.Appendf(nil, `"%d %s"`, n, strings.Repeat("x", 100_000))
		id := fmt.Sprint(n)
		_, err := log.Append(t.Context(), topic, []eventlog.Record{{ID: id, Key: id, Body: body}})
		if err == nil {
			kept[id] = true
		}
		return err
	}
	full := 0
	for n := range 1000 {
		if err = add(n); err != nil {
			full = n
			break
		}
	}
	if !errors.Is(err, eventlog.ErrFull) || full < 20 {
		t.Fatalf("after %d events: %v, want ErrFull", full, err)
	}
	if err := add(full); !errors.Is(err, eventlog.ErrFull) {
		t.Errorf("again: %v, want ErrFull", err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	for n := full; n < full+10; n++ {
		if err := add(n); err != nil {
			t.Fatalf("with room again: %v", err)
		}
	}
	for p := range 2 {
		var next int64
		for {
			entries, err := log.Read(t.Context(), topic, p, next, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			if len(entries) == 0 {
				break
			}
			for _, e := range entries {
				if e.Offset != next || !kept[e.ID] {
					t.Fatalf("partition %d has %s at %d, want offset %d of an acknowledged event", p, e.ID, e.Offset, next)
				}
				delete(kept, e.ID)
				next++
			}
		}
	}
	if len(kept) > 0 {
		t.Errorf("%d acknowledged events are lost", len(kept))
	}
}
