package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/authority"
	"latchkey/internal/registry"
)

func userPath(id string) string { return placeAdmin + "/users/" + url.PathEscape(id) }

// userRow is a person as the list shows it.
type userRow struct {
	registry.User
	Path, Says, Tone string
	// Grants are the product profiles that a developer may give, in words.
	Grants string
}

func (v *visit) userRow(u registry.User, called map[string]string) userRow {
	row := userRow{User: u, Path: userPath(u.ID), Says: "active", Tone: "good"}
	switch {
	case u.Status == registry.UserDisabled:
		row.Says, row.Tone = "disabled", "bad"
	case u.Status == registry.UserInvited && v.Clock.Now().After(u.LinkUntil):
		row.Says, row.Tone = "the invitation has ended", "warn"
	case u.Status == registry.UserInvited:
		row.Says, row.Tone = "invited", ""
	}
	switch {
	case u.Role != access.Developer:
	case slices.Contains(u.Profiles, access.AllProfiles):
		row.Grants = "every product profile"
	case len(u.Profiles) == 0:
		row.Grants = "no product profile yet"
	default:
		var names []string
		for _, id := range u.Profiles {
			names = append(names, cmp.Or(called[id], id))
		}
		row.Grants = strings.Join(names, ", ")
	}
	return row
}

// profileNames gives what people call each product profile, by its id.
func (v *visit) profileNames() (map[string]string, error) {
	profiles, err := v.Services.Profiles(v.r.Context(), v.caller, "")
	called := map[string]string{}
	for _, p := range profiles {
		called[p.ID] = p.Name
	}
	return called, err
}

func (v *visit) adminUsers() error {
	all, err := v.Users.List(v.r.Context(), v.caller)
	if err != nil {
		return err
	}
	called, err := v.profileNames()
	if err != nil {
		return err
	}
	query := v.r.URL.Query()
	view := struct {
		Rows         []userRow
		Search, Role string
		Chosen       *input
		Tabs         tabs
		All          int
		May          bool
		Pager        pager
	}{Search: query.Get("q"), Tabs: adminTabs("Users"), All: len(all), May: v.administers(), Role: v.lacksAdmin("invite and change people")}
	role := access.Role(query.Get("role"))
	view.Chosen = roleInput("role", "Role", "Every role", role)
	next := ""
	for _, u := range all { // in the order of their addresses, which is what a page ends with
		key := strings.ToLower(u.Email)
		if role != "" && u.Role != role || !contains(view.Search, u.Email, u.Name(), u.ID) || v.cursor() != "" && key <= v.cursor() {
			continue
		}
		if len(view.Rows) == adminPage {
			next = strings.ToLower(view.Rows[adminPage-1].Email)
			break
		}
		view.Rows = append(view.Rows, v.userRow(u, called))
	}
	view.Pager = v.pager(next)
	return v.show(http.StatusOK, "admin_users", "Users", &view)
}

// roleInput lets choose a role; none is offered in these words, unless they are "".
func roleInput(name, label, none string, chosen access.Role) *input {
	in := options(name, label, "", "")
	if none != "" {
		in.Options = append(in.Options, choiceOption{Value: "", Label: none})
	}
	for _, r := range access.Roles() {
		in.Options = append(in.Options, choiceOption{Value: string(r), Label: r.Words()})
	}
	return in.choose(string(chosen))
}

// rightsInputs are what a person may do: the role, and the product profiles of a developer.
func (v *visit) rightsInputs(u registry.User) ([]*input, error) {
	role := &input{Name: "role", Label: "Role", Kind: radioInput, Required: true, Options: []choiceOption{
		{Value: string(access.SystemAdministrator), Label: "System Administrator", Hint: "Does everything in the organization."},
		{Value: string(access.Developer), Label: "Developer", Hint: "Makes projects and credentials, with the product profiles below."},
		{Value: string(access.Viewer), Label: "Viewer", Hint: "Looks, and sees no secret."},
	}}
	role.choose(string(u.Role))
	profiles, err := v.Services.Profiles(v.r.Context(), v.caller, "")
	if err != nil {
		return nil, err
	}
	names, err := v.serviceNames()
	if err != nil {
		return nil, err
	}
	boxes := &input{Name: "profiles", Label: "Product profiles", Hint: "Of a developer alone: which of them he or she may give to credentials.", Kind: checksInput}
	boxes.Options = append(boxes.Options, choiceOption{Value: access.AllProfiles, Label: "Every product profile", Hint: "Those made later too."})
	for _, p := range profiles {
		boxes.Options = append(boxes.Options, choiceOption{Value: p.ID, Label: p.Name, Hint: cmp.Or(names[p.Service], p.Service)})
	}
	for i := range boxes.Options {
		boxes.Options[i].Chosen = slices.Contains(u.Profiles, boxes.Options[i].Value)
	}
	return []*input{role, boxes}, nil
}

