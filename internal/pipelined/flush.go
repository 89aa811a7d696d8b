package pipelined

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"

	"latchkey/internal/pipelined/journal"
	"latchkey/internal/pipelined/wire"
)

// flushAll stores the pointer after as many triggers as the settings say, and at least that often. Nothing is stored while
// nothing was finished.
func (l *listener) flushAll(ctx context.Context) {
	for {
		timer := l.clock.NewTimer(l.setup.Load().Options.PointerFlushPeriod)
		select {
		case <-timer.C():
		case <-l.full:
			timer.Stop()
		case <-ctx.Done():
			timer.Stop()
			return
		}
		l.flush(ctx, false)
	}
}

// flush puts what is finished on the disk, then gives the broker the last marker that nothing unfinished stands before.
func (l *listener) flush(ctx context.Context, last bool) {
	l.flushing.Lock() // one marker after the other
	defer l.flushing.Unlock()
	text, number, broker := l.ready()
	if l.counts.sinceFlush.Load() == 0 && text == "" || broker == nil {
		return
	}
	start := l.clock.Now()
	finished := l.counts.sinceFlush.Load()
	if err := l.remember(ctx); err != nil {
		l.counts.flushErrors.Add(1)
		l.log.Error("The pointer was not stored: " + err.Error())
		return
	}
	if err := l.journal.Flush(journal.Marker{Topic: l.topic, Consumer: l.consumer, Text: text}); err != nil {
		l.counts.flushErrors.Add(1)
		l.log.Error("The pointer could not be stored: " + err.Error())
		return
	}
	if text != "" {
		if err := l.commit(ctx, broker, text); err != nil {
			l.counts.flushErrors.Add(1)
			if failed, ok := errors.AsType[*wire.Error](err); ok && (failed.Status == http.StatusBadRequest || failed.Status == http.StatusConflict) {
				l.committed(number) // it is of no use any more: the group's place was set anew
			}
			if ctx.Err() == nil || last {
				l.log.Warn("The broker did not take the pointer, which is kept here: " + err.Error())
			}
			return
		}
		l.committed(number)
	}
	l.counts.sinceFlush.Add(-finished)
	l.counts.flushes.Add(1)
	now := l.clock.Now()
	l.counts.flushed.Store(now.UnixMilli())
	l.counts.flushTime.Add(int64(now.Sub(start)))
}

// commit gives the broker a marker. A token that it does not take is replaced once.
func (l *listener) commit(ctx context.Context, broker *wire.Broker, text string) error {
	for again := false; ; again = true {
		token, err := l.tokens.take(ctx)
		if err != nil {
			return err
		}
		err = broker.Commit(ctx, token.token, l.consumer, text)
		if err == nil || again || !wire.Refused(err) {
			return err
		}
		token.keeper.Reject(token.token)
	}
}

// ready gives the last marker before which everything is finished, "" for none.
func (l *listener) ready() (text string, number int64, broker *wire.Broker) {
	l.mu.Lock()
	defer l.mu.Unlock()
	oldest := int64(math.MaxInt64)
	for _, one := range l.lanes {
		if n, ok := one.oldest(); ok {
			oldest = min(oldest, n)
		}
	}
	for _, m := range l.marks {
		if m.number < oldest {
			text, number = m.text, m.number
		}
	}
	return text, number, l.broker
}

// committed lets go of the markers that the broker has, or that are behind those.
func (l *listener) committed(number int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.marks) > 0 && l.marks[0].number <= number {
		l.marks = l.marks[1:]
	}
}

// offsets writes pointers as the vendor does: "0:1090921,1:1071369".
func offsets(pointers []journal.Pointer) string {
	text := ""
	for i, p := range pointers {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprintf("%d:%d", p.Partition, p.Next)
	}
	return text
}
