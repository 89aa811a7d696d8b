package web

import (
	"cmp"
	"net/http"
	"net/url"

	"latchkey/internal/access"
	"latchkey/internal/registry"
)

// sessionRow is a browser at which a person is signed in.
type sessionRow struct {
	registry.Session
	Browser, Address, Proofs string
	// Here tells that it is the one that asks.
	Here bool
	End  *form
}

// proofWords say how somebody showed who it is.
var proofWords = map[registry.Proof]string{
	registry.ByPassword: "password", registry.ByInvitation: "link of an invitation", registry.ByTicket: "link of the server", registry.ByPasskey: "passkey",
	registry.ByProvider: "identity provider", registry.ByCode: "code of an app", registry.ByRecovery: "recovery code",
}

func (v *visit) sessionRows(person, path string) ([]sessionRow, error) {
	all, err := v.Sessions.List(v.r.Context(), v.caller, person)
	if err != nil {
		return nil, err
	}
	rows := make([]sessionRow, 0, len(all))
	for _, s := range all {
		row := sessionRow{Session: s, Browser: browserWords(s.Browser.Agent), Address: cmp.Or(s.Browser.Address, "not known"), Here: s.ID == v.session.ID, Proofs: cmp.Or(proofWords[s.Proof], string(s.Proof))}
		if s.Second != "" && s.Second != s.Proof {
			row.Proofs += " and " + cmp.Or(proofWords[s.Second], string(s.Second))
		}
		if !row.Here {
			row.End = v.form(path+url.PathEscape(s.ID)+"/end", "End").orElse(path)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (v *visit) accountEndSession() error {
	if err := v.Sessions.EndOne(v.r.Context(), v.caller, v.user.ID, v.r.PathValue("id")); err != nil {
		return err
	}
	return v.done(placeAccount, "The session was ended: that browser is asked to sign in.")
}

func (v *visit) accountEndOthers() error {
	n, err := v.Sessions.EndAll(v.r.Context(), v.caller, v.user.ID, v.session.ID)
	if err != nil {
		return err
	}
	return v.done(placeAccount, plural(n, "other session")+" ended. You are signed in here alone.")
}

// What an administrator does with somebody's sign-in.

func (p *Pages) adminSignInRoutes() map[string]func(*visit) error {
	const person = placeAdmin + "/users/{user}/sign-in"
	return map[string]func(*visit) error{
		"GET " + person:                         (*visit).adminSignIn,
		"POST " + person + "/end":               (*visit).adminEndSessions,
		"POST " + person + "/sessions/{id}/end": (*visit).adminEndSession,
		"GET " + person + "/reset":              (*visit).adminResetFactors,
		"POST " + person + "/reset":             (*visit).adminResetFactors,
		"GET " + placeAdmin + "/sign-in":        (*visit).adminSignInRules,
		"POST " + placeAdmin + "/sign-in":       (*visit).adminSignInRules,
	}
}

func (v *visit) signInOf() (registry.User, string, error) {
	if err := v.caller.RequireRole(access.SystemAdministrator); err != nil {
		return registry.User{}, "", err
	}
	u, err := v.Users.Find(v.r.Context(), v.caller, v.r.PathValue("user"))
	return u, userPath(u.ID) + "/sign-in", err
}

func (v *visit) adminSignIn() error {
	u, path, err := v.signInOf()
	if err != nil {
		return err
	}
	view := struct {
		registry.User
		Path, Reset string
		State       registry.FactorState
		Identities  []registry.Identity
		Sessions    []sessionRow
		EndAll      *form
	}{User: u, Path: userPath(u.ID)}
	if view.State, err = v.Factors.Of(v.r.Context(), v.caller, u); err != nil {
		return err
	}
	if v.openID != nil {
		if view.Identities, err = v.openID.Identities.Of(v.r.Context(), u); err != nil {
			return err
		}
	}
	if view.Sessions, err = v.sessionRows(u.ID, path+"/sessions/"); err != nil {
		return err
	}
	if len(view.Sessions) > 0 && u.ID != v.caller.User {
		view.EndAll = v.form(path+"/end", "End all").orElse(path)
	}
	if (view.State.Any() || len(view.Identities) > 0) && u.ID != v.caller.User {
		view.Reset = path + "/reset"
	}
	return v.show(http.StatusOK, "admin_signin", "Sign-in of "+u.Name(), &view)
}

func (v *visit) adminEndSession() error {
	u, path, err := v.signInOf()
	if err != nil {
		return err
	}
	if err := v.Sessions.EndOne(v.r.Context(), v.caller, u.ID, v.r.PathValue("id")); err != nil {
		return err
	}
	return v.done(path, "The session was ended.")
}

func (v *visit) adminEndSessions() error {
	u, path, err := v.signInOf()
	if err != nil {
		return err
	}
	except := ""
	if u.ID == v.caller.User {
		except = v.session.ID
	}
	n, err := v.Sessions.EndAll(v.r.Context(), v.caller, u.ID, except)
	if err != nil {
		return err
	}
	return v.done(path, u.Name()+" is signed out: "+plural(n, "session")+" ended.")
}

func (v *visit) adminResetFactors() error {
	u, path, err := v.signInOf()
	if err != nil {
		return err
	}
	view := formView{"Take the second factors of " + u.Name() + " away?", "For somebody who has lost the device: the authenticator app, the passkeys and the recovery codes count no more, and the password alone signs in. A link with the identity provider goes, too: the next sign-in there makes it anew. Make sure that it is " + u.Name() + " who asks.",
		v.form(path+"/reset", "Take them away").orElse(path)}
	view.Form.Danger = true
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "admin_form", view.Heading, &view)
	}
	_, err = v.Factors.Reset(v.r.Context(), v.caller, u.ID)
	return v.adminSaved(view, err, path, "The second factors of "+u.Name()+" were taken away.")
}

// rulesView is the page of what everybody is asked for.
type rulesView struct {
	Tabs  tabs
	Role  string
	Rules registry.SignInRules
	Form  *form
}

func (v *visit) adminSignInRules() error {
	rules, err := v.Factors.Rules(v.r.Context(), v.caller)
	if err != nil {
		return err
	}
	if v.r.Method == http.MethodPost {
		if err := v.Factors.SetRules(v.r.Context(), v.caller, registry.SignInRules{SecondFactor: v.value("second_factor") != ""}); err != nil {
			return err
		}
		return v.done(placeAdmin+"/sign-in", "The rules of the sign-in were saved.")
	}
	view := rulesView{Tabs: adminTabs("Sign-in"), Role: v.lacksAdmin("change it"), Rules: rules}
	if v.administers() {
		view.Form = v.form(placeAdmin+"/sign-in", "Save", check("second_factor", "Ask everybody for a second factor",
			"After a password. Whoever has none is asked to add an authenticator app at the next sign-in. A passkey is one, and who signs in by the identity provider is asked there.", rules.SecondFactor))
	}
	return v.show(http.StatusOK, "admin_rules", "How people sign in", &view)
}
