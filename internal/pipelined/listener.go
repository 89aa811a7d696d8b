package pipelined

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/pipelined/message"
	"latchkey/internal/pipelined/wire"
)

// maxWaiting bounds the bytes of triggers that wait for their turn; the stream stands still while there are more. The
// broker keeps what is not read.
const maxWaiting = 64 << 20

// mostBetweenMarkers is how many triggers there are between two markers, at most: the pointer can only be stored at one.
const mostBetweenMarkers = 100

// listener reads the stream of one topic for one consumer.
type listener struct {
	*Daemon
	topic, consumer string
	counts          listenerCounts
	audit           *audit
	// again asks for the stream to be opened anew, with the credential in use.
	again chan struct{}
	// full tells that as many triggers are finished as a pointer is stored after.
	full chan struct{}
	// over ends the listener alone.
	over chan struct{}
	once sync.Once
	// flushing is held by who stores the pointer.
	flushing sync.Mutex

	mu      sync.Mutex
	lanes   map[int32]*lane // partition → its lane
	room    *sync.Cond      // told when waiting bytes became fewer
	waiting int64
	number  int64 // of the last trigger that came, by their order on the stream
	marks   []mark
	// unrouted counts triggers that no route names, by their type.
	unrouted map[string]int64
	// unopened is why there is no stream, "" when there is one.
	unopened string
	// broker is where the stream comes from, fingerprint that of the credential that opened it.
	broker      *wire.Broker
	fingerprint string
	opened      int64 // how many streams were opened
}

// mark is a sync marker, and the number of the last trigger before it.
type mark struct {
	text   string
	number int64
}

func newListener(ctx context.Context, d *Daemon, topic, consumer string) *listener {
	l := &listener{Daemon: d, topic: topic, consumer: consumer, audit: newAudit(), again: make(chan struct{}, 1), full: make(chan struct{}, 1), over: make(chan struct{}), lanes: map[int32]*lane{}, unrouted: map[string]int64{}}
	l.room = sync.NewCond(&l.mu)
	l.recall(ctx)
	l.greet(ctx)
	return l
}

// end ends this listener alone: its topic is no longer in the routes.
func (l *listener) end() { l.once.Do(func() { close(l.over) }) }

// turn has the stream opened anew.
func (l *listener) turn() {
	select {
	case l.again <- struct{}{}:
	default: // it is asked for already
	}
}

// run keeps the stream open until ctx ends, then waits for the lanes and stores the pointer.
func (l *listener) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := make(chan struct{})
	go func() {
		select {
		case <-l.over:
			cancel()
		case <-stop:
		}
	}()
	defer close(stop)
	var flusher sync.WaitGroup
	flusher.Go(func() { l.flushAll(ctx) })
	for ctx.Err() == nil {
		wait := l.stream(ctx)
		if wait > 0 && !l.pause(ctx, wait, l.again) {
			break
		}
	}
	cancel()
	l.close()
	flusher.Wait()
	l.flush(context.WithoutCancel(ctx), true)
}

// stream opens the stream and reads it to its end. It tells how long to wait before the next.
func (l *listener) stream(ctx context.Context) time.Duration {
	select {
	case <-l.again: // whoever asked for a stream has this one; who asks from here on, the next
	default:
	}
	token, broker, err := l.connect(ctx)
	if err != nil {
		return l.unconnected(ctx, token, err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	setup := l.setup.Load()
	interval := max(setup.Options.PointerFlushPeriod, 5*time.Second) // a broker sends no marker more often
	body, err := broker.Open(ctx, token.token, wire.Consume{
		Topic: l.topic, Group: l.consumer, SyncMessages: min(setup.Options.PointerFlushCount, mostBetweenMarkers), SyncInterval: interval, Reset: setup.Settings.Reset,
	})
	if err != nil {
		return l.unconnected(ctx, token, err)
	}
	defer func() { _ = body.Close() }()
	l.tokens.prove(token.keeper)
	l.opening(broker, token)
	l.log.Info(fmt.Sprintf("Connected to %s: topic %s, consumer %s (%s)", broker.Address(), l.topic, l.consumer, token.keeper.Credential().Describe()))
	return l.lost(ctx, l.read(ctx, cancel, body))
}

// opening notes that a stream is open.
func (l *listener) opening(broker *wire.Broker, token held) {
	l.counts.alive.Store(l.clock.Now().UnixMilli())
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broker, l.fingerprint, l.opened, l.unopened = broker, token.fingerprint(), l.opened+1, ""
}

// connect finds the broker, with a token for it.
func (l *listener) connect(ctx context.Context) (held, *wire.Broker, error) {
	token, err := l.tokens.take(ctx)
	if err != nil {
		return token, nil, err
	}
	broker, err := l.locate(ctx, token)
	return token, broker, err
}

// locate finds the broker: the one that is forced, else the one that discovery names.
func (d *Daemon) locate(ctx context.Context, token held) (*wire.Broker, error) {
	options := d.setup.Load().Options
	if options.ForcedEndpoint != "" {
		return wire.New(d.config.Client, options.ForcedEndpoint)
	}
	discovery, err := wire.New(d.config.Client, options.DiscoverEndpoint)
	if err != nil {
		return nil, err
	}
	address, err := discovery.Where(ctx, token.token)
	if err != nil {
		return nil, err
	}
	return wire.New(d.config.Client, address)
}

// unconnected tells why there is no stream, goes back to the credential before when that is it, and says how long to wait.
func (l *listener) unconnected(ctx context.Context, token held, err error) time.Duration {
	if ctx.Err() != nil {
		return 0
	}
	l.counts.failed.Store(l.clock.Now().UnixMilli())
	l.counts.failures.Add(1)
	lines := Explain(err)
	for _, line := range lines {
		l.log.Error(line)
	}
	l.mu.Lock()
	l.unopened = lines[0]
	l.mu.Unlock()
	refused := wire.Refused(err)
	if refused {
		token.keeper.Reject(token.token)
	}
	if (refused || isTokenFailure(err)) && l.tokens.back(token.keeper, false) {
		l.log.Warn(fmt.Sprintf("The new credential (%s) was refused; going on with the one before (%s)", token.keeper.Credential().Describe(), l.tokens.inUse().Describe()))
		return 0
	}
	wait := l.config.Pace.Reconnect
	if refused {
		wait = l.config.Pace.Refused
	}
	if failed, ok := errors.AsType[*wire.Error](err); ok {
		wait = max(wait, failed.RetryAfter)
	}
	return wait
}

// errSilent ends a stream that has had no ping for too long; errTurn one that is to be opened anew.
var (
	errSilent = errors.New("no ping came")
	errTurn   = errors.New("the stream is opened anew")
	errEnd    = errors.New("the broker ends the stream")
)

// read takes the stream's envelopes until it ends, and tells why.
func (l *listener) read(ctx context.Context, cancel context.CancelCauseFunc, body io.Reader) error {
	watch := l.clock.AfterFunc(l.config.Pace.Silence, func() { cancel(errSilent) })
	defer watch.Stop()
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-l.again:
			cancel(errTurn)
		case <-done:
		}
	}()
	stream := message.NewStream(body, func(n int) { l.counts.bytes.Add(int64(n)) })
	for {
		envelope, err := stream.Next()
		if err != nil {
			return err
		}
		switch envelope.Kind {
		case message.Data:
			if !l.take(ctx, envelope, watch) {
				return context.Cause(ctx)
			}
		case message.Ping:
			l.counts.pings.Add(1)
			l.counts.alive.Store(l.clock.Now().UnixMilli())
			watch.Reset(l.config.Pace.Silence)
		case message.Sync:
			l.counts.alive.Store(l.clock.Now().UnixMilli())
			l.mark(envelope.SyncMarker)
		case message.EndOfStream:
			return errEnd
		default:
			l.counts.strange.Add(1)
		}
	}
}

