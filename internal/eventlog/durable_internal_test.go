package eventlog

import (
	"path/filepath"
	"testing"
)

// A loss of power can't be made in a test; what it takes to outlive one can be looked up: every transaction of the writer is synced
// before it counts (https://sqlite.org/pragma.html#pragma_synchronous: FULL, in WAL mode).
func TestWriterSyncs(t *testing.T) {
	for _, relaxed := range []bool{false, true} {
		log, err := OpenEmbedded(t.Context(), EmbeddedConfig{Path: filepath.Join(t.TempDir(), "events.db"), Relaxed: relaxed})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = log.Close() })
		var mode string
		var synchronous int
		if err := log.writer.QueryRow(`PRAGMA journal_mode`).Scan(&mode); err != nil {
			t.Fatal(err)
		}
		if err := log.writer.QueryRow(`PRAGMA synchronous`).Scan(&synchronous); err != nil {
			t.Fatal(err)
		}
		if want := map[bool]int{false: 2, true: 0}[relaxed]; mode != "wal" || synchronous != want {
			t.Errorf("relaxed %t: the journal is %s, synchronous %d, want wal and %d", relaxed, mode, synchronous, want)
		}
	}
}
