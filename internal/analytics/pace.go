package analytics

import (
	"context"
	"sync"
	"time"

	"latchkey/internal/clock"
)

// The vendor takes 12 requests in 6 seconds of a user. When a request arrives there is not known here: after it was sent and
// before its answer came. So a request takes one of 12 places, and the place is free again 6 seconds after the answer; then no
// 6 seconds at the other side see more than 12, however the network delays them.
const (
	places = 12
	window = 6 * time.Second
)

// pace spaces the requests of each credential.
type pace struct {
	clock clock.Clock
	mu    sync.Mutex
	of    map[string]*lane // :: API key → its lane; only those in use
}

// lane is one credential's places.
type lane struct {
	free  chan struct{}
	users int // who waits, or has a place; of pace.mu
	// until is when the server wants to be asked again; of pace.mu.
	until time.Time
}

func newPace(c clock.Clock) *pace { return &pace{clock: c, of: map[string]*lane{}} }

// enter waits for a place. leave MUST be called when the answer is there, with how long the server wants to be left alone.
func (p *pace) enter(ctx context.Context, key string) (leave func(alone time.Duration), err error) {
	l := p.join(key)
	select {
	case <-l.free:
	case <-ctx.Done():
		p.part(key, l)
		return nil, context.Cause(ctx)
	}
	leave = func(alone time.Duration) { p.leave(key, l, alone) }
	for {
		p.mu.Lock()
		wait := l.until.Sub(p.clock.Now())
		p.mu.Unlock()
		if wait <= 0 {
			return leave, nil
		}
		if err := sleep(ctx, p.clock, wait); err != nil {
			l.free <- struct{}{} // nothing was sent
			p.part(key, l)
			return nil, err
		}
	}
}

// Rate is how a credential stands with the rate that the vendor allows, as far as this process knows.
type Rate struct {
	// Of requests are taken Within a time; Free can be sent now.
	Of, Free int
	Within   time.Duration
	// Until is when the server wants to be asked again, once it has answered 429; zero without that.
	Until time.Time
}

func (p *pace) rate(key string) Rate {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := Rate{Of: places, Free: places, Within: window}
	if l := p.of[key]; l != nil {
		r.Free = len(l.free)
		if l.until.After(p.clock.Now()) {
			r.Until = l.until
		}
	}
	return r
}

func (p *pace) join(key string) *lane {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.of[key]
	if l == nil {
		l = &lane{free: make(chan struct{}, places)}
		for range places {
			l.free <- struct{}{}
		}
		p.of[key] = l
	}
	l.users++
	return l
}

func (p *pace) part(key string, l *lane) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l.users--; l.users == 0 {
		delete(p.of, key)
	}
}

func (p *pace) leave(key string, l *lane, alone time.Duration) {
	p.mu.Lock()
	if until := p.clock.Now().Add(alone); until.After(l.until) {
		l.until = until
	}
	p.mu.Unlock()
	// The lane is kept as long as somebody must be kept waiting by it.
	p.clock.AfterFunc(max(window, alone), func() {
		l.free <- struct{}{} // never blocks: one place was taken for each
		p.part(key, l)
	})
}

// sleep waits by the clock.
func sleep(ctx context.Context, c clock.Clock, d time.Duration) error {
	timer := c.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C():
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
