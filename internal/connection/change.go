package connection

import (
	"context"
	"errors"
	"fmt"

	"latchkey/internal/access"
	"latchkey/internal/destination"
	"latchkey/internal/exchange"
)

// Reauthorize asks for a new consent. Empty members mean those of the connection.
type Reauthorize struct {
	ReturnURL string
	BaseURL   string
}

// Reauthorize begins a new consent, or acquires anew from the stored fields where no browser is needed. The old
// account keeps serving until the new one works.
func (c *Connector) Reauthorize(ctx context.Context, caller access.Caller, ref Ref, ask Reauthorize) (Created, error) {
	record, err := c.find(ctx, caller, ref, access.ConnectionsWrite)
	if err != nil {
		return Created{}, err
	}
	problems := append(c.checkReturnURL(ask.ReturnURL), c.checkBaseURL(ask.BaseURL)...)
	if len(problems) > 0 {
		return Created{}, problems
	}
	return c.authorize(ctx, caller, &record, nil, ask)
}

// Patch changes a connection. Nil members stay as they are.
type Patch struct {
	// Fields are laid over the stored ones; a mask keeps the stored secret, null removes one.
	Fields map[string]any
	// Label renames; "" takes the label away.
	Label     *string
	ReturnURL *string
	BaseURL   string
}

// Patch changes label and fields. Changed fields mean a new exchange (U10): the old account serves until the new one
// works, and when that needs a browser Created has the URL to open.
func (c *Connector) Patch(ctx context.Context, caller access.Caller, ref Ref, patch Patch) (Created, error) {
	record, err := c.find(ctx, caller, ref, access.ConnectionsWrite)
	if err != nil {
		return Created{}, err
	}
	problems := c.checkBaseURL(patch.BaseURL)
	if patch.Label != nil {
		problems = append(problems, checkLabel(*patch.Label)...)
	}
	if patch.ReturnURL != nil {
		problems = append(problems, c.checkReturnURL(*patch.ReturnURL)...)
	}
	if len(problems) > 0 {
		return Created{}, problems
	}
	created := Created{Connection: present(&record)}
	if len(patch.Fields) > 0 {
		if created, err = c.authorize(ctx, caller, &record, patch.Fields, Reauthorize{BaseURL: patch.BaseURL}); err != nil {
			return Created{}, err
		}
	}
	if patch.Label == nil && patch.ReturnURL == nil {
		return created, nil
	}
	created.Connection, err = c.modify(ctx, &record, func(Record) (Change, error) {
		return Change{Label: patch.Label, ReturnURL: patch.ReturnURL}, nil
	})
	return created, err
}

// authorize authorizes a connection anew, with its fields as changed by in.
func (c *Connector) authorize(ctx context.Context, caller access.Caller, record *Record, in map[string]any, ask Reauthorize) (Created, error) {
	if record.State == Disabled {
		return Created{}, &StateError{record.identity(), Disabled, "authorize"}
	}
	pinned, fields, err := c.planFor(ctx, caller, record, in)
	if err != nil {
		return Created{}, err
	}
	if in != nil && record.Generation > 0 && fields.Equal(record.Fields) {
		return Created{Connection: present(record)}, nil
	}
	subject := *record
	subject.Revision = pinned.Revision
	if pinned.Plan.NeedsBrowser() {
		if ask.ReturnURL == "" {
			ask.ReturnURL = record.ReturnURL
		}
		attempt, link := c.newAttempt(&subject, pinned.Plan, attemptAsk{caller.ID, ask.ReturnURL, ask.BaseURL, fields})
		if err := c.config.Attempts.OpenAttempt(ctx, attempt); err != nil {
			return Created{}, fmt.Errorf("storing the attempt: %w", err)
		}
		return Created{present(record), link, attempt.ExpiresAt}, nil
	}
	began := c.config.Clock.Now()
	tokens, err := c.config.Keeper.acquire(ctx, pinned.Plan, record, exchange.Input{Fields: fields, User: userOf(record, caller.ID)})
	if failed, ok := errors.AsType[*ProviderError](err); ok {
		failed.Identity = record.identity()
	}
	if err != nil {
		return Created{}, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), consentTimeout)
	defer cancel()
	account := &Account{
		Fields: fields, Revision: pinned.Revision, Configuration: record.Configuration,
		Fingerprint: pinned.Plan.Fingerprint(fields),
	}
	past := Past{By: caller.ID, Took: c.config.Clock.Now().Sub(began)}
	if err := c.replace(ctx, record, pinned.Plan, tokens, account, past); err != nil {
		return Created{}, err
	}
	return Created{Connection: present(record)}, nil
}

// planFor gives the plan of a new authorization, and the fields as that plan takes them: the published revision, or
// the one that the connection has when the definition can't be connected to any more.
func (c *Connector) planFor(ctx context.Context, caller access.Caller, record *Record, in map[string]any) (destination.Pinned, destination.Fields, error) {
	ref := destination.Ref{Sandbox: record.Sandbox, Name: record.Definition}
	pinned, err := c.connectable(ctx, caller, ref, record.Configuration)
	var problems destination.Problems
	if err == nil {
		var fields destination.Fields
		if fields, problems = pinned.Plan.MergeFields(record.Fields, in); len(problems) == 0 {
			return pinned, fields, nil
		}
	} else if _, ok := errors.AsType[destination.Problems](err); !ok {
		return destination.Pinned{}, destination.Fields{}, err
	}
	plan, err := c.config.Definitions.Plan(ctx, record.Definition, record.Revision, record.Configuration)
	if err != nil {
		return destination.Pinned{}, destination.Fields{}, fmt.Errorf("reading the definition: %w", err)
	}
	fields, old := plan.MergeFields(record.Fields, in)
	if len(old) > 0 {
		if problems == nil {
			problems = old
		}
		return destination.Pinned{}, destination.Fields{}, problems
	}
	return destination.Pinned{Revision: record.Revision, Plan: plan}, fields, nil
}

// replace makes a new account's first token set the connection's. A refresh of the old account that comes between is
// outdone, not obeyed. told is by whom, in which attempt, and how long it took. record is brought up to date.
func (c *Connector) replace(ctx context.Context, record *Record, plan *destination.Plan, tokens *exchange.TokenSet, account *Account, told Past) error {
	for {
		commit := c.config.Keeper.commitment(record, plan, tokens, "")
		commit.Account, commit.Attempt = account, told.Attempt
		past := arrived(WasAuthorized, nil, tokens, commit.At)
		past.By, past.Took, past.Attempt = told.By, told.Took, told.Attempt
		commit.Past = &past
		var applied bool
		err := c.config.Keeper.retry(ctx, func() (err error) {
			_, applied, err = c.config.Keeper.config.Ledger.Commit(ctx, commit)
			return err
		})
		if err != nil {
			return fmt.Errorf("saving the token set: %w", err)
		}
		*record, err = c.config.Store.Find(ctx, Selector{Organization: record.Organization, ID: record.ID})
		if err != nil {
			return fmt.Errorf("reading the connection %s: %w", record.ID, err)
		}
		if applied {
			c.config.Keeper.changed(record)
			return nil
		}
	}
}
