package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/event"
	"latchkey/internal/webhook"
)

// hookRow is an endpoint as the list shows it.
type hookRow struct {
	webhook.Endpoint
	Path, Word, Says, Tone string
}

func webhookPath(id string) string { return placeSettings + "/webhooks/" + url.PathEscape(id) }

func (v *visit) hookRow(e webhook.Endpoint) hookRow {
	row := hookRow{Endpoint: e, Path: webhookPath(e.ID), Tone: webhookTone(&e), Word: "delivering", Says: "It gets what happens from now on."}
	switch {
	case e.Reason != "":
		row.Word, row.Says = "disabled", "Latchkey disabled it: "+e.Reason
	case !e.Enabled:
		row.Word, row.Says = "paused", "It gets nothing until it is resumed."
	case !e.FailingSince.IsZero():
		row.Word, row.Says = "failing", "Deliveries fail since "+ago(e.FailingSince, v.Clock.Now())+"."
	}
	return row
}

func (v *visit) webhookList() error {
	all, err := v.Webhooks.List(v.r.Context(), v.caller)
	if err != nil {
		return err
	}
	view := struct {
		Rows         []hookRow
		Search, Role string
		All          int
		May          bool
	}{Search: v.r.URL.Query().Get("q"), All: len(all), May: v.may(access.RegistryWrite), Role: v.lacksAdmin("make and change endpoints")}
	for _, e := range all {
		if contains(view.Search, e.ID, e.URL, e.Description) {
			view.Rows = append(view.Rows, v.hookRow(e))
		}
	}
	slices.SortStableFunc(view.Rows, func(a, b hookRow) int { return rank(a.Tone != "bad") - rank(b.Tone != "bad") })
	return v.show(http.StatusOK, "settings_webhooks", "Webhooks", &view)
}

// hookInputs are what an endpoint is asked for.
func (v *visit) hookInputs(e webhook.Endpoint) ([]*input, error) {
	types := &input{Name: "types", Label: "Events", Hint: "None ticked: all of them, but those that are for each refresh.", Kind: checksInput}
	for _, d := range event.Descriptions() {
		if d.Type == event.WebhookTest {
			continue
		}
		types.Options = append(types.Options, choiceOption{Value: string(d.Type), Label: string(d.Type), Hint: d.Doc, Chosen: slices.Contains(e.Types, d.Type)})
	}
	inputs := []*input{text("url", "Address", e.URL, "Where to POST to, by https.").needed(), text("description", "Description", e.Description, "What people should know of it.").maybe(), types}
	if e.ID != "" { // whose sandbox stays
		return inputs, nil
	}
	sandboxes, err := v.Tenants.Sandboxes(v.r.Context(), v.caller)
	if err != nil {
		return nil, err
	}
	of := options("sandbox_limit", "Sandbox", "Whose events it gets.", "", choiceOption{Value: "", Label: "Every sandbox, and what is in none"})
	for _, s := range sandboxes {
		of.Options = append(of.Options, choiceOption{Value: s.Name, Label: s.Name})
	}
	return append(inputs, of), nil
}

func (v *visit) webhookNew() error {
	if err := v.caller.Require(access.RegistryWrite); err != nil {
		return err
	}
	inputs, err := v.hookInputs(webhook.Endpoint{})
	if err != nil {
		return err
	}
	f := v.form(placeSettings+"/new-webhook", "Create endpoint", inputs...).orElse(placeSettings + "/webhooks")
	view := formView{"New webhook endpoint", "Requests are signed as Standard Webhooks has it. The secret is shown once, on the next page.", f}
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "admin_form", view.Heading, &view)
	}
	v.refill(f.Inputs)
	types, err := webhook.ParseTypes(v.r.PostForm["types"])
	var made webhook.Endpoint
	if err == nil {
		made, err = v.Webhooks.Create(v.r.Context(), v.caller, webhook.Create{URL: v.value("url"), Description: v.value("description"), Types: types, Sandbox: v.value("sandbox_limit")})
	}
	if err != nil {
		return v.adminSaved(view, err, "", "")
	}
	return v.showSecret(made, "The endpoint was made.")
}

// showSecret shows what an endpoint's deliveries are signed with, this once.
func (v *visit) showSecret(e webhook.Endpoint, said string) error {
	return v.show(http.StatusOK, "settings_webhook_secret", said, struct {
		hookRow
		Said, Value string
	}{v.hookRow(e), said, e.Secret.Current.Reveal()})
}

