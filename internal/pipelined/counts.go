package pipelined

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// counts are the daemon's own.
type counts struct {
	replayed atomic.Int64
}

// listenerCounts are what the status tells of a listener. Instants are in milliseconds since 1970, 0 for never.
type listenerCounts struct {
	alive, failed, flushed atomic.Int64
	failures               atomic.Int64
	bytes, pings, strange  atomic.Int64
	waiting, peak, retries atomic.Int64

	received, processed, discarded, duplicates, malformed, unrouted atomic.Int64
	// scripted are attempts at connectors of scripts; failedDeliveries attempts that failed.
	scripted, failedDeliveries atomic.Int64
	// taken and takenTime are the triggers that were brought to their end, and how long that took.
	taken, takenTime atomic.Int64

	sinceFlush, flushes, flushErrors, flushTime atomic.Int64
	// held tells that the journal can't be written.
	held atomic.Bool
}

func (c *listenerCounts) took(d time.Duration) {
	c.taken.Add(1)
	c.takenTime.Add(int64(d))
}

// pool bounds how many triggers are at connectors at once. Each place is a thread of the vendor's, as far as the status
// goes.
type pool struct {
	scripts bool
	free    chan *thread
	threads []*thread
}

// thread counts what went through one place.
type thread struct {
	mu                            sync.Mutex
	received, failures, discarded int64
	time                          time.Duration
}

func newPool(size int, scripts bool) *pool {
	p := &pool{scripts: scripts, free: make(chan *thread, size)}
	for range size {
		t := &thread{}
		p.threads = append(p.threads, t)
		p.free <- t
	}
	return p
}

func (p *pool) take(ctx context.Context) (*thread, error) {
	select {
	case t := <-p.free:
		return t, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pool) give(t *thread, delivered int, took time.Duration, err error) {
	t.mu.Lock()
	t.received += int64(max(delivered, 1))
	t.time += took
	if err != nil {
		t.failures++
	}
	t.mu.Unlock()
	p.free <- t
}

// discard counts a trigger that was given up after an attempt of this thread.
func (t *thread) discard() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.discarded++
}

// resize makes the pools as large as the settings say. What is at a connector goes on in the pool where it began.
func (d *Daemon) resize(o Options) {
	for _, one := range []struct {
		at      *atomic.Pointer[pool]
		size    int
		scripts bool
	}{{&d.scripts, o.ScriptThreads, true}, {&d.builtIn, o.BuiltInThreads, false}} {
		if p := one.at.Load(); p == nil || len(p.threads) != one.size {
			one.at.Store(newPool(one.size, one.scripts))
		}
	}
}
