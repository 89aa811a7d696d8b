package console

import (
	"latchkey/internal/project"
)

// This file finds things by one id alone.

func (s *server) lookupRoutes() {
	const org = "/console/organizations/{org}"
	s.route("GET /console/clients/{client}/credential", func(r *request) (answer, error) {
		c, err := s.client(r)
		if err != nil {
			return answer{}, err
		}
		return answer{body: map[string]any{
			"org_id": r.organization.Number, "org_code": c.Organization, "project_id": c.Project, "workspace_id": c.Workspace, "credential_id": c.ID,
			"client_id": c.ClientID, "flow_type": flowType(c.Kind), "credential_type": c.IntegrationType(), "metadata": map[string]string{}, "services": subscribed(c).Services,
		}}, nil
	})
	s.route("GET "+org+"/clients/{client}/project_workspace", func(r *request) (answer, error) {
		c, err := s.client(r)
		return answer{body: map[string]string{"projectId": c.Project, "workspaceId": c.Workspace, "integrationId": c.ID}}, err
	})
	s.route("GET "+org+"/projects_workspaces/credentials/{credential}", func(r *request) (answer, error) {
		c, err := s.credential(r)
		return answer{body: []map[string]string{{"projectId": c.Project, "workspaceId": c.Workspace, "credentialId": c.ID}}}, err
	})
	s.route("GET "+org+"/projects_workspaces/workspaces/{place}", func(r *request) (answer, error) {
		w, err := s.Projects.Workspace(r.Context(), r.caller, "", r.PathValue("place"))
		return answer{body: []map[string]string{{"projectId": w.Project, "workspaceId": w.ID}}}, err
	})
}

// client finds a credential by its client id alone.
func (s *server) client(r *request) (project.Credential, error) {
	found, err := s.Credentials.Find(r.Context(), r.caller, r.PathValue("client"))
	if err == nil && found.ClientID != r.PathValue("client") {
		return project.Credential{}, missing
	}
	return found, err
}
