package web

import (
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
		"GET /projects": (*visit).projectList,
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
		Rows         []projectRow
		Search, Role string
		Expiring     bool
		All          int
		May          bool
	}{Search: query.Get("q"), Expiring: query.Has("expiring"), All: len(all), May: v.mayDevelop(), Role: v.lacksDeveloper()}
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
