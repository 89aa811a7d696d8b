package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/finding"
	"latchkey/internal/registry"
)

// The states of a key.
const (
	keyLive    = "in use"
	keyEnded   = "ended"
	keyRevoked = "revoked"
)

func keyState(k *registry.Key, now time.Time) string {
	switch {
	case !k.RevokedAt.IsZero():
		return keyRevoked
	case !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt):
		return keyEnded
	}
	return keyLive
}

// keyLine is an API key as the list shows it.
type keyLine struct {
	registry.Key
	State, Tone, Revoke string
	Rights              []asked
}

func (v *visit) keyLine(k registry.Key) keyLine {
	line := keyLine{Key: k, State: keyState(&k, v.Clock.Now()), Rights: keyRights(k.Scopes.Strings())}
	switch {
	case line.State != keyLive:
		line.Tone = "bad"
	case !k.ExpiresAt.IsZero() && k.ExpiresAt.Before(v.Clock.Now().Add(soonDays*24*time.Hour)):
		line.Tone = "warn"
	default:
		line.Tone = "good"
	}
	if line.State == keyLive && v.may(access.RegistryWrite) {
		line.Revoke = placeSettings + "/keys/" + url.PathEscape(k.ID) + "/revoke"
	}
	return line
}

// keyRights says what each scope lets a key do.
func keyRights(scopes []string) []asked {
	all := inWords(scopes)
	for i := range all {
		if all[i].Scope == string(access.Admin) {
			all[i].Words = "Everything in the organization"
		}
	}
	return all
}

func (v *visit) keyList() error {
	all, err := v.Keys.List(v.r.Context(), v.caller)
	if err != nil {
		return err
	}
	query := v.r.URL.Query()
	view := struct {
		Rows         []keyLine
		Search, Role string
		Past, May    bool
		Pager        pager
	}{Search: query.Get("q"), Past: query.Has("past"), May: v.may(access.RegistryWrite), Role: v.lacksAdmin("make and revoke keys")}
	slices.Reverse(all) // the newest first
	next := ""
	for i := range all {
		k := &all[i]
		if !view.Past && keyState(k, v.Clock.Now()) != keyLive || !contains(view.Search, k.Name, k.ID, k.Prefix, k.Sandbox) || v.cursor() != "" && k.ID >= v.cursor() {
			continue
		}
		if len(view.Rows) == adminPage {
			next = view.Rows[adminPage-1].ID
			break
		}
		view.Rows = append(view.Rows, v.keyLine(*k))
	}
	view.Pager = v.pager(next)
	return v.show(http.StatusOK, "settings_keys", "API keys", &view)
}

// keyForm asks for a key.
func (v *visit) keyForm() (*form, error) {
	scopes := &input{Name: "scopes", Label: "What it may do", Kind: checksInput}
	for _, right := range keyRights(access.Scopes(access.AllScopes()).Strings()) {
		scopes.Options = append(scopes.Options, choiceOption{Value: right.Scope, Label: right.Words, Hint: right.Scope})
	}
	sandboxes, err := v.Tenants.Sandboxes(v.r.Context(), v.caller)
	if err != nil {
		return nil, err
	}
	bound := options("sandbox_limit", "Sandbox", "A key that is bound to one sees no other, and administers nothing.", "", choiceOption{Value: "", Label: "Every sandbox"})
	for _, s := range sandboxes {
		bound.Options = append(bound.Options, choiceOption{Value: s.Name, Label: s.Name})
	}
	return v.form(placeSettings+"/new-key", "Create key", text("name", "Name", "", "What will use it: billing.").needed(), scopes, bound,
		text("calls/methods", "Methods", "", "Through the proxy, it may call with these alone: GET, POST. Empty for every one.").maybe(),
		text("calls/paths", "Paths", "", "Through the proxy, it may call these alone, one a line: /v1/reports/*, where ** at the end is all that follows.").of(areaInput).maybe(),
		text("expires_at", "Ends on", "", "Without a day it does not end. The calendar warns before it does.").of("date").maybe()).orElse(placeSettings + "/keys"), nil
}

func (v *visit) keyNew() error {
	if err := v.caller.Require(access.RegistryWrite); err != nil {
		return err
	}
	f, err := v.keyForm()
	if err != nil {
		return err
	}
	view := formView{"New API key", "Its value is shown once, on the next page.", f}
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "admin_form", view.Heading, &view)
	}
	v.refill(f.Inputs)
	made, err := v.keyMake()
	if invalid, ok := told(err); ok {
		for i := range invalid { // the page's own field is named sandbox already, by what the form was shown in
			if invalid[i].Pointer == "/sandbox" {
				invalid[i].Pointer = "/sandbox_limit"
			}
		}
		err = invalid
	}
	if err != nil {
		return v.adminSaved(view, err, "", "")
	}
	return v.show(http.StatusOK, "settings_key_made", "The key "+made.Name, struct {
		keyLine
		Value, Address string
	}{v.keyLine(made.Key), made.Value.Reveal(), v.address()})
}

func (v *visit) keyMake() (registry.CreatedKey, error) {
	ask := registry.NewKey{Name: v.value("name"), Sandbox: v.value("sandbox_limit")}
	ask.Calls = access.Calls{Methods: strings.Fields(strings.ToUpper(strings.ReplaceAll(v.value("calls/methods"), ",", " "))), Paths: strings.Fields(v.value("calls/paths"))}
	for _, scope := range v.r.PostForm["scopes"] {
		ask.Scopes = append(ask.Scopes, access.Scope(scope))
	}
	if day := v.value("expires_at"); day != "" {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			var problems finding.Problems
			problems.Wrong("/expires_at", "this is no day", "write it as 2027-12-31")
			return registry.CreatedKey{}, problems
		}
		ask.ExpiresAt = at.Add(24 * time.Hour) // the day itself is good still
	}
	return v.Keys.Create(v.r.Context(), v.caller, ask)
}

func (v *visit) keyRevoke() error {
	if err := v.caller.Require(access.RegistryWrite); err != nil {
		return err
	}
	k, err := v.Keys.Key(v.r.Context(), v.caller, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	path := placeSettings + "/keys"
	name := strings.Join(strings.Fields(k.Name), " ")
	if !v.confirmed(name) {
		return v.confirm(confirmation{Verb: "Revoke", Past: "revoked", What: "the key", Name: name, Goes: "the key’s rights, at once. Programs that call with it are refused.", Stays: "what it made, and its line in the list of past keys."}, path+"/"+url.PathEscape(k.ID)+"/revoke", path)
	}
	if _, err := v.Keys.Revoke(v.r.Context(), v.caller, k.ID); err != nil {
		return err
	}
	return v.done(path, "The key "+name+" was revoked.")
}
