package provider_test

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/internal/provider"
)

// crowd is connections that all come due within a minute, at one provider.
type crowd struct {
	h     *provider.Health
	began time.Time
	// outage is when the provider gives no answer, from the beginning.
	from, to time.Duration

	mu       sync.Mutex
	group    sync.WaitGroup
	inFlight int
	most     int
	seconds  map[int]int // second → calls that began
	failed   int         // calls that the outage cost
	late     int
	slackest time.Duration // the least time that was left of a token
	last     time.Duration
}

// due renews a connection's token, as a keeper does that is refused: again when it may.
func (c *crowd) due(connection provider.Call) {
	c.h.Submit(connection, func(gate *provider.Gate, err error) {
		if e, ok := errors.AsType[*provider.DownError](err); ok {
			time.AfterFunc(time.Until(e.RetryAt)+rand.N(time.Second), func() { c.due(connection) })
			return
		}
		if err != nil {
			panic(err)
		}
		at := time.Since(c.began)
		c.mu.Lock()
		c.inFlight++
		c.most = max(c.most, c.inFlight)
		c.seconds[int(at/time.Second)]++
		c.mu.Unlock()
		latency := 100*time.Millisecond + time.Duration(rand.ExpFloat64()*float64(150*time.Millisecond))
		time.Sleep(min(latency, 2*time.Second))
		away := at >= c.from && at < c.to
		c.mu.Lock()
		c.inFlight--
		if away {
			c.failed++
		} else {
			left := time.Until(connection.Expires)
			c.slackest = min(c.slackest, left)
			c.last = time.Since(c.began)
			if left < 0 {
				c.late++
			}
		}
		c.mu.Unlock()
		if away {
			gate.Done(down)
			time.AfterFunc(5*time.Second, func() { c.due(connection) })
			return
		}
		gate.Done(good)
		c.group.Done()
	})
}

func (c *crowd) peak() (n int) {
	for _, began := range c.seconds {
		n = max(n, began)
	}
	return n
}

// 100,000 tokens of an hour come due within the same minute, the earliest nine minutes before its end (15 % of its life).
func TestHundredThousandInAMinute(t *testing.T) {
	if testing.Short() {
		t.Skip("100,000 connections")
	}
	for name, day := range map[string]struct {
		connections int
		limits      provider.Limits
		from, to    time.Duration
	}{
		"a good day":            {connections: 100_000, limits: provider.Limits{Rate: 200, Concurrency: 64}}, // the defaults
		"an outage of a minute": {20_000, provider.Limits{Rate: 40, Concurrency: 13}, 90 * time.Second, 150 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				connections, limits := day.connections, day.limits
				c := &crowd{
					h: open(t, provider.Config{Limits: limits}), began: time.Now(), from: day.from, to: day.to,
					seconds: map[int]int{}, slackest: time.Hour,
				}
				c.group.Add(connections)
				for i := range connections {
					if i%(connections/600) == 0 {
						time.Sleep(100 * time.Millisecond)
					}
					life := time.Hour * time.Duration(1500+rand.IntN(1500)) / 10_000 // 15 to 30 % of an hour are left
					c.due(call(background(time.Now().Add(life))))
				}
				c.group.Wait()
				t.Logf("%d calls in %v; at most %d a second and %d under way; %d failed; %d late, the least left %v",
					connections+c.failed, c.last.Round(time.Second), c.peak(), c.most, c.failed, c.late, c.slackest.Round(time.Second))
				if c.late > 0 || c.most > limits.Concurrency || float64(c.peak()) > 1.2*limits.Rate {
					t.Errorf("late %d, under way %d, a second %d", c.late, c.most, c.peak())
				}
			})
		})
	}
}