// chosenProfiles are the product profiles of the form, when the role is one that has them: a box that stayed ticked is no mistake.
func (v *visit) chosenProfiles() []string {
	if access.Role(v.value("role")) != access.Developer {
		return nil
	}
	return v.r.PostForm["profiles"]
}

func (v *visit) adminInvite() error {
	if err := v.caller.RequireRole(access.SystemAdministrator); err != nil {
		return err
	}
	rights, err := v.rightsInputs(registry.User{Role: access.Viewer})
	if err != nil {
		return err
	}
	inputs := append([]*input{text("email", "E-mail", "", "").needed(), text("first_name", "First name", "", "").maybe(), text("last_name", "Last name", "", "").maybe()}, rights...)
	f := v.form(placeAdmin+"/new-user", "Invite", inputs...).orElse(placeAdmin + "/users")
	view := formView{"Invite a person", "You get a link to send: it sets a password, once, and is good for seven days.", f}
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "admin_form", view.Heading, &view)
	}
	v.refill(f.Inputs)
	made, err := v.Users.Invite(v.r.Context(), v.caller, registry.NewUser{
		Email: v.value("email"), FirstName: v.value("first_name"), LastName: v.value("last_name"), Role: access.Role(v.value("role")), Profiles: v.chosenProfiles(),
	})
	if err != nil {
		return v.adminSaved(view, err, "", "")
	}
	return v.showInvitation(made, made.User.Name()+" is invited.")
}

// showInvitation shows the link, this once.
func (v *visit) showInvitation(made registry.Invitation, said string) error {
	called, err := v.profileNames()
	if err != nil {
		return err
	}
	link := v.address() + "/invitation?token=" + url.QueryEscape(made.Token.Reveal())
	organization := v.organizationName(v.r.Context(), made.User)
	body := fmt.Sprintf("Hello %s,\n\nyou are invited to %s on Latchkey. Set your password here, by %s:\n\n%s\n", made.User.Name(), organization, made.Until.UTC().Format("2006-01-02 15:04 UTC"), link)
	view := struct {
		userRow
		Link, Mail, Said string
		Invitation       registry.Invitation
	}{v.userRow(made.User, called), link, "mailto:" + url.PathEscape(made.User.Email) + "?" + strings.ReplaceAll(url.Values{"subject": {"Your access to " + organization}, "body": {body}}.Encode(), "+", "%20"), said, made}
	return v.show(http.StatusOK, "admin_invited", said, &view)
}

// consentRow is what a person agreed to give a client.
type consentRow struct {
	authority.Consented
	Name, Path string
	Asks       []asked
	Withdraw   *form
}

// userView is a person's page.
type userView struct {
	userRow
	Facts         []fact
	Role          string
	May, Self     bool
	Consents      []consentRow
	Disable       *form
	Profiles      []placement
	Administrator bool
}

func (v *visit) adminUser() error {
	u, err := v.Users.Find(v.r.Context(), v.caller, v.r.PathValue("user"))
	if err != nil {
		return err
	}
	called, err := v.profileNames()
	if err != nil {
		return err
	}
	view := userView{userRow: v.userRow(u, called), May: v.administers(), Self: u.ID == v.caller.User, Role: v.lacksAdmin("change people")}
	view.Administrator = u.Role == access.SystemAdministrator
	if u.Status == registry.UserDisabled {
		view.Disable = v.form(view.Path+"/status", "Enable").hide("do", "enable")
	} else {
		view.Disable = v.form(view.Path+"/status", "Disable").hide("do", "disable").orElse(view.Path)
	}
	view.Facts = []fact{{"E-mail", u.Email, true}, {"Id", u.ID, true}, {"Invited by", u.CreatedBy, true}}
	for _, id := range u.Profiles {
		if name, ok := called[id]; ok {
			view.Profiles = append(view.Profiles, placement{Profile: name, Path: profilePath(id)})
		}
	}
	if view.Consents, err = v.consentsOf(u, view.Path); err != nil {
		return err
	}
	return v.show(http.StatusOK, "admin_user", u.Name(), &view)
}

