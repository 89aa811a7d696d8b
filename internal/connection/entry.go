package connection

import (
	"sync"
	"sync/atomic"
	"time"
)

// entry is what the keeper holds of one connection. Once made it stays for the connection's life, so that there is
// never more than one flight for a connection.
type entry struct {
	id string
	// now is what is known; readers load it and take no lock.
	now atomic.Pointer[view]
	// served is where calls go, nil before the first.
	served atomic.Pointer[served]
	// queued is set while the entry waits for a background refresh.
	queued atomic.Bool
	// checking is set while it is read again.
	checking atomic.Bool

	mu sync.Mutex
	// flight is the refresh under way, nil when there is none.
	flight *flight
	// closing keeps new flights from beginning: the connection is being deleted.
	closing bool
	// forced is the generation that was rejected and exchanged for that reason.
	forced int64
	// unsaved is what a provider gave and the store did not take; it is saved before anything else is sent. It belongs to
	// the flight.
	unsaved *Unsaved
	// note is what was written down on this machine because the database was away. It belongs to the flight.
	note Note
}

// noted gives how many presentations of a generation's refresh token only this machine knows of.
func (e *entry) noted(generation int64) int {
	if e.note.Generation != generation {
		return 0
	}
	return e.note.Count
}

// hasID tells whether the entry has the id.
func hasID(e *entry, k key) bool { return e.id == k.name }

// hasLabel tells whether the entry has the label, in the organization's sandbox.
func hasLabel(e *entry, k key) bool {
	v := e.now.Load()
	return v.label == k.name && v.organization == k.organization && v.sandbox == k.sandbox
}

// view is what is known of a connection at one time. It never changes; a new one takes its place.
type view struct {
	organization, sandbox, label string
	version, generation          int64
	state                        State
	reason                       string
	lastError                    *LastError
	token                        *Token
	// ends is when the token ends, or is assumed to; zero when it is kept until someone rejects it. life is how long it
	// lived when it was new.
	ends time.Time
	life time.Duration
	// refreshAt is when the next exchange is due, zero for never.
	refreshAt time.Time
	// blockedUntil keeps callers from exchanging before it: the backoff after a failure.
	blockedUntil time.Time
	// callersUntil is the same for a caller who is left with nothing, and not later.
	callersUntil time.Time
	// hotUntil is until when the token is served without a thought, in nanoseconds since the keeper began: a step of the
	// system's clock does not lengthen it.
	hotUntil int64
	// readAt is when it was read or written, likewise.
	readAt int64
}

// newView makes the view of a stored connection.
func (k *Keeper) newView(r *Record) *view {
	v := &view{
		organization: k.words.one(r.Organization), sandbox: k.words.one(r.Sandbox), label: r.Label, version: r.Version,
		generation: r.Generation, state: r.State, reason: r.Reason, lastError: r.LastError, refreshAt: r.RefreshAt,
	}
	if r.Setbacks > 0 {
		v.blockedUntil = r.RefreshAt
		v.callersUntil = patience(r.LastError, r.Setbacks, r.RefreshAt)
	}
	if r.Tokens == nil {
		return v
	}
	v.token = newToken(r.ID, r.Generation, r.Tokens, &k.words)
	life := lifeOf(r.Tokens, r.Renewable, k.config.DefaultLife)
	v.ends, v.life = life.ends, life.ends.Sub(life.issued)
	v.readAt = k.since(k.config.Clock.Now())
	v.distrust(life.issued, k.config.Clock.Now())
	k.setHot(v)
	return v
}

// distrust corrects the times of a token that was issued in the future: the system's clock was set back. It lives no
// longer than its whole life from now, and is renewed at once.
func (v *view) distrust(issued, now time.Time) {
	const slack = 5 * time.Second // of nodes' clocks
	if !issued.After(now.Add(slack)) {
		return
	}
	if end := now.Add(v.life); !v.ends.IsZero() && v.ends.After(end) {
		v.ends = end
		if !v.token.ExpiresAt.IsZero() {
			token := *v.token
			token.ExpiresAt = end
			v.token = &token
		}
	}
	if v.refreshAt.After(now) {
		v.refreshAt = now
	}
}

// since gives a time in nanoseconds since the keeper began, by the monotonic clock where there is one.
func (k *Keeper) since(t time.Time) int64 { return int64(t.Sub(k.begun)) }

// setHot works out until when the token is served without a thought: fresh, alive, and of a connection that serves.
func (k *Keeper) setHot(v *view) {
	if v.token == nil || !v.state.renewing() && v.state != NeedsReauthorization {
		return
	}
	v.hotUntil = 1<<63 - 1
	for _, until := range []time.Time{v.refreshAt, v.token.ExpiresAt} {
		if !until.IsZero() {
			v.hotUntil = min(v.hotUntil, k.since(until))
		}
	}
	if k.config.Shared {
		v.hotUntil = min(v.hotUntil, v.readAt+int64(recheckAfter))
	}
}

// visible tells whether the connection is the organization's, and in the sandbox when one is named.
func (v *view) visible(organization, sandbox string) bool {
	return v.organization == organization && (sandbox == "" || v.sandbox == sandbox)
}

func (v *view) identity(id string) Identity { return Identity{ID: id, Label: v.label} }

// valid tells whether the access token lives, as far as anyone knows: a token of unknown life is valid until someone
// says otherwise.
func (v *view) valid(now time.Time) bool {
	return v.token != nil && (v.token.ExpiresAt.IsZero() || now.Before(v.token.ExpiresAt))
}

// outlived tells whether the token has lived, and has ended. One that was dead on arrival has not.
func (v *view) outlived(now time.Time) bool { return !v.valid(now) && v.life > 0 }

// blocked tells whether a failure is so recent that nothing is sent for a caller.
func (v *view) blocked(now time.Time) bool {
	if v.valid(now) {
		return now.Before(v.blockedUntil)
	}
	return now.Before(v.callersUntil)
}

// short tells whether the token lives less than wanted although a new one would live long enough.
func (v *view) short(ttl time.Duration, now time.Time) bool {
	return ttl > 0 && !v.ends.IsZero() && v.ends.Sub(now) < ttl && ttl <= v.life
}

// adopt makes next the entry's view unless what is there is newer. It tells whether it did.
func (e *entry) adopt(next *view) bool {
	for {
		have := e.now.Load()
		if have != nil && have.version > next.version {
			return false
		}
		if e.now.CompareAndSwap(have, next) {
			return true
		}
	}
}

// words keeps one copy of the texts that many connections share. It holds a bounded number of them.
type words struct {
	mu   sync.RWMutex
	kept map[string]string
}

const wordLimit = 10_000

// one gives the copy that is shared.
func (w *words) one(text string) string {
	w.mu.RLock()
	kept, ok := w.kept[text]
	w.mu.RUnlock()
	if ok || text == "" {
		return kept
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if kept, ok = w.kept[text]; ok {
		return kept
	}
	if w.kept == nil {
		w.kept = map[string]string{}
	}
	if len(w.kept) < wordLimit {
		w.kept[text] = text
	}
	return text
}
