package chaos

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"time"
)

// member is a running incarnation of a node.
type member interface {
	// wait gives how it ended.
	wait() error
	// kill ends it as kill -9 does.
	kill()
	// terminate asks it to drain and end.
	terminate()
}

// node is a place where a keeper runs: it is started again as soon as it has ended, whatever ended it.
type node struct {
	name, url string
	launch    func() (member, error)
	// output gives the end of what it has printed.
	output func() string

	mu      sync.Mutex
	running member
	doomed  bool // the end of running was ordered
	gentle  bool // it was asked to end, and should do so in order
	kills   []time.Time
	ends    []time.Time // of whatever kind
	ready   []span
	failed  []string // ends that nobody ordered
	starts  []time.Duration
	excused bool // starts that fail are expected: its database is away
}

// span is a time of readiness; an open one has no end.
type span struct{ from, to time.Time }

// run keeps the node running until ctx ends, then has it drain.
func (n *node) run(ctx context.Context) {
	runtime.LockOSThread() // a program that dies with its parent dies with the parent's thread
	defer runtime.UnlockOSThread()
	for ctx.Err() == nil {
		started := time.Now()
		m, err := n.launch()
		if err != nil {
			n.note(fmt.Sprintf("starting it: %v", err), false)
			pause(ctx, 200*time.Millisecond)
			continue
		}
		ended := make(chan error, 1)
		go func() { ended <- m.wait() }()
		n.set(m)
		watched, stop := context.WithCancel(ctx)
		var watch sync.WaitGroup
		watch.Go(func() { n.watch(watched, started) })
		select {
		case err = <-ended:
		case <-ctx.Done():
			n.drop(m)
			err = n.drain(m, ended)
		}
		stop()
		watch.Wait()
		n.down(time.Now())
		gentle := n.wasGentle()
		if n.drop(m) {
			if gentle && err != nil {
				n.note(fmt.Sprintf("asked to end: %v\n%s", err, n.output()), false) // with its database away it can't write the last down
			}
			continue
		}
		n.note(fmt.Sprintf("ended by itself: %v\n%s", err, n.output()), n.readyIn(started, time.Now()) > 0)
		pause(ctx, 100*time.Millisecond)
	}
}

// drain ends a member in order, and by force when it does not end.
func (n *node) drain(m member, ended <-chan error) error {
	m.terminate()
	select {
	case err := <-ended:
		return err
	case <-time.After(30 * time.Second):
		m.kill()
		return <-ended
	}
}

func (n *node) set(m member) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.running, n.doomed, n.gentle = m, false, false
}

// drop forgets a member, and tells whether its end was ordered.
func (n *node) drop(m member) (ordered bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	ordered = n.doomed
	if n.running == m {
		n.ends = append(n.ends, time.Now())
		n.running, n.doomed = nil, true
	}
	return ordered
}

// note keeps an end that nobody ordered. A start may fail while its database is away; once it was ready it has to stay.
func (n *node) note(failure string, served bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.excused || served {
		n.failed = append(n.failed, failure)
	}
}

// excuse says whether starts that fail are expected from now on.
func (n *node) excuse(yes bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.excused = yes
}

// kill kills what runs; false when nothing does.
func (n *node) kill() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.running == nil || n.doomed {
		return false
	}
	n.doomed = true
	n.kills = append(n.kills, time.Now())
	n.running.kill()
	return true
}

// drainNow asks the node to drain and end once it is ready, and waits until it has.
func (n *node) drainNow(ctx context.Context) {
	for !n.isReady() {
		if !pause(ctx, 10*time.Millisecond) {
			return
		}
	}
	n.mu.Lock()
	m := n.running
	if m == nil || n.doomed {
		n.mu.Unlock()
		return
	}
	n.doomed, n.gentle = true, true
	m.terminate()
	n.mu.Unlock()
	for n.runs(m) && pause(ctx, 10*time.Millisecond) {
	}
}

func (n *node) runs(m member) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.running == m
}

func (n *node) wasGentle() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.gentle
}

// watch asks the node again and again whether it is ready.
func (n *node) watch(ctx context.Context, started time.Time) {
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	first := true
	for every := 10 * time.Millisecond; ; {
		response, err := client.Get(n.url + "/readyz")
		if err == nil {
			_ = response.Body.Close()
		}
		if err == nil && response.StatusCode == http.StatusOK {
			n.up(time.Now())
			if first {
				first, every = false, 100*time.Millisecond
				n.mu.Lock()
				n.starts = append(n.starts, time.Since(started))
				n.mu.Unlock()
			}
		} else {
			n.down(time.Now())
		}
		if !pause(ctx, every) {
			return
		}
	}
}

func (n *node) up(now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if last := len(n.ready) - 1; last < 0 || !n.ready[last].to.IsZero() {
		n.ready = append(n.ready, span{from: now})
	}
}

func (n *node) down(now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if last := len(n.ready) - 1; last >= 0 && n.ready[last].to.IsZero() {
		n.ready[last].to = now
	}
}

func (n *node) isReady() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	last := len(n.ready) - 1
	return last >= 0 && n.ready[last].to.IsZero() && n.running != nil && !n.doomed
}

// killedIn tells whether the node was killed in that time.
func (n *node) killedIn(from, to time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.ContainsFunc(n.kills, func(at time.Time) bool { return !at.Before(from) && !at.After(to) })
}

// endedIn tells whether an incarnation of the node ended in that time.
func (n *node) endedIn(from, to time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.ContainsFunc(n.ends, func(at time.Time) bool { return !at.Before(from) && !at.After(to) })
}

// readyIn gives how long the node was ready in that time.
func (n *node) readyIn(from, to time.Time) (total time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.ready {
		end := s.to
		if end.IsZero() || end.After(to) {
			end = to
		}
		if start := later(s.from, from); end.After(start) {
			total += end.Sub(start)
		}
	}
	return total
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// nodes are all of a keeper's.
type nodes []*node

func (all nodes) named(name string) *node {
	for _, n := range all {
		if n.name == name {
			return n
		}
	}
	return nil
}

func (all nodes) killed(name string, from, to time.Time) bool {
	n := all.named(name)
	return n != nil && n.killedIn(from, to)
}

// await waits until every node is ready.
func (all nodes) await(ctx context.Context) error {
	for _, n := range all {
		for !n.isReady() {
			if !pause(ctx, 10*time.Millisecond) {
				return fmt.Errorf("waiting for %s: %w\n%s", n.name, ctx.Err(), n.output())
			}
		}
	}
	return nil
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
	also io.Writer
}

const tailSize = 16 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if len(t.text) > 2*tailSize {
		t.text = append([]byte(nil), t.text[len(t.text)-tailSize:]...)
	}
	if t.also != nil {
		return t.also.Write(p)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text[max(0, len(t.text)-tailSize):])
}

// quiet gives a log that says nothing.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// trusting gives a client that believes the provider's certificate and shares nothing with others.
func trusting(p *Provider, timeout time.Duration) *http.Client {
	return &http.Client{Timeout: timeout, Transport: &http.Transport{
		MaxIdleConnsPerHost: 64, TLSClientConfig: &tls.Config{RootCAs: p.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, MinVersion: tls.VersionTLS12},
	}}
}
