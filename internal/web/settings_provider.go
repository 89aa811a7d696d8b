package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/provider"
	"latchkey/internal/revocation"
)

// standRow is a provider as the list shows it.
type standRow struct {
	provider.Status
	Path, Word, Says, Tone string
	Held                   int
}

func providerPath(host provider.Host) string {
	return placeSettings + "/providers/" + url.PathEscape(string(host))
}

func (v *visit) standRow(s provider.Status) standRow {
	row := standRow{Status: s, Path: providerPath(s.Host), Word: "up", Tone: "good", Says: "It answers."}
	for _, i := range s.Incidents {
		row.Held += i.Held
	}
	switch s.State {
	case provider.Down, provider.Probing:
		row.Word, row.Tone, row.Says = "down", "bad", "It does not answer. Nobody is let through but one call from time to time; tokens that are good still are served."
	case provider.Held:
		row.Word, row.Tone, row.Says = "throttled", "warn", "It asked to be called later."
	case provider.Recovering:
		row.Word, row.Tone, row.Says = "recovering", "warn", "It is up again; what waited is let through in a rising trickle."
	}
	if len(s.Incidents) > 0 && row.Tone == "good" {
		row.Word, row.Tone = "refuses a client", "bad"
		row.Says = "It answers, and refuses " + plural(len(s.Incidents), "client") + " of yours."
	}
	return row
}

func (v *visit) providerList() error {
	query := v.r.URL.Query()
	all, err := v.Providers.List(v.caller, provider.Query{State: provider.State(query.Get("state")), Text: query.Get("q")})
	if err != nil {
		return err
	}
	view := struct {
		Rows   []standRow
		Search string
		State  *input
	}{Search: query.Get("q")}
	view.State = options("state", "State", "", query.Get("state"), choiceOption{Value: "", Label: "Every state"}, choiceOption{Value: "down", Label: "Down"},
		choiceOption{Value: "throttled", Label: "Throttled"}, choiceOption{Value: "recovering", Label: "Recovering"}, choiceOption{Value: "up", Label: "Up"})
	for _, s := range all {
		view.Rows = append(view.Rows, v.standRow(s))
	}
	slices.SortStableFunc(view.Rows, func(a, b standRow) int { return rank(a.Tone == "good") - rank(b.Tone == "good") })
	return v.show(http.StatusOK, "settings_providers", "Providers", &view)
}

// incidentRow is a client that a provider refuses.
type incidentRow struct {
	provider.Incident
	Why string
}

func (v *visit) providerItem() error {
	s, err := v.Providers.Status(v.caller, provider.HostOf("https://"+v.r.PathValue("host")))
	if err != nil {
		return err
	}
	view := struct {
		standRow
		Facts     []fact
		Incidents []incidentRow
		Resume    *form
		Role      string
	}{standRow: v.standRow(s), Role: v.lacks(access.ConnectionsWrite, "try it again at once")}
	add := func(name, value string) {
		if value != "" {
			view.Facts = append(view.Facts, fact{name, value, false})
		}
	}
	add("Calls in five minutes", fmt.Sprintf("%d, %d of them failed", s.Calls, s.Failed))
	if s.P50 > 0 {
		add("How long answers take", fmt.Sprintf("%s in the middle, %s at most for 95 of 100, %s for 99", millis(s.P50), millis(s.P95), millis(s.P99)))
	}
	add("Under way, waiting", fmt.Sprintf("%d, %d", s.InFlight, s.Waiting))
	add("Calls a second", fmt.Sprintf("%s now, %s at most", perSecond(s.Rate), perSecond(s.Limits.Rate)))
	add("Calls at once", strconv.Itoa(s.Limits.Concurrency)+" at most")
	if !s.LastGood.IsZero() {
		add("Last good answer", ago(s.LastGood, v.Clock.Now()))
	}
	if !s.LastFailure.At.IsZero() {
		add("Last failure", ago(s.LastFailure.At, v.Clock.Now())+": "+s.LastFailure.String())
	}
	if !s.ProbeAt.IsZero() {
		add("Tried again", ago(s.ProbeAt, v.Clock.Now()))
	}
	for _, i := range s.Incidents {
		view.Incidents = append(view.Incidents, incidentRow{i, i.Last.String()})
	}
	if v.may(access.ConnectionsWrite) && (s.State != provider.Up || len(s.Incidents) > 0) {
		view.Resume = v.form(view.Path, "Try it again now")
	}
	return v.show(http.StatusOK, "settings_provider", string(s.Host), &view)
}

