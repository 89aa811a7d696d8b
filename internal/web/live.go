package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// A live view is a stream of server-sent events that a page's script listens to. The page says the same without script, as it
// was when it was made. A stream reads at its own pace, so that a slow browser keeps nobody waiting; one that takes nothing for
// a while is cut off, and so is one whose session ends or whose server stops.

const (
	// liveMost bounds how many there are at once; a browser whose stream was refused asks again later.
	liveMost = 200
	// liveFor is how long one lasts. The browser opens it anew by itself.
	liveFor = 10 * time.Minute
	// liveBeat is how often the browser is told that it lives, and the session is asked for.
	liveBeat = 15 * time.Second
	// liveSlow is how long a browser may take nothing.
	liveSlow = 20 * time.Second
)

// lives are the streams that are open.
type lives struct {
	open   atomic.Int64
	ending chan struct{}
	once   sync.Once
}

// Drain ends the streams of live views, which have no end of their own.
func (p *Pages) Drain() { p.lives.once.Do(func() { close(p.lives.ending) }) }

// live is one stream.
type live struct {
	*visit
	ctx     context.Context //nolint:containedctx // it is the stream's, which lives within one call
	control *http.ResponseController
	beat    time.Time
}

// stream opens one, and lets it be filled until that is over.
func (v *visit) stream(fill func(l *live) error) error {
	if v.lives.open.Add(1) > liveMost {
		v.lives.open.Add(-1)
		v.w.Header().Set("Retry-After", "30")
		http.Error(v.w, "Too many live views are open.", http.StatusServiceUnavailable)
		return nil
	}
	defer v.lives.open.Add(-1)
	ctx, cancel := context.WithTimeout(v.r.Context(), liveFor)
	defer cancel()
	l := &live{visit: v, ctx: ctx, control: http.NewResponseController(v.w), beat: v.Clock.Now()}
	_ = l.control.SetReadDeadline(time.Time{}) // a stream has no end that the listener's limits know
	v.w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	v.w.Header().Set("X-Accel-Buffering", "no")
	v.w.WriteHeader(http.StatusOK)
	if l.write("retry: 3000\n\n") == nil {
		_ = fill(l) // the browser is gone, or is told by what it misses
	}
	return nil
}

// send sends an event.
func (l *live) send(name string, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("writing a live view: %w", err)
	}
	return l.write("event: " + name + "\ndata: " + string(text) + "\n\n")
}

func (l *live) write(text string) error {
	_ = l.control.SetWriteDeadline(time.Now().Add(liveSlow)) // without it the usual one stands
	if _, err := l.w.Write([]byte(text)); err != nil {
		return err
	}
	return l.control.Flush()
}

// wait waits for news, or for so long; it tells whether the stream goes on. nil news never come.
func (l *live) wait(news <-chan struct{}, most time.Duration) bool {
	timer := l.Clock.NewTimer(most)
	defer timer.Stop()
	select {
	case <-l.ctx.Done():
		return false
	case <-l.lives.ending:
		return false
	case <-news:
	case <-timer.C():
	}
	if now := l.Clock.Now(); now.Sub(l.beat) >= liveBeat {
		l.beat = now
		if _, _, err := l.open(l.r); err != nil {
			return false
		}
		return l.write(": here\n\n") == nil
	}
	return true
}

// withStreams lets a page open streams of ours.
func withStreams(header http.Header) {
	header.Set("Content-Security-Policy", header.Get("Content-Security-Policy")+"; connect-src 'self'")
}
