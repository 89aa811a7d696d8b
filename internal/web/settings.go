package web

import (
	"net/http"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/provider"
	"latchkey/internal/revocation"
	"latchkey/internal/webhook"
)

// The settings: an index that says how each of them stands, what is broken first; then a page each. What belongs to the whole
// installation takes the scope admin, as in the API.

func (p *Pages) settingsRoutes() map[string]func(*visit) error {
	const key, hook, host, grant = placeSettings + "/keys/{id}", placeSettings + "/webhooks/{id}", placeSettings + "/providers/{host}", placeSettings + "/revocations/{id}"
	return map[string]func(*visit) error{
		"GET " + placeSettings:                    (*visit).settingsIndex,
		"GET " + placeSettings + "/keys":          (*visit).keyList,
		"GET " + placeSettings + "/new-key":       (*visit).keyNew,
		"POST " + placeSettings + "/new-key":      (*visit).keyNew,
		"GET " + key + "/revoke":                  (*visit).keyRevoke,
		"POST " + key + "/revoke":                 (*visit).keyRevoke,
		"GET " + placeSettings + "/webhooks":      (*visit).webhookList,
		"GET " + placeSettings + "/new-webhook":   (*visit).webhookNew,
		"POST " + placeSettings + "/new-webhook":  (*visit).webhookNew,
		"GET " + hook:                             (*visit).webhookItem,
		"GET " + hook + "/edit":                   (*visit).webhookEdit,
		"POST " + hook + "/edit":                  (*visit).webhookEdit,
		"POST " + hook + "/act":                   (*visit).webhookAct,
		"POST " + hook + "/secret":                (*visit).webhookSecret,
		"POST " + hook + "/replay":                (*visit).webhookReplay,
		"GET " + hook + "/delete":                 (*visit).webhookDelete,
		"POST " + hook + "/delete":                (*visit).webhookDelete,
		"GET " + placeSettings + "/signing-keys":  (*visit).signingKeys,
		"POST " + placeSettings + "/signing-keys": (*visit).signingKeys,
		"GET " + placeSettings + "/root-key":      (*visit).rootKey,
		"POST " + placeSettings + "/root-key":     (*visit).rootKey,
		"GET " + placeSettings + "/mail":          (*visit).mailState,
		"POST " + placeSettings + "/mail":         (*visit).mailState,
		"GET " + placeSettings + "/providers":     (*visit).providerList,
		"GET " + host:                             (*visit).providerItem,
		"POST " + host:                            (*visit).providerResume,
		"GET " + placeSettings + "/revocations":   (*visit).revocationList,
		"GET " + grant:                            (*visit).revocationItem,
		"POST " + grant + "/retry":                (*visit).revocationRetry,
		"GET " + grant + "/forget":                (*visit).revocationForget,
		"POST " + grant + "/forget":               (*visit).revocationForget,
		"GET " + placeSettings + "/refusals":      (*visit).refusalList,
		"GET " + placeSettings + "/simulators":    (*visit).simulatorPage,
		"POST " + placeSettings + "/simulators":   (*visit).simulatorAct,
		"GET " + placeSettings + "/about":         (*visit).about,
		"POST " + placeSettings + "/backup":       (*visit).backup,
	}
}

// settingRow is a line of the index.
type settingRow struct {
	Name, Path, About string
	// Says is how it stands in a few words, Tone the colour.
	Says, Tone string
}

// settingsIndex says how everything stands. What can't be asked now is left without words: the others have to come out.
func (v *visit) settingsIndex() error {
	view := struct{ Access, Outside, House []settingRow }{}
	view.Access = []settingRow{v.keysRow(),
		{Name: "Refusals", Path: placeSettings + "/refusals", About: "Why a client got no token, by the x-debug-id of the answer."}}
	view.Outside = []settingRow{v.webhooksRow(), v.providersRow(), v.revocationsRow()}
	if v.may(access.Admin) {
		view.House = append(view.House, v.rootRow(), settingRow{Name: "Signing keys", Path: placeSettings + "/signing-keys", About: "What the authorization server signs tokens with."}, v.mailRow())
	}
	if v.Simulator != nil || v.Stage != nil {
		view.House = append(view.House, v.simulatorRow())
	}
	view.House = append(view.House, settingRow{Name: "About", Path: placeSettings + "/about", About: "Version, readiness, configuration and backups.", Says: "Latchkey " + v.Version})
	return v.show(http.StatusOK, "settings", "Settings", &view)
}

func (r *settingRow) tell(bad int, badWords, good string) {
	r.Says = good
	if bad > 0 {
		r.Says, r.Tone = badWords, "bad"
	}
}

func (v *visit) keysRow() settingRow {
	row := settingRow{Name: "API keys", Path: placeSettings + "/keys", About: "What programs call Latchkey with."}
	all, err := v.Keys.List(v.r.Context(), v.caller)
	if err != nil {
		return row
	}
	live, soon := 0, 0
	for _, k := range all {
		if keyState(&k, v.Clock.Now()) == keyLive {
			live++
			if !k.ExpiresAt.IsZero() && k.ExpiresAt.Before(v.Clock.Now().Add(soonDays*24*time.Hour)) {
				soon++
			}
		}
	}
	row.Says = plural(live, "key")
	if soon > 0 {
		row.Says, row.Tone = plural(soon, "key")+" to renew soon", "warn"
	}
	return row
}

func (v *visit) webhooksRow() settingRow {
	row := settingRow{Name: "Webhooks", Path: placeSettings + "/webhooks", About: "Endpoints of yours that are told what happens, with what was delivered."}
	all, err := v.Webhooks.List(v.r.Context(), v.caller)
	if err != nil {
		return row
	}
	bad := 0
	for i := range all {
		if webhookTone(&all[i]) == "bad" {
			bad++
		}
	}
	row.tell(bad, plural(bad, "endpoint")+" in trouble", plural(len(all), "endpoint"))
	return row
}

func webhookTone(e *webhook.Endpoint) string {
	switch {
	case e.Reason != "":
		return "bad"
	case !e.FailingSince.IsZero() && e.Enabled:
		return "bad"
	case !e.Enabled:
		return "warn"
	}
	return "good"
}

func (v *visit) providersRow() settingRow {
	row := settingRow{Name: "Providers", Path: placeSettings + "/providers", About: "How the authorization servers stand that connections take their tokens from."}
	all, err := v.Providers.List(v.caller, provider.Query{})
	if err != nil {
		return row
	}
	bad := 0
	for _, s := range all {
		if s.State != provider.Up && s.State != provider.Recovering || len(s.Incidents) > 0 {
			bad++
		}
	}
	row.tell(bad, plural(bad, "provider")+" in trouble", plural(len(all), "provider"))
	return row
}

func (v *visit) revocationsRow() settingRow {
	row := settingRow{Name: "Revocations", Path: placeSettings + "/revocations", About: "The grants of deleted connections, on their way to their end at the provider."}
	failed, err := v.Revocations.List(v.r.Context(), v.caller, revocation.Selection{State: revocation.Failed, Limit: countLimit + 1})
	if err != nil {
		return row
	}
	words := counted(len(failed), len(failed) > countLimit) + " failed"
	row.tell(len(failed), words, "none failed")
	return row
}
