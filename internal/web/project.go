package web

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/project"
)

// The pages of projects, as the developer console has them: the list, a project's overview, a new one. Adding an API is in
// addapi.go, a credential's page in credential.go.

func (p *Pages) projectRoutes() map[string]func(*visit) error {
	return map[string]func(*visit) error{
		"GET /projects":                        (*visit).projectList,
		"GET /projects/new":                    (*visit).projectNew,
		"POST /projects/new":                   (*visit).projectNew,
		"GET /projects/{project}":              (*visit).projectItem,
		"GET /projects/{project}/delete":       (*visit).projectDelete,
		"POST /projects/{project}/delete":      (*visit).projectDelete,
		"POST /projects/{project}/download":    (*visit).projectDownload,
		"GET /projects/{project}/add-api":      (*visit).addAPIStart,
		"POST /projects/{project}/add-api":     (*visit).addAPIStep,
		"GET /projects/{project}/added":        (*visit).addAPIDone,
		"GET /credentials/{ref}":               (*visit).credentialElsewhere,
		"GET " + oneCredential:                 (*visit).credentialOverview,
		"POST " + oneCredential + "/secrets":   (*visit).credentialSecrets,
		"POST " + oneCredential + "/enabled":   (*visit).credentialEnable,
		"GET " + oneCredential + "/delete":     (*visit).credentialDelete,
		"POST " + oneCredential + "/delete":    (*visit).credentialDelete,
		"GET " + oneCredential + "/services":   (*visit).credentialServices,
		"POST " + oneCredential + "/services":  (*visit).credentialServicesAct,
		"GET " + oneCredential + "/jwt":        (*visit).credentialJWT,
		"POST " + oneCredential + "/jwt":       (*visit).credentialJWT,
		"GET " + oneCredential + "/insights":   (*visit).credentialInsights,
		"GET " + oneCredential + "/events":     (*visit).credentialEvents,
		"GET " + oneCredential + "/keys":       (*visit).credentialKeys,
		"POST " + oneCredential + "/keys":      (*visit).credentialKeysAct,
		"GET " + oneCredential + "/migration":  (*visit).credentialMigration,
		"POST " + oneCredential + "/migration": (*visit).credentialMigrationAct,
	}
}

// listLimit is how many projects and credentials a list shows.
const listLimit = 1000

// projectRow is a project as the list shows it.
type projectRow struct {
	project.Project
	Path        string
	Credentials int
	// Ends is the first end of a certificate in it; zero where nothing ends.
	Ends time.Time
	Tone string
	Soon bool
}

func projectPath(id string) string { return "/projects/" + url.PathEscape(id) }

// mayDevelop tells whether the person may make and change projects.
func (v *visit) mayDevelop() bool { return v.caller.RequireRole(access.Developer) == nil }

func (v *visit) lacksDeveloper() string {
	if v.mayDevelop() {
		return ""
	}
	return "You are " + v.caller.Role.Words() + " here and may look. To make and change projects and credentials takes the role " + access.Developer.Words() + "."
}

func (v *visit) projectList() error {
	all, err := v.Projects.List(v.r.Context(), v.caller, project.Page{Limit: listLimit})
	if err != nil {
		return err
	}
	credentials, err := v.Credentials.List(v.r.Context(), v.caller, project.Selection{Page: project.Page{Limit: listLimit}})
	if err != nil {
		return err
	}
	query := v.r.URL.Query()
	view := struct {
		Tabs         tabs
		Rows         []projectRow
		Search, Role string
		Expiring     bool
		All          int
		May          bool
	}{Tabs: projectTabs("Projects"), Search: query.Get("q"), Expiring: query.Has("expiring"), All: len(all), May: v.mayDevelop(), Role: v.lacksDeveloper()}
	for _, one := range all {
		row := projectRow{Project: one, Path: projectPath(one.ID)}
		named := []string{one.Name, one.Title, one.ID, one.Description}
		for _, c := range credentials {
			if c.Project == one.ID {
				row.Credentials++
				row.ends(&c, v.Clock.Now())
				named = append(named, c.Name, c.ClientID)
			}
		}
		if contains(view.Search, named...) && (row.Soon || !view.Expiring) {
			view.Rows = append(view.Rows, row)
		}
	}
	slices.Reverse(view.Rows)
	return v.show(http.StatusOK, "project_list", "Projects", &view)
}

// ends notes when the credential's last certificate ends, if that comes before what is known.
func (r *projectRow) ends(c *project.Credential, now time.Time) {
	last := lastEnd(c)
	if last.IsZero() || !r.Ends.IsZero() && !last.Before(r.Ends) {
		return
	}
	r.Ends = last
	switch {
	case last.Before(now):
		r.Tone, r.Soon = "bad", true
	case last.Before(now.Add(soonDays * 24 * time.Hour)):
		r.Tone, r.Soon = "warn", true
	}
}

// lastEnd is when no certificate of a credential is good any more.
func lastEnd(c *project.Credential) time.Time {
	var last time.Time
	for _, b := range c.Bindings {
		if b.NotAfter.After(last) {
			last = b.NotAfter
		}
	}
	return last
}

