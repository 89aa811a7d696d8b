package console

import (
	"net/http"

	"latchkey/internal/project"
)

type shownWorkspace struct {
	ID             string `json:"id"`
	Name           string `json:"name"`
	Title          string `json:"title"`
	Description    string `json:"description"`
	QuotaUsage     string `json:"quota_usage"`
	Enabled        int    `json:"enabled"`
	RuntimeEnabled int    `json:"runtime_enabled"`
	Created        string `json:"date_created"`
	Modified       string `json:"date_last_modified"`
	WhoCreated     string `json:"who_created"`
	WhoModified    string `json:"who_last_modified"`
}

const (
	workspacesPath = "/console/organizations/{org}/projects/{project}/workspaces"
	workspacePath  = workspacesPath + "/{workspace}"
)

func (s *server) workspaceRoutes() {
	s.route("GET "+workspacesPath, func(r *request) (answer, error) {
		all, err := s.Projects.Workspaces(r.Context(), r.caller, r.PathValue("project"))
		out := []shownWorkspace{}
		for _, w := range all {
			out = append(out, showWorkspace(w))
		}
		return answer{body: out}, err
	})
	s.route("POST "+workspacesPath, func(r *request) (answer, error) {
		ask, err := read[newWorkspace](r)
		if err != nil {
			return answer{}, err
		}
		made, err := s.Projects.CreateWorkspace(r.Context(), r.caller, r.PathValue("project"), project.NewWorkspace(ask))
		return answer{status: http.StatusCreated, body: map[string]string{"projectId": made.Project, "workspaceId": made.ID}}, err
	})
	s.route("GET "+workspacePath, func(r *request) (answer, error) {
		found, err := s.workspace(r)
		return answer{body: showWorkspace(found)}, err
	})
	s.route("PATCH "+workspacePath, func(r *request) (answer, error) {
		ask, err := read[edit](r)
		if err != nil {
			return answer{}, err
		}
		changed, err := s.Projects.ChangeWorkspace(r.Context(), r.caller, r.PathValue("project"), r.PathValue("workspace"), project.Edit(ask))
		return answer{body: showWorkspace(changed)}, err
	})
	s.route("DELETE "+workspacePath, func(r *request) (answer, error) {
		return answer{body: struct{}{}}, s.Projects.DeleteWorkspace(r.Context(), r.caller, r.PathValue("project"), r.PathValue("workspace"))
	})
	s.route("GET "+workspacePath+"/download", func(r *request) (answer, error) {
		document, err := s.Projects.Download(r.Context(), r.caller, r.PathValue("project"), r.PathValue("workspace"))
		return answer{body: document}, err
	})
}

// workspace finds the one that the path names, in the project that it names.
func (s *server) workspace(r *request) (project.Workspace, error) {
	return s.Projects.Workspace(r.Context(), r.caller, r.PathValue("project"), r.PathValue("workspace"))
}

func showWorkspace(w project.Workspace) shownWorkspace {
	return shownWorkspace{
		ID: w.ID, Name: w.Name, Title: w.Title, Description: w.Description, Enabled: 1,
		Created: stamp(w.CreatedAt), Modified: stamp(w.UpdatedAt), WhoCreated: w.CreatedBy, WhoModified: w.UpdatedBy,
	}
}
