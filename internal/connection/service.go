package connection

import (
	"context"
	"fmt"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/destination"
	"latchkey/internal/exchange"
)

// served is where a connection's calls go, as long as its version is the same.
type served struct {
	version int64
	// until is when the definition is looked at again, in nanoseconds since the keeper began.
	until   int64
	service *exchange.Service
}

// serviceKept is how long a published change of the definition may take to reach calls.
const serviceKept = 5 * time.Second

// MovedError says that the definition sends calls elsewhere than the revision that the connection was authorized with, so
// that its token is not sent there before somebody agrees.
type MovedError struct{ Revision int }

func (e *MovedError) Error() string {
	return fmt.Sprintf("revision %d of the definition sends calls to another address than the one that this connection was authorized with", e.Revision)
}

// Service gives a token as [Keeper.Token] does, and where calls with it go. The errors are those of Token, a
// [*MovedError], and a [*exchange.Failure] where the definition does not say where its service is, or a field of it is
// missing. It takes the scope proxy:call alone: who calls gets the answer, not the token.
func (k *Keeper) Service(ctx context.Context, caller access.Caller, ref string, want Want) (Token, *exchange.Service, error) {
	if err := caller.Require(access.ProxyCall); err != nil {
		return Token{}, nil, err
	}
	token, err := k.token(ctx, caller, ref, want)
	if err != nil {
		return Token{}, nil, err
	}
	e := k.byID.find(key{name: token.ConnectionID})
	if e == nil { // deleted meanwhile
		return Token{}, nil, ErrNotFound
	}
	if s := e.served.Load(); s != nil && s.version == e.now.Load().version && k.since(k.config.Clock.Now()) < s.until {
		return token, s.service, nil
	}
	service, err := k.serve(ctx, e)
	return token, service, err
}

// Placement tells where the service wants a connection's token. It takes the scope tokens:read: who gets the token has to
// place it.
func (c *Connector) Placement(ctx context.Context, caller access.Caller, ref Ref) (destination.TokenPlacement, error) {
	record, err := c.find(ctx, caller, ref, access.TokensRead)
	if err != nil {
		return destination.TokenPlacement{}, err
	}
	plan, _, err := c.config.Definitions.EffectivePlan(ctx, record.Definition, record.Revision, record.Configuration)
	if err != nil {
		return destination.TokenPlacement{}, fmt.Errorf("reading the definition: %w", err)
	}
	return plan.Placement(), nil
}

// serve works out where calls go.
func (k *Keeper) serve(ctx context.Context, e *entry) (*exchange.Service, error) {
	now := k.since(k.config.Clock.Now())
	record, err := k.config.Ledger.Find(ctx, Selector{Organization: e.now.Load().organization, ID: e.id})
	if err != nil {
		return nil, fmt.Errorf("reading where calls go: %w", err)
	}
	if record.Tokens == nil {
		return nil, ErrNotFound
	}
	plan, err := k.servicePlan(ctx, &record)
	if err != nil {
		return nil, err
	}
	service, err := k.config.Exchanger.Service(ctx, plan, exchange.Input{Fields: record.Fields, Tokens: record.Tokens, User: userOf(&record, record.CreatedBy)})
	if err != nil {
		return nil, err
	}
	e.served.Store(&served{record.Version, now + int64(serviceKept), service})
	return service, nil
}

// servicePlan gives the plan that says where calls go: the newest published one, if it sends them where the one does that
// the connection was authorized with.
func (k *Keeper) servicePlan(ctx context.Context, record *Record) (*destination.Plan, error) {
	pinned, err := k.config.Definitions.Plan(ctx, record.Definition, record.Revision, record.Configuration)
	if err != nil {
		return nil, fmt.Errorf("reading the definition: %w", err)
	}
	newest, revision, err := k.config.Definitions.EffectivePlan(ctx, record.Definition, record.Revision, record.Configuration)
	if err != nil {
		return nil, fmt.Errorf("reading the definition: %w", err)
	}
	switch {
	case newest.Service().Origin(record.Fields) == pinned.Service().Origin(record.Fields):
		return newest, nil
	case pinned.Service() != nil:
		return pinned, nil
	}
	return nil, &MovedError{revision}
}
