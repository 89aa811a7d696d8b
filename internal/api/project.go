package api

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/project"
)

// Project holds workspaces.
type Project struct {
	ID          string      `json:"id" doc:"19 digits." example:"4566206088344958295"`
	Name        string      `json:"name" example:"Moviestar"`
	Title       string      `json:"title" example:"Moviestar loyalty"`
	Description string      `json:"description"`
	Type        string      `json:"type" enum:"default,jaeger" doc:"jaeger is one that began from a template, with two workspaces." example:"default"`
	Workspaces  []Workspace `json:"workspaces,omitempty" doc:"Not in lists."`
	CreatedBy   string      `json:"created_by"`
	CreatedAt   time.Time   `json:"created_at"`
	UpdatedBy   string      `json:"updated_by"`
	UpdatedAt   time.Time   `json:"updated_at"`
}

// NewProject asks for a project.
type NewProject struct {
	Name        string         `json:"name" doc:"1 to 20 letters and digits, unique in the organization." example:"Moviestar"`
	Title       string         `json:"title,omitempty" doc:"What people read, up to 45 characters; the name without it." example:"Moviestar loyalty"`
	Description string         `json:"description,omitempty"`
	Type        string         `json:"type,omitempty" doc:"default or jaeger." example:"default"`
	Workspaces  []NewWorkspace `json:"workspaces,omitempty" doc:"Those to begin with; without them Production, and for jaeger Stage too."`
}

// ProjectPatch changes a project or a workspace.
type ProjectPatch struct {
	Name        *string `json:"name,omitempty"`
	Title       *string `json:"title,omitempty"`
	Description *string `json:"description,omitempty"`
}

func (p ProjectPatch) edit() project.Edit { return project.Edit(p) }

type (
	projectRef struct {
		Project string `path:"project" doc:"The project's id or name." example:"Moviestar"`
	}
	patchProject struct {
		Project string `path:"project" doc:"The project's id or name." example:"Moviestar"`
		body[ProjectPatch]
	}
)

const projectAnswer = `{
  "id": "4566206088344958295", "name": "Moviestar", "title": "Moviestar loyalty", "description": "", "type": "default",
  "workspaces": [{"id": "4566206088344958551", "project": "4566206088344958295", "name": "Production", "title": "", "description": "",
    "created_by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "created_at": "2026-11-21T09:30:00Z", "updated_by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "updated_at": "2026-11-21T09:30:00Z"}],
  "created_by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "created_at": "2026-11-21T09:30:00Z", "updated_by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "updated_at": "2026-11-21T09:30:00Z"
}`

const projectsPath = apiPrefix + "/projects"

func (s *server) projectRoutes(h huma.API) {
	const tag = "Projects"
	add(s, h, operation{id: "create-project", method: http.MethodPost, path: projectsPath, tag: tag, status: http.StatusCreated,
		summary: "Make a project", description: "With its workspaces; credentials are made in those. Takes the role Developer.", scope: access.RegistryWrite,
		asks: `{"name": "Moviestar", "title": "Moviestar loyalty"}`, answers: projectAnswer, fails: []*Kind{kindNameTaken, kindQuota}, idempotent: true}, s.createProject)
	add(s, h, operation{id: "list-projects", method: http.MethodGet, path: projectsPath, tag: tag,
		summary: "List projects", description: "In the order of their ids.", scope: access.RegistryRead}, s.listProjects)
	add(s, h, operation{id: "get-project", method: http.MethodGet, path: projectsPath + "/{project}", tag: tag,
		summary: "Read a project", description: "With its workspaces.", scope: access.RegistryRead, answers: projectAnswer, fails: []*Kind{kindNotFound}}, s.getProject)
	add(s, h, operation{id: "patch-project", method: http.MethodPatch, path: projectsPath + "/{project}", tag: tag,
		summary: "Change a project", scope: access.RegistryWrite, asks: `{"title": "Moviestar loyalty programme"}`, answers: projectAnswer,
		fails: []*Kind{kindNotFound, kindNameTaken, kindState}}, s.patchProject)
	add(s, h, operation{id: "delete-project", method: http.MethodDelete, path: projectsPath + "/{project}", tag: tag, status: http.StatusNoContent,
		summary: "Delete a project", description: "With its workspaces and their credentials. Tokens that those have got live on until they end.",
		scope: access.RegistryWrite, fails: []*Kind{kindNotFound}}, s.deleteProject)
}