func (v *visit) consentsOf(u registry.User, path string) ([]consentRow, error) {
	all, err := v.Agreements.List(v.r.Context(), v.caller, u.ID)
	if err != nil {
		return nil, err
	}
	var rows []consentRow
	for _, one := range all {
		row := consentRow{Consented: one, Name: one.ClientID, Asks: inWords(one.Scopes)}
		if c, err := v.Credentials.Find(v.r.Context(), v.caller, one.ClientID); err == nil {
			row.Name, row.Path = c.Name, credentialPath(&c)
		}
		if v.administers() || u.ID == v.caller.User {
			row.Withdraw = v.form(path+"/consents", "Withdraw").hide("client", one.ClientID).orElse(path)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (v *visit) adminWithdraw() error {
	u, err := v.Users.Find(v.r.Context(), v.caller, v.r.PathValue("user"))
	if err != nil {
		return err
	}
	if err := v.Agreements.Withdraw(v.r.Context(), v.caller, u.ID, v.value("client")); err != nil {
		return err
	}
	return v.done(userPath(u.ID), "The consent was withdrawn. The tokens that came of it count no more, and "+u.Name()+" is asked when the client comes again.")
}

func (v *visit) adminUserStatus() error {
	ref := v.r.PathValue("user")
	if v.value("do") == "enable" {
		u, err := v.Users.Enable(v.r.Context(), v.caller, ref)
		if err != nil {
			return err
		}
		said := u.Name() + " may sign in again."
		if u.Status == registry.UserInvited {
			said = u.Name() + " is enabled, and has no password yet: reset the password for a link."
		}
		return v.done(userPath(u.ID), said)
	}
	u, err := v.Users.Disable(v.r.Context(), v.caller, ref)
	if err != nil {
		return err
	}
	return v.done(userPath(u.ID), u.Name()+" is kept out, and signed out everywhere.")
}

func (v *visit) adminEditUser() error {
	if err := v.caller.RequireRole(access.SystemAdministrator); err != nil {
		return err
	}
	u, err := v.Users.Find(v.r.Context(), v.caller, v.r.PathValue("user"))
	if err != nil {
		return err
	}
	rights, err := v.rightsInputs(u)
	if err != nil {
		return err
	}
	path := userPath(u.ID)
	inputs := append([]*input{text("first_name", "First name", u.FirstName, "").maybe(), text("last_name", "Last name", u.LastName, "").maybe()}, rights...)
	f := v.form(path+"/edit", "Save", inputs...).orElse(path)
	view := formView{"Change " + u.Name(), "A changed role counts at the person’s next request.", f}
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "admin_form", view.Heading, &view)
	}
	v.refill(f.Inputs)
	edit := registry.UserEdit{FirstName: new(v.value("first_name")), LastName: new(v.value("last_name")), Role: new(access.Role(v.value("role"))), Profiles: new(v.chosenProfiles())}
	changed, err := v.Users.Change(v.r.Context(), v.caller, u.ID, edit)
	return v.adminSaved(view, err, path, changed.Name()+" was saved.")
}

func (v *visit) adminResetUser() error {
	if err := v.caller.RequireRole(access.SystemAdministrator); err != nil {
		return err
	}
	u, err := v.Users.Find(v.r.Context(), v.caller, v.r.PathValue("user"))
	if err != nil {
		return err
	}
	path := userPath(u.ID)
	view := formView{"Reset the password of " + u.Name() + "?", "The password ends, and " + u.Name() + " is signed out everywhere. You get a link to send, which sets another.", v.form(path+"/reset", "Reset the password").orElse(path)}
	view.Form.Danger = true
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "admin_form", view.Heading, &view)
	}
	made, err := v.Users.Reset(v.r.Context(), v.caller, u.ID)
	if err != nil {
		return v.adminSaved(view, err, "", "")
	}
	return v.showInvitation(made, "The password of "+u.Name()+" was reset.")
}

func (v *visit) adminDeleteUser() error {
	if err := v.caller.RequireRole(access.SystemAdministrator); err != nil {
		return err
	}
	u, err := v.Users.Find(v.r.Context(), v.caller, v.r.PathValue("user"))
	if err != nil {
		return err
	}
	path := userPath(u.ID)
	if !v.confirmed(u.Email) {
		return v.confirm(confirmation{What: "the user", Name: u.Email, Goes: "the account, its sessions, and what it agreed to give to clients.", Stays: "what " + u.Name() + " made, and the audit record."}, path+"/delete", path)
	}
	if err := v.Users.Delete(v.r.Context(), v.caller, u.ID); err != nil {
		return err
	}
	return v.done(placeAdmin+"/users", u.Name()+" was deleted.")
}
