package pipelined

import (
	"errors"
	"fmt"
	"time"

	"latchkey/internal/pipelined/connector"
	"latchkey/internal/pipelined/journal"
	"latchkey/internal/pipelined/message"
	"latchkey/internal/pipelined/routes"
)

// step is what becomes of one message.
type step struct {
	trigger *message.Trigger
	route   routes.Route
	kind    stepKind
	err     error // why it is no trigger
}

type stepKind int

const (
	deliver stepKind = iota
	duplicate
	malformed
	unrouted
)

// attempts is how often the first trigger of a lane was tried.
type attempts struct {
	first time.Time
	count int
}

// handed are triggers that go to one connector together.
type handed struct {
	route    routes.Route // of the first
	triggers []*message.Trigger
	size     int64
}

// fits tells whether one more may come along.
func (l *lane) fits(h handed, route routes.Route, size int64) bool {
	return len(h.triggers) == 0 || route.Connector == h.route.Connector && h.size+size <= connector.MostBytes
}

// plan tells what becomes of the first messages: those that need nothing but to be noted, and those that are handed on
// together, which are of one connector and no more than it takes. Steps are of a message each, from the first on without a gap.
func (l *lane) plan(items []item) (steps []step, h handed, ok bool) {
	identities := map[string]bool{}
	for _, it := range items {
		if n := len(h.triggers); n > 0 && n >= l.table.together(h.route.Connector) {
			break
		}
		s := step{}
		s.trigger, s.err = it.envelope.Trigger()
		if identities[s.trigger.Identity] {
			break // whether it is a duplicate is known once the other one is finished
		}
		seen, ok := l.seen(s.trigger)
		if !ok {
			return nil, h, false
		}
		routed := false
		if !seen && s.err == nil {
			s.route, routed = l.route(s.trigger)
		}
		switch {
		case seen:
			s.kind = duplicate
		case s.err != nil:
			s.kind = malformed
		case !routed:
			s.kind = unrouted
		case !l.fits(h, s.route, it.size):
			return steps, h, true
		case len(h.triggers) == 0:
			h.route = s.route
			fallthrough
		default:
			h.triggers, h.size = append(h.triggers, s.trigger), h.size+it.size
		}
		identities[s.trigger.Identity] = true
		steps = append(steps, s)
	}
	return steps, h, true
}

// attempt hands triggers over once, and tells how many of the first ones the connector has.
func (l *lane) attempt(h handed) (delivered int, err error) {
	if len(h.triggers) == 0 {
		return 0, nil
	}
	threads := l.builtIn.Load()
	if h.route.Connector != "" {
		threads = l.scripts.Load()
		l.counts.scripted.Add(1)
	}
	thread, err := threads.take(l.work)
	if err != nil {
		return 0, err
	}
	l.worker = thread
	start := l.clock.Now()
	if l.tried.count == 0 {
		l.tried.first = start
	}
	h.triggers[0].Retries = l.tried.count
	delivered, err = l.table.deliver(l.work, h.route.Connector, h.triggers)
	threads.give(thread, delivered, l.clock.Now().Sub(start), err)
	return delivered, err
}

// refused tells what a refusal means for the first trigger that was not taken: its dead letter, or how long to wait.
func (l *lane) refused(h handed, delivered int, err error) (*journal.Letter, time.Duration) {
	l.counts.failedDeliveries.Add(1)
	alone := len(h.triggers) == 1
	l.together = max(1, len(h.triggers)/2)
	if delivered > 0 { // it was not the first that was tried
		l.tried = attempts{first: l.clock.Now()}
	}
	l.tried.count++
	options := l.setup.Load().Options
	age := l.clock.Now().Sub(l.tried.first)
	t := h.triggers[delivered]
	switch {
	case connector.IsPermanent(err) && !alone:
		return nil, 0 // which of them it is shows when they come in halves
	case connector.IsPermanent(err), alone && age >= options.RetryValidity:
		letter := l.letter(t, h.route, l.tried, err)
		l.worker.discard()
		l.tried = attempts{}
		return letter, 0
	}
	wait := min(options.RetryPeriod, options.RetryValidity-age)
	if later, ok := errors.AsType[*connector.Later](err); ok {
		wait = max(wait, later.After)
	}
	wait = max(wait, time.Nanosecond) // past the window they come in halves at once, until the first stands alone
	l.log.Warn(fmt.Sprintf("Message %d:%d (%s) failed, attempt %d, next in %s: %v", t.Partition, t.Offset, t.Type, l.tried.count, wait, err))
	return nil, wait
}

// retry waits for the next attempt.
func (l *lane) retry(period time.Duration, changed <-chan struct{}) bool {
	l.counts.retries.Add(1)
	defer l.counts.retries.Add(-1)
	return l.wait(period, changed)
}

// ends gives what the journal has to keep: the first steps, up to the trigger that was not taken, which is among them when
// there is a letter for it.
func (l *lane) ends(steps []step, delivered int, letter *journal.Letter) []journal.Done {
	var ends []journal.Done
	for _, s := range steps {
		end := journal.Done{Topic: l.topic, Consumer: l.consumer, Partition: l.partition, Offset: s.trigger.Offset, Identity: s.trigger.Identity}
		switch s.kind {
		case malformed:
			now := l.clock.Now()
			end.Dead = l.letter(s.trigger, routes.Route{}, attempts{first: now}, s.err)
		case unrouted:
			end.Identity = "" // it may be read again one day, when there is a route
		case deliver:
			if delivered == 0 && letter == nil {
				return ends
			}
			if delivered == 0 {
				end.Dead = letter
				return append(ends, end)
			}
			delivered--
		}
		ends = append(ends, end)
	}
	return ends
}

// count counts what came to its end.
func (l *lane) count(steps []step, ends []journal.Done, took time.Duration) {
	now := l.clock.Now()
	for i, s := range steps {
		switch s.kind {
		case duplicate:
			l.counts.duplicates.Add(1)
			l.audit.suppressed(l.partition)
		case malformed:
			l.counts.malformed.Add(1)
		case unrouted:
			l.counts.unrouted.Add(1)
			l.strange(s.trigger.Type)
		}
		if dead := ends[i].Dead; dead != nil {
			l.counts.discarded.Add(1)
			l.discarded.Add(1)
			l.log.Error(fmt.Sprintf("Message %d:%d (%s) is given up and lies with the dead letters: %s", l.partition, ends[i].Offset, s.trigger.Type, dead.Error))
		}
		l.counts.took(took / time.Duration(len(steps)))
		l.meters.processed(l.topic, now.Sub(time.UnixMilli(s.trigger.CreateTime)))
	}
}

func (l *lane) letter(t *message.Trigger, route routes.Route, tried attempts, err error) *journal.Letter {
	const longest = 2000
	text := err.Error()
	if len(text) > longest {
		text = text[:longest]
	}
	return &journal.Letter{
		Message: t.ID, Trigger: t.Type, Connector: route.Connector, Raw: t.Raw, FirstAt: tried.first, DeadAt: l.clock.Now(), Attempts: tried.count, Error: text,
	}
}
