package web

import (
	"cmp"
	"net/http"
	"net/url"

	"latchkey/internal/access"
	"latchkey/internal/project"
)

// subscriptionRow is a service that a credential may call.
type subscriptionRow struct {
	Code, Name string
	Profiles   []profileRow
	Edit       string
	Remove     *form
}

type profileRow struct {
	Name, ID string
	Role     project.ProductRole
	// Form sets the role; nil where there is none, or where the person may not.
	Form *form
}

func (v *visit) credentialServices() error {
	view, err := v.credentialAt("Services")
	if err != nil {
		return err
	}
	names, err := v.serviceNames()
	if err != nil {
		return err
	}
	profiles, err := v.Services.Profiles(v.r.Context(), v.caller, "")
	if err != nil {
		return err
	}
	called := map[string]string{}
	for _, p := range profiles {
		called[p.ID] = p.Name
	}
	page := struct {
		*credentialView
		Rows  []subscriptionRow
		Admin bool
	}{credentialView: view, Admin: v.caller.RequireRole(access.SystemAdministrator) == nil}
	for _, s := range view.Credential.Services {
		row := subscriptionRow{Code: s.Service, Name: cmp.Or(names[s.Service], s.Service)}
		row.Edit = view.ProjectPath + "/add-api?" + url.Values{"service": {s.Service}, "kind": {string(view.Kind)}, "workspace": {view.Workspace}}.Encode()
		row.Remove = v.form(view.Path+"/services", "Remove").hide("do", "remove").hide("service", s.Service).orElse(view.Path)
		for _, a := range s.Profiles {
			one := profileRow{Name: cmp.Or(called[a.Profile], a.Profile), ID: a.Profile, Role: a.Role}
			if page.Admin && a.Role != "" {
				one.Form = v.form(view.Path+"/services", "Set role").hide("do", "role").hide("service", s.Service).hide("profile", a.Profile)
			}
			row.Profiles = append(row.Profiles, one)
		}
		page.Rows = append(page.Rows, row)
	}
	return v.show(http.StatusOK, "credential_services", view.Name, &page)
}

func (v *visit) credentialServicesAct() error {
	ref, service := v.r.PathValue("credential"), v.value("service")
	if v.value("do") == "role" {
		c, err := v.Credentials.SetRole(v.r.Context(), v.caller, ref, service, v.value("profile"), project.ProductRole(v.value("role")))
		if err != nil {
			return err
		}
		return v.done(credentialPath(&c)+"/services", "The product role is "+v.value("role")+" now.")
	}
	c, err := v.Credentials.Unsubscribe(v.r.Context(), v.caller, ref, service)
	if err != nil {
		return err
	}
	return v.done(credentialPath(&c)+"/services", c.Name+" may not call "+service+" any more.")
}

func (v *visit) credentialMigration() error {
	view, err := v.credentialAt("Migrate")
	if err != nil {
		return err
	}
	status, err := v.Credentials.Migration(v.r.Context(), v.caller, view.ID)
	if err != nil {
		return err
	}
	act := func(submit, do string) *form { return v.form(view.Path+"/migration", submit).hide("do", do) }
	page := struct {
		*credentialView
		Status                project.MigrationStatus
		Start, Finish, Cancel *form
	}{view, status, act("Start the migration", "start"), act("Finish: end the certificates", "finish"), act("Cancel the migration", "cancel").orElse(view.Path)}
	return v.show(http.StatusOK, "credential_migration", view.Name, &page)
}

func (v *visit) credentialMigrationAct() error {
	ref := v.r.PathValue("credential")
	var c project.Credential
	var err error
	said := "The credential takes client credentials beside JWTs now."
	switch v.value("do") {
	case "start":
		c, err = v.Credentials.StartMigration(v.r.Context(), v.caller, ref)
	case "finish":
		c, err = v.Credentials.FinishMigration(v.r.Context(), v.caller, ref)
		said = "The migration is finished: the credential is one of OAuth Server-to-Server."
	default:
		c, err = v.Credentials.CancelMigration(v.r.Context(), v.caller, ref)
		said = "The migration was cancelled: the credential takes JWTs alone."
	}
	if err != nil {
		return err
	}
	return v.done(credentialPath(&c)+"/migration", said)
}
