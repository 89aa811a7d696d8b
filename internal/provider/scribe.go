package provider

import (
	"context"
	"sync"
	"time"
)

// scribe writes changes to the store behind the calls, in their order, again and again while the store is away; and it
// reads there what other nodes have found out.
type scribe struct {
	h    *Health
	wake chan struct{}
	stop chan struct{}
	done chan struct{}
	ctx  context.Context
	cut  context.CancelFunc

	mu      sync.Mutex
	started bool
	stopped bool
	jobs    []job
}

// job is a change to write.
type job func(context.Context, Store) error

const (
	// noteEvery is how often the store is told that an organization still calls a provider.
	noteEvery = 24 * time.Hour
	// readEvery is how often the scribe looks what other nodes have written.
	readEvery = 30 * time.Second
	// scribeRetry is how long it waits when the store is away.
	scribeRetry = 5 * time.Second
	scribeTime  = 10 * time.Second
	// jobsMost bounds what waits to be written; the oldest is forgotten.
	jobsMost = 10_000
	// forgetAfter is how long a provider that nobody calls is kept in memory, and shown. It is several times noteEvery.
	forgetAfter = 7 * 24 * time.Hour
)

func newScribe(h *Health) *scribe {
	c := &scribe{h: h, wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	c.ctx, c.cut = context.WithCancel(context.Background())
	return c
}

func (c *scribe) start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.started || c.stopped {
		return
	}
	c.started = true
	go c.run()
}

// close lets it write what waits, until ctx ends.
func (c *scribe) close(ctx context.Context) error {
	c.mu.Lock()
	started, first := c.started, !c.stopped
	c.stopped = true
	c.mu.Unlock()
	defer c.cut()
	if first {
		close(c.stop)
	}
	if !started {
		return nil
	}
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
	}
	c.cut()
	<-c.done
	return ctx.Err()
}

// put has a change written.
func (c *scribe) put(j job) {
	if c.h.config.Store == nil {
		return
	}
	c.mu.Lock()
	if len(c.jobs) >= jobsMost {
		c.jobs = c.jobs[1:]
	}
	c.jobs = append(c.jobs, j)
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *scribe) meet(host Host, organization string, at time.Time) {
	c.put(func(ctx context.Context, store Store) error {
		return store.Meet(ctx, []Acquaintance{{Host: host, Organization: organization, At: at}})
	})
}

func (c *scribe) standing(host Host, standing Standing) {
	c.put(func(ctx context.Context, store Store) error {
		_, err := store.Stand(ctx, host, standing)
		return err
	})
}

func (c *scribe) opened(incident Incident) {
	c.put(func(ctx context.Context, store Store) error {
		kept, err := store.Open(ctx, incident)
		if err == nil {
			c.h.confirm(incident.Mark, kept)
		}
		return err
	})
}

func (c *scribe) ended(incident Incident) {
	c.put(func(ctx context.Context, store Store) error {
		_, err := store.End(ctx, incident)
		return err
	})
}

func (c *scribe) run() {
	defer close(c.done)
	next := c.h.config.Clock.Now()
	for {
		now := c.h.config.Clock.Now()
		if !now.Before(next) {
			c.h.tidy(now)
			c.read()
			next = now.Add(readEvery)
		}
		wait := next.Sub(now)
		if !c.write() {
			wait = min(wait, scribeRetry)
		}
		timer := c.h.config.Clock.NewTimer(wait)
		select {
		case <-timer.C():
		case <-c.wake:
		case <-c.stop:
			timer.Stop()
			c.write()
			return
		}
		timer.Stop()
	}
}

// write writes what waits, and tells whether all is written.
func (c *scribe) write() bool {
	for {
		c.mu.Lock()
		if len(c.jobs) == 0 {
			c.mu.Unlock()
			return true
		}
		next := c.jobs[0]
		c.mu.Unlock()
		ctx, cancel := context.WithTimeout(c.ctx, scribeTime)
		err := next(ctx, c.h.config.Store)
		cancel()
		if err != nil {
			c.h.config.Log.Error("storing the health of a provider", "error", err)
			return false
		}
		c.mu.Lock()
		c.jobs = c.jobs[1:]
		c.mu.Unlock()
	}
}

// read takes in what is kept.
func (c *scribe) read() {
	if c.h.config.Store == nil {
		return
	}
	ctx, cancel := context.WithTimeout(c.ctx, scribeTime)
	defer cancel()
	kept, err := c.h.config.Store.Read(ctx)
	if err != nil {
		c.h.config.Log.Error("reading the health of providers", "error", err)
		return
	}
	c.h.learn(kept)
}

// behind tells whether something waits to be written.
func (c *scribe) behind() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.jobs) > 0
}
