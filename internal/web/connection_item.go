package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/connection"
	"latchkey/internal/destination"
	"latchkey/internal/finding"
	"latchkey/internal/provider"
)

// connectionView is what the page of a connection has.
type connectionView struct {
	standingRow
	Token, Account []fact
	Fields         []fact
	Revision       string
	// Definition leads to its page, "" for nowhere.
	Definition   string
	Move         bool
	Provider     *providerStanding
	History      []pastRow
	More         bool
	May          bool
	Role         string
	Refresh, Off *form
	// Layers tell what an act did just now, Said in a sentence.
	Layers     []finding.Layer
	Said, Mood string
}

// providerStanding is how a provider stands, in words.
type providerStanding struct {
	Host, Words, Tone, Latency string
}

// pastShown is how much of the history the page shows at first.
const pastShown = 20

// connectionItem shows one connection.
func (v *visit) connectionItem() error {
	c, err := v.Connections.Get(v.r.Context(), v.caller, v.connectionRef())
	if err != nil {
		return err
	}
	return v.connectionShow(http.StatusOK, c, connectionView{})
}

// connectionShow shows it, with what an act has to say.
func (v *visit) connectionShow(status int, c connection.Connection, view connectionView) error {
	ctx, ref := v.r.Context(), connection.Ref{Sandbox: c.Sandbox, Name: c.ID}
	view.standingRow = v.standing(c)
	view.May, view.Role = v.may(access.ConnectionsWrite), v.lacks(access.ConnectionsWrite, "renew, change or revoke it")
	past, err := v.Connections.History(ctx, v.caller, ref)
	if err != nil {
		return err
	}
	if view.Said == "" {
		v.just(&view, past)
	}
	shown := pastShown
	if v.r.URL.Query().Get("history") == "all" {
		shown = len(past)
	}
	view.More = len(past) > shown
	for _, p := range past[:min(shown, len(past))] {
		view.History = append(view.History, pastRowOf(p))
	}
	if err := v.connectionAbout(&view, c, ref); err != nil {
		return err
	}
	view.Refresh = v.form(view.Path+"/refresh", "Renew now")
	view.Off = v.form(view.Path+"/enabled", "Switch off").hide("do", "off").orElse(view.Path)
	if c.State == connection.Disabled {
		view.Off = v.form(view.Path+"/enabled", "Switch on").hide("do", "on")
	}
	return v.show(status, "connection_item", view.Name, &view)
}

// connectionAbout gathers what is known beside the state.
func (v *visit) connectionAbout(view *connectionView, c connection.Connection, ref connection.Ref) error {
	ctx := v.r.Context()
	view.Definition = v.leads("/definitions/" + url.PathEscape(c.DefinitionID))
	view.Token = tokenFacts(c, v.Clock.Now())
	view.Account = accountFacts(c)
	for _, name := range slices.Sorted(maps.Keys(c.Fields)) {
		view.Fields = append(view.Fields, fact{name, fieldText(c.Fields[name]), false})
	}
	revisions, err := v.Connections.Revisions(ctx, v.caller, ref)
	if err != nil {
		return err
	}
	view.Revision, view.Move = revisionWords(revisions)
	host, err := v.Connections.Provider(ctx, v.caller, ref)
	if err != nil {
		return err
	}
	view.Provider, err = v.providerStanding(host)
	return err
}

