package connection

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/provider"
)

// What names a thing that happens to a connection.
type What string

// The things of a history. Each but the last is written in the transaction of what it tells of.
const (
	WasCreated       What = "created"
	WasRefreshed     What = "refreshed"
	WasNotRefreshed  What = "refresh_failed"
	WasAuthorized    What = "authorized"
	WasNotAuthorized What = "authorization_failed"
	WasEnded         What = "ended"
	WasDisabled      What = "disabled"
	WasEnabled       What = "enabled"
	WasChanged       What = "changed"
	// ConsentBegun is read from the attempts.
	ConsentBegun What = "consent_begun"
)

const (
	// HistoryKept is how many things of a connection are kept, the newest.
	HistoryKept = 100
	// HistoryAge is for how long.
	HistoryAge = 30 * 24 * time.Hour
)

// Past is one thing that happened to a connection. There is no secret in it: what a provider said was cleaned by the exchange.
type Past struct {
	At   time.Time
	What What
	// Cause is why an exchange was made: "due", "needed", "rejected", "ordered"; "" for others.
	Cause string
	// By is who did it, or whose request it was made for; "" for the keeper itself.
	By string
	// Took is how long the exchange took, 0 where there was none.
	Took time.Duration
	// Generation is that of the token set afterwards, State and Reason how the connection stood then.
	Generation int64
	State      State
	Reason     string
	// Status is the HTTP status of the provider's last answer, 0 for none. Class, Code, Description, Endpoint and Validation are
	// those of a failure.
	Status                                         int
	Class, Code, Description, Endpoint, Validation string
	// TokenType, Scope and ExpiresAt are the token's that came, Rotated tells that another refresh token came with it.
	TokenType, Scope string
	ExpiresAt        time.Time
	Rotated          bool
	// Presented is how often the refresh token was presented, when that was more than once.
	Presented int
	// Attempt is the consent's id, Outcome how it ended: "" while it is open.
	Attempt, Outcome string
	// Label is the new one of a connection that was renamed.
	Label string
}

// Failed tells whether it is a failure.
func (p *Past) Failed() bool { return p.Class != "" }

// History reads what happened to connections.
type History interface {
	// History gives what is kept of a connection since a time, in no particular order.
	History(ctx context.Context, organization, id string, since time.Time) ([]Past, error)
}

// History gives what happened to a connection, the newest first: at most [HistoryKept] things of the last [HistoryAge], and
// its consents that were begun.
func (c *Connector) History(ctx context.Context, caller access.Caller, ref Ref) ([]Past, error) {
	record, err := c.find(ctx, caller, ref, access.ConnectionsRead)
	if err != nil {
		return nil, err
	}
	all, err := c.config.Store.History(ctx, record.Organization, record.ID, c.now().Add(-HistoryAge))
	if err != nil {
		return nil, fmt.Errorf("reading the history of %s: %w", record.ID, err)
	}
	slices.SortStableFunc(all, func(a, b Past) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Generation, a.Generation)) })
	return all, nil
}

// askerKey is where the context of a flight has who asked first.
type askerKey struct{}

func withAsker(ctx context.Context, by string) context.Context {
	return context.WithValue(ctx, askerKey{}, by)
}

func askerOf(ctx context.Context) string {
	by, _ := ctx.Value(askerKey{}).(string)
	return by
}

// arrived is what there is to tell of a token set that came.
func arrived(what What, before, next *exchange.TokenSet, at time.Time) Past {
	p := Past{At: at, What: what, Status: next.Status, TokenType: next.TokenType, Scope: next.Scope, ExpiresAt: next.ExpiresAt}
	p.Rotated = !next.RefreshToken.Empty() && (before == nil || !next.RefreshToken.Equal(before.RefreshToken))
	return p
}

// tell adds why an exchange was made, for whom, and how long it took.
func (t *turn) tell(p *Past) {
	p.Cause, p.By = causes[t.why], t.by
	if !t.began.IsZero() {
		p.Took = t.config.Clock.Now().Sub(t.began)
	}
	if t.claim.Count > 1 {
		p.Presented = t.claim.Count
	}
}

