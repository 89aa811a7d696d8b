package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/project"
)

// Workspace holds credentials.
type Workspace struct {
	ID          string    `json:"id" doc:"19 digits." example:"4566206088344958551"`
	Project     string    `json:"project" example:"4566206088344958295"`
	Name        string    `json:"name" example:"Production"`
	Title       string    `json:"title"`
	Description string    `json:"description"`
	CreatedBy   string    `json:"created_by"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedBy   string    `json:"updated_by"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// NewWorkspace asks for a workspace.
type NewWorkspace struct {
	Name        string `json:"name" doc:"1 to 20 letters and digits, unique in the project." example:"Stage"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
}

// WorkspaceFile is what the vendor's console lets download of a workspace.
type WorkspaceFile project.Document

// Schema describes it by what it is for: its form is the vendor's.
func (WorkspaceFile) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeObject, Description: "The file, in the form of https://adobe.io/schemas/aio-cli-plugin-app.json.",
		Properties: map[string]*huma.Schema{"project": {Type: huma.TypeObject, Description: "The project, with the organization, the workspace, and in its details credentials and services."}},
		Required:   []string{"project"},
	}
}

type (
	workspaceRef struct {
		Project   string `path:"project" doc:"The project's id or name." example:"Moviestar"`
		Workspace string `path:"workspace" doc:"The workspace's id or name." example:"Production"`
	}
	newWorkspace struct {
		Project string `path:"project" doc:"The project's id or name." example:"Moviestar"`
		body[NewWorkspace]
	}
	patchWorkspace struct {
		Project   string `path:"project" doc:"The project's id or name." example:"Moviestar"`
		Workspace string `path:"workspace" doc:"The workspace's id or name." example:"Production"`
		body[ProjectPatch]
	}
	listWorkspaces struct {
		Project string `path:"project" doc:"The project's id or name." example:"Moviestar"`
		Paging
	}
)

const workspaceAnswer = `{"id": "4566206088344958551", "project": "4566206088344958295", "name": "Stage", "title": "", "description": "",
  "created_by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "created_at": "2026-11-21T09:30:00Z", "updated_by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "updated_at": "2026-11-21T09:30:00Z"}`

func (s *server) workspaceRoutes(h huma.API) {
	const base = projectsPath + "/{project}/workspaces"
	const one = base + "/{workspace}"
	const tag = "Projects"
	missing := []*Kind{kindNotFound}
	add(s, h, operation{id: "create-workspace", method: http.MethodPost, path: base, tag: tag, status: http.StatusCreated,
		summary: "Make a workspace", scope: access.RegistryWrite, asks: `{"name": "Stage"}`, answers: workspaceAnswer,
		fails: []*Kind{kindNotFound, kindNameTaken, kindQuota}, idempotent: true}, s.createWorkspace)
	add(s, h, operation{id: "list-workspaces", method: http.MethodGet, path: base, tag: tag,
		summary: "List a project's workspaces", description: "In the order of their ids.", scope: access.RegistryRead, fails: missing}, s.listWorkspaces)
	add(s, h, operation{id: "get-workspace", method: http.MethodGet, path: one, tag: tag,
		summary: "Read a workspace", scope: access.RegistryRead, answers: workspaceAnswer, fails: missing}, s.getWorkspace)
	add(s, h, operation{id: "patch-workspace", method: http.MethodPatch, path: one, tag: tag,
		summary: "Change a workspace", scope: access.RegistryWrite, asks: `{"title": "Staging"}`, answers: workspaceAnswer,
		fails: []*Kind{kindNotFound, kindNameTaken, kindState}}, s.patchWorkspace)
	add(s, h, operation{id: "delete-workspace", method: http.MethodDelete, path: one, tag: tag, status: http.StatusNoContent,
		summary: "Delete a workspace", description: "With its credentials. The last one of a project stays.",
		scope: access.RegistryWrite, fails: []*Kind{kindNotFound, kindInUse}}, s.deleteWorkspace)
	add(s, h, operation{id: "download-workspace", method: http.MethodGet, path: one + "/download", tag: tag,
		summary: "Download a workspace", description: "The file that the vendor's console gives and its command line tools read: the workspace with its credentials. It has the client secrets of those that you may change, which is recorded; of the others none.",
		scope: access.RegistryRead, fails: missing}, s.downloadWorkspace)
}

func (s *server) createWorkspace(ctx context.Context, c call, in *newWorkspace) (*created[Workspace], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	made, err := s.Projects.CreateWorkspace(ctx, c.caller, in.Project, project.NewWorkspace(ask))
	if err != nil {
		return nil, err
	}
	return &created[Workspace]{
		Location: projectsPath + "/" + url.PathEscape(made.Project) + "/workspaces/" + url.PathEscape(made.ID), Body: shownWorkspace(made),
	}, nil
}

func (s *server) listWorkspaces(ctx context.Context, c call, in *listWorkspaces) (*reply[Page[Workspace]], error) {
	all, err := s.Projects.Workspaces(ctx, c.caller, in.Project)
	if err != nil {
		return nil, err
	}
	out, err := page(mapped(all, shownWorkspace), in.Paging, func(w Workspace) string { return w.ID })
	return &reply[Page[Workspace]]{out}, err
}

func (s *server) getWorkspace(ctx context.Context, c call, in *workspaceRef) (*reply[Workspace], error) {
	return answerWorkspace(s.Projects.Workspace(ctx, c.caller, in.Project, in.Workspace))
}

func (s *server) patchWorkspace(ctx context.Context, c call, in *patchWorkspace) (*reply[Workspace], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	return answerWorkspace(s.Projects.ChangeWorkspace(ctx, c.caller, in.Project, in.Workspace, ask.edit()))
}

func (s *server) deleteWorkspace(ctx context.Context, c call, in *workspaceRef) (*done, error) {
	return nil, s.Projects.DeleteWorkspace(ctx, c.caller, in.Project, in.Workspace)
}

func (s *server) downloadWorkspace(ctx context.Context, c call, in *workspaceRef) (*reply[WorkspaceFile], error) {
	document, err := s.Projects.Download(ctx, c.caller, in.Project, in.Workspace)
	if err != nil {
		return nil, err
	}
	return &reply[WorkspaceFile]{WorkspaceFile(document)}, nil
}

func answerWorkspace(w project.Workspace, err error) (*reply[Workspace], error) {
	if err != nil {
		return nil, err
	}
	return &reply[Workspace]{shownWorkspace(w)}, nil
}

func shownWorkspace(w project.Workspace) Workspace {
	return Workspace{
		ID: w.ID, Project: w.Project, Name: w.Name, Title: w.Title, Description: w.Description,
		CreatedBy: w.CreatedBy, CreatedAt: *stamp(w.CreatedAt), UpdatedBy: w.UpdatedBy, UpdatedAt: *stamp(w.UpdatedAt),
	}
}