// lost tells why a stream ended, and how long to wait.
func (l *listener) lost(ctx context.Context, err error) time.Duration {
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, errTurn):
		l.log.Info("The stream is opened anew with " + l.tokens.inUse().Describe())
		return 0
	case errors.Is(cause, errSilent):
		l.log.Warn(fmt.Sprintf("No ping came for %s", l.config.Pace.Silence))
	case ctx.Err() != nil:
		return 0
	case errors.Is(err, errEnd):
		l.log.Info("The broker ended the stream in order; opening it anew")
		return time.Millisecond
	case !errors.Is(err, io.EOF):
		l.log.Warn(err.Error())
	}
	l.counts.failed.Store(l.clock.Now().UnixMilli())
	l.counts.failures.Add(1)
	l.log.Warn(vendorLost)
	return l.config.Pace.Reconnect
}

// take gives a message to its partition's lane. While too much waits it stands still, and so does the watch for pings,
// which are behind what is not read.
func (l *listener) take(ctx context.Context, e *message.Envelope, watch clock.Timer) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting > maxWaiting {
		watch.Stop()
		woken := context.AfterFunc(ctx, func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.room.Broadcast()
		})
		for l.waiting > maxWaiting && ctx.Err() == nil {
			l.room.Wait()
		}
		woken()
		watch.Reset(l.config.Pace.Silence)
	}
	if ctx.Err() != nil {
		return false
	}
	owner := l.lanes[e.Partition]
	if owner == nil {
		owner = newLane(l, e.Partition, e.Offset)
		l.lanes[e.Partition] = owner
	}
	l.number++
	size := int64(len(e.Body()))
	l.waiting += size
	l.counts.received.Add(1)
	l.counts.peak.Store(max(l.counts.peak.Load(), l.counts.waiting.Add(1)))
	l.audit.received(e.Partition, e.Offset)
	owner.received.Add(1)
	owner.head.Store(max(owner.head.Load(), e.Offset+1))
	owner.put(item{envelope: e, number: l.number, size: size})
	return true
}

// mark notes a sync marker. Only the last of those with the same triggers before them is of use.
func (l *listener) mark(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.marks); n > 0 && l.marks[n-1].number == l.number {
		l.marks[n-1].text = text
		return
	}
	l.marks = append(l.marks, mark{text, l.number})
}

// close ends the lanes, once what is at connectors is finished.
func (l *listener) close() {
	l.mu.Lock()
	lanes := make([]*lane, 0, len(l.lanes))
	for _, one := range l.lanes {
		lanes = append(lanes, one)
	}
	l.mu.Unlock()
	for _, one := range lanes {
		one.close()
	}
}

// finished is called by lanes for each trigger that needs nothing more.
func (l *listener) finished(it item) {
	l.mu.Lock()
	l.waiting -= it.size
	l.room.Signal()
	l.mu.Unlock()
	l.counts.waiting.Add(-1)
	if l.counts.sinceFlush.Add(1) >= int64(l.setup.Load().Options.PointerFlushCount) {
		select {
		case l.full <- struct{}{}:
		default: // it is told already
		}
	}
}
