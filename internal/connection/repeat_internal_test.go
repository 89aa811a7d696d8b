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
	for name, test := range map[string]struct {
		policy policy
		after  time.Duration
		count  int
		p99    time.Duration
		want   time.Duration
	}{
		"at first":                       {usual, 0, 1, 0, 4 * time.Second},
		"a quick provider":               {usual, 0, 1, 100 * time.Millisecond, 3 * time.Second},
		"a slow provider":                {usual, 0, 1, 2 * time.Second, 6 * time.Second},
		"shorter, so that another fits":  {usual, 6300 * time.Millisecond, 2, 0, 2850 * time.Millisecond},
		"too late for another":           {usual, 8 * time.Second, 2, 0, answerLast},
		"too late for one of a slow one": {usual, 6500 * time.Millisecond, 2, 2 * time.Second, answerLast},
		"the repeats are used up":        {usual, 3 * time.Second, 4, 0, answerLast},
		"no grace":                       {policy{}, 0, 1, 0, answerLast},
	} {
		now := first.Add(test.after)
		got := test.policy.limit(first, test.count, now, test.p99)
		if got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
		if next := now.Add(got + repeatPause); got != answerLast {
			if _, prompt := test.policy.again(first, test.count, next.Add(repeatSlack/2), now); !prompt {
				t.Errorf("%s: no other follows after %v", name, got)
			}
		}
	}
}
