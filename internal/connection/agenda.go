package connection

import (
	"container/heap"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// The agenda holds the connections whose exchange is due soon, so that nobody ever looks through all of them: the
// store finds them by its index, a bounded batch at a time, and a heap puts them in order. What is not loaded yet is
// not lost, it is in the store; so a start costs no more than what is due.
const (
	// horizon is how far ahead the agenda looks.
	horizon = time.Minute
	// batch is how many connections are loaded at a time.
	batch = 4096
	// sweepEvery is how often attempts and pending connections are swept.
	sweepEvery = 10 * time.Minute
	sweepBatch = 500
	// attemptsKept is how long ended attempts are kept, so that a late callback is told what happened.
	attemptsKept = time.Hour
	// rescueEvery is how often to look for renewals that another process was killed in.
	rescueEvery = time.Second
	// urgency puts what can't wait before what was due long ago.
	urgency = 24 * time.Hour
	// storeRetry is how long to wait when the store can't be read.
	storeRetry = 5 * time.Second
)

type agenda struct {
	keeper *Keeper
	stop   chan struct{}
	wake   chan struct{}
	slots  chan struct{} // one for each refresh under way
	// asks takes who wants to know that it rests, rest.go; asked tells that somebody waits for it.
	asks  chan chan<- time.Time
	asked atomic.Bool

	mu sync.Mutex
	// times is the heap, the most urgent first.
	times times
	// queued counts, by id, what is in the heap.
	queued map[string]int
	// until is how far the store has been read.
	until time.Time
	// more tells that the last batch was full: the store has more before until.
	more bool

	nextLoad, nextSweep, nextRescue time.Time // used by run alone
	asking                          []chan<- time.Time
	// swept is the last connection whose history was swept.
	swept string
}

func newAgenda(k *Keeper) *agenda {
	return &agenda{
		keeper: k, stop: make(chan struct{}), wake: make(chan struct{}, 1),
		slots: make(chan struct{}, k.config.Workers), asks: make(chan chan<- time.Time), queued: map[string]int{},
	}
}

// push puts a connection on the agenda, whenever it is due.
func (a *agenda) push(id string, at time.Time) {
	a.mu.Lock()
	a.queued[id]++
	heap.Push(&a.times, Due{ID: id, At: at})
	first := a.times[0].ID == id
	a.mu.Unlock()
	if first {
		a.rouse()
	}
}

// rouse has the agenda look at once.
func (a *agenda) rouse() {
	select {
	case a.wake <- struct{}{}:
	default: // it will
	}
}

// expect puts a connection on the agenda when it is due before the store is read again.
func (a *agenda) expect(id string, at time.Time) {
	if at.IsZero() {
		return
	}
	a.mu.Lock()
	soon := at.Before(a.until) && a.queued[id] == 0
	a.mu.Unlock()
	if soon {
		a.push(id, at)
	}
}

// run works until stop: it loads, waits, and refreshes what falls due, as many at once as there are slots.
func (a *agenda) run() {
	defer a.keeper.leave()
	for {
		now := a.keeper.config.Clock.Now()
		a.housekeep(now)
		wait := a.next(now)
		if wait > 0 {
			a.answer()
			if !a.sleep(wait) {
				return
			}
			continue
		}
		select {
		case a.slots <- struct{}{}:
		case <-a.stop:
			return
		}
		item, ok := a.pop(now)
		if !ok || !a.keeper.enter() {
			<-a.slots
			continue
		}
		if late := now.Sub(item.At); late < urgency/2 { // those that were put first were not late
			a.keeper.meters.lateness.Record(a.keeper.background, max(0, late.Seconds()))
		}
		go a.refresh(item.ID)
	}
}

// housekeep reads the store and sweeps it when that is due.
func (a *agenda) housekeep(now time.Time) {
	if !now.Before(a.nextRescue) { // first: a provider's grace is seconds
		a.nextRescue = now.Add(rescueEvery)
		if !a.keeper.config.Shared { // nobody else can be interrupted
			a.nextRescue = now.Add(100 * 365 * 24 * time.Hour)
		}
		a.rescue(now)
	}
	a.mu.Lock()
	low := a.more && len(a.times) < batch/2
	a.mu.Unlock()
	if low || !now.Before(a.nextLoad) {
		a.nextLoad = now.Add(horizon / 2)
		if err := a.load(now); err != nil {
			a.keeper.config.Log.Error("reading which connections are due", "error", err)
			a.nextLoad = now.Add(storeRetry)
		}
	}
	if !now.Before(a.nextSweep) {
		a.nextSweep = now.Add(sweepEvery)
		a.sweep(now)
	}
}

// rescue puts first what a process that is gone has left unanswered: its refresh token may be presented again for a
// few seconds only.
func (a *agenda) rescue(now time.Time) {
	ctx, cancel := context.WithTimeout(a.keeper.background, lookTimeout)
	defer cancel()
	ids, err := a.keeper.config.Ledger.Interrupted(ctx, batch)
	if err != nil {
		a.keeper.config.Log.Error("reading which renewals were interrupted", "error", err)
		a.nextRescue = now.Add(rescueEvery)
		return
	}
	if len(ids) > 0 {
		a.keeper.config.Log.Info("taking up interrupted renewals", "connections", len(ids))
	}
	for _, id := range ids {
		a.push(id, now.Add(-urgency))
	}
	if len(ids) == batch {
		a.nextRescue = now.Add(rescueEvery)
	}
}

// load reads a batch of what is due before the horizon. Those that are queued or under way come again, since the store
// does not know of them: the limit leaves room for them.
func (a *agenda) load(now time.Time) error {
	a.mu.Lock()
	known := len(a.queued) + cap(a.slots)
	a.mu.Unlock()
	ctx, cancel := context.WithTimeout(a.keeper.background, 30*time.Second)
	defer cancel()
	limit := known + batch
	found, err := a.keeper.config.Ledger.Due(ctx, now.Add(horizon), limit)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.more = err == nil && len(found) == limit
	if err != nil {
		return err
	}
	a.until = now.Add(horizon)
	for _, d := range found {
		if a.queued[d.ID] == 0 {
			if e := a.keeper.byID.find(key{name: d.ID}); e != nil {
				d.At = earlier(d.At, e.now.Load().refreshAt) // it follows no step of the clock
			}
			a.queued[d.ID] = 1
			heap.Push(&a.times, d)
		}
	}
	return nil
}

func (a *agenda) sweep(now time.Time) {
	ctx, cancel := context.WithTimeout(a.keeper.background, 30*time.Second)
	defer cancel()
	removed, err := a.keeper.config.Ledger.Sweep(ctx, now.Add(-attemptsKept), now.Add(-a.keeper.config.PruneAfter), sweepBatch)
	if err != nil {
		a.keeper.config.Log.Error("sweeping connections without a consent", "error", err)
		return
	}
	if removed > 0 {
		a.keeper.config.Log.Info("removed connections that never had a consent", "connections", removed)
	}
	if removed == sweepBatch {
		a.nextSweep = now
	}
	if a.swept, err = a.keeper.config.Ledger.SweepHistory(ctx, now.Add(-HistoryAge), a.swept, historyBatch); err != nil {
		a.keeper.config.Log.Error("sweeping the history of connections", "error", err)
	}
}

// historyBatch is how many connections' histories are swept at a time.
const historyBatch = 500

// next tells how long there is nothing to do.
func (a *agenda) next(now time.Time) time.Duration {
	until := earlier(earlier(a.nextLoad, a.nextSweep), a.nextRescue)
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.times) > 0 {
		until = earlier(a.times[0].At, until)
	}
	return until.Sub(now)
}

