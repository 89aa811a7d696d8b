package decision

import (
	"context"
	"fmt"

	"latchkey/internal/access"
)

// Decisions holds the use cases of those who read. To read takes the role Developer: reasons tell how far an attempt came,
// and which certificates a credential has.
type Decisions struct {
	log *Log
	// credential gives the id of a credential of the caller's organization.
	credential func(ctx context.Context, caller access.Caller, ref string) (id string, err error)
}

// NewDecisions makes the use cases. Credential finds one of the caller's organization by what people call it, and gives its
// id.
func NewDecisions(log *Log, credential func(ctx context.Context, caller access.Caller, ref string) (string, error)) *Decisions {
	return &Decisions{log, credential}
}

// Of gives a credential's, the newest first.
func (d *Decisions) Of(ctx context.Context, caller access.Caller, ref string, before string, limit int) ([]Decision, error) {
	if err := caller.RequireRole(access.Developer); err != nil {
		return nil, err
	}
	id, err := d.credential(ctx, caller, ref)
	if err != nil {
		return nil, err
	}
	return d.read(ctx, Query{Organization: caller.Organization, Credential: id, Before: before, Limit: limit})
}

// All gives the organization's, the newest first.
func (d *Decisions) All(ctx context.Context, caller access.Caller, before string, limit int) ([]Decision, error) {
	if err := caller.RequireRole(access.Developer); err != nil {
		return nil, err
	}
	return d.read(ctx, Query{Organization: caller.Organization, Before: before, Limit: limit})
}

// Explain gives the one of a debug id: [ErrUnknown].
func (d *Decisions) Explain(ctx context.Context, caller access.Caller, debugID string) (Decision, error) {
	if err := caller.RequireRole(access.Developer); err != nil {
		return Decision{}, err
	}
	found, err := d.read(ctx, Query{Organization: caller.Organization, DebugID: debugID, Limit: 1})
	if err != nil {
		return Decision{}, err
	}
	if len(found) == 0 {
		return Decision{}, fmt.Errorf("the debug id %.40q: %w", debugID, ErrUnknown)
	}
	return found[0], nil
}

// read writes what waits on this node first: who asks has most often just been refused.
func (d *Decisions) read(ctx context.Context, q Query) ([]Decision, error) {
	if err := d.log.Flush(ctx); err != nil {
		return nil, err
	}
	return d.log.config.Store.Decisions(ctx, q)
}
