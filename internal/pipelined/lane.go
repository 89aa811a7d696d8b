package pipelined

import (
	"slices"
	"sync"
	"sync/atomic"
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

// lane hands on the triggers of one partition in their order, as many together as the connector takes. When it refuses, the
// first one is tried again until its retry window ends, and those behind it wait: order goes before haste, and an outage of
// a receiver fills the broker, which keeps what waits, not the dead letters.
type lane struct {
	*listener
	partition int32
	done      sync.WaitGroup
	// together is how many are handed on at once: half as many after each refusal, so that one that is refused for its own
	// sake comes to stand alone, and twice as many after each success.
	together int
	// first is the offset that came first, head the one after the last that came; the others count since the daemon began.
	first                                int64
	head, received, processed, discarded atomic.Int64
	tried                                attempts // of the first in the queue
	worker                               *thread  // of the last attempt

	state  sync.Mutex
	queue  []item // the first ones are at work
	more   chan struct{}
	ending bool
}

func newLane(l *listener, partition int32, first int64) *lane {
	own := &lane{listener: l, partition: partition, first: first, together: connector.MostTogether, more: make(chan struct{}, 1)}
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

// next gives the first ones of the queue, up to as many as are handed on together.
func (l *lane) next() (items []item, ending bool) {
	l.state.Lock()
	defer l.state.Unlock()
	if l.ending {
		return nil, true
	}
	return slices.Clone(l.queue[:min(len(l.queue), l.together)]), false
}

func (l *lane) run() {
	for {
		items, ending := l.next()
		if ending {
			return
		}
		if len(items) == 0 {
			<-l.more
			continue
		}
		if !l.process(items) {
			return // the daemon ends; the broker sends it again
		}
	}
}

// leave takes the first ones out of the queue.
func (l *lane) leave(items []item) {
	l.state.Lock()
	clear(l.queue[:len(items)]) // so that the messages can go
	l.queue = l.queue[len(items):]
	l.state.Unlock()
	for _, it := range items {
		l.finished(it)
	}
}

func (l *lane) stopping() bool {
	l.state.Lock()
	defer l.state.Unlock()
	return l.ending
}

// process brings as many of the first messages to their end as it can in one go; false when the daemon ended first.
func (l *lane) process(items []item) bool {
	start := l.clock.Now()
	changed := l.table.changed() // before the attempt: what changes while it is made has it made again
	steps, h, ok := l.plan(items)
	if !ok {
		return false
	}
	delivered, err := l.attempt(h)
	l.counts.processed.Add(int64(delivered))
	l.processed.Add(int64(delivered))
	ended := err != nil && l.work.Err() != nil // it was cut short, which says nothing about the trigger
	var wait time.Duration
	var letter *journal.Letter
	switch {
	case ended:
	case err != nil:
		letter, wait = l.refused(h, delivered, err)
	case len(h.triggers) > 0:
		l.together, l.tried = min(2*l.together, connector.MostTogether), attempts{}
	}
	ends := l.ends(steps, delivered, letter)
	if !l.keep(ends) {
		return false
	}
	l.count(steps[:len(ends)], ends, l.clock.Now().Sub(start))
	l.leave(items[:len(ends)])
	return !ended && (wait == 0 || l.retry(wait, changed))
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

// keep writes that messages are finished. While the disk is full nothing goes on, so that nothing is lost.
func (l *lane) keep(ends []journal.Done) bool {
	for {
		err := l.journal.Finish(ends...)
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

// wait waits for the next attempt; a change since the last one began ends it, and so does the daemon's end.
func (l *lane) wait(period time.Duration, changed <-chan struct{}) bool {
	timer := l.clock.NewTimer(period)
	defer timer.Stop()
	for {
		select {
		case <-timer.C():
			return !l.stopping()
		case <-changed:
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
