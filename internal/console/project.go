package console

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/project"
)

type shownProject struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Type        string `json:"type"`
	Enabled     int    `json:"enabled"`
	Deleted     int    `json:"deleted"`
	OrgID       string `json:"org_id"`
	Created     string `json:"date_created"`
	Modified    string `json:"date_last_modified"`
	WhoCreated  string `json:"who_created"`
	WhoModified string `json:"who_last_modified"`
}

type newProject struct {
	Name        string `json:"name"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Type        string `json:"type"`
}

type newWorkspace struct {
	Name        string `json:"name"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

// edit is what a PATCH changes; a member that is absent stays.
type edit struct {
	Name        *string `json:"name"`
	Title       *string `json:"title"`
	Description *string `json:"description"`
}

func (s *server) projectRoutes() {
	const base = "/console/organizations/{org}/projects"
	s.route("GET "+base, s.listProjects)
	s.route("POST "+base, s.createProject)
	s.route("POST /console/organizations/{org}/projects_workspaces", s.createBoth)
	s.route("GET "+base+"/{project}", func(r *request) (answer, error) {
		found, err := s.Projects.Find(r.Context(), r.caller, r.PathValue("project"))
		return answer{body: r.project(found)}, err
	})
	s.route("PATCH "+base+"/{project}", func(r *request) (answer, error) {
		ask, err := read[edit](r)
		if err != nil {
			return answer{}, err
		}
		changed, err := s.Projects.Change(r.Context(), r.caller, r.PathValue("project"), project.Edit(ask))
		return answer{body: r.project(changed)}, err
	})
	s.route("DELETE "+base+"/{project}", func(r *request) (answer, error) {
		return answer{body: struct{}{}}, s.Projects.Delete(r.Context(), r.caller, r.PathValue("project"))
	})
	s.route("POST "+base+"/{project}/can-delete", s.canDelete)
}

func (r *request) project(p project.Project) shownProject {
	return shownProject{
		ID: p.ID, Name: p.Name, Title: p.Title, Description: p.Description, Type: string(p.Type), Enabled: 1, OrgID: r.organization.Number,
		Created: stamp(p.CreatedAt), Modified: stamp(p.UpdatedAt), WhoCreated: p.CreatedBy, WhoModified: p.UpdatedBy,
	}
}

const largestPage = 1000

// listProjects gives the part that page and size ask for, counted from 0; without them all.
func (s *server) listProjects(r *request) (answer, error) {
	query := r.URL.Query()
	var all []project.Project
	for page := (project.Page{Limit: largestPage}); ; {
		some, err := s.Projects.List(r.Context(), r.caller, page)
		if err != nil {
			return answer{}, err
		}
		all = append(all, some...)
		if len(some) < page.Limit {
			break
		}
		page.After = some[len(some)-1].ID
	}
	ids, title, kind := query.Get("projectIds"), strings.ToLower(query.Get("title")), query.Get("projectType")
	all = slices.DeleteFunc(all, func(p project.Project) bool {
		return ids != "" && !slices.Contains(strings.Split(ids, ","), p.ID) ||
			title != "" && !strings.Contains(strings.ToLower(p.Title), title) || kind != "" && kind != string(p.Type)
	})
	sortProjects(all, query.Get("sortField"), query.Get("sortOrder"))
	all, err := paged(r, all)
	if err != nil {
		return answer{}, err
	}
	out := []shownProject{}
	for _, p := range all {
		out = append(out, r.project(p))
	}
	return answer{body: out}, nil
}

func sortProjects(all []project.Project, field, order string) {
	compare := map[string]func(a, b project.Project) int{
		"name":               func(a, b project.Project) int { return cmp.Compare(a.Name, b.Name) },
		"title":              func(a, b project.Project) int { return cmp.Compare(a.Title, b.Title) },
		"date_created":       func(a, b project.Project) int { return a.CreatedAt.Compare(b.CreatedAt) },
		"date_last_modified": func(a, b project.Project) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
	}[field]
	if compare == nil {
		return
	}
	slices.SortStableFunc(all, compare)
	if strings.EqualFold(order, "desc") {
		slices.Reverse(all)
	}
}

// paged cuts the part out of a list that ?page= (from 0) and ?size= ask for.
func paged[T any](r *request, all []T) ([]T, error) {
	query := r.URL.Query()
	if query.Get("page") == "" && query.Get("size") == "" {
		return all, nil
	}
	page, size, err := pageOf(r)
	if err != nil {
		return nil, err
	}
	from := min(page*size, len(all))
	return all[from:min(from+size, len(all))], nil
}

func pageOf(r *request) (page, size int, err error) {
	query := r.URL.Query()
	page, err = strconv.Atoi(cmp.Or(query.Get("page"), "0"))
	if err != nil || page < 0 || page > 1<<20 {
		return 0, 0, invalid("page is a number from 0")
	}
	size, err = strconv.Atoi(cmp.Or(query.Get("size"), "20"))
	if err != nil || size < 1 || size > largestPage {
		return 0, 0, invalid("size is a number from 1 to 1000")
	}
	return page, size, nil
}

func (s *server) createProject(r *request) (answer, error) {
	ask, err := read[newProject](r)
	if err != nil {
		return answer{}, err
	}
	made, workspaces, err := s.Projects.Create(r.Context(), r.caller, ask.project())
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, body: map[string]string{
		"projectId": made.ID, "projectType": string(made.Type), "workspaceId": workspaces[0].ID,
	}}, nil
}

func (n newProject) project() project.NewProject {
	return project.NewProject{Name: n.Name, Title: n.Title, Description: n.Description, Type: project.Type(n.Type)}
}

func (s *server) createBoth(r *request) (answer, error) {
	ask, err := read[struct {
		Project    newProject     `json:"project"`
		Workspaces []newWorkspace `json:"workspaces"`
	}](r)
	if err != nil {
		return answer{}, err
	}
	want := ask.Project.project()
	for _, w := range ask.Workspaces {
		want.Workspaces = append(want.Workspaces, project.NewWorkspace(w))
	}
	made, workspaces, err := s.Projects.Create(r.Context(), r.caller, want)
	if err != nil {
		return answer{}, err
	}
	type id struct {
		Workspace string `json:"workspaceId"`
	}
	ids := []id{}
	for _, w := range workspaces {
		ids = append(ids, id{w.ID})
	}
	return answer{status: http.StatusCreated, body: map[string]any{"projectId": made.ID, "projectType": string(made.Type), "workspaces": ids}}, nil
}

// canDelete lists what keeps the project from being deleted; nothing when it can be.
func (s *server) canDelete(r *request) (answer, error) {
	type obstacle struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	obstacles := []obstacle{}
	err := s.Projects.Deletable(r.Context(), r.caller, r.PathValue("project"))
	if denied, ok := errors.AsType[*access.DeniedError](err); ok {
		obstacles, err = append(obstacles, obstacle{"ERR_MSG_FORBIDDEN", denied.Error()}), nil
	}
	return answer{body: map[string]any{"errors": obstacles}}, err
}
