package console

import (
	"net/http"
	"strings"

	"latchkey/internal/project"
)

// This file has the credentials of OAuth server-to-server as an organization's own, outside of any project's path. The
// vendor makes a project for each; so does this.

const serverPath = "/console/organizations/{org}/credentials/oauth-server-to-server"

func (s *server) serverRoutes() {
	const one = serverPath + "/{credential}"
	s.route("POST "+serverPath, s.createServerAlone)
	s.route("PUT "+one, s.changeServer)
	s.route("GET "+one+"/status", func(r *request) (answer, error) {
		status, err := s.Credentials.Migration(r.Context(), r.caller, r.PathValue("credential"))
		return answer{body: map[string]string{"migrationStatus": strings.ToUpper(string(status.State))}}, err
	})
	s.route("PATCH "+one+"/finalize", func(r *request) (answer, error) {
		_, err := s.Credentials.FinishMigration(r.Context(), r.caller, r.PathValue("credential"))
		return answer{body: struct{}{}}, err
	})
	s.route("PUT "+one+"/services", s.setServices)
	s.route("PATCH "+one+"/service/subscribe", s.subscribe)
	s.route("PATCH "+one+"/service/unsubscribe", s.unsubscribe)
	s.route("GET "+one+"/binding", s.showPrincipal)
	// The account of a credential is made with it, and ends with it: see secretRoutes for the DELETE.
	s.route("POST "+one+"/binding", func(r *request) (answer, error) {
		out, err := s.showPrincipal(r)
		out.status = http.StatusCreated
		return out, err
	})
}

// createServerAlone makes a project for the credential, or uses the one that was made for it before.
func (s *server) createServerAlone(r *request) (answer, error) {
	ask, err := read[newCredential](r)
	if err != nil {
		return answer{}, err
	}
	workspace, undo, err := s.ownProject(r, ask.Name)
	if err != nil {
		return answer{}, err
	}
	out, err := s.create(r, project.NewCredential{
		Workspace: workspace, Name: ask.Name, Description: ask.Description, Kind: project.OAuthServerToServer, Services: wishes(ask.Services),
	}, http.StatusCreated)
	if err != nil {
		undo()
	}
	return out, err
}

// ownProject makes a project for one credential, named after it as far as a project's name can be.
func (s *server) ownProject(r *request, name string) (workspace string, undo func(), err error) {
	var letters strings.Builder
	for _, c := range name {
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			letters.WriteRune(c)
		}
	}
	// Names that differ in other characters alone must not meet, so the organization's clock tells them apart.
	label := letters.String()[:min(letters.Len(), 9)] + millis(s.Clock.Now())[2:]
	made, workspaces, err := s.Projects.Create(r.Context(), r.caller, project.NewProject{Name: label, Title: cut(name, 45)})
	if err != nil {
		return "", nil, err
	}
	return workspaces[0].ID, func() {
		if err := s.Projects.Delete(r.Context(), r.caller, made.ID); err != nil {
			s.Log.WarnContext(r.Context(), "removing a project that was made for a credential which could not be made", "project", made.ID, "error", err)
		}
	}, nil
}

// cut shortens a text to so many characters.
func cut(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}

func (s *server) changeServer(r *request) (answer, error) {
	ask, err := read[struct {
		edit
		Services []wish `json:"services"`
	}](r)
	if err != nil {
		return answer{}, err
	}
	changed, err := s.Credentials.Change(r.Context(), r.caller, r.PathValue("credential"), project.CredentialEdit{Name: ask.Name, Description: ask.Description})
	if err == nil && ask.Services != nil {
		changed, err = s.Credentials.SetServices(r.Context(), r.caller, changed.ID, wishes(ask.Services))
	}
	if err != nil {
		return answer{}, err
	}
	return s.answerIntegration(r, changed)
}

func (s *server) showPrincipal(r *request) (answer, error) {
	found, err := s.credential(r)
	if err != nil {
		return answer{}, err
	}
	own, err := s.own(r)
	if err != nil {
		return answer{}, err
	}
	scopes, _ := found.Scopes(own)
	return answer{body: map[string]string{
		"organizationId": found.Organization, "clientId": found.ClientID, "allowedScopes": strings.Join(scopes, ","),
		"servicePrincipalId": found.TechnicalAccount.ID, "createdByUser": found.CreatedBy, "createdAt": millis(found.CreatedAt),
	}}, nil
}

// own gives the organization's own services, which scopes come from.
func (s *server) own(r *request) ([]project.Service, error) {
	all, err := s.Services.Services(r.Context(), r.caller)
	var out []project.Service
	for _, o := range all {
		if o.Organization != "" {
			out = append(out, o.Service)
		}
	}
	return out, err
}
