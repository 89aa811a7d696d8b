package clock_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"latchkey/internal/clock"
)

func TestUptime(t *testing.T) {
	first := clock.Up(clock.System())
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells")
	}
	read, err := clock.ParseUptime(first.String())
	if err != nil {
		t.Fatal(err)
	}
	if elapsed, ok := read.Since(clock.System()); !ok || elapsed < 0 || elapsed > time.Minute {
		t.Errorf("Since() = %v, %v", elapsed, ok)
	}
	boot, _, _ := strings.Cut(first.String(), " ")
	for text, what := range map[string]string{
		"":                         "none",
		boot + "x 5":               "another boot",
		boot + " 9000000000000000": "a time to come",
	} {
		u, err := clock.ParseUptime(text)
		if _, ok := u.Since(clock.System()); ok || err != nil {
			t.Errorf("Since() of %s is told, err %v", what, err)
		}
	}
	if u := clock.Up(clock.NewManual(time.Now())); u != (clock.Uptime{}) {
		t.Errorf("a manual clock tells the machine's uptime: %v", u)
	}
	for _, wrong := range []string{"x", "x y", " 5"} {
		if _, err := clock.ParseUptime(wrong); err == nil {
			t.Errorf("ParseUptime(%q) gives no error", wrong)
		}
	}
}