// failed is what there is to tell of a failure.
func failed(what What, e *LastError, at time.Time) Past {
	p := Past{At: at, What: what}
	if e != nil {
		p.Class, p.Code, p.Description, p.Endpoint = e.Kind.String(), e.Code, e.Description, e.Endpoint
		p.Validation, p.Status = e.Validation, e.Status
	}
	return p
}

// FailedConsent is what there is to tell of a consent that failed.
func FailedConsent(attempt string, e *LastError) Past {
	p := failed(WasNotAuthorized, e, e.At)
	p.Attempt = attempt
	return p
}

// past is what a change tells.
func (c *Change) past(by string) Past {
	p := Past{At: c.At, What: WasChanged, By: by}
	if c.Label != nil {
		p.Label = *c.Label
	}
	if c.State != nil {
		p.State, p.Reason = *c.State, c.Reason
		if p.What = WasEnabled; *c.State == Disabled {
			p.What = WasDisabled
		}
	}
	return p
}

// Provider tells which provider's host a connection's tokens come from, "" when it can't be told.
func (c *Connector) Provider(ctx context.Context, caller access.Caller, ref Ref) (provider.Host, error) {
	record, err := c.find(ctx, caller, ref, access.ConnectionsRead)
	if err != nil {
		return "", err
	}
	plan, err := c.config.Keeper.planOf(ctx, &record)
	if err != nil || plan == nil {
		return "", nil //nolint:nilerr // a definition that can't be read is told of elsewhere
	}
	input := exchange.Input{Fields: record.Fields, Tokens: record.Tokens, User: userOf(&record, record.CreatedBy)}
	return c.config.Keeper.call(ctx, plan, &record, input).Host, nil
}

// Revisions tells which revision of its definition a connection is pinned to, which one its renewals follow, and which one a
// new consent would pin. Newest is 0 where the definition can't be connected to any more.
type Revisions struct{ Pinned, Effective, Newest int }

// Revisions gives those of a connection.
func (c *Connector) Revisions(ctx context.Context, caller access.Caller, ref Ref) (Revisions, error) {
	record, err := c.find(ctx, caller, ref, access.ConnectionsRead)
	if err != nil {
		return Revisions{}, err
	}
	out := Revisions{Pinned: record.Revision, Effective: record.Revision}
	if effective, number, err := c.config.Definitions.EffectivePlan(ctx, record.Definition, record.Revision, record.Configuration); err == nil &&
		effective.Fingerprint(record.Fields) == record.Fingerprint {
		out.Effective = number
	}
	pinned, err := c.connectable(ctx, caller, destination.Ref{Sandbox: record.Sandbox, Name: record.Definition}, record.Configuration)
	if err == nil {
		out.Newest = pinned.Revision
	}
	return out, nil
}

// Prompts gives what a connection's definition asks its customer for.
func (c *Connector) Prompts(ctx context.Context, caller access.Caller, ref Ref) ([]destination.Prompt, error) {
	record, err := c.find(ctx, caller, ref, access.ConnectionsRead)
	if err != nil {
		return nil, err
	}
	pinned, err := c.connectable(ctx, caller, destination.Ref{Sandbox: record.Sandbox, Name: record.Definition}, record.Configuration)
	if err == nil {
		return pinned.Plan.Prompts(), nil
	}
	plan, err := c.config.Definitions.Plan(ctx, record.Definition, record.Revision, record.Configuration)
	if err != nil {
		return nil, fmt.Errorf("reading the definition: %w", err)
	}
	return plan.Prompts(), nil
}

// Connectable gives what a new connection to a definition would be made with. It needs the right to make one.
func (c *Connector) Connectable(ctx context.Context, caller access.Caller, ref destination.Ref, configuration int) (destination.Pinned, error) {
	if err := caller.Require(access.ConnectionsWrite); err != nil {
		return destination.Pinned{}, err
	}
	return c.connectable(ctx, caller, ref, configuration)
}
