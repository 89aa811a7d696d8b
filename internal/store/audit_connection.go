package store

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/connection"
	"latchkey/internal/exchange"
)

// What the audit record says of connections. Who did it is the caller that the context carries; what runs by itself, as
// a refresh that was due, has none.

func connectionEntry(ctx context.Context, action, organization, id string, at time.Time, generation int64, detail map[string]string) audit.Entry {
	return audit.Entry{
		At: at, Organization: organization, Actor: cmp.Or(access.From(ctx).ID, audit.System), Action: action, Subject: id,
		Generation: generation, Detail: detail,
	}
}

// tokenHash is what a record says of a token set: by it a token that was read is found, and a row that was put back.
func tokenHash(tokens *exchange.TokenSet) string {
	if tokens == nil {
		return ""
	}
	return connection.HashOf(tokens.AccessToken)
}

func createEntry(ctx context.Context, r *connection.Record) audit.Entry {
	entry := connectionEntry(ctx, "connection.create", r.Organization, r.ID, r.CreatedAt, r.Generation, map[string]string{
		"label": r.Label, "sandbox": r.Sandbox, "definition": r.Definition, "revision": strconv.Itoa(r.Revision),
		"state": string(r.State), "token": tokenHash(r.Tokens),
	})
	entry.Actor = cmp.Or(r.CreatedBy, entry.Actor)
	return entry
}

func commitEntry(ctx context.Context, c *connection.Commit) audit.Entry {
	action, detail := "connection.refresh", map[string]string{"token": tokenHash(c.Tokens)}
	if c.Account != nil {
		action, detail["revision"], detail["attempt"] = "connection.authorize", strconv.Itoa(c.Account.Revision), c.Attempt
	}
	return connectionEntry(ctx, action, c.Organization, c.ID, c.At, c.Generation+1, detail)
}

func setbackEntry(ctx context.Context, s *connection.Setback) audit.Entry {
	detail := map[string]string{"state": string(s.State), "token": tokenHash(s.Tokens)}
	if e := s.LastError; e != nil {
		detail["failure"], detail["code"] = e.Kind.String(), e.Code
	}
	return connectionEntry(ctx, "connection.setback", s.Organization, s.ID, s.At, s.Generation, detail)
}

func changeEntry(ctx context.Context, c *connection.Change) audit.Entry {
	action, detail := "connection.update", map[string]string{}
	if c.Label != nil {
		detail["label"] = *c.Label
	}
	if c.ReturnURL != nil {
		detail["return_url"] = *c.ReturnURL
	}
	if c.State != nil {
		detail["state"] = string(*c.State)
		if action = "connection.enable"; *c.State == connection.Disabled {
			action = "connection.disable"
		}
	}
	return connectionEntry(ctx, action, c.Organization, c.ID, c.At, 0, detail)
}
