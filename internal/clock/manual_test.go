package clock_test

import (
	"slices"
	"testing"
	"time"

	"latchkey/internal/clock"
)

var start = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func TestAdvanceFiresInOrder(t *testing.T) {
	c := clock.NewManual(start)
	var order []string
	c.AfterFunc(3*time.Second, func() { order = append(order, "three@"+c.Now().Sub(start).String()) })
	c.AfterFunc(time.Second, func() {
		order = append(order, "one@"+c.Now().Sub(start).String())
		c.AfterFunc(time.Second, func() { order = append(order, "two@"+c.Now().Sub(start).String()) })
	})
	stopped := c.AfterFunc(2*time.Second, func() { order = append(order, "stopped") })
	if !stopped.Stop() || stopped.Stop() {
		t.Error("Stop() does not tell a waiting timer from a stopped one")
	}
	c.Advance(2500 * time.Millisecond)
	c.Advance(time.Second)
	want := []string{"one@1s", "two@2s", "three@3s"}
	if !slices.Equal(order, want) {
		t.Errorf("fired %v, want %v", order, want)
	}
	if got := c.Now().Sub(start); got != 3500*time.Millisecond {
		t.Errorf("Now() is %v after the start, want 3.5s", got)
	}
}

func TestTimerChannelAndReset(t *testing.T) {
	c := clock.NewManual(start)
	timer := c.NewTimer(time.Minute)
	c.Advance(59 * time.Second)
	select {
	case <-timer.C():
		t.Fatal("fired a second early")
	default:
	}
	if !timer.Reset(time.Minute) {
		t.Error("Reset() of a waiting timer = false")
	}
	c.Advance(59 * time.Second)
	if c.Waiting() != 1 {
		t.Fatalf("Waiting() = %d, want 1", c.Waiting())
	}
	c.Advance(time.Second)
	if at := <-timer.C(); !at.Equal(start.Add(118*time.Second + time.Second)) {
		t.Errorf("fired at %v", at)
	}
	if timer.Reset(0) {
		t.Error("Reset() of a fired timer = true")
	}
	<-timer.C()
}
