package clock_test

import (
	"slices"
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
		var order []string
		c.AfterFunc(3*time.Hour, func() { order = append(order, "three") })
		c.AfterFunc(time.Hour, func() {
			order = append(order, "one")
			c.AfterFunc(time.Hour, func() { order = append(order, "later") })
		})
		c.AfterFunc(2*time.Hour, func() { order = append(order, "two") })
		stopped := c.AfterFunc(time.Hour, func() { order = append(order, "stopped") })
		if !stopped.Stop() || stopped.Stop() {
			t.Error("Stop() does not tell a waiting timer from a stopped one")
		}
		c.Advance(150 * time.Minute)
		time.Sleep(30*time.Minute - 1)
		if want := []string{"one", "two"}; !slices.Equal(order, want) {
			t.Errorf("fired %v, want %v", order, want)
		}
		time.Sleep(1)
		synctest.Wait()
		if want := []string{"one", "two", "three"}; !slices.Equal(order, want) {
			t.Errorf("fired %v, want %v", order, want)
		}
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		if want := []string{"one", "two", "three", "later"}; !slices.Equal(order, want) {
			t.Errorf("fired %v, want %v", order, want)
		}
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
