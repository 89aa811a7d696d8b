package cli

import (
	"context"
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
		p.tell("not waiting; see how it went: latchkey connection show %s", word(c.Name()))
	case consented && before != nil:
		p.say("authorized %s%s", c.Name(), p.tokenClause(c.Token))
	case c.AuthorizeURL != "":
		p.tell("not waiting; the old account serves until the consent: latchkey connection show %s", word(c.Name()))
	case before != nil:
		p.say("updated %s: %s", c.Name(), c.State)
	default:
		p.say("connected %s (%s)%s", c.Name(), c.ID, p.tokenClause(c.Token))
		p.tell("read it: latchkey token %s", word(c.Name()))
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
