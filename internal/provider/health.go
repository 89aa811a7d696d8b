package provider

import (
	"context"
	"errors"
	"hash/maphash"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"

	"latchkey/internal/clock"
)

// ErrClosed is given to those who come, or wait, when the health is closed.
var ErrClosed = errors.New("the server is stopping")

// Config is what a [Health] works with.
type Config struct {
	// Limits hold for each provider; Hosts has those of single ones, whose zero members are Limits'.
	Limits Limits
	Hosts  map[Host]Limits
	// Store keeps what has to survive this process; nil keeps it in memory alone.
	Store Store
	// Hash is keyed; it makes the marks of incidents, which are stored. A key of this process serves when it is nil.
	Hash func(purpose string, data []byte) [32]byte
	// Clock is the system's when nil.
	Clock clock.Clock
	// Log gets the edges: down, up, an incident's beginning and end. Nil means none.
	Log *slog.Logger
	// Answered is told how long an answer took to the call of an organization; it MUST NOT block. Nil means nobody.
	Answered func(organization string, took time.Duration)
	// Meter counts calls; nil means none.
	Meter metric.Meter
}

// Health is the health of all providers. Start it with [Health.Start], end it with [Health.Close]; it works between and
// before too, but only a started one stores anything.
type Health struct {
	config Config
	seed   maphash.Seed
	sites  sync.Map // Host → *site
	meters *meters
	scribe *scribe

	closed atomic.Bool
	// work counts the goroutines that Close waits for.
	work sync.WaitGroup
}

// New makes a health in which nobody is known yet.
func New(config Config) (*Health, error) {
	config.Limits = config.Limits.over(Limits{Rate: defaultRate, Concurrency: defaultConcurrency})
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Hash == nil {
		config.Hash = privateHash()
	}
	h := &Health{config: config, seed: maphash.MakeSeed()}
	h.scribe = newScribe(h)
	var err error
	h.meters, err = newMeters(h, config.Meter)
	return h, err
}

// Enter waits until the call may begin, and gives the gate whose Done MUST be called when it has ended. The errors are
// [*DownError] and [*PausedError], at once; [*BusyError] when ctx ends first; [ErrClosed].
func (h *Health) Enter(ctx context.Context, call Call) (*Gate, error) {
	if call.Host == "" {
		return &Gate{}, nil
	}
	s := h.site(call.Host)
	now := h.config.Clock.Now()
	t, gate, err := s.ask(now, call)
	if t == nil {
		s.mu.Unlock()
		return gate, err
	}
	answers := make(chan answer, 1)
	t.answer = func(gate *Gate, err error) { answers <- answer{gate, err} }
	s.enqueue(now, t)
	s.mu.Unlock()
	select {
	case a := <-answers:
		return a.gate, a.err
	case <-ctx.Done():
	}
	if s.leave(t) {
		return nil, &BusyError{Host: call.Host, RetryAt: s.turn(), Err: ctx.Err()}
	}
	a := <-answers // it was let through, or sent away, at the same time
	return a.gate, a.err
}

type answer struct {
	gate *Gate
	err  error
}

// Submit is Enter without anybody who waits: answer is called once, with what Enter would give, on a goroutine that
// [Health.Close] waits for; when the health is closed, before Submit returns. With an error it MUST NOT block. A full queue
// is a [*BusyError]. The function that is given takes the place in the queue back, and tells whether it did: answer is not
// called then.
func (h *Health) Submit(call Call, answer func(*Gate, error)) (withdraw func() bool) {
	withdraw = func() bool { return false }
	if call.Host == "" {
		h.work.Go(func() { answer(&Gate{}, nil) })
		return withdraw
	}
	s := h.site(call.Host)
	now := h.config.Clock.Now()
	t, gate, err := s.ask(now, call)
	switch {
	case errors.Is(err, ErrClosed):
		s.mu.Unlock()
		answer(nil, err)
		return withdraw
	case t == nil:
		h.work.Go(func() { answer(gate, err) })
	default:
		t.answer = func(gate *Gate, err error) {
			if err != nil { // it does not block, and there is a goroutine for all of them
				answer(nil, err)
				return
			}
			h.work.Go(func() { answer(gate, nil) })
		}
		withdraw = func() bool { return s.leave(t) }
		s.enqueue(now, t)
	}
	s.mu.Unlock()
	return withdraw
}

// P99 is the time that all but one in a hundred of a provider's answers took of late; 0 when nothing is known. A token is
// to be renewed no later than twice that before its end.
func (h *Health) P99(host Host) time.Duration {
	found, ok := h.sites.Load(host)
	if !ok {
		return 0
	}
	s := found.(*site)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.latency.quantile(0.99)
}

// Troubled tells whether a provider has failed in the last five minutes: what it says of a single grant may be wrong then.
func (h *Health) Troubled(host Host) bool {
	found, ok := h.sites.Load(host)
	if !ok {
		return false
	}
	s := found.(*site)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, failed := s.tally.sum(h.config.Clock.Now())
	return failed > 0
}

// site gives a provider's site, locked.
func (h *Health) site(host Host) *site {
	for {
		found, ok := h.sites.Load(host)
		if !ok {
			found, _ = h.sites.LoadOrStore(host, newSite(h, host))
		}
		s := found.(*site)
		s.mu.Lock()
		if !s.gone {
			return s
		}
		s.mu.Unlock()
	}
}

// all calls each with every site, locked.
func (h *Health) all(each func(*site)) {
	h.sites.Range(func(_, found any) bool {
		s := found.(*site)
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.gone {
			each(s)
		}
		return true
	})
}

// Start begins to store: what an earlier process left is read, and then changes are written behind the calls.
func (h *Health) Start() { h.scribe.start() }

// Close sends those who wait away with [ErrClosed], waits for what Submit let through, and writes what is not written, until
// ctx ends. Those who are through may still call Done.
func (h *Health) Close(ctx context.Context) error {
	h.closed.Store(true)
	h.all(func(s *site) {
		s.sendAway(func(*ticket) error { return ErrClosed })
	})
	ended := make(chan struct{})
	go func() {
		h.work.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	return h.scribe.close(ctx)
}
