package connection

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"latchkey/internal/expiry"
)

// Ending is when a connection's token set ends for good: its refresh token, or its token when that can't be renewed.
type Ending struct {
	ID, Organization, Sandbox string
	Label, DefinitionName     string
	State                     State
	Renewable                 bool
	Ends, Since               time.Time
	// Kept says that a renewal does not move the end.
	Kept bool
}

// EndingStore finds what ends among connections.
type EndingStore interface {
	// Endings gives those that a query wants, for each kind and in no order, one more than its limit. It MUST use an index.
	Endings(ctx context.Context, q expiry.Query) ([]Ending, error)
}

// Endings is the source of what ends among connections.
type Endings struct{ Store EndingStore }

// Endings gives what ends. A refresh token is renewed by itself as long as its connection is, and each new one lives
// longer than the one before; where a provider ends all of a consent at one time, a person must act.
func (s Endings) Endings(ctx context.Context, q expiry.Query) ([]expiry.Ending, error) {
	if q.Kind != "" && q.Kind != expiry.RefreshToken && q.Kind != expiry.AccessToken {
		return nil, nil
	}
	found, err := s.Store.Endings(ctx, q)
	if err != nil {
		return nil, err
	}
	all := make([]expiry.Ending, 0, len(found))
	for _, e := range found {
		all = append(all, e.ending())
	}
	return q.Pick(all), nil
}

func (e Ending) ending() expiry.Ending {
	out := expiry.Ending{
		Kind: expiry.RefreshToken, Organization: e.Organization, Sandbox: e.Sandbox, Subject: e.ID, Name: cmp.Or(e.Label, e.DefinitionName),
		Ends: e.Ends, Since: e.Since, Link: "/api/v1/connections/" + e.ID,
		Renews: e.Renewable && !e.Kept && e.State == Active,
	}
	if !e.Renewable {
		out.Kind = expiry.AccessToken
	}
	again := fmt.Sprintf("latchkey connection reauthorize %s --sandbox %s", cmp.Or(e.Label, e.ID), e.Sandbox)
	switch {
	case e.State == Disabled:
		out.Action = fmt.Sprintf("the connection is disabled, so that nothing renews it; enable it (latchkey connection enable %s --sandbox %s), or delete it",
			cmp.Or(e.Label, e.ID), e.Sandbox)
	case e.State == Degraded && !e.Kept && e.Renewable:
		out.Action = fmt.Sprintf("its refreshes fail; see why: latchkey connection show %s --sandbox %s", cmp.Or(e.Label, e.ID), e.Sandbox)
	default:
		out.Action = "consent again: " + again
	}
	return out
}
