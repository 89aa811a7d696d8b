package web

import (
	"errors"
	"net/http"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/registry"
	"latchkey/internal/secret"
)

// The pages of a person's own account: what it is called, its password, its second proofs (account_factor.go),
// where it is signed in (account_session.go).

func (p *Pages) accountRoutes() map[string]func(*visit) error {
	return map[string]func(*visit) error{
		"GET " + placeAccount:                         (*visit).account,
		"GET " + placeAccount + "/name":               (*visit).accountName,
		"POST " + placeAccount + "/name":              (*visit).accountName,
		"GET " + placeAccount + "/password":           (*visit).accountPassword,
		"POST " + placeAccount + "/password":          (*visit).accountPassword,
		"GET " + placeAccount + "/app":                (*visit).accountApp,
		"POST " + placeAccount + "/app":               (*visit).accountBeginApp,
		"POST " + placeAccount + "/app/code":          (*visit).accountConfirmApp,
		"GET " + placeAccount + "/app/remove":         (*visit).accountRemoveApp,
		"POST " + placeAccount + "/app/remove":        (*visit).accountRemoveApp,
		"GET " + placeAccount + "/recovery":           (*visit).accountRecovery,
		"POST " + placeAccount + "/recovery":          (*visit).accountRecovery,
		"POST " + placeAccount + "/sessions":          (*visit).accountEndOthers,
		"POST " + placeAccount + "/sessions/{id}/end": (*visit).accountEndSession,
	}
}

// accountView is the page.
type accountView struct {
	registry.User
	Organization string
	Facts        []fact
	State        registry.FactorState
	Sessions     []sessionRow
	EndOthers    *form
	// Identities are who the person is at the provider.
	Identities []registry.Identity
	// NoPasskey says why none can be made at this address, "" where one can.
	NoPasskey string
}

func (v *visit) account() error {
	state, err := v.Factors.Of(v.r.Context(), v.caller, v.user)
	if err != nil {
		return err
	}
	view := accountView{User: v.user, Organization: v.organizationName(v.r.Context(), v.user), State: state}
	view.Facts = []fact{{"Name", v.user.Name(), false}, {"E-mail", v.user.Email, true}, {"Organization", view.Organization, false}, {"Role", v.user.Role.Words(), false}, {"Id", v.user.ID, true}}
	if view.Sessions, err = v.sessionRows(v.user.ID, placeAccount+"/sessions/"); err != nil {
		return err
	}
	_, view.NoPasskey = v.relyingParty(v.r)
	if v.openID != nil {
		if view.Identities, err = v.openID.Identities.Of(v.r.Context(), v.user); err != nil {
			return err
		}
	}
	if len(view.Sessions) > 1 {
		view.EndOthers = v.form(placeAccount+"/sessions", "End all others").orElse(placeAccount)
	}
	return v.show(http.StatusOK, "account", "Your account", &view)
}

func (v *visit) accountName() error {
	f := v.form(placeAccount+"/name", "Save", text("first_name", "First name", v.user.FirstName, "").maybe(), text("last_name", "Last name", v.user.LastName, "").maybe()).orElse(placeAccount)
	view := formView{"Your name", "What others see of you, beside your e-mail address.", f}
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "admin_form", view.Heading, &view)
	}
	v.refill(f.Inputs)
	_, err := v.Users.Rename(v.r.Context(), v.user, v.value("first_name"), v.value("last_name"))
	return v.adminSaved(view, err, placeAccount, "Your name was saved.")
}

// accountPassword takes another password. All sessions end by that; this browser gets a new one.
func (v *visit) accountPassword() error {
	if v.byProvider() {
		return v.done(placeAccount, "You have no password: you sign in with "+v.openID.Name+". An administrator can make a link by which you set one.")
	}
	old := text("old", "Password now", "", "").of(currentInput).needed()
	fresh := text("password", "New password", "", "12 characters or more. A few words that nobody would guess are better than marks and digits.").of(secretInput).needed()
	again := text("again", "The new password again", "", "").of(secretInput).needed()
	f := v.form(placeAccount+"/password", "Change the password", old, fresh, again).orElse(placeAccount)
	view := formView{"Change your password", "You stay signed in here, and are signed out everywhere else.", f}
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "admin_form", view.Heading, &view)
	}
	var problems finding.Problems
	if v.text("password") != v.text("again") {
		problems.Wrong("/again", "the two passwords differ", "enter the same one twice")
		return v.again(view, http.StatusUnprocessableEntity, problems)
	}
	if wait := v.guesses.wait(v.r, v.user.Email); wait > 0 {
		problems.Wrong("/old", tooMany(v.w, wait), "")
		return v.again(view, http.StatusTooManyRequests, problems)
	}
	user, err := v.Users.ChangePassword(v.r.Context(), v.user, secret.New(v.text("old")), secret.New(v.text("password")))
	if errors.Is(err, registry.ErrSignIn) {
		problems.Wrong("/old", "this is not your password", "try again; who has forgotten it asks an administrator for a link")
		return v.again(view, http.StatusUnprocessableEntity, problems)
	}
	if err != nil {
		return v.adminSaved(view, err, "", "")
	}
	begun, err := v.Sessions.Renew(v.r.Context(), v.session, user)
	if err != nil {
		return err
	}
	v.enter(v.w, v.r, begun)
	redirectBack(v.w, v.r, placeAccount)
	return nil
}

// again shows a form with what is wrong in it.
func (v *visit) again(view formView, status int, problems finding.Problems) error {
	view.Form.put(problems)
	return v.show(status, "admin_form", view.Heading, &view)
}

// freshLife is how long somebody who signed in is not asked again for a proof before an act that must be his or her own.
const freshLife = 10 * time.Minute

func (v *visit) fresh() bool { return v.Clock.Now().Sub(v.session.BeganAt) < freshLife }

// proofInput asks for a proof once more, of whoever did not just sign in.
func (v *visit) proofInput(always bool) []*input {
	if v.fresh() && !always || v.provedByProvider() {
		return nil
	}
	if v.byProvider() {
		return []*input{v.providerInput()}
	}
	return []*input{text("proof", "Your password, or a code of your app", "", "So that nobody else does this at a browser that you left open.").of(currentInput).needed()}
}

// proved takes that proof. Without it, it gives what is wrong with it, and the status of the page.
func (v *visit) proved(always bool) (problems finding.Problems, status int, err error) {
	if v.fresh() && !always || v.provedByProvider() {
		return nil, 0, nil
	}
	if v.byProvider() && v.text("proof") == "" {
		return v.unproved()
	}
	if wait := v.guesses.wait(v.r, v.user.Email); wait > 0 {
		problems.Wrong("/proof", tooMany(v.w, wait), "")
		return problems, http.StatusTooManyRequests, nil
	}
	err = v.Factors.Reprove(v.r.Context(), v.user, secret.New(v.text("proof")))
	if errors.Is(err, registry.ErrSignIn) {
		problems.Wrong("/proof", "this is neither your password nor a code that counts now", "try again; a code works once")
		return problems, http.StatusUnprocessableEntity, nil
	}
	return nil, 0, err
}
