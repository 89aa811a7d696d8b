package console

import (
	"net/http"

	"latchkey/internal/project"
)

const integrationsPath = "/console/organizations/{org}/integrations"

// integration is a credential in the console's older view.
type integration struct {
	ID               string              `json:"id"`
	APIKey           string              `json:"apikey"`
	OrgID            string              `json:"orgId"`
	Name             string              `json:"name"`
	Description      string              `json:"description"`
	Status           string              `json:"status"`
	Type             string              `json:"type"`
	Production       bool                `json:"production"`
	ReadOnly         bool                `json:"readOnly"`
	TechnicalAccount string              `json:"technicalAccountId,omitempty"`
	TechnicalEmail   string              `json:"technicalAccountEmail,omitempty"`
	Platform         string              `json:"platform,omitempty"`
	Services         []string            `json:"sdkList"`
	Properties       []serviceProperties `json:"serviceProperties,omitempty"`
	Redirects        []string            `json:"redirectUriList,omitempty"`
	Default          string              `json:"defaultRedirectUri,omitempty"`
	Created          int64               `json:"createdDate"`
	Modified         int64               `json:"lastModifiedDate"`
}

func (s *server) integrationRoutes() {
	const one = integrationsPath + "/{credential}"
	s.route("GET "+integrationsPath, s.listIntegrations)
	s.route("GET "+one, func(r *request) (answer, error) {
		found, err := s.credential(r)
		if err != nil {
			return answer{}, err
		}
		return s.answerIntegration(r, found)
	})
	s.route("DELETE "+one, func(r *request) (answer, error) {
		return answer{status: http.StatusNoContent}, s.Credentials.Delete(r.Context(), r.caller, r.PathValue("credential"))
	})
	s.route("POST "+integrationsPath+"/entp", func(r *request) (answer, error) {
		certificate, err := upload(r)
		if err != nil {
			return answer{}, err
		}
		return s.alone(r, r.FormValue("name"), func(workspace string) (answer, error) {
			return s.createEnterprise(r, workspace, certificate)
		})
	})
	s.route("PUT "+integrationsPath+"/entp/{credential}", s.changeServer)
	s.route("POST "+integrationsPath+"/adobeid", func(r *request) (answer, error) {
		return s.alone(r, "Integration", func(workspace string) (answer, error) { return s.createPersonal(r, workspace) })
	})
	s.route("PUT "+integrationsPath+"/adobeid/{credential}", s.changePersonal)
	s.route("PUT "+integrationsPath+"/adobeid/{credential}/services", s.setServices)
}

// alone makes a project for a credential, and takes it away again when the credential can't be made.
func (s *server) alone(r *request, name string, create func(workspace string) (answer, error)) (answer, error) {
	workspace, undo, err := s.ownProject(r, name)
	if err != nil {
		return answer{}, err
	}
	out, err := create(workspace)
	if err != nil {
		undo()
	}
	return out, err
}

// integrationType is the console's word for what an integration is.
func integrationType(c project.Credential) string {
	switch c.Kind {
	case project.ServiceAccountJWT:
		return "entp"
	case project.OAuthServerToServer:
		return "oauth_server_to_server"
	case project.APIKey:
		return "apikey"
	}
	return "adobeid"
}

func (r *request) integration(c project.Credential) integration {
	out := integration{
		ID: c.ID, APIKey: c.ClientID, OrgID: r.organization.Number, Name: c.Name, Description: c.Description, Status: "ENABLED", Type: integrationType(c),
		Production: true, TechnicalAccount: c.TechnicalAccount.ID, TechnicalEmail: c.TechnicalAccount.Email, Services: subscribed(c).Services,
		Redirects: c.Redirect.Patterns, Default: c.Redirect.Default, Created: c.CreatedAt.UnixMilli(), Modified: c.UpdatedAt.UnixMilli(),
	}
	if !c.Enabled {
		out.Status = "DISABLED"
	}
	for name, kind := range map[string]project.Kind{
		"WebApp": project.OAuthWebApp, "SinglePageApp": project.OAuthSinglePageApp, "NativeApp": project.OAuthNativeApp, "apiKey": project.APIKey,
	} {
		if kind == c.Kind {
			out.Platform = name
		}
	}
	return out
}

func (s *server) answerIntegration(r *request, c project.Credential) (answer, error) {
	offers, err := s.Services.Services(r.Context(), r.caller)
	if err != nil {
		return answer{}, err
	}
	names, err := s.profiles(r)
	if err != nil {
		return answer{}, err
	}
	out := r.integration(c)
	for _, subscribed := range c.Services {
		for _, o := range offers {
			if o.Code == subscribed.Service {
				out.Properties = append(out.Properties, propertiesOf(o, subscribed, names))
			}
		}
	}
	return answer{body: out}, nil
}

func (s *server) listIntegrations(r *request) (answer, error) {
	page, size, err := pageOf(r)
	if err != nil {
		return answer{}, err
	}
	var all []project.Credential
	for ask := (project.Selection{Page: project.Page{Limit: largestPage}}); ; {
		some, err := s.Credentials.List(r.Context(), r.caller, ask)
		if err != nil {
			return answer{}, err
		}
		all = append(all, some...)
		if len(some) < ask.Limit {
			break
		}
		ask.After = some[len(some)-1].ID
	}
	content := []integration{}
	from := min(page*size, len(all))
	for _, c := range all[from:min(from+size, len(all))] {
		content = append(content, r.integration(c))
	}
	return answer{body: map[string]any{
		"page": page, "size": size, "total": len(all), "pages": (len(all) + size - 1) / size, "content": content,
	}}, nil
}

func (s *server) changePersonal(r *request) (answer, error) {
	ask, err := read[struct {
		edit
		Redirects *[]string `json:"redirectUriList"`
		Default   *string   `json:"defaultRedirectUri"`
	}](r)
	if err != nil {
		return answer{}, err
	}
	change := project.CredentialEdit{Name: ask.Name, Description: ask.Description}
	if ask.Redirects != nil || ask.Default != nil {
		found, err := s.credential(r)
		if err != nil {
			return answer{}, err
		}
		redirect := newCredential{Default: found.Redirect.Default, Redirects: found.Redirect.Patterns}
		if ask.Redirects != nil {
			redirect.Redirects = *ask.Redirects
		}
		if ask.Default != nil {
			redirect.Default = *ask.Default
		}
		changed := redirect.redirect()
		change.Redirect = &changed
	}
	changed, err := s.Credentials.Change(r.Context(), r.caller, r.PathValue("credential"), change)
	if err != nil {
		return answer{}, err
	}
	return s.answerIntegration(r, changed)
}
