package pipelined

import (
	"context"
	"fmt"
	"maps"
	"strings"
)

// What nobody would notice otherwise: triggers that no route names, a consumer that has another name than before, and why there
// is no stream (spec/campaign-and-pipeline.md §3.3).

// mostUnrouted bounds the types that are told apart; the others are counted together, as "".
const mostUnrouted = 100

// strange counts a trigger that no route names. Each type is logged once.
func (l *listener) strange(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.unrouted[name]; !known {
		if len(l.unrouted) >= mostUnrouted {
			name = ""
		} else {
			l.log.Warn(fmt.Sprintf("No route names the trigger %.100q of topic %s: it is passed over, and counted (trigger-unrouted)", name, l.topic))
		}
	}
	l.unrouted[name]++
}

// strangers gives how many triggers no route named, by their type.
func (l *listener) strangers() map[string]int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.unrouted)
}

// greet tells of a consumer that is new, where the topic had another one: the broker has no place for it.
func (l *listener) greet(ctx context.Context) {
	before, err := l.journal.Consumers(ctx, l.topic)
	if err != nil || len(before) == 0 {
		return
	}
	for _, name := range before {
		if name == l.consumer {
			return
		}
	}
	begins := "it begins with the oldest trigger that the broker keeps, and what was handed on as the other one comes again"
	if l.setup.Load().Settings.Reset == "latest" {
		begins = "it begins with the next trigger, and what the other one had not read is left out"
	}
	l.log.Warn(fmt.Sprintf("The consumer of topic %s is %s now, and was %s: %s (reset)", l.topic, l.consumer, strings.Join(before, ", "), begins))
}

// trouble tells why the daemon consumes nothing; "" for nothing, also while it is opening its first stream.
func (d *Daemon) trouble() string {
	for _, l := range d.all() {
		l.mu.Lock()
		why := l.unopened
		l.mu.Unlock()
		switch {
		case l.counts.held.Load():
			return unwritable
		case why != "":
			return fmt.Sprintf("no stream of topic %s: %s", l.topic, why)
		case l.counts.alive.Load() != 0 && d.silent(l):
			return fmt.Sprintf("the stream of topic %s is silent", l.topic)
		}
	}
	return ""
}

const unwritable = "the journal can't be written"

// silent tells that a stream has told nothing for long, though nothing keeps it from being read.
func (d *Daemon) silent(l *listener) bool {
	return d.clock.Now().UnixMilli()-l.counts.alive.Load() > 2*d.config.Pace.Silence.Milliseconds() && l.counts.waiting.Load() == 0
}
