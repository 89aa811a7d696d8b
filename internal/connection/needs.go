package connection

import (
	"context"

	"latchkey/internal/access"
	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/registry"
)

// Exchanger runs plans. It is [exchange.Runner], as far as this room calls it.
type Exchanger interface {
	// Acquire gets a first token set. A failure is an [*exchange.Failure].
	Acquire(ctx context.Context, plan *destination.Plan, input exchange.Input) (*exchange.TokenSet, error)
	// Renew gets the next token set. It MUST keep what the answer leaves out of the previous one (the refresh token,
	// RFC 6749 §6) and is still good, and MUST NOT repeat a request whose bytes may have left.
	Renew(ctx context.Context, plan *destination.Plan, input exchange.Input) (*exchange.TokenSet, error)
	// Target tells where Renew, or without tokens Acquire, would go, and as whom.
	Target(ctx context.Context, plan *destination.Plan, input exchange.Input) exchange.Target
	// Service renders where calls with the input's tokens go.
	Service(ctx context.Context, plan *destination.Plan, input exchange.Input) (*exchange.Service, error)
	// RevocationTarget tells where a grant would be revoked.
	RevocationTarget(ctx context.Context, plan *destination.Plan, input exchange.Input) exchange.Target
	// AuthorizeURL renders where a browser goes to consent.
	AuthorizeURL(ctx context.Context, plan *destination.Plan, input exchange.Input, attempt exchange.Attempt) (string, error)
}

// Definitions gives definitions and their plans. It is [destination.Catalogue], as far as this room calls it.
type Definitions interface {
	// Connectable gives the revision that a new connection pins.
	Connectable(ctx context.Context, caller access.Caller, ref destination.Ref, configuration int) (destination.Pinned, error)
	// Plan gives the compiled plan of one entry of a revision.
	Plan(ctx context.Context, definition string, revision, configuration int) (*destination.Plan, error)
	// EffectivePlan gives the plan that a connection pinned to a revision renews with (U18).
	EffectivePlan(ctx context.Context, definition string, pinned, configuration int) (*destination.Plan, int, error)
}

// Sandboxes tells a sandbox's UUID. It is [registry.Directory], as far as this room calls it.
type Sandboxes interface {
	// Sandbox finds one of the caller's organization by name.
	Sandbox(ctx context.Context, caller access.Caller, ref string) (registry.Sandbox, error)
}

var (
	_ Exchanger   = (*exchange.Runner)(nil)
	_ Definitions = (*destination.Catalogue)(nil)
	_ Sandboxes   = (*registry.Directory)(nil)
)
