package series

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/ident"
)

// Config is what a [Recorder] works with.
type Config struct {
	Store Store
	// Clock is the system's when nil.
	Clock clock.Clock
	// Log gets what goes wrong in the background; nil means none.
	Log *slog.Logger
}

// Recorder counts, and keeps what was counted. It is safe for concurrent use. A nil one counts nothing.
type Recorder struct {
	config Config
	cells  sync.Map // organization → *cell
	known  atomic.Int64
	full   atomic.Bool // that there are too many was told

	// saving is held while rows go to the store, so that who reads finds each in one place.
	saving sync.RWMutex
	mu     sync.Mutex
	// minute is the beginning of the one that counts now; unsaved are rows of those before that the store has not.
	minute  time.Time
	unsaved []Row

	cancel context.CancelFunc
	done   chan struct{}
}

// most bounds the rows that wait for a database that is away: an hour of a few hundred organizations.
const most = 20_000

// part is how many rows are written in one transaction, and saveLimit how long that may take.
const (
	part      = 500
	saveLimit = 5 * time.Second
)

// foldEvery is how many minutes apart minutes become hours.
const foldEvery = 30

// Open makes a recorder that counts at once; [Recorder.Start] lets it keep what it counts, and [Recorder.Close] ends that.
func Open(config Config) (*Recorder, error) {
	if config.Store == nil {
		return nil, errors.New("series: Store is needed")
	}
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	return &Recorder{config: config, minute: minuteOf(config.Clock.Now())}, nil
}

func minuteOf(t time.Time) time.Time { return t.UTC().Truncate(time.Minute) }

// Start begins to keep what is counted.
func (r *Recorder) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel, r.done = cancel, make(chan struct{})
	go r.run(ctx)
}

// Close keeps what was counted since the last minute began.
func (r *Recorder) Close(ctx context.Context) error {
	if r == nil {
		return nil
	}
	if r.cancel != nil {
		r.cancel()
		<-r.done
	}
	r.turn()
	if err := r.save(ctx); err != nil {
		return fmt.Errorf("keeping the last figures: %w", err)
	}
	return nil
}

func (r *Recorder) run(ctx context.Context) {
	defer close(r.done)
	for n := 0; ; n++ {
		now := r.config.Clock.Now()
		timer := r.config.Clock.NewTimer(minuteOf(now).Add(time.Minute).Sub(now))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C():
		}
		r.turn()
		err := r.save(ctx)
		if err == nil && n%foldEvery == 0 {
			err = r.fold(ctx)
		}
		if err != nil && ctx.Err() == nil {
			r.config.Log.Warn("keeping figures: they wait in memory", "error", err)
		}
	}
}

// turn takes what was counted in the minute that is over.
func (r *Recorder) turn() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cells.Range(func(key, found any) bool {
		c := found.(*cell)
		counts := c.take()
		if counts.Empty() {
			if c.idle++; c.idle > idleMost && r.cells.CompareAndDelete(key, found) {
				r.known.Add(-1)
			}
			return true
		}
		c.idle = 0
		r.unsaved = append(r.unsaved, Row{ID: ident.New("row"), Organization: key.(string), At: r.minute, Counts: counts})
		return true
	})
	if over := len(r.unsaved) - most; over > 0 {
		r.config.Log.Warn("figures are lost: the database has been away for long", "rows", over)
		r.unsaved = append([]Row(nil), r.unsaved[over:]...)
	}
	r.minute = minuteOf(r.config.Clock.Now())
}

// save writes what is not saved.
func (r *Recorder) save(ctx context.Context) error {
	for more := true; more; {
		var err error
		if more, err = r.savePart(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (r *Recorder) savePart(ctx context.Context) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, saveLimit)
	defer cancel()
	r.saving.Lock()
	defer r.saving.Unlock()
	r.mu.Lock()
	rows := r.unsaved[:min(len(r.unsaved), part)]
	r.mu.Unlock()
	if len(rows) == 0 {
		return false, nil
	}
	if err := r.config.Store.KeepSeries(ctx, rows); err != nil {
		return false, err
	}
	r.mu.Lock()
	r.unsaved = r.unsaved[len(rows):]
	r.mu.Unlock()
	return true, nil
}

func (r *Recorder) fold(ctx context.Context) error {
	now := r.config.Clock.Now()
	for more := true; more; {
		var err error
		// Whole hours alone: an hour becomes one row of each node's share.
		if more, err = r.config.Store.FoldSeries(ctx, now.Add(-MinutesKept).Truncate(time.Hour), now.Add(-HoursKept)); err != nil {
			return fmt.Errorf("making hours of minutes: %w", err)
		}
	}
	return nil
}
