package pipelined

import (
	"fmt"
	"sync"
	"time"

	"latchkey/internal/pipelined/connector"
	"latchkey/internal/pipelined/journal"
	"latchkey/internal/pipelined/message"
	"latchkey/internal/pipelined/routes"
)

// item is a message in its lane.
type item struct {
	envelope *message.Envelope
	// number is its place on the stream, over all partitions.
	number int64
	size   int64
}

// lane hands on the triggers of one partition, one after the other. A trigger that its connector refuses is tried again
// until the retry window ends, and those behind it wait: order goes before haste, and an outage of a receiver fills the
// broker, which keeps what waits, not the dead letters.
type lane struct {
	*listener
	partition int32
	done      sync.WaitGroup

	state  sync.Mutex
	queue  []item // the first one is at work
	more   chan struct{}
	ending bool
}

func newLane(l *listener, partition int32) *lane {
	own := &lane{listener: l, partition: partition, more: make(chan struct{}, 1)}
	own.done.Go(own.run)
	return own
}

func (l *lane) put(it item) {
	l.state.Lock()
	l.queue = append(l.queue, it)
	l.state.Unlock()
	l.wake()
}

func (l *lane) wake() {
	select {
	case l.more <- struct{}{}:
	default: // it is told already
	}
}

// close waits until what is at a connector is finished; what waits is left to the broker, which will send it again.
func (l *lane) close() {
	l.state.Lock()
	l.ending = true
	l.state.Unlock()
	l.wake()
	l.done.Wait()
}

// oldest gives the number of the first message that is not finished.
func (l *lane) oldest() (int64, bool) {
	l.state.Lock()
	defer l.state.Unlock()
	if len(l.queue) == 0 {
		return 0, false
	}
	return l.queue[0].number, true
}

func (l *lane) next() (it item, ok, ending bool) {
	l.state.Lock()
	defer l.state.Unlock()
	if l.ending || len(l.queue) == 0 {
		return item{}, false, l.ending
	}
	return l.queue[0], true, false
}

func (l *lane) run() {
	for {
		it, ok, ending := l.next()
		if ending {
			return
		}
		if !ok {
			<-l.more
			continue
		}
		if !l.process(it) {
			return // the daemon ends; the broker sends it again
		}
		l.state.Lock()
		l.queue[0] = item{} // so that the message can go
		l.queue = l.queue[1:]
		l.state.Unlock()
		l.finished(it)
	}
}

func (l *lane) stopping() bool {
	l.state.Lock()
	defer l.state.Unlock()
	return l.ending
}

// process brings a message to its end; false when the daemon ended first.
func (l *lane) process(it item) bool {
	start := l.clock.Now()
	trigger, err := it.envelope.Trigger()
	end := journal.Done{Topic: l.topic, Consumer: l.consumer, Partition: l.partition, Offset: it.envelope.Offset, Identity: trigger.Identity}
	seen, ok := l.seen(trigger)
	switch {
	case !ok:
		return false
	case seen:
		l.counts.duplicates.Add(1)
		l.audit.suppressed(l.partition)
	case err != nil:
		l.counts.malformed.Add(1)
		end.Dead = l.letter(trigger, routes.Route{}, attempts{first: start, count: 0, err: err})
	default:
		dead, routed, ok := l.deliver(trigger)
		if !ok {
			return false
		}
		end.Dead = dead
		if !routed { // it may be read again one day, when there is a route
			end.Identity = ""
		}
	}
	if !l.keep(end) {
		return false
	}
	if end.Dead != nil {
		l.counts.discarded.Add(1)
		l.log.Error(fmt.Sprintf("Message %d:%d (%s) is given up and lies with the dead letters: %s", l.partition, end.Offset, trigger.Type, end.Dead.Error))
	}
	l.counts.took(l.clock.Now().Sub(start))
	l.meters.processed(l.topic, l.clock.Now().Sub(time.UnixMilli(it.envelope.CreateTime)))
	return true
}

