package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/project"
)

// A credential's page, in tabs: Overview here, Services and Migrate in credential_service.go, JWT in credential_jwt.go,
// Certificates in credential_key.go.

const oneCredential = "/projects/{project}/credentials/{credential}"

// credentialView is what every tab has.
type credentialView struct {
	credentialRow
	Project     project.Project
	ProjectPath string
	Role        string
	May         bool
	// JWT tells that it signs assertions, or did until its migration.
	JWT  bool
	Tabs tabs
}

// credentialAt reads the credential of the address, and what every tab shows of it.
func (v *visit) credentialAt(tabName string) (*credentialView, error) {
	c, err := v.Credentials.Find(v.r.Context(), v.caller, v.r.PathValue("credential"))
	if err != nil {
		return nil, err
	}
	return v.credentialViewOf(c, tabName)
}

func (v *visit) credentialViewOf(c project.Credential, tabName string) (*credentialView, error) {
	names, err := v.serviceNames()
	if err != nil {
		return nil, err
	}
	view := &credentialView{credentialRow: v.credentialRow(c, names), ProjectPath: projectPath(c.Project), May: v.mayDevelop(), Role: v.lacksDeveloper()}
	if view.Project, err = v.Projects.Find(v.r.Context(), v.caller, c.Project); err != nil {
		return nil, err
	}
	for _, s := range c.Services {
		for _, a := range s.Profiles {
			if view.May && !v.caller.MayAttach(a.Profile) {
				view.May, view.Role = false, "It has a product profile that you are not developer of, so that you may look alone."
			}
		}
	}
	view.JWT = c.Kind == project.ServiceAccountJWT
	view.Tabs = tabs{Label: "Parts of the credential", Here: tabName}
	view.Tabs.add("Overview", view.Path)
	view.Tabs.add("Insights", view.Path+"/insights")
	view.Tabs.add("Services", view.Path+"/services")
	view.Tabs.add("Events", view.Path+"/events")
	if view.JWT {
		view.Tabs.add("JWT", view.Path+"/jwt")
	}
	if c.Kind.Confidential() {
		view.Tabs.add("Certificates", view.Path+"/keys")
	}
	if c.Migration.State != project.MigrationNone {
		view.Tabs.add("Migrate", view.Path+"/migration")
	}
	return view, nil
}

// secretRow is a client secret as the page shows it.
type secretRow struct {
	project.Secret
	// Shown is the value, when it was asked for.
	Shown  string
	Last   time.Time
	From   string
	Retire *form
}

// credentialElsewhere leads to a credential by its id, its client id or its name.
func (v *visit) credentialElsewhere() error {
	c, err := v.Credentials.Find(v.r.Context(), v.caller, v.r.PathValue("ref"))
	if err != nil {
		return err
	}
	redirectBack(v.w, v.r, credentialPath(&c))
	return nil
}

func (v *visit) credentialOverview() error {
	view, err := v.credentialAt("Overview")
	if err != nil {
		return err
	}
	return v.credentialShow(view, nil, "")
}

// credentialShow shows the overview. values are the secrets' own, by their UUIDs, when they were asked for.
func (v *visit) credentialShow(view *credentialView, values map[string]string, said string) error {
	page := struct {
		*credentialView
		Secrets          []secretRow
		Facts            []fact
		Said             string
		Reveal, Add, Off *form
	}{credentialView: view, Said: said}
	act := func(to, submit, do string) *form {
		return v.form(view.Path+to, submit).hide("do", do).orElse(view.Path)
	}
	page.Reveal = act("/secrets", "Retrieve client secret", "reveal")
	if len(view.Secrets) < project.MaxSecrets {
		page.Add = act("/secrets", "Add the next client secret", "add")
	}
	page.Off = act("/enabled", "Switch off", "off")
	if !view.Enabled {
		page.Off = act("/enabled", "Switch on", "on")
	}
	for _, s := range view.Secrets {
		row := secretRow{Secret: s, Shown: values[s.UUID]}
		for _, u := range s.Uses {
			if u.At.After(row.Last) {
				row.Last, row.From = u.At, u.From
			}
		}
		if len(view.Secrets) > 1 {
			row.Retire = act("/secrets", "Retire", "retire").hide("uuid", s.UUID)
		}
		page.Secrets = append(page.Secrets, row)
	}
	page.Facts = credentialFacts(&view.Credential)
	return v.show(http.StatusOK, "credential", view.Name, &page)
}

func credentialFacts(c *project.Credential) []fact {
	facts := []fact{
		{"Client ID", c.ClientID, true}, {"Technical account ID", c.TechnicalAccount.ID, true}, {"Technical account email", c.TechnicalAccount.Email, true},
		{"Organization ID", c.Organization, true}, {"Redirect URI", c.Redirect.Default, true}, {"Credential id", c.ID, true},
	}
	return slices.DeleteFunc(facts, func(f fact) bool { return f.Value == "" })
}

// credentialSecrets hands out, adds and retires client secrets.
func (v *visit) credentialSecrets() error {
	view, err := v.credentialAt("Overview")
	if err != nil {
		return err
	}
	switch v.value("do") {
	case "add":
		made, err := v.Credentials.AddSecret(v.r.Context(), v.caller, view.ID)
		if err != nil {
			return err
		}
		again, err := v.credentialAt("Overview")
		if err != nil {
			return err
		}
		return v.credentialShow(again, map[string]string{made.UUID: made.Value.Reveal()}, "The new client secret is below. The old one goes on: give the new one to whatever calls, then retire the old.")
	case "retire":
		if err := v.Credentials.Retire(v.r.Context(), v.caller, view.ID, v.value("uuid")); err != nil {
			return err
		}
		return v.done(view.Path, "The old client secret was retired.")
	}
	all, err := v.Credentials.Secrets(v.r.Context(), v.caller, view.ID)
	if err != nil {
		return err
	}
	values := map[string]string{}
	for _, s := range all {
		values[s.UUID] = s.Value.Reveal()
	}
	return v.credentialShow(view, values, "It is recorded that you retrieved it. It is not on this page any more when you leave it.")
}

func (v *visit) credentialEnable() error {
	enabled := v.value("do") == "on"
	c, err := v.Credentials.Change(v.r.Context(), v.caller, v.r.PathValue("credential"), project.CredentialEdit{Enabled: &enabled})
	if err != nil {
		return err
	}
	return v.done(credentialPath(&c), map[bool]string{true: c.Name + " gets tokens again.", false: c.Name + " gets no tokens until it is switched on again."}[enabled])
}

func (v *visit) credentialDelete() error {
	if err := v.caller.RequireRole(access.Developer); err != nil {
		return err
	}
	c, err := v.Credentials.Find(v.r.Context(), v.caller, v.r.PathValue("credential"))
	if err != nil {
		return err
	}
	path := credentialPath(&c)
	if !v.confirmed(c.Name) {
		return v.confirm(confirmation{What: "the credential", Name: c.Name, Goes: "its client id, client secrets and certificates. What calls with it gets no new token.",
			Stays: "tokens that it has got, until they end."}, path+"/delete", path)
	}
	if err := v.Credentials.Delete(v.r.Context(), v.caller, c.ID); err != nil {
		return err
	}
	return v.done(projectPath(c.Project), "The credential "+c.Name+" was deleted.")
}

// address gives where this server is reached, for what people copy.
func (v *visit) address() string {
	scheme := "http://"
	if v.r.TLS != nil {
		scheme = "https://"
	}
	return cmp.Or(v.base(), (&url.URL{Scheme: scheme[:len(scheme)-3], Host: v.r.Host}).String())
}
