package calendar

import (
	"context"
	"fmt"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/expiry"
)

// Ask says what to list.
type Ask struct {
	// Within is how far ahead to look.
	Within time.Duration
	// Kind, when not "", leaves out the others.
	Kind expiry.Kind
	// Attention leaves out what Latchkey renews by itself.
	Attention bool
	// After is the place of the ending before; zero begins with the first.
	After expiry.Position
	Limit int
}

// List gives what ends within a time, the nearest first, and what has ended within the last week and is still there. It
// needs connections:read, and gives what else the caller's scopes let it see: keys and webhooks with registry:read,
// the installation's own with admin.
func (c *Calendar) List(ctx context.Context, caller access.Caller, ask Ask) ([]expiry.Ending, error) {
	if err := caller.Require(access.ConnectionsRead); err != nil {
		return nil, err
	}
	now := c.config.Clock.Now()
	q := expiry.Query{
		Organization: caller.Organization, Sandbox: caller.Sandbox, Kind: ask.Kind, Attention: ask.Attention,
		After: ask.After, Before: now.Add(ask.Within), Limit: ask.Limit,
	}
	if from := now.Add(-past); q.After.Ends.Before(from) {
		q.After = expiry.Position{Ends: from}
	}
	var all []expiry.Ending
	for _, s := range c.config.Sources {
		if caller.Require(s.Scope) != nil || s.Installation && (caller.Sandbox != "" || caller.Require(access.Admin) != nil) {
			continue
		}
		found, err := s.query(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return merge(all, q.Limit), nil
}

// query asks a source in the name that its things have.
func (s Listed) query(ctx context.Context, q expiry.Query) ([]expiry.Ending, error) {
	if s.Installation {
		q.Organization, q.Sandbox = "", ""
	}
	found, err := s.Endings(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("asking what ends: %w", err)
	}
	return found, nil
}