func (v *visit) projectNew() error {
	if err := v.caller.RequireRole(access.Developer); err != nil {
		return err
	}
	f := v.form("/projects/new", "Create project", text("name", "Name", "", "1 to 20 letters and digits, without blanks.").needed(),
		text("title", "Title", "", "What people read.").maybe(), text("description", "Description", "", "").of(areaInput).maybe()).orElse(placeProjects)
	view := formView{Heading: "Create new project", Lead: "It begins empty; APIs are added to it.", Form: f}
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "ims_form", view.Heading, &view)
	}
	v.refill(f.Inputs)
	made, _, err := v.Projects.Create(v.r.Context(), v.caller, project.NewProject{Name: v.value("name"), Title: v.value("title"), Description: v.value("description")})
	if problems, ok := told(err); ok {
		f.put(problems)
		return v.show(http.StatusUnprocessableEntity, "ims_form", view.Heading, &view)
	}
	if err != nil {
		return err
	}
	return v.done(projectPath(made.ID), "The project "+made.Name+" was created. Add an API to it.")
}

// credentialRow is a credential as a project shows it.
type credentialRow struct {
	project.Credential
	Path, KindTitle, Services string
	// Ends is when its last certificate ends; zero without one.
	Ends time.Time
	Tone string
}

func credentialPath(c *project.Credential) string {
	return projectPath(c.Project) + "/credentials/" + url.PathEscape(c.ID)
}

// projectItem is a project's overview.
func (v *visit) projectItem() error {
	found, err := v.Projects.Find(v.r.Context(), v.caller, v.r.PathValue("project"))
	if err != nil {
		return err
	}
	workspaces, err := v.Projects.Workspaces(v.r.Context(), v.caller, found.ID)
	if err != nil {
		return err
	}
	names, err := v.serviceNames()
	if err != nil {
		return err
	}
	type shelf struct {
		project.Workspace
		Rows     []credentialRow
		Download *form
	}
	view := struct {
		project.Project
		Path, Role string
		May        bool
		Shelves    []shelf
	}{Project: found, Path: projectPath(found.ID), May: v.mayDevelop(), Role: v.lacksDeveloper()}
	for _, w := range workspaces {
		all, err := v.Credentials.List(v.r.Context(), v.caller, project.Selection{Workspace: w.ID, Page: project.Page{Limit: listLimit}})
		if err != nil {
			return err
		}
		one := shelf{Workspace: w, Download: v.form(view.Path+"/download", "Download workspace file").hide("workspace", w.ID).orElse(view.Path)}
		for _, c := range all {
			one.Rows = append(one.Rows, v.credentialRow(c, names))
		}
		view.Shelves = append(view.Shelves, one)
	}
	return v.show(http.StatusOK, "project_item", cmp.Or(found.Title, found.Name), &view)
}

func (v *visit) credentialRow(c project.Credential, names map[string]string) credentialRow {
	row := credentialRow{Credential: c, Path: credentialPath(&c), KindTitle: kindTitle(c.Kind), Ends: lastEnd(&c)}
	for i, s := range c.Services {
		if i > 0 {
			row.Services += ", "
		}
		row.Services += cmp.Or(names[s.Service], s.Service)
	}
	p := projectRow{}
	p.ends(&c, v.Clock.Now())
	row.Tone = p.Tone
	return row
}

// serviceNames gives what people call each service, by its code.
func (v *visit) serviceNames() (map[string]string, error) {
	offers, err := v.Services.Services(v.r.Context(), v.caller)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, o := range offers {
		names[o.Code] = o.Name
	}
	return names, nil
}

// kindTitle names a kind as the developer console does.
func kindTitle(k project.Kind) string {
	titles := map[project.Kind]string{
		project.ServiceAccountJWT: "Service Account (JWT)", project.OAuthServerToServer: "OAuth Server-to-Server", project.OAuthWebApp: "OAuth Web App",
		project.OAuthSinglePageApp: "OAuth Single-Page App", project.OAuthNativeApp: "OAuth Native App", project.APIKey: "API Key",
	}
	return cmp.Or(titles[k], string(k))
}

func (v *visit) projectDelete() error {
	found, err := v.Projects.Find(v.r.Context(), v.caller, v.r.PathValue("project"))
	if err != nil {
		return err
	}
	if err := v.Projects.Deletable(v.r.Context(), v.caller, found.ID); err != nil {
		return err
	}
	path := projectPath(found.ID)
	if !v.confirmed(found.Name) {
		return v.confirm(confirmation{What: "the project", Name: found.Name, Goes: "its workspaces with all credentials in them. What calls with those gets no new token.",
			Stays: "tokens that they have got, until those end."}, path+"/delete", path)
	}
	if err := v.Projects.Delete(v.r.Context(), v.caller, found.ID); err != nil {
		return err
	}
	return v.done(placeProjects, "The project "+found.Name+" was deleted.")
}

// projectDownload gives a workspace's file, which has the client secrets of what the person may change.
func (v *visit) projectDownload() error {
	document, err := v.Projects.Download(v.r.Context(), v.caller, v.r.PathValue("project"), v.value("workspace"))
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		return err
	}
	v.file("workspace.json", "application/json", append(text, '\n'))
	return nil
}