// deliveryRow is a delivery as the page of its endpoint shows it.
type deliveryRow struct {
	webhook.Delivery
	Word, Tone, Answer string
	Again              *form
}

var egressWords = map[string]string{
	"dns": "the name can’t be resolved", "blocked": "the address is not allowed", "dial": "nobody answers there", "tls": "the certificate or TLS was refused",
	"timeout": "no answer in time", "reset": "the connection broke off", "redirect": "it redirected elsewhere", "too_large": "the answer was too large",
	"protocol": "that was no HTTP", "bad_request": "the request could not be made", "unsendable": "the event could not be sent",
}

func (v *visit) deliveryRow(d webhook.Delivery, path string, enabled bool) deliveryRow {
	row := deliveryRow{Delivery: d, Word: string(d.State), Tone: map[webhook.State]string{webhook.Delivered: "good", webhook.Failed: "bad"}[d.State]}
	switch {
	case d.State == webhook.Pending && d.Attempts > 0:
		row.Word, row.Tone = "retrying", "warn"
	case d.State == webhook.Pending:
		row.Word = "under way"
	}
	switch {
	case d.Status != 0:
		row.Answer = strconv.Itoa(d.Status) + " " + http.StatusText(d.Status)
	case d.Error != "":
		row.Answer = d.Error
		if words := egressWords[d.Error]; words != "" {
			row.Answer = words
		}
	case d.Attempts == 0:
		row.Answer = "not asked yet"
	}
	if d.Latency > 0 {
		row.Answer += " in " + d.Latency.Round(time.Millisecond).String()
	}
	if enabled && v.may(access.RegistryWrite) {
		row.Again = v.form(path+"/replay", "Deliver again").hide("event", d.Event).orElse(path)
	}
	return row
}

const deliveryPage = 25

func (v *visit) webhookItem() error {
	e, err := v.Webhooks.Find(v.r.Context(), v.caller, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	view := struct {
		hookRow
		Facts           []fact
		May             bool
		Role            string
		Rows            []deliveryRow
		State           *input
		Pager           pager
		Test, Pause     *form
		Rotate, Replay  *form
		Refresh         bool
		PreviousSecrets bool
	}{hookRow: v.hookRow(e), May: v.may(access.RegistryWrite), Role: v.lacksAdmin("change it")}
	types := "all but those that are for each refresh"
	if len(e.Types) > 0 {
		names := make([]string, len(e.Types))
		for i, t := range e.Types {
			names[i] = string(t)
		}
		types = strings.Join(names, ", ")
	}
	sandbox := e.Sandbox
	if sandbox == "" {
		sandbox = "every one"
	}
	view.Facts = []fact{{"Address", e.URL, true}, {"Events", types, false}, {"Sandbox", sandbox, false}, {"Id", e.ID, true}}
	if e.Description != "" {
		view.Facts = append(view.Facts, fact{"Description", e.Description, false})
	}
	view.PreviousSecrets = v.Clock.Now().Before(e.Secret.PreviousUntil)
	view.Test = v.form(view.Path+"/act", "Send a test event").hide("do", "test")
	view.Pause = v.form(view.Path+"/act", "Pause").hide("do", "pause").orElse(view.Path)
	if !e.Enabled {
		view.Pause = v.form(view.Path+"/act", "Resume").hide("do", "resume")
	}
	view.Rotate = v.form(view.Path+"/secret", "Rotate the secret").orElse(view.Path)
	view.Replay = v.form(view.Path+"/replay", "Deliver what it missed", text("since", "Since", "", "A day, in UTC: what failed since then, and what happened while it was paused.").of("date").needed())
	return v.webhookDeliveries(e, func(rows []deliveryRow, state *input, pages pager) error {
		view.Rows, view.State, view.Pager = rows, state, pages
		for i := range rows {
			view.Refresh = view.Refresh || rows[i].State == webhook.Pending && rows[i].Attempts == 0
		}
		return v.show(http.StatusOK, "settings_webhook", e.URL, &view)
	})
}

// webhookDeliveries reads a page of an endpoint's deliveries.
func (v *visit) webhookDeliveries(e webhook.Endpoint, show func([]deliveryRow, *input, pager) error) error {
	selection := webhook.DeliverySelection{State: webhook.State(v.r.URL.Query().Get("state")), Limit: deliveryPage + 1}
	if micros, id, ok := strings.Cut(v.cursor(), "."); ok {
		if at, err := strconv.ParseInt(micros, 10, 64); err == nil {
			selection.Before = webhook.Position{At: time.UnixMicro(at).UTC(), ID: id}
		}
	}
	all, err := v.Webhooks.Deliveries(v.r.Context(), v.caller, e.ID, selection)
	if err != nil {
		return err
	}
	next := ""
	if len(all) > deliveryPage {
		all = all[:deliveryPage]
		last := &all[deliveryPage-1]
		next = strconv.FormatInt(last.CreatedAt.UnixMicro(), 10) + "." + last.Event
	}
	rows := make([]deliveryRow, len(all))
	for i := range all {
		rows[i] = v.deliveryRow(all[i], webhookPath(e.ID), e.Enabled)
	}
	state := options("state", "State", "", string(selection.State), choiceOption{Value: "", Label: "Every delivery"}, choiceOption{Value: string(webhook.Pending), Label: "Under way"},
		choiceOption{Value: string(webhook.Delivered), Label: "Delivered"}, choiceOption{Value: string(webhook.Failed), Label: "Failed"})
	return show(rows, state, v.pager(next))
}

func (v *visit) webhookEdit() error {
	if err := v.caller.Require(access.RegistryWrite); err != nil {
		return err
	}
	e, err := v.Webhooks.Find(v.r.Context(), v.caller, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	inputs, err := v.hookInputs(e)
	if err != nil {
		return err
	}
	path := webhookPath(e.ID)
	f := v.form(path+"/edit", "Save", inputs...).orElse(path)
	view := formView{"Change the webhook endpoint", "", f}
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "admin_form", view.Heading, &view)
	}
	v.refill(f.Inputs)
	types, err := webhook.ParseTypes(v.r.PostForm["types"])
	if err == nil {
		_, err = v.Webhooks.Change(v.r.Context(), v.caller, e.ID, webhook.Change{URL: new(v.value("url")), Description: new(v.value("description")), Types: &types})
	}
	return v.adminSaved(view, err, path, "The endpoint was saved.")
}