func fieldText(value any) string {
	switch value := value.(type) {
	case string:
		if value == destination.Mask {
			return "••••••••"
		}
		return value
	case nil:
		return ""
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

func utc(t time.Time, otherwise string) string {
	if t.IsZero() {
		return otherwise
	}
	return t.UTC().Format(time.DateTime) + " UTC"
}

func tokenFacts(c connection.Connection, now time.Time) []fact {
	if c.Generation == 0 {
		return nil
	}
	relative := func(t time.Time, otherwise string) string {
		if t.IsZero() {
			return otherwise
		}
		return ago(t, now) + ", " + utc(t, "")
	}
	renews := "never: it can’t be renewed without the customer"
	switch {
	case c.Renewable && c.NextRefreshAt.IsZero():
		renews = "not now"
	case c.Renewable:
		renews = relative(c.NextRefreshAt, "")
	}
	facts := []fact{
		{"Type", cmp.Or(c.TokenType, "Bearer"), false}, {"Scopes", cmp.Or(c.Scope, "the provider does not tell"), false},
		{"Generation", strconv.FormatInt(c.Generation, 10), false}, {"Obtained", relative(c.LastRefreshAt, "unknown"), false},
		{"Ends", relative(c.ExpiresAt, "not known"), false}, {"Renews", renews, false},
	}
	if !c.RefreshExpiresAt.IsZero() {
		facts = append(facts, fact{"Grant ends", relative(c.RefreshExpiresAt, ""), false})
	}
	if c.Note != "" {
		facts = append(facts, fact{"Note", sentence(c.Note), false})
	}
	for _, name := range slices.Sorted(maps.Keys(c.Outputs)) {
		facts = append(facts, fact{"Output " + name, fieldText(c.Outputs[name]), true})
	}
	return facts
}

func accountFacts(c connection.Connection) []fact {
	facts := []fact{
		{"Id", c.ID, true}, {"Label", c.Label, false}, {"Sandbox", c.Sandbox, false}, {"Made", utc(c.CreatedAt, ""), false}, {"Made by", c.CreatedBy, true},
		{"Returns to", c.ReturnURL, false},
	}
	return slices.DeleteFunc(facts, func(f fact) bool { return f.Value == "" })
}

// revisionWords says which revision counts, and whether a new consent would move it on.
func revisionWords(r connection.Revisions) (words string, move bool) {
	pinned := "It is pinned to revision " + strconv.Itoa(r.Pinned)
	switch {
	case r.Newest == 0:
		return pinned + ". The definition can’t be connected to any more; this connection goes on.", false
	case r.Newest <= r.Pinned:
		return pinned + ", which is the newest that is published.", false
	case r.Effective > r.Pinned:
		return fmt.Sprintf("%s. Renewals follow revision %d already, because grant and fields are the same; authorize it again to pin revision %d.", pinned, r.Effective, r.Newest), true
	}
	return fmt.Sprintf("%s. Revision %d is published, and changes the grant, the fields or where secrets are sent: authorize it again to move it there.", pinned, r.Newest), true
}

// providerWords say how a provider stands.
var providerWords = map[provider.State]struct{ words, tone string }{
	provider.Up: {"answers", "good"}, provider.Recovering: {"is coming back", "warn"}, provider.Held: {"asks for fewer calls", "warn"},
	provider.Down: {"does not answer", "bad"}, provider.Probing: {"is tried again", "warn"},
}

func (v *visit) providerStanding(host provider.Host) (*providerStanding, error) {
	if host == "" {
		return nil, nil
	}
	out := &providerStanding{Host: string(host), Words: "was not called yet by this server"}
	if v.Providers == nil {
		return out, nil
	}
	status, err := v.Providers.Status(v.caller, host)
	if errors.Is(err, provider.ErrNotFound) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	known := providerWords[status.State]
	out.Words, out.Tone = cmp.Or(known.words, string(status.State)), known.tone
	if !status.ProbeAt.IsZero() && status.State == provider.Down {
		out.Words += "; it is tried again " + ago(status.ProbeAt, v.Clock.Now())
	}
	if status.P50 > 0 {
		out.Latency = "half of its answers take less than " + tookWords(status.P50) + ", 99 of 100 less than " + tookWords(status.P99)
	}
	if status.Failed > 0 {
		out.Latency = cmp.Or(out.Latency, "no answers yet") + "; " + strconv.Itoa(status.Failed) + " of its last " + strconv.Itoa(status.Calls) + " calls failed"
	}
	return out, nil
}

// connectionDone is where a consent that was begun here comes back to.
func (v *visit) connectionDone() error {
	c, err := v.Connections.Get(v.r.Context(), v.caller, connection.Ref{Name: v.r.URL.Query().Get("connection")})
	if err != nil {
		return err
	}
	v.sandbox = c.Sandbox
	return v.connectionOutcome(c, justConnected)
}

// What an act has just done, as the address of the page says it: so that to load it again does nothing again.
const (
	justConnected  = "connected"
	justRenewed    = "renewed"
	justAuthorized = "authorized"
	justChanged    = "changed"
)

var justWords = map[string]string{
	justConnected: "Connected. Its token is kept fresh from now on.", justRenewed: "It has a new token.", justAuthorized: "It was authorized again.",
	justChanged: "It was changed, and the new fields have worked.",
}

// justFor is how long the page says it.
const justFor = 2 * time.Minute

// just says what was done just now, layer by layer, when the newest exchange of the history is that.
func (v *visit) just(view *connectionView, past []connection.Past) {
	said := justWords[v.r.URL.Query().Get("just")]
	if said == "" {
		return
	}
	for _, p := range past {
		if p.What == connection.ConsentBegun || !p.Failed() && p.TokenType == "" {
			continue
		}
		if v.Clock.Now().Sub(p.At) > justFor {
			return
		}
		view.Said, view.Mood, view.Layers = said, "good", exchangeLayers(p, "")
		if p.Failed() {
			view.Said, view.Mood = "It did not work; see the layers.", "warn"
		}
		return
	}
}

// connectionOutcome leads to the page of a connection, which says what was done.
func (v *visit) connectionOutcome(c connection.Connection, just string) error {
	return v.to(connectionPath(&c) + "?just=" + just)
}
