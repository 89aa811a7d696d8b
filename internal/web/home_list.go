package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/connection"
	"latchkey/internal/destination"
)

// The lists of connections and definitions stand on the start page as long as they have no pages of their own.

// homeLists are they.
type homeLists struct {
	Connections []connectionRow
	Definitions []definitionRow
	More        bool
}

// listed is how many rows the start page shows of a list.
const listed = 100

type connectionRow struct {
	connection.Connection
	Name  string
	Tone  string
	State string
	// Reason says more than the state's word, "" when it does not.
	Reason string
	Token  string
}

type definitionRow struct {
	destination.Definition
	Tone      string
	Grant     string
	Problems  int
	Callbacks []string
}

// urgency puts what is broken first.
var urgency = map[connection.State]int{
	connection.NeedsReauthorization: 0, connection.Degraded: 1, connection.PendingAuthorization: 2, connection.Active: 3, connection.Disabled: 4,
}

// states say each state in words, with its colour.
var states = map[connection.State]struct{ word, tone string }{
	connection.NeedsReauthorization: {"needs a new consent", "bad"},
	connection.Degraded:             {"its provider fails", "warn"},
	connection.PendingAuthorization: {"waits for its consent", ""},
	connection.Active:               {"works", "good"},
	connection.Disabled:             {"switched off", ""},
}

func (l *homeLists) addConnection(c connection.Connection, now time.Time) {
	row := connectionRow{
		Connection: c, Name: cmp.Or(c.Label, c.ID), State: states[c.State].word, Tone: states[c.State].tone, Token: life(c, now),
	}
	if c.State == connection.Degraded || c.State == connection.NeedsReauthorization {
		row.Reason = c.StateReason
	}
	l.Connections = append(l.Connections, row)
}

func (v *visit) homeLists(ctx context.Context) (*homeLists, error) {
	lists := &homeLists{}
	found, err := v.Connections.List(ctx, v.caller, connection.Query{Sandbox: v.sandbox, Limit: listed})
	if err != nil {
		return nil, fmt.Errorf("listing connections: %w", err)
	}
	lists.More = found.Next != ""
	for _, c := range found.Items {
		lists.addConnection(c, v.Clock.Now())
	}
	slices.SortStableFunc(lists.Connections, func(a, b connectionRow) int {
		return cmp.Or(cmp.Compare(urgency[a.Connection.State], urgency[b.Connection.State]), strings.Compare(a.Name, b.Name))
	})
	return lists, v.addDefinitions(ctx, v.caller, v.sandbox, lists)
}

// life says how long a token lives, in words.
func life(c connection.Connection, now time.Time) string {
	switch {
	case c.Generation == 0:
		return "none yet"
	case c.ExpiresAt.IsZero():
		return "no known end"
	case !c.ExpiresAt.After(now):
		return "ended " + ago(c.ExpiresAt, now)
	case c.Renewable && c.NextRefreshAt.After(now):
		return "ends " + ago(c.ExpiresAt, now) + ", renews " + ago(c.NextRefreshAt, now)
	}
	return "ends " + ago(c.ExpiresAt, now)
}

func (p *Pages) addDefinitions(ctx context.Context, caller access.Caller, sandbox string, lists *homeLists) error {
	found, _, err := p.Definitions.List(ctx, caller, destination.Page{Sandbox: sandbox, Limit: listed})
	if err != nil {
		return fmt.Errorf("listing definitions: %w", err)
	}
	for _, def := range found {
		saved, err := p.Definitions.Get(ctx, caller, destination.Ref{Sandbox: sandbox, Name: def.ID})
		if errors.Is(err, destination.ErrNotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return fmt.Errorf("reading the definition %s: %w", def.ID, err)
		}
		lists.Definitions = append(lists.Definitions, p.definitionRow(saved))
	}
	return nil
}

var grants = map[destination.Grant]string{
	destination.AuthorizationCode: "authorization code", destination.Password: "password", destination.ClientCredentials: "client credentials",
}

func (p *Pages) definitionRow(saved destination.Saved) definitionRow {
	row := definitionRow{Definition: saved.Definition, Problems: len(saved.Problems.AtLeast(destination.Unpublishable))}
	row.Tone = map[string]string{destination.StatePublished: "good", destination.StateChanged: "warn"}[row.State()]
	authType, grant := saved.Revision.Document.Kind(0)
	row.Grant = cmp.Or(grants[grant], string(grant), string(authType))
	for i := range saved.Revision.Document.Configurations() {
		if _, grant := saved.Revision.Document.Kind(i); grant == destination.AuthorizationCode {
			row.Callbacks = p.Connections.CallbackURLs()
			break
		}
	}
	return row
}