func millis(d time.Duration) string { return d.Round(time.Millisecond).String() }

func perSecond(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func (v *visit) providerResume() error {
	s, err := v.Providers.Resume(v.caller, provider.HostOf("https://"+v.r.PathValue("host")))
	if err != nil {
		return err
	}
	return v.done(providerPath(s.Host), "The next call is let through at once; when it succeeds, the rest follows.")
}

// grantRow is a revocation as the list shows it.
type grantRow struct {
	revocation.Job
	Path, Word, Tone, Why string
}

func revocationPath(id string) string { return placeSettings + "/revocations/" + url.PathEscape(id) }

func (v *visit) grantRow(j revocation.Job) grantRow {
	row := grantRow{Job: j, Path: revocationPath(j.ID), Word: string(j.State), Why: j.Last.String()}
	switch j.State {
	case revocation.Waiting:
		row.Word = "waiting"
		if j.Attempts > 0 {
			row.Tone = "warn"
		}
	case revocation.Revoked:
		row.Tone = "good"
	case revocation.Failed:
		row.Tone = "bad"
	case revocation.None:
		row.Word = "no way to"
	}
	return row
}

func (v *visit) revocationList() error {
	state := revocation.State(v.r.URL.Query().Get("state"))
	all, err := v.Revocations.List(v.r.Context(), v.caller, revocation.Selection{State: state, Before: v.cursor(), Limit: adminPage + 1})
	if err != nil {
		return err
	}
	view := struct {
		Rows  []grantRow
		State *input
		Pager pager
	}{}
	view.State = options("state", "State", "", string(state), choiceOption{Value: "", Label: "Every state"}, choiceOption{Value: string(revocation.Failed), Label: "Failed"},
		choiceOption{Value: string(revocation.Waiting), Label: "Waiting"}, choiceOption{Value: string(revocation.Revoked), Label: "Revoked"}, choiceOption{Value: string(revocation.None), Label: "No way to revoke"})
	next := ""
	if len(all) > adminPage {
		all = all[:adminPage]
		next = all[adminPage-1].ID
	}
	for _, j := range all {
		view.Rows = append(view.Rows, v.grantRow(j))
	}
	view.Pager = v.pager(next)
	return v.show(http.StatusOK, "settings_revocations", "Revocations", &view)
}

func (v *visit) revocationItem() error {
	j, err := v.Revocations.Get(v.r.Context(), v.caller, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	view := struct {
		grantRow
		Facts []fact
		Retry *form
		May   bool
		Role  string
	}{grantRow: v.grantRow(j), May: v.may(access.ConnectionsWrite), Role: v.lacks(access.ConnectionsWrite, "try it again or forget it")}
	label := j.Label
	if label == "" {
		label = "none"
	}
	view.Facts = []fact{{"Connection", j.Connection, true}, {"Label", label, false}, {"Definition", j.DefinitionName, false}, {"Provider", j.Host, false}, {"Sandbox", j.Sandbox, false}, {"Attempts", strconv.Itoa(j.Attempts), false}, {"Deleted by", j.DeletedBy, true}, {"Id", j.ID, true}}
	if view.Why != "" {
		view.Facts = append(view.Facts, fact{"Last failure", view.Why, false})
	}
	if view.May && (j.State == revocation.Failed || j.State == revocation.Waiting) {
		view.Retry = v.form(view.Path+"/retry", "Try again now")
	}
	return v.show(http.StatusOK, "settings_revocation", "Revocation", &view)
}

func (v *visit) revocationRetry() error {
	j, err := v.Revocations.Retry(v.r.Context(), v.caller, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	return v.done(revocationPath(j.ID), "It is tried again, for three days more.")
}

func (v *visit) revocationForget() error {
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return err
	}
	j, err := v.Revocations.Get(v.r.Context(), v.caller, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	if !v.confirmed(j.ID) {
		return v.confirm(confirmation{Verb: "Forget", Past: "forgotten", What: "the revocation", Name: j.ID, Goes: "the line in this list, with the tokens that are kept for it.", Stays: "the grant at " + j.Host + ": end it there by hand first."}, revocationPath(j.ID)+"/forget", revocationPath(j.ID))
	}
	if err := v.Revocations.Forget(v.r.Context(), v.caller, j.ID); err != nil {
		return err
	}
	return v.done(placeSettings+"/revocations", "The revocation was forgotten.")
}
