package authority

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/clock"
)

// ErrNoConsent says that a person has not agreed to anything for a client.
var ErrNoConsent = errors.New("there is no such consent")

// Consents are what people agreed to, for those who look after them.
type Consents struct {
	Store Families
	Clock clock.Clock
	// AccessLife is how long the last access tokens may live; as in [Config].
	AccessLife time.Duration
	// Revoked is told which tokens count no more, at once; nil where nobody needs to know before the store is read.
	Revoked func(id string, until time.Time)
}

// Consents gives the server's own.
func (s *Server) Consents() *Consents {
	return &Consents{s.config.Store, s.config.Clock, s.config.AccessLife, s.revoked.note}
}

// List gives what a person agreed to, in the order of the clients' ids.
func (c *Consents) List(ctx context.Context, caller access.Caller, user string) ([]Consented, error) {
	if err := mayTend(caller, user, access.Viewer); err != nil {
		return nil, err
	}
	all, err := c.Store.Consents(ctx, user)
	return slices.DeleteFunc(all, func(one Consented) bool { return one.Organization != caller.Organization }), err
}

// mayTend lets everybody tend to their own consents, and who has the role to those of others.
func mayTend(caller access.Caller, user string, role access.Role) error {
	if caller.User == user {
		return nil
	}
	return caller.RequireRole(role)
}

// Withdraw takes a consent back: the tokens that came of it count no more, and the person is asked when the client comes
// again. It takes the role System Administrator, or to be the person. [ErrNoConsent].
func (c *Consents) Withdraw(ctx context.Context, caller access.Caller, user, clientID string) error {
	if err := mayTend(caller, user, access.SystemAdministrator); err != nil {
		return err
	}
	now := c.Clock.Now()
	ending := Ending{By: cmp.Or(caller.User, caller.ID), Why: EndWithdrawn, At: now, Until: now.Add(c.AccessLife)}
	ended, err := c.Store.Withdraw(ctx, Consented{User: user, ClientID: clientID, Organization: caller.Organization}, ending)
	if err != nil {
		return fmt.Errorf("withdrawing the consent for %.64q: %w", clientID, err)
	}
	for _, id := range ended {
		if c.Revoked != nil {
			c.Revoked(id, ending.Until)
		}
	}
	return nil
}
