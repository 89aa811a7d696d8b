package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"testing"
	"time"
)

// Run puts a keeper through the faults and counts. Progress goes to out, a line every few seconds.
func Run(t testing.TB, config Config, out io.Writer) *Report {
	t.Helper()
	provider := newProvider(config)
	defer provider.stop()
	s, err := open(t, config, provider)
	if s != nil {
		defer s.end()
	}
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.run(t.Context(), out)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func open(t testing.TB, config Config, provider *Provider) (*subject, error) {
	switch config.Keeper {
	case "peer-lock":
		return openPeers(config, provider, lockingPeer, nil)
	case "peer-mutex":
		return openPeers(config, provider, mutexPeer, nil)
	}
	dir, err := os.MkdirTemp("", "chaos-bin-")
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	var binaries []string
	for i := range config.nodes() {
		path, err := build(dir, fmt.Sprintf("chaos-%d", i), config.has(FaultClock))
		if err != nil {
			return nil, err
		}
		binaries = append(binaries, path)
	}
	return openProgram(t, config, provider, binaries)
}

// run starts the nodes, makes the connections, lets the faults loose, waits until things have settled, and counts.
func (s *subject) run(ctx context.Context, out io.Writer) (*Report, error) {
	running, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer func() { stop(); all.Wait() }()
	for _, n := range s.nodes {
		all.Go(func() { n.run(running) })
	}
	starting, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := s.nodes.await(starting); err != nil {
		return nil, err
	}
	refs, err := s.connectAll(ctx)
	if err != nil {
		return nil, err
	}
	c := newCallers(s, refs)
	k := &killer{nodes: s.nodes, kills: s.config.Kills, over: s.config.Duration * 9 / 10, chance: s.config.source(2)}
	s.provider.moment = k.at
	began := time.Now()
	reading, quit := context.WithCancel(ctx)
	defer quit()
	all.Go(func() { c.run(reading) })
	all.Go(func() { s.progress(reading, out, began, c, k) })
	acts := s.storm(ctx, c, k)
	failures, err := s.settle(ctx, c)
	quit()
	stop()
	all.Wait()
	if err != nil {
		return nil, err
	}
	return report(s, c, k, acts, failures, time.Since(began)), nil
}

// storm is the bad time.
func (s *subject) storm(ctx context.Context, c *callers, k *killer) map[string]int {
	bad, over := context.WithTimeout(ctx, s.config.Duration)
	defer over()
	acts := map[string]int{}
	var all sync.WaitGroup
	all.Go(func() { s.provider.faults.run(bad, s.config.source(3)) })
	all.Go(func() { k.run(bad) })
	all.Go(func() {
		s.disturb(bad, s.config.source(4), func(kind string) {
			acts[kind]++
			if kind == FaultClock {
				c.stepped.Store(time.Now().Add(clockShows).UnixNano())
			}
		})
	})
	<-bad.Done()
	all.Wait()
	return acts
}

// clockShows is how long after its beginning a clock's jump may show: it lasts up to ten seconds, and what was stored in
// that time is off by up to thirty.
const clockShows = 50 * time.Second

// settle waits until every connection has had time for a refresh without faults, then reads each one's token.
func (s *subject) settle(ctx context.Context, c *callers) (failures []string, err error) {
	starting, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if err := s.nodes.await(starting); err != nil {
		return nil, err
	}
	if !pause(ctx, 2*s.config.Life) {
		return nil, ctx.Err()
	}
	patient, end := context.WithTimeout(ctx, time.Minute)
	defer end()
	failures = make([]string, len(c.refs))
	var all sync.WaitGroup
	slots := make(chan struct{}, 64)
	for grant := range c.refs {
		if s.provider.ledger.isRevoked(grant) {
			continue
		}
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			failures[grant] = c.finally(patient, grant, s.config.source(1000+uint64(grant)))
		})
	}
	all.Wait()
	return failures, ctx.Err()
}

// connectAll makes the connections, some at a time.
func (s *subject) connectAll(ctx context.Context) ([]string, error) {
	if s.config.real() {
		if err := (consents{s, s.nodes[0].url}).define(ctx); err != nil {
			return nil, err
		}
	}
	refs := make([]string, s.config.Connections)
	errs := make([]error, s.config.Connections)
	var all sync.WaitGroup
	slots := make(chan struct{}, 8)
	for range s.config.Connections {
		g := s.provider.ledger.consent()
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			refs[g.id], errs[g.id] = s.connect(ctx, g)
		})
	}
	all.Wait()
	return refs, errors.Join(errs...)
}

// progress prints a line every few seconds.
func (s *subject) progress(ctx context.Context, out io.Writer, began time.Time, c *callers, k *killer) {
	refreshes := 0
	for every := 5 * time.Second; pause(ctx, every); {
		now, presented := s.provider.ledger.count()
		lost := 0
		for id := range c.refs {
			if s.provider.ledger.isRevoked(id) {
				lost++
			}
		}
		reads := c.count()
		fmt.Fprintf(out, "%6s  %-10s %5.0f refreshes/s  presented %d  kills %d  revoked %d  expired %d  reads %d (served %d)\n",
			time.Since(began).Round(time.Second), s.config.Keeper, float64(now-refreshes)/every.Seconds(), presented, k.done.Load(), lost,
			reads[readExpired], (&Report{Reads: reads}).Total(), reads[readServed])
		refreshes = now
	}
}
