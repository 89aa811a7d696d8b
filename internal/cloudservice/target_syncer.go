package cloudservice

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Syncer walks what is due, in the background.
type Syncer struct {
	services *Services
	wake     chan struct{}
	slots    chan struct{}
	cancel   context.CancelFunc
	done     chan struct{}
	work     sync.WaitGroup
}

const (
	syncsAtOnce = 4
	// syncPoll is how often somebody looks for what is due, or was left by a process that is gone.
	syncPoll = 5 * time.Second
	// syncEvery is how often audiences are synced without being asked to. AEM's other importer, of Analytics, does so too.
	syncEvery = 12 * time.Hour
)

func newSyncer(s *Services) *Syncer {
	return &Syncer{services: s, wake: make(chan struct{}, 1), slots: make(chan struct{}, syncsAtOnce)}
}

// Syncer gives what syncs audiences; [Syncer.Start] lets it work.
func (s *Services) Syncer() *Syncer { return s.syncer }

// Start begins to sync. [Syncer.Close] ends it.
func (y *Syncer) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	y.cancel, y.done = cancel, make(chan struct{})
	go y.run(ctx)
}

// Close gives up what is under way, which goes on where it was, and waits for that.
func (y *Syncer) Close() {
	if y.cancel == nil {
		return
	}
	y.cancel()
	<-y.done
	y.work.Wait()
}

// Wake makes it look at once.
func (y *Syncer) Wake() {
	select {
	case y.wake <- struct{}{}:
	default: // it will look anyway
	}
}

func (y *Syncer) run(ctx context.Context) {
	defer close(y.done)
	if err := y.services.config.Targets.FreeSyncs(ctx); err != nil && ctx.Err() == nil {
		y.services.config.Log.Warn("syncs that a process before this one held go on later", "in", holdFor.String(), "error", err)
	}
	timer := y.services.config.Clock.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-y.wake:
		case <-timer.C():
		}
		if err := y.round(ctx); err != nil && ctx.Err() == nil {
			y.services.config.Log.Warn("syncing audiences: trying again", "in", syncPoll.String(), "error", err)
		}
		timer.Reset(syncPoll)
	}
}

// round begins what is due and there is room for.
func (y *Syncer) round(ctx context.Context) error {
	for {
		select {
		case y.slots <- struct{}{}:
		default:
			return nil // the end of one wakes
		}
		now := y.services.now()
		held, err := y.services.config.Targets.ClaimSync(ctx, now, now.Add(holdFor))
		if err != nil || held == nil {
			<-y.slots
			return err
		}
		y.work.Go(func() {
			defer y.Wake()
			defer func() { <-y.slots }()
			y.walk(ctx, *held)
		})
	}
}

// walk walks one to its end.
func (y *Syncer) walk(ctx context.Context, held Sync) {
	s := y.services
	of, err := s.config.Store.Find(ctx, held.Place, held.Service)
	if err != nil {
		if !errors.Is(err, ErrNotFound) && ctx.Err() == nil { // who deletes a service deletes its sync
			s.config.Log.WarnContext(ctx, "a cloud service could not be read to be synced", "service", held.Service, "error", err)
		}
		return
	}
	w := &walker{Services: s, of: of, held: held}
	err = s.syncable(&of)
	for last := false; !last && err == nil; {
		last, err = w.step(ctx)
	}
	if errors.Is(err, ErrClaimLost) || ctx.Err() != nil {
		return // somebody else goes on; or the next process
	}
	if err := w.end(context.WithoutCancel(ctx), err); err != nil && !errors.Is(err, ErrClaimLost) {
		s.config.Log.WarnContext(ctx, "how a sync has ended could not be kept", "service", of.Name, "error", err)
	}
}
