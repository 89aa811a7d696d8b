package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/connection"
	"latchkey/internal/destination"
	"latchkey/internal/registry"
)

// welcome is what the start page tells somebody who is not signed in: nothing about what is kept here.
type welcome struct {
	Program, Example, Base string
}

// home is what the start page tells somebody who is.
type home struct {
	Sandbox     string
	Search      string
	Headline    string
	Summary     string
	Alerts      []alert
	Connections []connectionRow
	Definitions []definitionRow
	More        bool
	// Example is a connection to name in a command.
	Example string
	Program string
	Base    string
}

// alert is something that needs somebody.
type alert struct {
	Tone  string
	Name  string
	ID    string
	What  string
	Text  string
	Since time.Time
	// Command is what to type about it.
	Command string
}

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

// listed is how many rows the start page shows of a list.
const listed = 100

func (p *Pages) home(w http.ResponseWriter, r *http.Request) {
	_, user, err := p.open(r)
	if errors.Is(err, registry.ErrNotFound) {
		p.render(w, r, http.StatusOK, "welcome", page{Title: "Welcome", Here: "/", Body: welcome{p.Program, p.Example, p.base()}})
		return
	}
	if err != nil {
		p.broken(w, r, err)
		return
	}
	sandbox := p.sandboxOf(r.Context(), r, user.Caller())
	view, err := p.homeView(r.Context(), user.Caller(), sandbox, strings.TrimSpace(r.URL.Query().Get("q")))
	if _, denied := errors.AsType[*access.DeniedError](err); denied || errors.Is(err, registry.ErrNotFound) {
		p.message(w, r, messageMissing)
		return
	}
	if err != nil {
		p.Log.ErrorContext(r.Context(), "the start page could not be made", slog.Any("error", err))
		p.message(w, r, messageBroken)
		return
	}
	rememberSandbox(w, r, sandbox)
	p.render(w, r, http.StatusOK, "home", page{Title: view.Headline, Here: placeOverview, Sandbox: sandbox, Body: view})
}

func (p *Pages) homeView(ctx context.Context, caller access.Caller, sandbox, search string) (*home, error) {
	view := &home{Search: search, Program: p.Program, Base: p.base()}
	var err error
	if view.Sandbox, err = caller.In(sandbox); err != nil {
		return nil, err
	}
	found, err := p.Connections.List(ctx, caller, connection.Query{Sandbox: view.Sandbox, Text: search, Limit: listed})
	if err != nil {
		return nil, fmt.Errorf("listing connections: %w", err)
	}
	view.More = found.Next != ""
	for _, c := range found.Items {
		view.addConnection(c, p.Clock.Now())
	}
	slices.SortStableFunc(view.Connections, func(a, b connectionRow) int {
		return cmp.Or(cmp.Compare(urgency[a.Connection.State], urgency[b.Connection.State]), strings.Compare(a.Name, b.Name))
	})
	slices.SortStableFunc(view.Alerts, func(a, b alert) int { return strings.Compare(a.Tone, b.Tone) }) // bad before warn
	if err := p.addDefinitions(ctx, caller, view); err != nil {
		return nil, err
	}
	view.headline()
	return view, nil
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

func (h *home) addConnection(c connection.Connection, now time.Time) {
	row := connectionRow{
		Connection: c, Name: cmp.Or(c.Label, c.ID), State: states[c.State].word, Tone: states[c.State].tone, Token: life(c, now),
	}
	if c.State == connection.Degraded || c.State == connection.NeedsReauthorization {
		row.Reason = c.StateReason
	}
	if c.State == connection.Active && h.Example == "" {
		h.Example = row.Name
	}
	h.Connections = append(h.Connections, row)
	switch c.State {
	case connection.NeedsReauthorization:
		h.Alerts = append(h.Alerts, alert{
			Tone: "bad", Name: row.Name, ID: c.ID, What: "lost its consent.", Since: c.UpdatedAt,
			Text:    sentence(c.StateReason) + " No request will bring a token until its owner consents again.",
			Command: h.Program + " connection reauthorize " + row.Name,
		})
	case connection.Degraded:
		text := sentence(c.StateReason)
		if c.ExpiresAt.After(now) {
			text += " Its last token still works and is given until it ends, " + ago(c.ExpiresAt, now) + "."
		} else {
			text += " Its last token has ended, so calls fail."
		}
		h.Alerts = append(h.Alerts, alert{
			Tone: "warn", Name: row.Name, ID: c.ID, What: "gets no new token.", Since: c.UpdatedAt, Text: text,
			Command: h.Program + " connection refresh " + row.Name,
		})
	}
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

// sentence makes a reason stand on its own.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	first := strings.ToUpper(text[:1])
	return first + strings.TrimRight(text[1:], ".") + "."
}

func (p *Pages) addDefinitions(ctx context.Context, caller access.Caller, view *home) error {
	found, _, err := p.Definitions.List(ctx, caller, destination.Page{Sandbox: view.Sandbox, Search: view.Search, Limit: listed})
	if err != nil {
		return fmt.Errorf("listing definitions: %w", err)
	}
	for _, def := range found {
		saved, err := p.Definitions.Get(ctx, caller, destination.Ref{Sandbox: view.Sandbox, Name: def.ID})
		if errors.Is(err, destination.ErrNotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return fmt.Errorf("reading the definition %s: %w", def.ID, err)
		}
		view.Definitions = append(view.Definitions, p.definitionRow(saved))
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

// headline says in a sentence whether anything needs somebody.
func (h *home) headline() {
	bad := len(h.Alerts)
	switch {
	case h.Search != "":
		h.Headline = "Found for “" + h.Search + "”"
	case bad == 1:
		h.Headline = "One connection needs you"
	case bad > 1:
		h.Headline = fmt.Sprintf("%d connections need you", bad)
	case len(h.Connections) == 0:
		h.Headline = "Nothing is connected yet"
	default:
		h.Headline = "Everything answers"
	}
	count := plural(len(h.Connections), "connection")
	if h.More {
		count = "the newest " + count
	}
	h.Example = cmp.Or(h.Example, "CONNECTION")
	h.Summary = fmt.Sprintf("%s and %s in the sandbox %s.", count, plural(len(h.Definitions), "definition"), h.Sandbox)
}

// base is the first public URL.
func (p *Pages) base() string {
	if len(p.PublicURLs) == 0 {
		return ""
	}
	return strings.TrimRight(p.PublicURLs[0], "/")
}
