package console

import (
	"cmp"
	"net/http"

	"latchkey/internal/access"
)

type organization struct {
	Code        string `json:"code"`
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Type        string `json:"type"`
	Role        string `json:"role"`
}

func (s *server) organizationRoutes() {
	s.route("GET /console/organizations", func(r *request) (answer, error) {
		all, err := s.Directory.Organizations(r.Context(), r.caller)
		if err != nil {
			return answer{}, err
		}
		out := []organization{}
		for _, o := range all {
			out = append(out, organization{o.ID, o.Number, cmp.Or(o.Name, o.ID), "", "entp", role(r.caller)})
		}
		return answer{body: out}, nil
	})
	// The console asks for the developer terms before it serves anybody. There are none here, so they are accepted.
	accepted := func(*request) (answer, error) {
		return answer{body: map[string]bool{"accepted": true, "current": true}}, nil
	}
	s.route("GET /console/services/ims/organizations/{org}/terms", accepted)
	s.route("POST /console/services/ims/organizations/{org}/terms", accepted)
	s.route("GET /console/services/ims/terms", func(*request) (answer, error) {
		return answer{body: map[string]any{"tc": []map[string]string{{"text": "There are no terms to accept.", "locale": "en"}}}}, nil
	})
	// The console's own pages ask for this; nothing of it is here.
	s.route("GET /console/api/organizations/{org}/features", func(*request) (answer, error) {
		return answer{body: []string{}}, nil
	})
	s.route("GET /console/organizations/{org}/recipients", func(*request) (answer, error) {
		return answer{status: http.StatusOK, body: []string{}}, nil
	})
}

func role(caller access.Caller) string {
	switch caller.Acts() {
	case access.SystemAdministrator:
		return "ADMIN"
	case access.Developer:
		return "DEVELOPER"
	}
	return "VIEWER"
}
