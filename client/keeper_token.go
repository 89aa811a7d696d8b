package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// The measures of keeping.
const (
	// askFor bounds one request of the keeper.
	askFor = 30 * time.Second
	// patience is how long a caller for whom a valid token is at hand waits for a better one.
	patience = 2 * time.Second
	// unknownLife is how long a token whose end nobody knows is good after the server has named it.
	unknownLife = 5 * time.Minute
	// After a failure the server is left alone: so long at first, then longer.
	firstPause, lastPause = time.Second, 30 * time.Second
)

// want is what a caller asks for.
type want struct {
	min      time.Duration
	rejected string // hash; "" for none
}

// held is a token with its end.
type held struct {
	token Token
	// until is when it ends, at the latest.
	until time.Time
	// life is what was left when this generation came, left what was left at the last answer, to a request for asked.
	life, left, asked time.Duration
	at                time.Time // of that answer
}

// remains tells how long the token has. Both clocks must grant it: the monotonic one stands still while a machine sleeps,
// the wall clock may be set.
func (h *held) remains(now time.Time) time.Duration {
	if h == nil {
		return 0
	}
	return min(h.until.Sub(now), h.until.Round(0).Sub(now.Round(0)))
}

// serves tells whether the token is good for who wants min: it has that, or it was the freshest to be had when as much was
// asked for, not long ago.
func (h *held) serves(now time.Time, min time.Duration) bool {
	remains := h.remains(now)
	return remains > 0 && (remains >= min || h.asked >= min && remains >= h.left/2)
}

// flight is a request under way, shared by those who wait for it.
type flight struct {
	want want
	done chan struct{}
	err  error // set before done is closed
}

// entry is what is known of a connection's token.
type entry struct {
	keeper *Keeper
	ref    string

	mu     sync.Mutex
	held   *held // nil for none
	flight *flight
	// refused is the hash of a token that was rejected and that the server has no newer one for.
	refused string
	// failure is the last failure since the server last answered well, since the first one's time.
	failure error
	since   time.Time
	pause   time.Duration
	retryAt time.Time
	// ended is when the last token did; zero when there was none.
	ended time.Time
	used  time.Time
	// timer brings the next thing to do; dozing says that this is to forget the token, as nobody asks for it.
	timer     *time.Timer
	dozing    bool
	checking  bool       // whether the held token holds
	placement *Placement // nil until it was asked for
}

func (e *entry) token(ctx context.Context, w want) (Token, error) {
	var patient <-chan time.Time
	waited := false
	for {
		e.mu.Lock()
		now := time.Now()
		e.used = now
		fresh := e.held != nil && e.held.token.Hash != w.rejected
		if fresh && e.held.serves(now, w.min) {
			defer e.mu.Unlock()
			e.arm(now)
			return e.give(now), nil
		}
		if w.rejected != "" && w.rejected == e.refused && !fresh {
			e.mu.Unlock()
			return Token{}, ErrNotModified
		}
		valid := fresh && e.held.remains(now) > 0
		if valid && (waited || now.Before(e.retryAt)) {
			defer e.mu.Unlock()
			e.arm(now)
			return e.give(now), nil
		}
		f := e.flight
		if f == nil {
			f = e.ask(w)
		}
		e.mu.Unlock()
		if valid && patient == nil {
			timer := time.NewTimer(patience)
			defer timer.Stop()
			patient = timer.C
		}
		select {
		case <-f.done:
			if again, err := e.after(f, w); !again {
				return e.orHeld(w, err)
			}
		case <-patient:
			waited = true
		case <-ctx.Done():
			return e.orHeld(w, ctx.Err())
		}
	}
}