// seen tells whether a message was finished before; not ok when the daemon ended before the journal told.
func (l *lane) seen(t *message.Trigger) (seen, ok bool) {
	for {
		seen, err := l.journal.Seen(l.work, l.consumer, t.Identity)
		if err == nil {
			return seen, true
		}
		if !l.hold(err) {
			return false, false
		}
	}
}

// keep writes that a message is finished. While the disk is full nothing goes on, so that nothing is lost.
func (l *lane) keep(end journal.Done) bool {
	for {
		err := l.journal.Finish(end)
		if err == nil {
			l.counts.held.Store(false)
			return true
		}
		if !l.hold(err) {
			return false
		}
	}
}

// hold waits while the journal can't be used.
func (l *lane) hold(err error) bool {
	if !l.counts.held.Swap(true) {
		l.log.Error("The journal can't be written; nothing is consumed until it can: " + err.Error())
	}
	return !l.stopping() && l.pause(l.work, journal.Wait, nil)
}

// attempts is how often a trigger was tried.
type attempts struct {
	first time.Time
	count int
	err   error
}

// deliver hands a trigger to its connector, again until the retry window ends. It gives the letter when it gave up, and is
// not ok when the daemon ended first.
func (l *lane) deliver(t *message.Trigger) (dead *journal.Letter, routed, ok bool) {
	tried := attempts{first: l.clock.Now()}
	for {
		options := l.setup.Load().Options
		route, routed := l.route(t)
		if !routed {
			l.counts.unrouted.Add(1)
			return nil, false, true
		}
		tried.err = l.attempt(t, route)
		if tried.err == nil {
			l.counts.processed.Add(1)
			return nil, true, true
		}
		tried.count++
		l.counts.failedDeliveries.Add(1)
		age := l.clock.Now().Sub(tried.first)
		if connector.IsPermanent(tried.err) || age >= options.RetryValidity {
			return l.letter(t, route, tried), true, true
		}
		l.log.Warn(fmt.Sprintf("Message %d:%d (%s) failed, attempt %d, next in %s: %v", t.Partition, t.Offset, t.Type, tried.count, options.RetryPeriod, tried.err))
		l.counts.retries.Add(1)
		goesOn := l.wait(min(options.RetryPeriod, options.RetryValidity-age))
		l.counts.retries.Add(-1)
		if !goesOn {
			return nil, true, false
		}
	}
}

// wait waits for the next attempt; a reload ends it, and so does the daemon's end.
func (l *lane) wait(period time.Duration) bool {
	timer := l.clock.NewTimer(period)
	defer timer.Stop()
	reloaded := l.table.changed()
	for {
		select {
		case <-timer.C():
			return !l.stopping()
		case <-reloaded:
			return !l.stopping()
		case <-l.work.Done():
			return false
		case <-l.more: // or something came; it is still in the queue
			if l.stopping() {
				return false
			}
		}
	}
}

// route finds what is done with a trigger, by the routes as they are now.
func (l *lane) route(t *message.Trigger) (routes.Route, bool) {
	topic := l.setup.Load().topic(l.topic, l.consumer)
	if topic == nil {
		return routes.Route{}, false
	}
	return topic.Route(t.Type)
}

// attempt hands a trigger over once.
func (l *lane) attempt(t *message.Trigger, route routes.Route) error {
	threads := l.builtIn
	if route.Connector != "" {
		threads = l.scripts
		l.counts.scripted.Add(1)
	}
	thread, err := threads.take(l.work)
	if err != nil {
		return err
	}
	start := l.clock.Now()
	err = l.table.deliver(l.work, route.Connector, t)
	threads.give(thread, l.clock.Now().Sub(start), err)
	return err
}

func (l *lane) letter(t *message.Trigger, route routes.Route, tried attempts) *journal.Letter {
	const longest = 2000
	text := tried.err.Error()
	if len(text) > longest {
		text = text[:longest]
	}
	return &journal.Letter{
		Message: t.ID, Trigger: t.Type, Connector: route.Connector, Raw: t.Raw, FirstAt: tried.first, DeadAt: l.clock.Now(), Attempts: tried.count, Error: text,
	}
}
