package pipelined

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"latchkey/client"
	"latchkey/internal/pipelined/credential"
	"latchkey/internal/secret"
)

// noteHanded names the note of what was handed over last, so that it is not asked for again after a restart.
const noteHanded = "credential handed over"

// takeOver takes what an order hands over and moves to it. What it has already is done; what the server can't give now is
// asked for again.
func (t *teller) takeOver(ctx context.Context, hand client.Hand) error {
	if known, err := t.journal.Noted(ctx, noteHanded); err != nil || known == hand.ID {
		return err
	}
	handed, err := t.server.TakeHanded(ctx, t.config.Instance, t.host(), hand.ID)
	refused, answered := errors.AsType[*client.Error](err)
	final := answered && refused.Status >= 400 && refused.Status < 500 && refused.Status != http.StatusTooManyRequests
	switch {
	case final && refused.Status == http.StatusNotFound && t.runs(hand):
		return nil // an operator was quicker
	case final:
		return fmt.Errorf("taking the credential %s that is handed over: %w", hand.Name, err)
	case err != nil:
		return &waitingError{"the server does not give the credential that is handed over: " + err.Error()}
	}
	c := credential.Credential{
		Mode: credential.Mode(handed.Mode), Server: t.setup.Load().IMS, Organization: handed.Organization, Client: handed.ClientID,
		Secret: secret.New(handed.ClientSecret.Reveal()), PrivateKey: secret.New(handed.PrivateKey.Reveal()), Account: handed.TechnicalAccount,
		Metascopes: t.setup.Load().Settings.Metascopes, Scopes: t.setup.Load().Settings.Scopes,
	}
	if c.Mode != credential.JWT && c.Mode != credential.OAuth {
		return fmt.Errorf("a credential of the mode %.20q is nothing that this version knows", handed.Mode)
	}
	t.log.Info(fmt.Sprintf("The server hands over the credential %s (%s)", hand.Name, c.Describe()))
	if _, err := t.TakeOver(ctx, c); unless(err, ErrSame) != nil {
		return err
	}
	return t.journal.Note(ctx, noteHanded, hand.ID)
}

// runs tells whether the daemon runs with what is handed over anyway.
func (t *teller) runs(hand client.Hand) bool {
	c := t.tokens.inUse()
	return c.Client == hand.ClientID && string(c.Mode) == hand.Mode
}