func (s *server) createProject(ctx context.Context, c call, in *struct{ body[NewProject] }) (*created[Project], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	made, workspaces, err := s.Projects.Create(ctx, c.caller, project.NewProject{
		Name: ask.Name, Title: ask.Title, Description: ask.Description, Type: project.Type(ask.Type),
		Workspaces: mapped(ask.Workspaces, func(w NewWorkspace) project.NewWorkspace { return project.NewWorkspace(w) }),
	})
	if err != nil {
		return nil, err
	}
	return &created[Project]{Location: projectsPath + "/" + url.PathEscape(made.ID), Body: shownProject(made, workspaces)}, nil
}

func (s *server) listProjects(ctx context.Context, c call, in *Paging) (*reply[Page[Project]], error) {
	asked, err := in.after()
	if err != nil {
		return nil, err
	}
	all, err := s.Projects.List(ctx, c.caller, asked)
	if err != nil {
		return nil, err
	}
	out := sliced(mapped(all, func(p project.Project) Project { return shownProject(p, nil) }), in.Limit, func(p Project) string { return p.ID })
	return &reply[Page[Project]]{out}, nil
}

func (s *server) getProject(ctx context.Context, c call, in *projectRef) (*reply[Project], error) {
	found, err := s.Projects.Find(ctx, c.caller, in.Project)
	return s.answerProject(ctx, c, found, err)
}

func (s *server) patchProject(ctx context.Context, c call, in *patchProject) (*reply[Project], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	changed, err := s.Projects.Change(ctx, c.caller, in.Project, ask.edit())
	return s.answerProject(ctx, c, changed, err)
}

func (s *server) deleteProject(ctx context.Context, c call, in *projectRef) (*done, error) {
	return nil, s.Projects.Delete(ctx, c.caller, in.Project)
}

func (s *server) answerProject(ctx context.Context, c call, p project.Project, err error) (*reply[Project], error) {
	if err != nil {
		return nil, err
	}
	workspaces, err := s.Projects.Workspaces(ctx, c.caller, p.ID)
	if err != nil {
		return nil, err
	}
	return &reply[Project]{shownProject(p, workspaces)}, nil
}

func shownProject(p project.Project, workspaces []project.Workspace) Project {
	out := Project{
		ID: p.ID, Name: p.Name, Title: p.Title, Description: p.Description, Type: string(p.Type),
		CreatedBy: p.CreatedBy, CreatedAt: *stamp(p.CreatedAt), UpdatedBy: p.UpdatedBy, UpdatedAt: *stamp(p.UpdatedAt),
	}
	if workspaces != nil {
		out.Workspaces = mapped(workspaces, shownWorkspace)
	}
	return out
}

// after asks a room for a part of a list that it keeps in the order of ids, and for one more, which tells whether there
// is a next part.
func (p Paging) after() (project.Page, error) {
	after, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err != nil {
		return project.Page{}, badCursor()
	}
	return project.Page{After: string(after), Limit: p.Limit + 1}, nil
}

// sliced makes a part of a list of what [Paging.after] has brought.
func sliced[T any](items []T, limit int, id func(T) string) Page[T] {
	out := Page[T]{Items: items, Limit: limit}
	if len(items) > limit {
		out.Items = items[:limit]
		out.NextCursor = base64.RawURLEncoding.EncodeToString([]byte(id(items[limit-1])))
	}
	return out
}
