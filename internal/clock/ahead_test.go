package clock_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/internal/clock"
)

func TestAheadRunsAndIsMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		c := clock.NewAhead()
		shows := func(want time.Duration) {
			t.Helper()
			if got := c.Now().Sub(began); got != want {
				t.Errorf("the clock shows %v, want %v", got, want)
			}
		}
		shows(0)
		time.Sleep(time.Minute)
		c.Advance(time.Hour)
		shows(time.Hour + time.Minute)
		time.Sleep(time.Second)
		shows(time.Hour + time.Minute + time.Second)
		if c.By() != time.Hour {
			t.Errorf("By() = %v, want an hour", c.By())
		}
	})
}

func TestAheadFiresInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewAhead()
		var mu sync.Mutex
		var order []string
		note := func(what string) {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, what)
		}
		fired := func(want ...string) {
			t.Helper()
			mu.Lock()
			defer mu.Unlock()
			if !slices.Equal(order, want) {
				t.Errorf("fired %v, want %v", order, want)
			}
		}
		c.AfterFunc(3*time.Hour, func() { note("three") })
		c.AfterFunc(time.Hour, func() {
			note("one")
			c.AfterFunc(time.Hour, func() { note("later") })
		})
		c.AfterFunc(2*time.Hour, func() { note("two") })
		stopped := c.AfterFunc(time.Hour, func() { note("stopped") })
		if !stopped.Stop() || stopped.Stop() {
			t.Error("Stop() does not tell a waiting timer from a stopped one")
		}
		c.Advance(150 * time.Minute)
		time.Sleep(30*time.Minute - time.Nanosecond)
		fired("one", "two")
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		fired("one", "two", "three")
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		fired("one", "two", "three", "later")
	})
}

func TestAheadTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewAhead()
		timer := c.NewTimer(time.Minute)
		fired := func(want bool) {
			t.Helper()
			synctest.Wait()
			select {
			case <-timer.C():
				if !want {
					t.Error("the timer fired")
				}
			default:
				if want {
					t.Error("the timer did not fire")
				}
			}
		}
		time.Sleep(59 * time.Second)
		fired(false)
		if !timer.Reset(time.Minute) {
			t.Error("Reset() of a waiting timer = false")
		}
		time.Sleep(59 * time.Second)
		fired(false)
		c.Advance(time.Second)
		fired(true)
		if timer.Reset(time.Minute) {
			t.Error("Reset() of a fired timer = true")
		}
		time.Sleep(time.Minute)
		fired(true)
		timer.Reset(time.Minute)
		c.Advance(time.Minute)
		timer.Reset(time.Minute) // what fired and was not read is gone
		fired(false)
		time.Sleep(time.Minute)
		fired(true)
	})
}
