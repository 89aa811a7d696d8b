//go:build chaos

package clock_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"latchkey/internal/clock"
)

// A step moves the wall clock and leaves what is measured between two instants alone.
func TestStep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "offset")
	step := func(seconds int64) {
		text := binary.NativeEndian.AppendUint64(nil, uint64(seconds))
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteAt(text, 0); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	step(0)
	t.Setenv(clock.OffsetFile, path)
	before := clock.System().Now()
	for _, seconds := range []int64{3600, -3600} {
		step(seconds)
		after := clock.System().Now()
		if got := after.Round(0).Sub(before.Round(0)).Round(time.Second); got != time.Duration(seconds)*time.Second {
			t.Errorf("a step by %d s moves the wall clock by %s", seconds, got)
		}
		if got := after.Sub(before); got < 0 || got > time.Minute {
			t.Errorf("a step by %d s moves the monotonic clock by %s", seconds, got)
		}
	}
}
