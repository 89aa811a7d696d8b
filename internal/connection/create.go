package connection

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/ident"
)

// Create asks for a connection.
type Create struct {
	// Sandbox is where it will belong, and where the definition is looked for; "" is the caller's own.
	Sandbox string
	// Definition is an id or a name. Its published revision is used, the draft when none was published and it passes.
	Definition string
	Fields     map[string]any
	Label      string
	// ReturnURL is where the browser goes after its consent.
	ReturnURL string
	// FirstReturnURL is where it goes after the first consent alone, instead.
	FirstReturnURL string
	// Configuration picks an entry of the definition's customerAuthenticationConfigurations.
	Configuration int
	// BaseURL is the public URL to begin at; "" means the first configured. Others than those are refused.
	BaseURL string
	// Held are tokens that were got elsewhere: nothing is sent to the provider then. Nil asks it, or its customer.
	Held *Held
}

// Created is a connection, and where to send its customer when a consent is needed.
type Created struct {
	Connection Connection
	// AuthorizeURL is our own /connect/{attempt}; "" when no browser is needed.
	AuthorizeURL       string
	AuthorizeExpiresAt time.Time
}

// Create makes a connection. Without a browser the first exchange happens now, and one that fails stores nothing:
// a [*ProviderError]. With one, the connection is pending and Created has the URL to open. Wrong fields are
// [destination.Problems].
func (c *Connector) Create(ctx context.Context, caller access.Caller, ask Create) (Created, error) {
	if err := caller.Require(access.ConnectionsWrite); err != nil {
		return Created{}, err
	}
	sandbox, err := caller.In(ask.Sandbox)
	if err != nil {
		return Created{}, err
	}
	pinned, err := c.connectable(ctx, caller, destination.Ref{Sandbox: sandbox, Name: ask.Definition}, ask.Configuration)
	if err != nil {
		return Created{}, err
	}
	fields, problems := pinned.Plan.CheckFields(ask.Fields)
	problems = append(problems, checkLabel(ask.Label)...)
	problems = append(problems, c.checkReturnURL(ask.ReturnURL)...)
	problems = append(problems, c.checkReturnURL(ask.FirstReturnURL)...)
	problems = append(problems, c.checkBaseURL(ask.BaseURL)...)
	if ask.Held != nil {
		problems = append(problems, ask.Held.check()...)
	}
	if len(problems) > 0 {
		return Created{}, problems
	}
	sandboxID, err := c.sandboxID(ctx, caller, sandbox)
	if err != nil {
		return Created{}, err
	}
	now := c.now()
	record := Record{
		ID: ident.New(idPrefix), Organization: caller.Organization, Sandbox: sandbox, SandboxID: sandboxID,
		Definition: pinned.Definition.ID, DefinitionName: pinned.Definition.Name, Revision: pinned.Revision,
		Configuration: ask.Configuration, Label: ask.Label, State: PendingAuthorization, Fields: fields, Version: 1,
		CreatedBy: caller.ID, ReturnURL: ask.ReturnURL, CreatedAt: now, UpdatedAt: now,
	}
	if ask.Held != nil {
		return c.createHeld(ctx, caller, record, pinned.Plan, ask.Held)
	}
	if pinned.Plan.NeedsBrowser() {
		return c.createPending(ctx, caller, record, pinned.Plan, ask)
	}
	return c.createActive(ctx, caller, record, pinned.Plan)
}

// connectable gives what a connection to a definition pins.
func (c *Connector) connectable(ctx context.Context, caller access.Caller, ref destination.Ref, configuration int) (destination.Pinned, error) {
	pinned, err := c.config.Definitions.Connectable(ctx, caller, ref, configuration)
	if errors.Is(err, destination.ErrNotFound) {
		return destination.Pinned{}, fmt.Errorf("finding the definition %q: %w", ref.Name, ErrDefinitionNotFound)
	}
	return pinned, err
}

// createPending stores a connection that waits for its consent.
func (c *Connector) createPending(ctx context.Context, caller access.Caller, record Record, plan *destination.Plan, ask Create) (Created, error) {
	record.Reason = "waiting for the first consent"
	record.Past = &Past{At: record.CreatedAt, What: WasCreated, By: caller.ID, State: record.State, Reason: record.Reason}
	attempt, link := c.newAttempt(&record, plan, attemptAsk{caller.ID, cmp.Or(ask.FirstReturnURL, ask.ReturnURL), ask.BaseURL, record.Fields})
	if err := c.config.Store.Create(ctx, record, &attempt); err != nil {
		return Created{}, fmt.Errorf("storing the connection: %w", err)
	}
	return Created{present(&record), link, attempt.ExpiresAt}, nil
}

// createActive acquires the first token and stores the connection with it.
func (c *Connector) createActive(ctx context.Context, caller access.Caller, record Record, plan *destination.Plan) (Created, error) {
	if record.Label != "" { // known before the provider is asked
		where := Selector{Organization: record.Organization, Sandbox: record.Sandbox, Label: record.Label}
		if _, err := c.config.Store.Find(ctx, where); err == nil {
			return Created{}, ErrLabelTaken
		} else if !errors.Is(err, ErrNotFound) {
			return Created{}, fmt.Errorf("looking for the label: %w", err)
		}
	}
	began := c.config.Clock.Now()
	tokens, err := c.config.Keeper.acquire(ctx, plan, &record, exchange.Input{
		Fields: record.Fields, User: userOf(&record, caller.ID),
	})
	if err != nil {
		return Created{}, err
	}
	return c.createWith(ctx, caller, record, plan, tokens, began)
}

// createWith stores the connection with its first token set.
func (c *Connector) createWith(ctx context.Context, caller access.Caller, record Record, plan *destination.Plan, tokens *exchange.TokenSet, began time.Time) (Created, error) {
	commit := c.config.Keeper.commitment(&record, plan, tokens, "")
	record.State, record.Tokens, record.Generation = Active, tokens, 1
	record.Renewable, record.RefreshAt, record.LastRefreshAt = commit.Renewable, commit.RefreshAt, commit.At
	record.Fingerprint = plan.Fingerprint(record.Fields)
	past := arrived(WasCreated, nil, tokens, record.CreatedAt)
	past.By, past.Took, past.State, past.Generation = caller.ID, c.config.Clock.Now().Sub(began), Active, 1
	record.Past = &past
	if err := c.config.Store.Create(ctx, record, nil); err != nil {
		return Created{}, fmt.Errorf("storing the connection: %w", err)
	}
	c.config.Keeper.changed(&record)
	return Created{Connection: present(&record)}, nil
}
