package limit_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"latchkey/internal/clock"
	"latchkey/internal/limit"
)

// TestGCRA checks that in any stretch of time no more calls get through than the burst and the rate allow, and that
// whoever waits as long as told gets through.
func TestGCRA(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := limit.Rate{Every: time.Duration(rapid.IntRange(1, 1000).Draw(t, "every")), Burst: rapid.IntRange(1, 20).Draw(t, "burst")}
		now, arrival := int64(1e9), int64(0)
		start, allowed := now, 0
		for _, step := range rapid.SliceOf(rapid.Int64Range(0, 2000)).Draw(t, "steps") {
			now += step
			next, wait := limit.GCRA(arrival, now, rate)
			if wait > 0 {
				if _, again := limit.GCRA(arrival, now+int64(wait), rate); again > 0 {
					t.Errorf("after the wait of %v it has to wait %v more", wait, again)
				}
				continue
			}
			arrival = next
			allowed++
		}
		if most := rate.Burst + int((now-start)/int64(rate.Every)); allowed > most {
			t.Errorf("%d calls got through in %d ns, want at most %d", allowed, now-start, most)
		}
	})
}

// TestLimiter counts each name by itself, and forgets those that owe nothing when there are too many.
func TestLimiter(t *testing.T) {
	l := limit.New(limit.Rate{Every: time.Hour, Burst: 2}, clock.System())
	for i, held := range []bool{false, false, true} {
		if wait := l.Wait("a"); wait > 0 != held {
			t.Errorf("call %d waits %v", i, wait)
		}
	}
	for i := range 120_000 {
		if wait := l.Wait(fmt.Sprint(i)); wait > 0 {
			t.Fatalf("the name %d waits %v at its first call", i, wait)
		}
	}
}

func TestAddress(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.1:443": "192.0.2.1", "[2001:db8:1:2:3:4:5:6]:443": "2001:db8:1:2::/64", "[::ffff:192.0.2.1]:9": "192.0.2.1", "192.0.2.1": "192.0.2.1", "pipe": "pipe",
	} {
		if got := limit.Address(remote); got != want {
			t.Errorf("Address(%q) = %q, want %q", remote, got, want)
		}
	}
}
