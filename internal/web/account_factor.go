package web

import (
	"errors"
	"html/template"
	"net/http"

	"latchkey/internal/finding"
	"latchkey/internal/registry"
)

// accountApp shows what an authenticator app is good for, and begins one.
func (v *visit) accountApp() error { return v.showBeginApp(http.StatusOK, nil) }

func (v *visit) showBeginApp(status int, problems finding.Problems) error {
	f := v.form(placeAccount+"/app", "Go on", v.proofInput(false)...).orElse(placeAccount)
	f.put(problems)
	view := formView{"Add an authenticator app", "It makes a code every half minute, which is asked for after the password. Any app for one-time passwords will do: your password manager, or one on your phone.", f}
	return v.show(status, "admin_form", view.Heading, &view)
}

// accountBeginApp makes the secret, and shows it.
func (v *visit) accountBeginApp() error {
	problems, status, err := v.proved(false)
	if err != nil {
		return err
	}
	if problems != nil {
		return v.showBeginApp(status, problems)
	}
	enrolment, err := v.Factors.Enrol(v.r.Context(), v.user, v.issuer(v.r.Context(), v.user))
	if errors.Is(err, registry.ErrConflict) {
		return v.done(placeAccount, "You have an authenticator app already. Remove it first to set up another.")
	}
	if err != nil {
		return err
	}
	return v.showApp(http.StatusOK, enrolment, nil)
}

// appView is the page with the secret.
type appView struct {
	Picture template.HTML
	Secret  string
	Form    *form
}

func (v *visit) showApp(status int, enrolment registry.Enrolment, problems finding.Problems) error {
	code := text("code", "The code that the app shows now", "", "")
	code.Kind, code.Focus = codeOnceInput, true
	view := appView{Secret: inGroups(enrolment.Secret.Reveal()), Form: v.form(placeAccount+"/app/code", "Confirm", code.needed()).orElse(placeAccount)}
	view.Form.put(problems)
	var err error
	if view.Picture, err = qrPicture(enrolment.URI); err != nil {
		return err
	}
	return v.show(status, "account_app", "Add an authenticator app", &view)
}

// accountConfirmApp takes the first code.
func (v *visit) accountConfirmApp() error {
	enrolment, err := v.Factors.Enrolling(v.r.Context(), v.user, v.issuer(v.r.Context(), v.user))
	if errors.Is(err, registry.ErrNotFound) {
		return v.to(placeAccount)
	}
	if err != nil {
		return err
	}
	var problems finding.Problems
	if wait := v.guesses.wait(v.r, "code of "+v.user.ID); wait > 0 {
		problems.Wrong("/code", tooMany(v.w, wait), "")
		return v.showApp(http.StatusTooManyRequests, enrolment, problems)
	}
	codes, _, err := v.Factors.Confirm(v.r.Context(), v.user, v.text("code"))
	if errors.Is(err, registry.ErrSecond) {
		problems.Wrong("/code", "this is not the code of this moment", "wait for the next one; when none is taken, the clock of the device is wrong")
		return v.showApp(http.StatusUnprocessableEntity, enrolment, problems)
	}
	if err != nil {
		return err
	}
	return v.showRecovery(revealed(codes), "The authenticator app was added.")
}

// showRecovery shows recovery codes, this once.
func (v *visit) showRecovery(codes []string, said string) error {
	view := struct {
		Codes []string
		Said  string
	}{codes, said}
	return v.show(http.StatusOK, "account_recovery", "Recovery codes", &view)
}

func (v *visit) accountRemoveApp() error {
	f := v.form(placeAccount+"/app/remove", "Remove the app", v.proofInput(true)...).orElse(placeAccount)
	f.Danger = true
	view := formView{"Remove the authenticator app?", "Its codes count no more, and the recovery codes go with it.", f}
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
	if err := v.Factors.RemoveAuthenticator(v.r.Context(), v.user); err != nil {
		return err
	}
	return v.done(placeAccount, "The authenticator app was removed.")
}

// accountRecovery makes recovery codes anew.
func (v *visit) accountRecovery() error {
	f := v.form(placeAccount+"/recovery", "Make new codes", v.proofInput(true)...).orElse(placeAccount)
	view := formView{"Make new recovery codes?", "Each stands in once for the app, for the day when it is lost. Those of before count no more.", f}
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
	codes, err := v.Factors.RenewRecovery(v.r.Context(), v.user)
	if err != nil {
		return v.adminSaved(view, err, "", "")
	}
	return v.showRecovery(revealed(codes), "New recovery codes were made.")
}
