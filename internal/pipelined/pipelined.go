// Package pipelined is the consumer daemon: it streams a Campaign instance's triggers from the broker and hands each to the
// connector of its route, in order and without losing one.
//
// A [listener] reads the stream of a topic. Each partition has a [lane], one goroutine that hands its triggers on in their
// order: the next waits until the one before is delivered, or is given up after the retry window and lies with the dead
// letters (docs/decisions tells why it waits). What is finished is written to the [journal.Journal], which survives
// kill -9, and a broker's marker goes back only when everything before it is finished. So each trigger is delivered at least
// once; what comes again is known by its identity and passed over.
//
// Credentials and routes are taken up while running (SIGHUP): a new credential must have got a token that the broker takes
// before it replaces the old one, which is kept until the new one has opened a stream. [Daemon.Migrate] does the same with a
// report of every offset before and after, and [Daemon.TakeOver] with a credential that a server hands over.
//
// It trusts the instance's files and its own folder. It trusts neither the broker's messages nor the receivers' answers.
package pipelined

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"latchkey/internal/clock"
	"latchkey/internal/egress"
	"latchkey/internal/pipelined/connector"
	"latchkey/internal/pipelined/credential"
	"latchkey/internal/pipelined/journal"
	"latchkey/internal/secret"
)

// Config is what a daemon works with.
type Config struct {
	Instance string
	// Dir is the instance's folder: var/<instance>.
	Dir string
	// Load reads the setup, at the start and whenever the files may have changed.
	Load      func() (*Setup, error)
	Client    *egress.Client
	Exchanger credential.Exchanger
	// Version is the program's.
	Version string
	// Connect reaches the server of the settings; nil tells none.
	Connect func(connector.Server) (Server, error)
	// Token asks that server for a connection's token, for connectors that need one; nil asks none.
	Token func(ctx context.Context, at connector.Server, connection string) (secret.String, error)
	// Host is what the server knows this daemon by; "" is the machine's name.
	Host string
	// File is the instance's own file; nil leaves it alone.
	File File
	// Within names the process that the daemon is a part of, "" when it has one of its own.
	Within string
	// Clock is the system's when nil; Log is silent when nil; Meter measures nothing when nil.
	Clock clock.Clock
	Log   *slog.Logger
	Meter metric.Meter
	// Pace is the usual one when zero.
	Pace Pace
}

// Pace is how long the daemon waits for what. The values are the vendor's (spec/campaign-and-pipeline.md §2.4).
type Pace struct {
	// Reconnect is the pause after a stream was lost, and Refused after the broker did not take the token.
	Reconnect, Refused time.Duration
	// Silence is how long a stream without a ping is believed.
	Silence time.Duration
	// Turn is how long a migration waits for the streams to be opened anew.
	Turn time.Duration
	// Drain is how long what is at a connector may take when the daemon ends.
	Drain time.Duration
	// Tell is how often the server is told of the daemon.
	Tell time.Duration
}

func (p Pace) filled() Pace {
	usual := Pace{Reconnect: 5 * time.Second, Refused: 15 * time.Second, Silence: 90 * time.Second, Turn: 60 * time.Second, Drain: 15 * time.Second}
	for _, at := range []struct{ own, usual *time.Duration }{
		{&p.Reconnect, &usual.Reconnect}, {&p.Refused, &usual.Refused}, {&p.Silence, &usual.Silence}, {&p.Turn, &usual.Turn}, {&p.Drain, &usual.Drain},
	} {
		if *at.own == 0 {
			*at.own = *at.usual
		}
	}
	return p
}

// Daemon is a running consumer. It is safe for concurrent use.
type Daemon struct {
	config  Config
	log     *slog.Logger
	clock   clock.Clock
	journal *journal.Journal
	setup   atomic.Pointer[Setup]
	table   *table
	// receivers are those that have answered a challenge.
	receivers *connector.Receivers
	tokens    *tokens
	// scripts and builtIn are replaced when a reload changes their size.
	scripts, builtIn atomic.Pointer[pool]
	meters           *meters
	counts           counts
	// replays is held by who replays dead letters, so that no letter is delivered by two.
	replays sync.Mutex
	// migrations is held by who changes the credential.
	migrations sync.Mutex
	migration  atomic.Pointer[Migration]
	// stands is how credentials stand in the file, or stood, by fingerprint.
	stands map[string][]Attribute

	mu        sync.Mutex
	listeners []*listener
	running   sync.WaitGroup
	started   time.Time
	stop      context.CancelFunc
	// quitting is closed when the daemon was asked to end by its control socket.
	quitting chan struct{}
	quit     sync.Once
	life     context.Context //nolint:containedctx // what stop ends
	// cut ends what is at connectors when draining has taken too long.
	work context.Context //nolint:containedctx // it belongs to the daemon's life, as stop does
	cut  context.CancelFunc
}

