package connection

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/ident"
)

// Deletion removes a connection with its attempts, and queues the revocation of its grant.
type Deletion struct {
	Organization, ID string
	// Version is the row's, as it was read; another one there is an [ErrConflict].
	Version int64
	// Revocation is nil where there is nothing to revoke, or no way to.
	Revocation *Revocation
	At         time.Time
	// Now deletes although another process is renewing the token.
	Now bool
	// Unrevocable notes a connection whose grant there is no way to revoke, and why: an offboarding reports each.
	Unrevocable *Revocation
	Why         string
}

// Revocation is a grant to be ended at its provider, when its connection is gone.
type Revocation struct {
	// ID is `rev_` and a ULID.
	ID                              string
	Organization, Sandbox           string
	Connection, Label               string
	Definition, DefinitionName      string
	Revision, Configuration         int
	Host                            string // of the provider
	Fields                          destination.Fields
	Tokens                          *exchange.TokenSet
	SandboxID, CreatedBy, DeletedBy string
	CreatedAt                       time.Time
}

// Input is what an exchange gets for it.
func (r *Revocation) Input() exchange.Input {
	return exchange.Input{Fields: r.Fields, Tokens: r.Tokens, User: exchange.UserContext{
		SandboxName: r.Sandbox, SandboxID: r.SandboxID, IMSOrgID: r.Organization, Client: r.CreatedBy,
	}}
}

// Deleted is what a deletion came to.
type Deleted struct {
	ID string
	// Revocation is the id of the one that was queued, "" when there is none; Why says why not.
	Revocation, Why string
}

// How long a deletion waits for a renewal under way, here or in another process, so that it knows the newest token.
const (
	settleLimit = 15 * time.Second
	deleteTries = 8
)

// Delete removes a connection with its tokens and attempts. The grant is revoked at the provider in the background, where
// the definition says how.
func (c *Connector) Delete(ctx context.Context, caller access.Caller, ref Ref) (Deleted, error) {
	return c.remove(ctx, caller, ref, false)
}

// Offboard is Delete that leaves a note of a grant which there is no way to revoke.
func (c *Connector) Offboard(ctx context.Context, caller access.Caller, ref Ref) error {
	_, err := c.remove(ctx, caller, ref, true)
	return err
}

func (c *Connector) remove(ctx context.Context, caller access.Caller, ref Ref, report bool) (Deleted, error) {
	record, err := c.find(ctx, caller, ref, access.ConnectionsWrite)
	if err != nil {
		return Deleted{}, err
	}
	unsaved, reopen := c.config.Keeper.settle(ctx, record.ID)
	deleted, err := c.delete(ctx, caller, record.Organization, record.ID, unsaved, report)
	if err != nil {
		reopen()
		return Deleted{}, fmt.Errorf("deleting the connection %s: %w", record.ID, err)
	}
	c.config.Keeper.removed(record.ID)
	if deleted.Revocation != "" && c.config.Queued != nil {
		c.config.Queued()
	}
	return deleted, nil
}

func (c *Connector) delete(ctx context.Context, caller access.Caller, organization, id string, unsaved *exchange.TokenSet, report bool) (Deleted, error) {
	until := c.config.Clock.Now().Add(settleLimit)
	for try := 1; ; {
		record, err := c.config.Store.Find(ctx, Selector{Organization: organization, ID: id})
		if err != nil {
			return Deleted{}, err
		}
		if unsaved != nil {
			record.Tokens = unsaved
		} else if record.open() && record.Pending.Left != nil {
			record.Tokens = record.Pending.Left
		}
		out := Deleted{ID: id}
		d := Deletion{Organization: organization, ID: id, Version: record.Version, At: c.now(), Now: !c.config.Clock.Now().Before(until)}
		if d.Revocation, out.Why, err = c.revocation(ctx, caller, &record); err != nil {
			return Deleted{}, err
		}
		if d.Revocation != nil {
			out.Revocation = d.Revocation.ID
		} else if report {
			d.Unrevocable, d.Why = c.noteOf(caller, &record), out.Why
		}
		err = c.config.Store.Delete(ctx, d)
		if _, held := errors.AsType[*HeldError](err); held {
			if err := c.config.Keeper.pause(ctx, heldPoll); err != nil {
				return Deleted{}, fmt.Errorf("waiting for another process's renewal: %w", err)
			}
			continue
		}
		if errors.Is(err, ErrConflict) && try < deleteTries {
			try++
			continue
		}
		return out, err
	}
}

// revocation makes what is to be revoked of a record, or says why nothing is.
func (c *Connector) revocation(ctx context.Context, caller access.Caller, record *Record) (r *Revocation, why string, err error) {
	if record.Tokens == nil {
		return nil, "it held no token", nil
	}
	plan, err := c.config.Definitions.Plan(ctx, record.Definition, record.Revision, record.Configuration)
	if err != nil {
		return nil, "", fmt.Errorf("reading the definition: %w", err)
	}
	if !exchange.Revocable(plan, record.Tokens) {
		return nil, "the definition does not say how a token is revoked (options.revocationUrl)", nil
	}
	r = c.noteOf(caller, record)
	r.Fields, r.Tokens = record.Fields, record.Tokens
	r.Host = string(c.config.Keeper.revocationHost(ctx, plan, r.Input()))
	return r, "", nil
}

// noteOf says whose grant it is.
func (c *Connector) noteOf(caller access.Caller, record *Record) *Revocation {
	return &Revocation{
		ID: ident.New("rev"), Organization: record.Organization, Sandbox: record.Sandbox, SandboxID: record.SandboxID, Connection: record.ID,
		Label: record.Label, Definition: record.Definition, DefinitionName: record.DefinitionName, Revision: record.Revision,
		Configuration: record.Configuration, CreatedBy: record.CreatedBy, DeletedBy: caller.ID, CreatedAt: c.now(),
	}
}

// settle keeps a connection from being renewed in this process, and waits for a renewal under way. It gives the tokens that
// the store has not taken yet, nil when there are none. reopen lets it be renewed again.
func (k *Keeper) settle(ctx context.Context, id string) (unsaved *exchange.TokenSet, reopen func()) {
	e := k.byID.find(key{name: id})
	if e == nil {
		return nil, func() {}
	}
	e.mu.Lock()
	f := e.flight
	e.closing = true
	e.mu.Unlock()
	if f != nil {
		timer := k.config.Clock.NewTimer(settleLimit)
		defer timer.Stop()
		select {
		case <-f.done:
		case <-timer.C():
		case <-ctx.Done():
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.flight == nil { // what is unsaved belongs to the flight
		unsaved = e.unsaved.tokens()
	}
	return unsaved, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.closing = false
	}
}

// tokens gives those that wait to be saved.
func (u *Unsaved) tokens() *exchange.TokenSet {
	switch {
	case u == nil:
		return nil
	case u.Commit != nil:
		return u.Commit.Tokens
	}
	return u.Setback.Tokens
}
