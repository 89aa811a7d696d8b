package decision

import (
	"context"
	"fmt"
	"slices"
	"time"

	"latchkey/internal/clock"
)

// work writes from time to time until Close.
func (l *Log) work(ctx context.Context, timer clock.Timer) {
	defer close(l.done)
	defer timer.Stop()
	var swept time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-timer.C():
			if err := l.Flush(ctx); err != nil && ctx.Err() == nil {
				l.config.Log.WarnContext(ctx, "writing why tokens were refused", "error", err)
			}
			if now.Sub(swept) >= sweepEvery {
				swept = now
				if err := l.sweep(ctx); err != nil && ctx.Err() == nil {
					l.config.Log.WarnContext(ctx, "removing old reasons why tokens were refused", "error", err)
				}
			}
			timer.Reset(flushEvery)
		}
	}
}

// Close writes what waits and ends the background work.
func (l *Log) Close(ctx context.Context) error {
	if l == nil || l.cancel == nil {
		return nil
	}
	l.cancel()
	<-l.done
	return l.Flush(ctx)
}

// Flush writes the rows that have changed. Those of a writing that fails wait on.
func (l *Log) Flush(ctx context.Context) error {
	l.flushing.Lock()
	defer l.flushing.Unlock()
	rows, changed := l.take()
	if l.config.Store == nil {
		return nil
	}
	for some := range slices.Chunk(rows, part) {
		if err := l.config.Store.KeepDecisions(ctx, some, MaxKept); err != nil {
			l.putBack(changed)
			return fmt.Errorf("writing why tokens were refused: %w", err)
		}
	}
	return nil
}

// take copies the rows that have changed, in the order of their credentials, so that nodes do not lock each other out; it
// ends those whose minute is over.
func (l *Log) take() (copies []Decision, changed []*row) {
	now := l.config.Clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	changed, l.over = l.over, nil
	for k, r := range l.open {
		if r.dirty && k.credential != "" {
			changed = append(changed, r)
			r.dirty = false
		}
		if now.Sub(r.FirstAt) >= window {
			l.end(k, r)
		}
	}
	slices.SortFunc(changed, func(a, b *row) int { return compare(&a.Decision, &b.Decision) })
	for _, r := range changed {
		d := r.Decision
		d.DebugIDs = slices.Clone(d.DebugIDs)
		copies = append(copies, d)
	}
	return copies, changed
}

// putBack keeps rows for the next time, as far as there is room. To write one twice does no harm.
func (l *Log) putBack(rows []*row) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range rows {
		if open := l.open[r.key]; open == r {
			r.dirty = true
		} else if len(l.over) < maxRows {
			l.over = append(l.over, r)
		}
	}
}

// sweep removes what is old.
func (l *Log) sweep(ctx context.Context) error {
	for more := true; more; {
		var err error
		if more, err = l.config.Store.ForgetDecisions(ctx, l.config.Clock.Now().Add(-Kept)); err != nil {
			return err
		}
	}
	return nil
}