// Open prepares a daemon: reads its setup, takes its folder. Nothing is consumed before [Daemon.Start].
func Open(ctx context.Context, config Config) (*Daemon, error) {
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Meter == nil {
		config.Meter = noop.NewMeterProvider().Meter("pipelined")
	}
	config.Pace = config.Pace.filled()
	setup, err := config.Load()
	if err != nil {
		return nil, err
	}
	keeper, err := credential.NewKeeper(setup.Credential, config.Exchanger, config.Clock)
	if err != nil {
		return nil, err
	}
	kept, err := journal.Open(ctx, config.Dir, config.Clock)
	if err != nil {
		return nil, err
	}
	d := &Daemon{
		config: config, log: config.Log, clock: config.Clock, journal: kept, tokens: newTokens(keeper), started: config.Clock.Now(),
		receivers: connector.OpenReceivers(config.Dir, config.Clock),
		quitting:  make(chan struct{}),
	}
	d.resize(setup.Options)
	d.work, d.cut = context.WithCancel(context.WithoutCancel(ctx))
	d.setup.Store(setup)
	d.stand(setup)
	d.table = newTable(d)
	if err := d.recallMigration(ctx); err != nil {
		return nil, errors.Join(err, kept.Close())
	}
	if d.meters, err = newMeters(config.Meter, d); err != nil {
		return nil, errors.Join(err, kept.Close())
	}
	return d, nil
}

// Start begins to consume, one stream for each topic of the routes.
func (d *Daemon) Start(ctx context.Context) {
	d.mu.Lock()
	d.life, d.stop = context.WithCancel(context.WithoutCancel(ctx))
	ctx = d.life
	d.mu.Unlock()
	setup := d.setup.Load()
	for _, note := range setup.Notes {
		d.log.Info(fmt.Sprintf("pipelined@%s is taken and changes nothing: %s", note.Attribute, note.Why))
	}
	d.log.Info(fmt.Sprintf("pipelined@%s begins: %s", d.config.Instance, setup.Credential.Describe()))
	d.listen(ctx, setup)
	d.running.Go(func() { d.watchMemory(ctx) })
	d.running.Go(func() { d.dumpState(ctx) })
	d.running.Go(func() { d.tell(ctx) })
}

// listen starts a listener for each topic that has none, and ends those whose topic is gone.
func (d *Daemon) listen(ctx context.Context, setup *Setup) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var kept []*listener
	for _, topic := range setup.Routes.Topics {
		l := d.find(topic.Name, topic.Consumer)
		if l == nil {
			l = newListener(ctx, d, topic.Name, topic.Consumer)
			d.running.Go(func() { l.run(ctx) })
		}
		kept = append(kept, l)
	}
	for _, old := range d.listeners {
		gone := true
		for _, l := range kept {
			gone = gone && l != old
		}
		if gone {
			old.end()
		}
	}
	d.listeners = kept
}

func (d *Daemon) find(topic, consumer string) *listener {
	for _, l := range d.listeners {
		if l.topic == topic && l.consumer == consumer {
			return l
		}
	}
	return nil
}

func (d *Daemon) all() []*listener {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]*listener(nil), d.listeners...)
}

// Quitting is closed when the daemon was asked to end. Who runs it closes it then.
func (d *Daemon) Quitting() <-chan struct{} { return d.quitting }

// Close ends in order: nothing more is taken in, what is at connectors may finish, pointers are stored.
func (d *Daemon) Close() error {
	if d.stop != nil {
		late := d.clock.AfterFunc(d.config.Pace.Drain, d.cut)
		d.stop()
		d.running.Wait()
		late.Stop()
	}
	d.cut()
	d.table.close()
	err := errors.Join(d.meters.close(), d.journal.Close())
	d.log.Info(fmt.Sprintf("pipelined@%s has ended", d.config.Instance))
	return err
}

// pause waits, and tells whether it may go on.
func (d *Daemon) pause(ctx context.Context, wait time.Duration, woken <-chan struct{}) bool {
	timer := d.clock.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C():
	case <-woken:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// path gives a file's place in the instance's folder.
func (d *Daemon) path(name string) string { return filepath.Join(d.config.Dir, name) }

// Setup gives what the daemon goes by now.
func (d *Daemon) Setup() *Setup { return d.setup.Load() }
