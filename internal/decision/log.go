package decision

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/ident"
)

const (
	// window is for how long refusals that are alike are one row.
	window = time.Minute
	// flushEvery is how often rows are written.
	flushEvery = 5 * time.Second
	// sweepEvery is how often what is old goes.
	sweepEvery = 10 * time.Minute
	// maxRows bounds the rows in memory: of credentials that are attacked, and of clients that are unknown.
	maxRows = 4096
	// part is how many rows are written in one transaction.
	part = 256
	// maxLines is how many lines a minute the server's log gets at most.
	maxLines = 120
)

// Config is what a [Log] works with.
type Config struct {
	// Store keeps the rows; nil keeps none, and leaves the server's log.
	Store Store
	Clock clock.Clock
	// Log is the server's; nil means none.
	Log *slog.Logger
}

// Log takes refusals. It is safe for concurrent use.
type Log struct {
	config Config

	mu   sync.Mutex
	open map[key]*row
	// of counts the open rows of a credential.
	of map[string]int
	// over are rows whose minute is over and which are not written yet.
	over []*row
	// lines are what the server's log got since linesAt.
	lines   int
	linesAt time.Time

	flushing sync.Mutex
	cancel   context.CancelFunc
	done     chan struct{}
}

// key says which refusals are alike: those of one cause, where the client is told the same of several. Other reasons may
// differ, as a clock's time does.
type key struct{ credential, code, says, cause, place string }

func (d *Decision) key() key {
	k := key{d.Credential, d.Code, d.Says, "", d.Place}
	for _, r := range d.Reasons {
		if r.Name == "reason" || r.Name == "fix" {
			k.cause += r.Value
		}
	}
	return k
}

// row is a decision on its way to the store.
type row struct {
	Decision
	key   key
	dirty bool
}

// Open makes a log, and begins to write where there is a store; [Log.Close] ends that.
func Open(config Config) *Log {
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	l := &Log{config: config, open: map[key]*row{}, of: map[string]int{}}
	if config.Store != nil {
		ctx, cancel := context.WithCancel(context.Background())
		l.cancel, l.done = cancel, make(chan struct{})
		go l.work(ctx, config.Clock.NewTimer(flushEvery))
	}
	return l
}

// Refused takes one: d says all but its id, count and times, and has its debug id.
func (l *Log) Refused(ctx context.Context, d Decision) {
	d.clean()
	now := l.config.Clock.Now().UTC().Truncate(time.Microsecond)
	l.mu.Lock()
	first := l.add(d, now)
	loud := first && l.loud(now)
	l.mu.Unlock()
	level := slog.LevelDebug
	if loud {
		level = slog.LevelInfo
	}
	if !l.config.Log.Enabled(ctx, level) {
		return
	}
	told := []any{"debug_id", strings.Join(d.DebugIDs, " "), "client", d.ClientID, "grant", d.Grant, "error", d.Code, "says", d.Says}
	for _, r := range d.Reasons {
		told = append(told, r.Name, r.Value)
	}
	l.config.Log.Log(ctx, level, "no token is given", told...)
}

// loud tells whether the server's log may have another line.
func (l *Log) loud(now time.Time) bool {
	if now.Sub(l.linesAt) >= time.Minute {
		l.lines, l.linesAt = 0, now
	}
	l.lines++
	return l.lines <= maxLines
}

// add counts one to its row, and tells whether it began that.
func (l *Log) add(d Decision, now time.Time) (first bool) {
	k := d.key()
	r := l.open[k]
	if r == nil && (l.of[d.Credential] >= MaxOpen || len(l.open) >= maxRows) {
		k.cause, k.place, d.Place, d.Agent = "", "", "", ""
		r = l.open[k]
	}
	if r != nil && now.Sub(r.FirstAt) >= window {
		l.end(k, r)
		r = nil
	}
	if r == nil {
		if len(l.open) >= maxRows+MaxOpen || l.of[d.Credential] >= 2*MaxOpen { // as many errors as places: there are not so many
			return false
		}
		d.ID, d.FirstAt = ident.New("dec"), now
		r, first = &row{Decision: d, key: k}, true
		r.DebugIDs = slices.Clone(d.DebugIDs)
		l.open[k] = r
		l.of[d.Credential]++
	} else if len(r.DebugIDs) < MaxDebugIDs {
		r.DebugIDs = append(r.DebugIDs, d.DebugIDs...)
	}
	r.Count++
	r.LastAt, r.dirty = now, true
	r.Reasons, r.Agent, r.Path, r.Grant = d.Reasons, cmp.Or(d.Agent, r.Agent), d.Path, d.Grant
	return first
}

// end takes a row out of those that count.
func (l *Log) end(k key, r *row) {
	delete(l.open, k)
	if l.of[k.credential]--; l.of[k.credential] <= 0 {
		delete(l.of, k.credential)
	}
	if r.dirty && k.credential != "" && len(l.over) < maxRows {
		l.over = append(l.over, r)
	}
	if r.Count > 1 {
		l.config.Log.Info("no token is given, again", "times", r.Count-1, "client", r.ClientID, "error", r.Code, "says", r.Says,
			"from", cmp.Or(r.Place, "many places"), "since", r.FirstAt)
	}
}