// after tells what the end of a request means to one who waited for it: look again, or fail.
func (e *entry) after(f *flight, w want) (again bool, err error) {
	switch {
	case f.err == nil:
		return true, nil
	case errors.Is(f.err, ErrNotModified):
		return w.rejected != f.want.rejected, ErrNotModified
	case errors.Is(f.err, ErrClosed):
		return false, ErrClosed
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	none := &NoTokenError{Connection: e.ref, Since: e.since, Err: f.err}
	if !e.ended.After(time.Now()) { // a rejected one has its end before it
		none.Ended = e.ended
	}
	return false, none
}

// orHeld gives the held token if it is valid and not the rejected one, and err otherwise.
func (e *entry) orHeld(w want, err error) (Token, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	if e.held.remains(now) > 0 && e.held.token.Hash != w.rejected && !errors.Is(err, ErrClosed) {
		e.arm(now)
		return e.give(now), nil
	}
	return Token{}, err
}

// give hands the held token out. The caller holds mu.
func (e *entry) give(now time.Time) Token {
	out := e.held.token
	if out.ExpiresIn > 0 {
		out.ExpiresIn = e.held.remains(now)
	}
	return out
}

// ask begins a request. The caller holds mu.
func (e *entry) ask(w want) *flight {
	f := &flight{want: w, done: make(chan struct{})}
	e.flight = f
	e.disarm()
	if !e.keeper.begin(func() { e.fetch(f) }) {
		e.flight, f.err = nil, ErrClosed
		close(f.done)
	}
	return f
}

func (e *entry) fetch(f *flight) {
	ctx, cancel := context.WithTimeout(e.keeper.live, askFor)
	defer cancel()
	began := time.Now()
	token, err := e.keeper.client.Token(ctx, e.ref, TokenOptions{MinTTL: f.want.min, Rejected: f.want.rejected})
	if err == nil && token.Hash == "" {
		token.Hash = Hash(token.AccessToken)
	}
	e.mu.Lock()
	changed := false
	switch {
	case e.keeper.live.Err() != nil:
		err = ErrClosed
	case err == nil && token.Hash == f.want.rejected:
		err = ErrNotModified
		fallthrough
	case errors.Is(err, ErrNotModified):
		e.refused = f.want.rejected
		e.recover()
	case err == nil:
		if changed, err = e.take(f.want, began, token); err != nil {
			e.fail(err)
		}
	default:
		changed = e.fail(err)
	}
	f.err, e.flight = err, nil
	e.arm(time.Now())
	e.mu.Unlock()
	if changed {
		e.keeper.save()
	}
	close(f.done)
}

// take keeps what the server gave. The caller holds mu.
func (e *entry) take(w want, began time.Time, token Token) (changed bool, err error) {
	left := token.ExpiresIn
	if token.ExpiresAt.IsZero() {
		left = unknownLife
	}
	if left <= 0 {
		return false, errors.New("the server gave a token that has ended")
	}
	e.recover()
	next := &held{token: token, until: began.Add(left), life: left, left: left, asked: w.min, at: began}
	if before := e.held; before != nil && before.token.Hash == token.Hash {
		next.life, next.asked = before.life, max(before.asked, w.min)
		if before.until.After(next.until) {
			next.until = before.until
		}
	} else {
		changed = true
	}
	e.held, e.ended = next, next.until.Round(0)
	return changed, nil
}

// recover notes that the server has answered well. The caller holds mu.
func (e *entry) recover() {
	if e.failure != nil {
		e.keeper.log.Info("keeping a token: the server answers again", "connection", e.ref, "since", e.since)
	}
	e.failure, e.since, e.pause, e.retryAt = nil, time.Time{}, 0, time.Time{}
}

// fail notes a failure, and drops the token when the server said that there is to be none. The caller holds mu.
func (e *entry) fail(err error) (changed bool) {
	now := time.Now()
	if e.failure == nil {
		e.since = now.Round(0)
	}
	e.failure = err
	e.pause = min(max(2*e.pause, firstPause), lastPause)
	e.retryAt = now.Add(e.pause - rand.N(e.pause/4)) //nolint:gosec // G404: so that many do not come at once
	e.keeper.log.Warn("keeping a token", "connection", e.ref, "error", err, "valid_for", e.held.remains(now).String(), "again_in", e.pause.String())
	if !ends(err) || e.held == nil {
		return false
	}
	if e.held.remains(now) > 0 {
		e.ended = now.Round(0)
	}
	e.held, e.retryAt = nil, time.Time{}
	return true
}

// ends tells whether an error says that the caller is not to have a token any more: the key does not hold, or the connection
// is gone, disabled or to be authorized again. Only the server's own word counts: what stands before it says 404 too.
func ends(err error) bool {
	answer, ok := errors.AsType[*Error](err)
	if !ok || !strings.HasPrefix(answer.Type, "/docs/errors#") {
		return false
	}
	switch answer.Status {
	case 401, 403, 404, 409, 410:
		return true
	}
	return false
}
