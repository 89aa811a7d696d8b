package web

import (
	"net/http"
	"net/url"

	"latchkey/internal/finding"
	"latchkey/internal/registry"
)

// The passkeys of a person's account.

func (p *Pages) passkeyRoutes() map[string]func(*visit) error {
	const all, one = placeAccount + "/passkeys", placeAccount + "/passkeys/{id}"
	return map[string]func(*visit) error{
		"GET " + all + "/new":     (*visit).passkeyNew,
		"POST " + all + "/new":    (*visit).passkeyBegin,
		"POST " + all:             (*visit).passkeyAdd,
		"GET " + one + "/name":    (*visit).passkeyName,
		"POST " + one + "/name":   (*visit).passkeyName,
		"GET " + one + "/remove":  (*visit).passkeyRemove,
		"POST " + one + "/remove": (*visit).passkeyRemove,
	}
}

const passkeyLead = "A key pair of which your device keeps the private half, and uses it when you show your finger, your face or its PIN. It signs you in without the password, and counts as both factors."

// passkeyNew tells what a passkey is, or why there can't be one here, and asks for a proof where the sign-in is long ago.
func (v *visit) passkeyNew() error { return v.passkeyStart(http.StatusOK, nil) }

func (v *visit) passkeyStart(status int, problems finding.Problems) error {
	if _, why := v.relyingParty(v.r); why != "" {
		v.message(v.w, v.r, message{Status: http.StatusOK, Tone: "warn", Title: "No passkey can be made at this address", Text: []string{why}, Link: placeAccount, LinkText: "Back to your account", Here: placeAccount})
		return nil
	}
	if v.fresh() && problems == nil {
		return v.passkeyMake(http.StatusOK, nil)
	}
	f := v.form(placeAccount+"/passkeys/new", "Go on", v.proofInput(true)...).orElse(placeAccount)
	f.put(problems)
	view := formView{"Add a passkey", passkeyLead, f}
	return v.show(status, "admin_form", view.Heading, &view)
}

// passkeyBegin takes the proof.
func (v *visit) passkeyBegin() error {
	problems, status, err := v.proved(false)
	if err != nil {
		return err
	}
	if problems != nil {
		return v.passkeyStart(status, problems)
	}
	return v.passkeyMake(http.StatusOK, nil)
}

// passkeyMake shows the page that has the device make one. What it is asked holds for this session, and for an hour: with it the
// proof was given.
func (v *visit) passkeyMake(status int, problems finding.Problems) error {
	at, why := v.relyingParty(v.r)
	if why != "" {
		return v.to(placeAccount + "/passkeys/new")
	}
	options, err := v.Passkeys.Creation(v.r.Context(), at, v.user, v.organizationName(v.r.Context(), v.user), v.csrf())
	if err != nil {
		return err
	}
	name := text("name", "Name", browserWords(v.r.UserAgent()), "For you alone, to know it again in the list: the device that keeps it, or the password manager.").needed()
	view := struct {
		Lead, Host string
		Form       *form
		Ask        passkeyAsk
	}{passkeyLead, at.Host, v.form(placeAccount+"/passkeys", "", name).orElse(placeAccount), passkeyAsk{"make", options, "Make the passkey"}}
	if v.r.PostForm.Has("name") {
		name.Value = v.value("name")
	}
	view.Form.put(problems)
	return v.show(status, "account_passkey", "Add a passkey", &view)
}

// passkeyAdd takes what the device has made. Who has no recovery codes gets some, for the day when the device is lost.
func (v *visit) passkeyAdd() error {
	var problems finding.Problems
	at, why := v.relyingParty(v.r)
	answer := v.text("answer")
	if why == "" && answer == "" {
		why = noScript
	}
	if why != "" {
		problems.Wrong("", why, "")
		return v.passkeyAgain(problems)
	}
	_, err := v.Passkeys.Add(v.r.Context(), at, v.user, v.csrf(), v.value("name"), answer)
	if words := passkeyWords(err); words != "" {
		problems.Wrong("", words, "")
		return v.passkeyAgain(problems)
	}
	if found, ok := told(err); ok {
		return v.passkeyAgain(found)
	}
	if err != nil {
		return err
	}
	state, err := v.Factors.Of(v.r.Context(), v.caller, v.user)
	if err != nil || state.Recovery > 0 {
		return errOr(err, func() error { return v.done(placeAccount, "The passkey was added. It signs you in at "+at.Host+".") })
	}
	codes, err := v.Factors.RenewRecovery(v.r.Context(), v.user)
	return errOr(err, func() error { return v.showRecovery(revealed(codes), "The passkey was added.") })
}

// passkeyAgain shows the page anew. Where the answer came too late the proof may be old, too.
func (v *visit) passkeyAgain(problems finding.Problems) error {
	if !v.fresh() {
		return v.passkeyStart(http.StatusUnprocessableEntity, problems)
	}
	return v.passkeyMake(http.StatusUnprocessableEntity, problems)
}

// errOr goes on where there is no error.
func errOr(err error, onward func() error) error {
	if err != nil {
		return err
	}
	return onward()
}

// passkeyOf gives the one that the address names, of the person's own.
func (v *visit) passkeyOf() (registry.Passkey, string, error) {
	state, err := v.Factors.Of(v.r.Context(), v.caller, v.user)
	if err != nil {
		return registry.Passkey{}, "", err
	}
	for _, one := range state.Passkeys {
		if one.ID == v.r.PathValue("id") {
			return one, placeAccount + "/passkeys/" + url.PathEscape(one.ID), nil
		}
	}
	return registry.Passkey{}, "", registry.ErrNotFound
}

func (v *visit) passkeyName() error {
	one, path, err := v.passkeyOf()
	if err != nil {
		return err
	}
	f := v.form(path+"/name", "Save", text("name", "Name", one.Name, "").needed()).orElse(placeAccount)
	view := formView{"Rename the passkey", "It was made for " + one.Host + ". Only you see its name.", f}
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "admin_form", view.Heading, &view)
	}
	v.refill(f.Inputs)
	err = v.Passkeys.Rename(v.r.Context(), v.user, one.ID, v.value("name"))
	return v.adminSaved(view, err, placeAccount, "The passkey was renamed.")
}

func (v *visit) passkeyRemove() error {
	one, path, err := v.passkeyOf()
	if err != nil {
		return err
	}
	f := v.form(path+"/remove", "Remove the passkey", v.proofInput(true)...).orElse(placeAccount)
	f.Danger = true
	view := formView{"Remove the passkey " + one.Name + "?", "It signs nobody in any more. Delete it on the device, too: this server can't do that.", f}
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "admin_form", view.Heading, &view)
	}
	problems, status, err := v.proved(true)
	if err != nil {
		return err
	}
	if problems != nil {
		return v.again(view, status, problems)
	}
	if err := v.Passkeys.Remove(v.r.Context(), v.user, one.ID); err != nil {
		return err
	}
	return v.done(placeAccount, "The passkey "+one.Name+" was removed.")
}
