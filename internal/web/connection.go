package web

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/connection"
	"latchkey/internal/destination"
)

// The pages of connections: the list here, one in connection_item.go, what can be done to it in connection_act.go, a new one in
// connection_new.go, the page that customers connect on in connection_link.go.

const placeConnections = "/connections"

func (p *Pages) connectionRoutes() map[string]func(*visit) error {
	const one = "/connections/{ref}"
	return map[string]func(*visit) error{
		"GET /connections":                    (*visit).connectionList,
		"GET /connections/new":                (*visit).connectionNew,
		"POST /connections/new":               (*visit).connectionNew,
		"GET /connections/links":              (*visit).linkList,
		"GET /connections/links/new":          (*visit).linkNew,
		"POST /connections/links/new":         (*visit).linkNew,
		"POST /connections/links/{id}/revoke": (*visit).linkRevoke,
		"GET /connections/brand":              (*visit).brandEdit,
		"POST /connections/brand":             (*visit).brandEdit,
		"GET /connections/done":               (*visit).connectionDone,
		"GET " + one:                          (*visit).connectionItem,
		"POST " + one + "/refresh":            (*visit).connectionRefresh,
		"GET " + one + "/reauthorize":         (*visit).connectionReauthorize,
		"POST " + one + "/reauthorize":        (*visit).connectionReauthorize,
		"GET " + one + "/edit":                (*visit).connectionEdit,
		"POST " + one + "/edit":               (*visit).connectionEdit,
		"POST " + one + "/enabled":            (*visit).connectionEnable,
		"GET " + one + "/delete":              (*visit).connectionDelete,
		"POST " + one + "/delete":             (*visit).connectionDelete,
	}
}

// standingRow is a connection as pages show it: how it stands in words, and the one thing to do next.
type standingRow struct {
	connection.Connection
	Name, Path string
	// State is its state in words, Tone the colour, Why the sentence behind it.
	State, Tone, Why string
	// Token says how long its token lives.
	Token string
	// Next is what to do, at NextPath; "" when there is nothing.
	Next, NextPath string
}

func connectionPath(c *connection.Connection) string { return "/connections/" + url.PathEscape(c.ID) }

func (v *visit) connectionRef() connection.Ref {
	return connection.Ref{Sandbox: v.sandbox, Name: v.r.PathValue("ref")}
}

func (v *visit) standing(c connection.Connection) standingRow {
	now := v.Clock.Now()
	row := standingRow{
		Connection: c, Name: cmp.Or(c.Label, c.ID), Path: connectionPath(&c), State: states[c.State].word, Tone: states[c.State].tone, Token: life(c, now),
	}
	switch c.State {
	case connection.PendingAuthorization:
		row.Why = "Its customer has not agreed yet. A consent link is good for ten minutes; make a new one, or send a connect link."
		row.Next, row.NextPath = "Begin the consent", row.Path+"/reauthorize"
	case connection.NeedsReauthorization:
		row.Why = sentence(c.StateReason) + " No request will bring a token until its owner consents again."
		row.Next, row.NextPath = "Authorize again", row.Path+"/reauthorize"
	case connection.Degraded:
		row.Why = sentence(c.StateReason) + " " + leftOver(c, now)
		row.Next, row.NextPath = "Look", row.Path
	case connection.Disabled:
		row.Why = "It was switched off: it gives no token and renews none."
		row.Next, row.NextPath = "Look", row.Path
	}
	return row
}

// leftOver says what a connection that gets no new token still has.
func leftOver(c connection.Connection, now time.Time) string {
	if c.ExpiresAt.IsZero() || c.ExpiresAt.After(now) {
		if c.ExpiresAt.IsZero() {
			return "Its last token is given until somebody rejects it."
		}
		return "Its last token still works and is given until it ends, " + ago(c.ExpiresAt, now) + "."
	}
	return "Its last token has ended, so calls fail."
}

// stateFilters are the states in the order of their urgency.
var stateFilters = []connection.State{
	connection.NeedsReauthorization, connection.Degraded, connection.PendingAuthorization, connection.Active, connection.Disabled,
}

const connectionsListed = 50

func (v *visit) connectionList() error {
	query := v.r.URL.Query()
	ask := connection.Query{
		Sandbox: v.sandbox, Text: strings.TrimSpace(query.Get("q")), State: connection.State(query.Get("state")),
		Definition: strings.TrimSpace(query.Get("definition")), Cursor: v.cursor(), Limit: connectionsListed,
	}
	if ask.State != "" && !ask.State.Valid() {
		ask.State = ""
	}
	found, err := v.Connections.List(v.r.Context(), v.caller, ask)
	if refused, ok := toldFields(err); ok { // a cursor of long ago
		v.Log.DebugContext(v.r.Context(), "a list begins anew", "why", refused.Error())
		ask.Cursor = ""
		found, err = v.Connections.List(v.r.Context(), v.caller, ask)
	}
	if err != nil {
		return err
	}
	view := struct {
		Rows                     []standingRow
		Search, Definition, Role string
		States                   []choiceOption
		Filtered, May            bool
		Sandbox                  string
		Pager                    pager
	}{Search: ask.Text, Definition: ask.Definition, Filtered: ask.Text != "" || ask.State != "" || ask.Definition != "", May: v.may(access.ConnectionsWrite),
		Sandbox: v.sandbox, Pager: v.pager(found.Next), Role: v.lacks(access.ConnectionsWrite, "connect accounts and change connections")}
	view.States = []choiceOption{{Label: "Any state", Chosen: ask.State == ""}}
	for _, s := range stateFilters {
		view.States = append(view.States, choiceOption{Value: string(s), Label: states[s].word, Chosen: s == ask.State})
	}
	for _, c := range found.Items {
		view.Rows = append(view.Rows, v.standing(c))
	}
	return v.show(http.StatusOK, "connection_list", "Connections", &view)
}

// connectable gives what can be connected to: definitions that are published, or could be.
func (v *visit) connectable(search string) (all []destination.Definition, more bool, err error) {
	all, next, err := v.Definitions.List(v.r.Context(), v.caller, destination.Page{Sandbox: v.sandbox, Search: search, Limit: connectionsListed})
	return all, next != "", err
}

// states say each state in words, with its colour.
var states = map[connection.State]struct{ word, tone string }{
	connection.NeedsReauthorization: {"needs a new consent", "bad"},
	connection.Degraded:             {"its provider fails", "warn"},
	connection.PendingAuthorization: {"waits for its consent", ""},
	connection.Active:               {"works", "good"},
	connection.Disabled:             {"switched off", ""},
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
