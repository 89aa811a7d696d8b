package connection

import (
	"runtime"
	"testing"
	"time"

	"latchkey/internal/clock"
)

// TestBeganFollowsNoStep holds that the time since a refresh token was presented is told by the machine's uptime: the wall
// clock may have been set forth or back since it was written down.
func TestBeganFollowsNoStep(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells its uptime")
	}
	k := &Keeper{config: KeeperConfig{Clock: clock.System()}}
	written := clock.Up(k.config.Clock)
	for _, step := range []time.Duration{-time.Hour, 0, time.Hour} {
		at := k.began(time.Now().Add(step), written)
		if ago := time.Since(at); ago < 0 || ago > time.Minute {
			t.Errorf("with a step of %v it began %v ago", step, ago)
		}
	}
	stored := time.Now().Add(-time.Hour)
	if at := k.began(stored, clock.Uptime{}); !at.Equal(stored) {
		t.Errorf("where the uptime is not known it began at %v, want %v", at, stored)
	}
}
