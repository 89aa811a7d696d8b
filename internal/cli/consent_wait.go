package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"latchkey/client"
)

// waiting is one wait for a consent.
type waiting struct {
	program *program
	client  *client.Client
	begun   client.Connection
	before  *client.Connection
	started time.Time
	timeout time.Duration
}

// maxPoll bounds the pauses between looks at a pending connection; reportEvery is how often a wait is told of where
// there is no terminal.
const (
	maxPoll     = 5 * time.Second
	reportEvery = 30 * time.Second
)

// wait looks at the connection until the consent has come to something.
func (w waiting) wait(ctx context.Context) (client.Connection, error) {
	progress := w.newProgress()
	defer progress.clear()
	pause := w.program.PollEvery
	for {
		elapsed := w.program.Clock.Now().Sub(w.started)
		if elapsed >= w.timeout {
			progress.clear()
			return client.Connection{}, w.goOn("no consent came within " + span(w.timeout))
		}
		progress.show(elapsed)
		timer := w.program.Clock.NewTimer(min(pause, w.timeout-elapsed))
		select {
		case <-ctx.Done():
			timer.Stop()
			progress.clear()
			return client.Connection{}, w.goOn("stopped waiting for the consent")
		case <-timer.C():
		}
		now, err := w.client.Connection(ctx, w.begun.ID)
		if ctx.Err() != nil {
			continue
		}
		if done, err := w.outcome(now, err); done {
			return now, err
		}
		pause = min(pause*5/4, max(maxPoll, w.program.PollEvery))
	}
}

// outcome tells whether the consent has come to something, and to what. A server that does not answer for a while is
// waited for.
func (w waiting) outcome(now client.Connection, err error) (done bool, _ error) {
	if problem, ok := errors.AsType[*client.Error](err); ok && problem.Status == http.StatusNotFound {
		return true, errors.New("the consent failed or was declined: the connection is gone")
	}
	if err != nil {
		_, unreachable := errors.AsType[*client.UnreachableError](err)
		return !unreachable, err
	}
	if w.failed(now) {
		return true, withHint(fmt.Errorf("the consent failed: %s", lastErrorText(*now.LastError)),
			"try again: latchkey connection reauthorize %s", word(now.Name()))
	}
	switch now.State {
	case client.Active, client.Degraded:
		return w.newer(now), nil
	case client.PendingAuthorization:
		return false, nil
	case client.Disabled:
		return true, errors.New("the connection was disabled meanwhile")
	}
	if w.before != nil && w.before.State == now.State {
		return false, nil
	}
	return true, withHint(fmt.Errorf("the consent failed: the connection is %s", now.State),
		"see why: latchkey connection show %s", word(now.Name()))
}

// newer tells whether the connection holds another token than before: an account that is authorized again stays
// active with the old one until the new one has come.
func (w waiting) newer(now client.Connection) bool {
	if w.before == nil || w.before.Token == nil {
		return true
	}
	return now.Token != nil && now.Token.Generation > w.before.Token.Generation
}

// failed tells whether an exchange has failed since the consent began.
func (w waiting) failed(now client.Connection) bool {
	if now.LastError == nil {
		return false
	}
	if w.begun.LastError == nil {
		return true
	}
	return now.LastError.At.After(w.begun.LastError.At)
}

// goOn says that the link can still be used, and how.
func (w waiting) goOn(why string) error {
	ends := w.begun.AuthorizeURLExpiresAt
	name := w.begun.Name()
	if !ends.IsZero() && ends.Before(w.program.Clock.Now()) {
		return withHint(errors.New(why+"; the link has ended"), "make a new one: latchkey connection reauthorize %s", word(name))
	}
	works := "; the link still works"
	if !ends.IsZero() {
		works += " and ends " + w.program.ago(ends)
	}
	return withHint(errors.New(why+works), "open %s, then see: latchkey connection show %s", w.begun.AuthorizeURL, word(name))
}