func (a *agenda) sleep(d time.Duration) bool {
	timer := a.keeper.config.Clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C():
	case <-a.wake:
	case rested := <-a.asks:
		a.asking = append(a.asking, rested)
		a.asked.Store(true)
	case <-a.stop:
		return false
	}
	return true
}

// pop takes the most urgent connection, if it is due.
func (a *agenda) pop(now time.Time) (Due, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.times) == 0 || a.times[0].At.After(now) {
		return Due{}, false
	}
	item := heap.Pop(&a.times).(Due)
	if a.queued[item.ID]--; a.queued[item.ID] == 0 {
		delete(a.queued, item.ID)
	}
	return item, true
}

// refresh renews one connection and frees its slot.
func (a *agenda) refresh(id string) {
	defer a.keeper.leave()
	defer func() {
		<-a.slots
		if a.asked.Load() {
			a.rouse()
		}
	}()
	e, err := a.keeper.load(a.keeper.background, Selector{}, id)
	if err != nil {
		if !errors.Is(err, ErrNotFound) {
			a.keeper.config.Log.Error("loading a connection that is due", "connection", id, "error", err)
		}
		return
	}
	e.queued.Store(false)
	if flight, _, err := a.keeper.join(e, due, e.now.Load().generation, ""); err == nil {
		<-flight.done
		// What this item stood for may have been done before, and the next time is then known only here.
		if v := e.now.Load(); v.state.renewing() { // another would be due at once, for ever
			a.expect(id, v.refreshAt)
		}
	}
}

// times is a heap of what is due, for container/heap.
type times []Due

func (t times) Len() int           { return len(t) }
func (t times) Less(i, j int) bool { return t[i].At.Before(t[j].At) }
func (t times) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *times) Push(x any)        { *t = append(*t, x.(Due)) }
func (t *times) Pop() any {
	last := len(*t) - 1
	x := (*t)[last]
	*t = (*t)[:last]
	return x
}