// webhookAct sends a test, pauses and resumes.
func (v *visit) webhookAct() error {
	id := v.r.PathValue("id")
	path := webhookPath(id)
	if v.value("do") == "test" {
		sent, err := v.Webhooks.Test(v.r.Context(), v.caller, id)
		if err != nil {
			return err
		}
		return v.done(path, "The test event "+sent.ID+" is on its way; below you see whether it arrives.")
	}
	enabled := v.value("do") == "resume"
	if _, err := v.Webhooks.Change(v.r.Context(), v.caller, id, webhook.Change{Enabled: &enabled}); err != nil {
		return err
	}
	return v.done(path, map[bool]string{true: "It is resumed: what waited is delivered. What happened meanwhile is delivered on demand, below.", false: "It is paused, and gets nothing until it is resumed."}[enabled])
}

func (v *visit) webhookSecret() error {
	changed, err := v.Webhooks.RotateSecret(v.r.Context(), v.caller, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	return v.showSecret(changed, "The secret was rotated.")
}

func (v *visit) webhookReplay() error {
	id := v.r.PathValue("id")
	replay := webhook.Replay{Event: v.value("event")}
	if day := v.value("since"); replay.Event == "" && day != "" {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			return &webhook.InvalidError{Pointer: "/since", Message: "this is no day", Fix: "write it as 2026-11-21"}
		}
		replay.Since = at
	}
	n, err := v.Webhooks.Replay(v.r.Context(), v.caller, id, replay)
	if err != nil {
		return err
	}
	return v.done(webhookPath(id), map[bool]string{true: "There is nothing that it has missed.", false: countWords(n, "delivery begins", "deliveries begin") + " anew."}[n == 0])
}

// countWords says a number with its noun and verb.
func countWords(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

func (v *visit) webhookDelete() error {
	if err := v.caller.Require(access.RegistryWrite); err != nil {
		return err
	}
	e, err := v.Webhooks.Find(v.r.Context(), v.caller, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	path := webhookPath(e.ID)
	if !v.confirmed(e.ID) {
		return v.confirm(confirmation{What: "the endpoint", Name: e.ID, Goes: "the endpoint " + e.URL + " with its list of deliveries. It gets nothing any more.", Stays: "the events, for other endpoints."}, path+"/delete", path)
	}
	if err := v.Webhooks.Delete(v.r.Context(), v.caller, e.ID); err != nil {
		return err
	}
	return v.done(placeSettings+"/webhooks", "The endpoint "+e.URL+" was deleted.")
}
