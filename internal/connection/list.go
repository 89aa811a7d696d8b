package connection

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/destination"
)

// Query picks connections of one sandbox.
type Query struct {
	// Sandbox is the one; "" is the caller's own.
	Sandbox string
	// Definition is an id or a name; "" means any.
	Definition string
	State      State
	// Text is part of an id or of a label.
	Text string
	// Cursor is a former page's Next.
	Cursor string
	// Limit is 1 to 200; 0 means 50.
	Limit int
}

// Page is a part of a list.
type Page struct {
	Items []Connection
	// Next continues the list, "" at its end.
	Next string
}

const (
	defaultPage = 50
	maxPage     = 200
)

// List gives connections, newest first.
func (c *Connector) List(ctx context.Context, caller access.Caller, query Query) (Page, error) {
	if err := caller.Require(access.ConnectionsRead); err != nil {
		return Page{}, err
	}
	sandbox, err := caller.In(query.Sandbox)
	if err != nil {
		return Page{}, err
	}
	limit := min(query.Limit, maxPage)
	if limit <= 0 {
		limit = defaultPage
	}
	before, err := parseCursor(query.Cursor)
	if err != nil {
		return Page{}, err
	}
	if query.State != "" && !query.State.Valid() {
		return Page{}, refusedParameter("state", fmt.Sprintf("there is no state %q", query.State), "use one of "+stateNames())
	}
	records, err := c.config.Store.List(ctx, Selection{
		Organization: caller.Organization, Sandbox: sandbox, Definition: query.Definition, State: query.State,
		Text: query.Text, Before: before, Limit: limit + 1,
	})
	if err != nil {
		return Page{}, fmt.Errorf("listing connections: %w", err)
	}
	page := Page{Items: make([]Connection, 0, len(records))}
	if len(records) > limit {
		records = records[:limit]
		page.Next = formatCursor(&records[limit-1])
	}
	for i := range records {
		page.Items = append(page.Items, present(&records[i]))
	}
	return page, nil
}

// Troubled counts the connections in each state but [Active], by the sandboxes that the caller sees.
func (c *Connector) Troubled(ctx context.Context, caller access.Caller) (map[string]map[State]int, error) {
	if err := caller.Require(access.ConnectionsRead); err != nil {
		return nil, err
	}
	found, err := c.config.Store.Troubled(ctx, caller.Organization)
	if caller.Sandbox != "" {
		found = map[string]map[State]int{caller.Sandbox: found[caller.Sandbox]}
	}
	return found, err
}

func stateNames() string {
	var names []string
	for _, s := range States() {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

func refusedParameter(name, message, fix string) destination.Problems {
	return destination.Problems{{Pointer: "/" + name, Message: message, Fix: fix, Severity: destination.Refused}}
}

func formatCursor(r *Record) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(r.CreatedAt.UnixMicro(), 10) + " " + r.ID))
}

func parseCursor(text string) (Position, error) {
	if text == "" {
		return Position{}, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	micros, id, ok := strings.Cut(string(raw), " ")
	at, parseErr := strconv.ParseInt(micros, 10, 64)
	if err != nil || parseErr != nil || !ok {
		return Position{}, refusedParameter("cursor", "the cursor is none that this server gave out", "start again without a cursor")
	}
	return Position{CreatedAt: time.UnixMicro(at).UTC(), ID: id}, nil
}
