package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"latchkey/client"
)

// consentFlags say how to wait for a customer's consent.
type consentFlags struct {
	browser browserChoice
	timeout time.Duration
}

func (f *consentFlags) flags(command *cobra.Command) {
	flags := command.Flags()
	flags.BoolVar(&f.browser.open, "browser", false, "open a browser even when the output is not a terminal")
	flags.BoolVar(&f.browser.never, "no-browser", false, "do not open a browser")
	flags.DurationVar(&f.timeout, "timeout", 10*time.Minute, "how long to wait for the consent; 0 does not wait")
	command.PreRunE = func(command *cobra.Command, _ []string) error {
		return exclusive(command, "browser", "no-browser")
	}
}

// finishConsent ends a call that may have begun a consent: it shows the page and waits for the outcome. before is the
// connection as it was, nil for a new one.
func (p *program) finishConsent(
	ctx context.Context, c *client.Client, begun client.Connection, flags consentFlags, before *client.Connection,
) error {
	consented := false
	if begun.AuthorizeURL != "" {
		p.showPage(ctx, begun, flags)
		if flags.timeout > 0 {
			w := waiting{program: p, client: c, begun: begun, before: before, started: p.Clock.Now(), timeout: flags.timeout}
			done, err := w.wait(ctx)
			if err != nil {
				return err
			}
			begun, consented = done, true
		}
	}
	if !p.answerJSON(begun) {
		p.tellConnected(begun, consented, before)
	}
	return nil
}

// tellConnected says what has become of a connection that was made, authorized or changed.
func (p *program) tellConnected(c client.Connection, consented bool, before *client.Connection) {
	switch {
	case c.State == client.PendingAuthorization:
		p.tell("not waiting; see how it went: latchkey connection show %s", c.Name())
	case consented && before != nil:
		p.say("authorized %s%s", c.Name(), p.tokenClause(c.Token))
	case c.AuthorizeURL != "":
		p.tell("not waiting; the old account serves until the consent: latchkey connection show %s", c.Name())
	case before != nil:
		p.say("updated %s: %s", c.Name(), c.State)
	default:
		p.say("connected %s (%s)%s", c.Name(), c.ID, p.tokenClause(c.Token))
		p.tell("read it: latchkey token %s", c.Name())
	}
}

// tokenClause ends a sentence about a connection with the life of its token, when there is one.
func (p *program) tokenClause(token *client.TokenState) string {
	if token == nil {
		return ""
	}
	return ": the token " + p.life(token)
}

// showPage tells where the customer's browser begins: on standard output, or beside it when that is for JSON.
func (p *program) showPage(ctx context.Context, connection client.Connection, flags consentFlags) {
	say := p.say
	if p.json {
		say = p.tell
	}
	say("open this page to give consent:\n\n  %s\n", connection.AuthorizeURL)
	if !flags.browser.wanted(p) {
		return
	}
	if err := p.OpenBrowser(ctx, connection.AuthorizeURL); err != nil {
		p.warn("%v", err)
	}
}

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
			"try again: latchkey connection reauthorize %s", now.Name())
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
		"see why: latchkey connection show %s", now.Name())
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
		return withHint(errors.New(why+"; the link has ended"), "make a new one: latchkey connection reauthorize %s", name)
	}
	works := "; the link still works"
	if !ends.IsZero() {
		works += " and ends " + w.program.ago(ends)
	}
	return withHint(errors.New(why+works), "open %s, then see: latchkey connection show %s", w.begun.AuthorizeURL, name)
}

// progress tells on standard error that a wait goes on: a line that renews itself on a terminal, else a line now and
// then.
type progress struct {
	program  *program
	terminal bool
	shown    bool
	next     time.Duration
}

func (w waiting) newProgress() *progress {
	return &progress{program: w.program, terminal: atTerminal(w.program.Err)}
}

func (g *progress) show(elapsed time.Duration) {
	const text = "waiting for the consent…"
	if g.terminal {
		_, _ = fmt.Fprintf(g.program.Err, "\r\x1b[K%s %s (Ctrl-C stops waiting)", text, elapsed.Round(time.Second))
		g.shown = true
		return
	}
	if elapsed >= g.next {
		g.program.tell("%s %s", text, elapsed.Round(time.Second))
		g.next = elapsed + reportEvery
	}
}

func (g *progress) clear() {
	if g.terminal && g.shown {
		_, _ = fmt.Fprint(g.program.Err, "\r\x1b[K")
		g.shown = false
	}
}
