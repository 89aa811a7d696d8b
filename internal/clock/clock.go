// Package clock is where every room takes its time from.
//
// Production runs on [System]. A test that has real sockets in play holds time in its hand with [Manual]: nothing
// moves until Advance is called, and timers fire in the order of their instants, on the goroutine that advances. A server
// whose time is moved by those who try it runs on [Ahead], which goes on by itself too.
// (Tests over in-memory transports use testing/synctest and System instead.)
package clock

import "time"

// Clock tells the time and wakes its users.
type Clock interface {
	// Now gives the current instant.
	Now() time.Time
	// NewTimer gives a timer that sends on C once, d from now.
	NewTimer(d time.Duration) Timer
	// AfterFunc calls f, d from now, unless the timer is stopped before. f MUST NOT block.
	AfterFunc(d time.Duration, f func()) Timer
}

// Timer is a [time.Timer] that may belong to a clock in a test's hand.
type Timer interface {
	// C gives the channel that receives the instant at which the timer fired; nil for AfterFunc.
	C() <-chan time.Time
	// Stop keeps the timer from firing; false when it has fired or was stopped before.
	Stop() bool
	// Reset makes the timer fire d from now; false when it had fired or was stopped.
	Reset(d time.Duration) bool
}

// System gives the machine's clock.
func System() Clock { return system{} }

type system struct{}

func (system) Now() time.Time { return now() }

func (system) NewTimer(d time.Duration) Timer { return systemTimer{time.NewTimer(d)} }

func (system) AfterFunc(d time.Duration, f func()) Timer { return systemTimer{time.AfterFunc(d, f)} }

type systemTimer struct{ *time.Timer }

func (t systemTimer) C() <-chan time.Time { return t.Timer.C }
