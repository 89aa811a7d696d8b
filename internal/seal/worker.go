package seal

import (
	"context"
	"sync"
	"time"
)

// lookEvery is how often a process looks whether a rotation is under way that nobody gets on with.
const lookEvery = 15 * time.Second

// worker is the goroutine that goes on with a rotation.
type worker struct {
	nudge  chan struct{}
	cancel context.CancelFunc
	done   chan struct{}

	mu        sync.Mutex
	problem   string
	remaining int // at the last look
	behind    string
}

func newWorker() worker {
	return worker{nudge: make(chan struct{}, 1), remaining: -1}
}

func (w *worker) wake() {
	select {
	case w.nudge <- struct{}{}:
	default:
	}
}

func (w *worker) trouble() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.problem
}

// Start begins the background work: it goes on with a rotation that was interrupted, here or on another node. It is
// called once; [Keyring.Close] ends it.
func (k *Keyring) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	k.worker.cancel, k.worker.done = cancel, make(chan struct{})
	go k.work(ctx)
}

// Close ends the background work. A rotation stays where it is; whoever starts next goes on.
func (k *Keyring) Close() {
	if k.worker.cancel == nil {
		return
	}
	k.worker.cancel()
	<-k.worker.done
}

func (k *Keyring) work(ctx context.Context) {
	defer close(k.worker.done)
	timer := k.config.Clock.NewTimer(lookEvery)
	defer timer.Stop()
	asked := true // what a process that ended left is gone on with at once
	for {
		k.look(ctx, asked)
		select {
		case <-ctx.Done():
			return
		case <-timer.C():
			asked = false
			timer.Reset(lookEvery)
		case <-k.worker.nudge:
			asked = true
		}
	}
}

// look goes on with a rotation if there is one, this process has both keys, and it was asked to or nobody else gets on
// with it. Two that work at it at once do no harm: each changes only what is as it read it.
func (k *Keyring) look(ctx context.Context, asked bool) {
	if err := k.refresh(ctx); err != nil {
		k.config.Log.WarnContext(ctx, "reading the root keys failed", "error", err)
		return
	}
	r := k.ring.Load()
	k.tellBehind(ctx, r)
	_, from := r.held[r.current.Replaces]
	_, to := r.held[r.current.ID]
	if !r.current.rotating() || !to {
		k.note("", -1)
		return
	}
	remaining, err := k.config.Store.CountDataKeys(ctx, r.current.remaining())
	if err != nil {
		k.config.Log.WarnContext(ctx, "counting the data keys failed", "error", err)
		return
	}
	if remaining > 0 && (!from || !asked && k.moved(remaining)) {
		k.note(k.worker.trouble(), remaining)
		return
	}
	err = k.rewrap(ctx, r)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		k.config.Log.ErrorContext(ctx, "the rotation of the root key does not get on", "error", err, "again_in", lookEvery.String())
		k.note(err.Error(), remaining)
	default:
		k.note("", -1)
	}
}

// moved tells whether somebody wrapped data keys since the last look.
func (k *Keyring) moved(remaining int) bool {
	k.worker.mu.Lock()
	defer k.worker.mu.Unlock()
	return k.worker.remaining < 0 || remaining < k.worker.remaining
}

func (k *Keyring) note(problem string, remaining int) {
	k.worker.mu.Lock()
	defer k.worker.mu.Unlock()
	k.worker.problem, k.worker.remaining = problem, remaining
}

// tellBehind logs once for each root key that this process lacks.
func (k *Keyring) tellBehind(ctx context.Context, r *ring) {
	_, held := r.held[r.current.ID]
	k.worker.mu.Lock()
	told := k.worker.behind == r.current.ID
	if !held {
		k.worker.behind = r.current.ID
	}
	k.worker.mu.Unlock()
	if !held && !told {
		err := &BehindError{Current: r.current.ID}
		k.config.Log.ErrorContext(ctx, err.Error(), "root_keys_here", []string{r.target, r.previous})
	}
}
