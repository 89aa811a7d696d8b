package connection

import (
	"testing"
	"time"

	"latchkey/internal/exchange"
)

// TestInTime holds that what failed is tried once more before its token ends, unless that is now, or the provider asked
// for longer, or a person has to act.
func TestInTime(t *testing.T) {
	now := time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	down := &exchange.Failure{Kind: exchange.ProviderDown}
	for name, test := range map[string]struct {
		at, ends, life time.Duration
		failure        *exchange.Failure
		from, to       time.Duration
	}{
		"after the end":          {15 * time.Minute, 10 * time.Minute, time.Hour, down, 8 * time.Minute, 9 * time.Minute},
		"five seconds":           {4 * time.Second, 2500 * time.Millisecond, 5 * time.Second, down, 1250 * time.Millisecond, 1875 * time.Millisecond},
		"well before":            {3 * time.Minute, 10 * time.Minute, time.Hour, down, 3 * time.Minute, 3 * time.Minute},
		"it ends now":            {time.Minute, time.Second, time.Hour, down, time.Minute, time.Minute},
		"it has ended":           {time.Minute, -time.Second, time.Hour, down, time.Minute, time.Minute},
		"it never ends":          {time.Minute, 0, 0, down, time.Minute, time.Minute},
		"the provider asked":     {12 * time.Minute, 10 * time.Minute, time.Hour, &exchange.Failure{Kind: exchange.ProviderDown, RetryAfter: 12 * time.Minute}, 12 * time.Minute, 12 * time.Minute},
		"the client is refused":  {12 * time.Minute, 10 * time.Minute, time.Hour, &exchange.Failure{Kind: exchange.ClientDead}, 12 * time.Minute, 12 * time.Minute},
		"the customer denied it": {12 * time.Minute, 10 * time.Minute, time.Hour, &exchange.Failure{Kind: exchange.Denied}, 12 * time.Minute, 12 * time.Minute},
	} {
		ends := now.Add(test.ends)
		if test.ends == 0 {
			ends = time.Time{}
		}
		for range 20 {
			got := inTime(now.Add(test.at), now, ends, test.life, test.failure).Sub(now)
			if got < test.from || got > test.to {
				t.Errorf("%s: after %v, want %v to %v", name, got, test.from, test.to)
			}
		}
	}
}

func TestPatience(t *testing.T) {
	now := time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	next := now.Add(15 * time.Minute)
	for setbacks, want := range map[int]time.Duration{1: 2 * time.Second, 2: 4 * time.Second, 5: 30 * time.Second, 60: 30 * time.Second} {
		last := &LastError{Kind: exchange.ProviderDown, At: now}
		if got := patience(last, setbacks, next).Sub(now); got != want {
			t.Errorf("after %d failures a caller waits %v, want %v", setbacks, got, want)
		}
	}
	asked := &LastError{Kind: exchange.ProviderDown, At: now, NotBefore: now.Add(time.Minute)}
	if got := patience(asked, 1, next); !got.Equal(asked.NotBefore) {
		t.Errorf("a caller is served at %v, want when the provider asked", got)
	}
}
