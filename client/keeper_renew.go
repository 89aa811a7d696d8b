package client

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
)

// soonest is the shortest time between two things that an entry does by itself.
const soonest = time.Second

// ahead is how long before its end a token is renewed in the background.
func (e *entry) ahead() time.Duration {
	return max(2*e.keeper.config.margin(), min(e.held.life/5, 15*time.Minute))
}

// arm sets the timer for what is to be done next; without a valid token there is nothing. The caller holds mu.
func (e *entry) arm(now time.Time) {
	if e.dozing {
		e.disarm()
	}
	if e.timer != nil || e.flight != nil || e.checking || e.held.remains(now) <= 0 || e.keeper.live.Err() != nil {
		return
	}
	e.timer = time.AfterFunc(max(e.next().Sub(now), soonest), e.tick)
}

// next is when something is to be done.
func (e *entry) next() time.Time {
	at := e.renewAt()
	if watch := e.keeper.config.watch(); watch > 0 && e.held.at.Add(watch).Before(at) {
		at = e.held.at.Add(watch)
	}
	if e.failure != nil {
		at = e.retryAt
	}
	return at
}

// renewAt is when the token is renewed. One that is the freshest to be had, though it has less than was asked for, is asked
// about again in the middle of what it has left.
func (e *entry) renewAt() time.Time {
	if h := e.held; h.asked >= e.ahead() && h.left < e.ahead() {
		return h.at.Add(h.left / 2)
	}
	return e.held.until.Add(-e.ahead())
}

// disarm stops the timer. The caller holds mu.
func (e *entry) disarm() {
	if e.timer != nil {
		e.timer.Stop()
	}
	e.timer, e.dozing = nil, false
}

// tick does what is due: it renews the token, or asks whether it holds.
func (e *entry) tick() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.timer, e.dozing = nil, false
	now := time.Now()
	switch remains := e.held.remains(now); {
	case e.flight != nil || e.keeper.live.Err() != nil:
	case remains <= 0:
		if now.Sub(e.used) > e.keeper.config.idle() {
			e.keeper.forget(e)
		}
	case now.Sub(e.used) > e.keeper.config.idle():
		e.timer, e.dozing = time.AfterFunc(remains, e.tick), true
	case !now.Before(e.renewAt()):
		e.ask(want{min: e.ahead() + soonest}) // what has just as much as it is to be renewed at is no answer
	default:
		e.checking = e.keeper.begin(e.check)
	}
}

// check asks whether the held token is still the one.
func (e *entry) check() {
	ctx, cancel := context.WithTimeout(e.keeper.live, askFor)
	defer cancel()
	began := time.Now()
	hash, err := e.keeper.client.tokenHash(ctx, e.ref)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.checking = false
	answer, answered := errors.AsType[*Error](err)
	switch {
	case e.keeper.live.Err() != nil || e.held == nil:
	case err == nil && hash == e.held.token.Hash:
		e.recover()
		e.held.at = began
		if e.held.token.ExpiresAt.IsZero() {
			e.held.until = began.Add(unknownLife)
			e.ended = e.held.until.Round(0)
		} else {
			e.held.left = e.held.remains(began)
		}
	case e.flight != nil:
	case err == nil, answered && answer.Status < http.StatusInternalServerError && answer.Status != http.StatusTooManyRequests:
		e.ask(want{min: e.keeper.config.margin()}) // another token, or none: the answer with a body says which
	default:
		e.fail(err)
	}
	e.arm(time.Now())
}

// tokenHash gives the hash of the token that a read would give now.
func (c *Client) tokenHash(ctx context.Context, ref string) (string, error) {
	answer, err := c.do(ctx, call{method: http.MethodHead, path: "/connections/" + segment(ref) + "/token"}, nil)
	return strings.Trim(answer.header.Get("ETag"), `"`), err
}
