package connection

import (
	"testing"
	"time"
)

// TestLimit holds that an answer is waited for as long as another presentation fits into the grace behind it, for less when
// only that makes it fit, and longest for the last one.
func TestLimit(t *testing.T) {
	first := time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	usual := policy{grace: 10 * time.Second, most: 3}
	const ended, lives = -time.Second, time.Hour
	for name, test := range map[string]struct {
		policy    policy
		after     time.Duration
		count     int
		ends, p99 time.Duration
		want      time.Duration
	}{
		"at first":                           {usual, 0, 1, ended, 0, 4 * time.Second},
		"a quick provider":                   {usual, 0, 1, ended, 100 * time.Millisecond, 3 * time.Second},
		"a slow provider":                    {usual, 0, 1, ended, 2 * time.Second, 6 * time.Second},
		"shorter, so that another fits":      {usual, 6300 * time.Millisecond, 2, ended, 0, 2850 * time.Millisecond},
		"too late for another":               {usual, 8 * time.Second, 2, ended, 0, answerLast},
		"too late for one of a slow one":     {usual, 6500 * time.Millisecond, 2, ended, 2 * time.Second, answerLast},
		"the repeats are used up":            {usual, 3 * time.Second, 4, lives, 0, answerLast},
		"used up, with nothing left to lose": {usual, 3 * time.Second, 4, ended, 0, 4 * time.Second},
		"no grace":                           {policy{}, 0, 1, ended, 0, answerLast},
	} {
		now := first.Add(test.after)
		got := test.policy.limit(first, test.count, now, now.Add(test.ends), test.p99)
		if got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
		if next := now.Add(got + test.policy.pause(test.count)); got != answerLast {
			if _, prompt := test.policy.again(first, test.count, next.Add(repeatSlack/2), now.Add(test.ends)); !prompt {
				t.Errorf("%s: no other follows after %v", name, got)
			}
		}
	}
}
