package webhook

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"latchkey/internal/clock"
	"latchkey/internal/egress"
)

// Sender sends one request. It is [egress.Client]; a test has its own.
type Sender interface {
	Do(ctx context.Context, r *http.Request) (*egress.Response, error)
}

// DispatcherConfig is what a [Dispatcher] works with.
type DispatcherConfig struct {
	Queue  Queue
	Sender Sender
	Clock  clock.Clock
	// Log gets what goes wrong in the background; nil means none.
	Log   *slog.Logger
	Meter metric.Meter
	// Tracer makes a span of each attempt; nil means none.
	Tracer trace.Tracer
	// Emitted tells that events were committed in this process; nil means that they are looked for from time to time.
	Emitted <-chan struct{}
	// Retention is how long events are kept; 0 means 30 days. It MUST be longer than the schedule.
	Retention time.Duration
	// Timeout bounds one attempt; 0 means 15 s.
	Timeout time.Duration
	// Poll is how often the queue is looked at when nobody wakes the dispatcher, for what other nodes left; 0 means 1 s.
	Poll time.Duration
	// Chance gives numbers in [0, 1) for jitter; nil means random ones.
	Chance func() float64
}

const (
	defaultPoll    = time.Second
	defaultTimeout = 15 * time.Second
	// leaseBeyond is how much longer than an attempt its claim lasts: for keeping its outcome, and for clocks that differ.
	leaseBeyond      = 30 * time.Second
	perEndpoint      = 4   // attempts to one endpoint at a time, so that a slow one holds up nobody else
	inAll            = 128 // attempts at a time
	spreadLimit      = 100 // events a transaction
	pruneLimit       = 500 // events a transaction
	pruneEvery       = time.Hour
	defaultRetention = 30 * 24 * time.Hour
)

// Dispatcher sends what is due.
type Dispatcher struct {
	config DispatcherConfig
	meters meters
	wake   chan struct{}
	cancel context.CancelFunc // ends the claiming
	abort  context.CancelFunc // ends attempts under way
	done   chan struct{}
	work   sync.WaitGroup

	mu      sync.Mutex
	busy    map[string]int // endpoint → attempts under way
	all     int
	pruneAt time.Time // used by run alone
}

// NewDispatcher makes a dispatcher; [Dispatcher.Start] lets it work.
func NewDispatcher(config DispatcherConfig) (*Dispatcher, error) {
	if config.Queue == nil || config.Sender == nil {
		return nil, errors.New("webhook: Queue and Sender are needed")
	}
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Tracer == nil {
		config.Tracer = noop.NewTracerProvider().Tracer("webhook")
	}
	config.Retention = cmp.Or(config.Retention, defaultRetention)
	config.Timeout = cmp.Or(config.Timeout, defaultTimeout)
	config.Poll = cmp.Or(config.Poll, defaultPoll)
	m, err := newMeters(config.Meter)
	if err != nil {
		return nil, err
	}
	return &Dispatcher{config: config, meters: m, wake: make(chan struct{}, 1), busy: map[string]int{}}, nil
}

// Start begins to send. [Dispatcher.Close] ends it.
func (d *Dispatcher) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	attempts, abort := context.WithCancel(context.Background())
	d.cancel, d.abort, d.done = cancel, abort, make(chan struct{})
	go d.run(ctx, attempts)
}

// Close claims nothing more and waits for the attempts under way until ctx ends; those it then gives up are made again
// by whoever comes next.
func (d *Dispatcher) Close(ctx context.Context) error {
	if d.cancel == nil {
		return nil
	}
	d.cancel()
	<-d.done
	stop := context.AfterFunc(ctx, d.abort)
	d.work.Wait()
	stop()
	d.abort()
	return nil
}

// Wake makes the dispatcher look at the queue at once.
func (d *Dispatcher) Wake() {
	select {
	case d.wake <- struct{}{}:
	default: // it will look anyway
	}
}

func (d *Dispatcher) run(ctx, attempts context.Context) {
	defer close(d.done)
	timer := d.config.Clock.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.wake:
		case <-d.config.Emitted:
		case <-timer.C():
		}
		due, err := d.round(ctx, attempts)
		if err != nil && ctx.Err() == nil {
			d.config.Log.Warn("delivering webhooks: trying again", "in", d.config.Poll.String(), "error", err)
		}
		pause := d.config.Poll
		if until := due.Sub(d.config.Clock.Now()); !due.IsZero() {
			pause = max(time.Millisecond, min(until, pause))
		}
		timer.Reset(pause)
	}
}

// round spreads what was emitted and begins what attempts there is room for. It gives when the next is due.
func (d *Dispatcher) round(ctx, attempts context.Context) (time.Time, error) {
	for n := spreadLimit; n == spreadLimit; {
		var err error
		if n, err = d.config.Queue.Spread(ctx, d.config.Clock.Now(), spreadLimit); err != nil {
			return time.Time{}, err
		}
	}
	now := d.config.Clock.Now()
	endpoints, due, err := d.config.Queue.Due(ctx, now)
	if err != nil {
		return time.Time{}, err
	}
	for _, e := range endpoints {
		if err := d.begin(ctx, attempts, e); err != nil {
			return time.Time{}, err
		}
	}
	return due, d.prune(ctx, now)
}

// begin claims as many of an endpoint's deliveries as there is room for and sends them.
func (d *Dispatcher) begin(ctx, attempts context.Context, e Endpoint) error {
	room := d.reserve(e.ID)
	if room == 0 {
		return nil // the end of an attempt wakes
	}
	now := d.config.Clock.Now()
	jobs, err := d.config.Queue.Claim(ctx, e.ID, now, now.Add(d.config.Timeout+leaseBeyond), room)
	d.give(e.ID, room-len(jobs))
	for _, job := range jobs {
		d.work.Go(func() {
			defer d.Wake()
			defer d.give(e.ID, 1)
			d.attempt(attempts, e, job)
		})
	}
	return err
}

// reserve takes what room there is for an endpoint.
func (d *Dispatcher) reserve(endpoint string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	room := max(0, min(perEndpoint-d.busy[endpoint], inAll-d.all))
	d.all += room
	if d.busy[endpoint] += room; d.busy[endpoint] == 0 {
		delete(d.busy, endpoint)
	}
	return room
}

func (d *Dispatcher) give(endpoint string, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all -= n
	if d.busy[endpoint] -= n; d.busy[endpoint] == 0 {
		delete(d.busy, endpoint)
	}
}

// prune removes a part of what is too old, and goes on in the next round while there is more.
func (d *Dispatcher) prune(ctx context.Context, now time.Time) error {
	if now.Before(d.pruneAt) {
		return nil
	}
	n, err := d.config.Queue.Prune(ctx, now.Add(-d.config.Retention), pruneLimit)
	if n < pruneLimit || err != nil {
		d.pruneAt = now.Add(pruneEvery)
	}
	return err
}
