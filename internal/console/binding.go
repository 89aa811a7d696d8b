package console

import "latchkey/internal/project"

// binding is a certificate of a credential. The fingerprint is SHA-1, the time a number of milliseconds.
type binding struct {
	ID               string `json:"bindingId"`
	OrgID            string `json:"orgId"`
	TechnicalAccount string `json:"technicalAccountId"`
	Fingerprint      string `json:"certificateFingerprint"`
	NotAfter         int64  `json:"notAfter"`
}

func (s *server) bindingRoutes() {
	const base = integrationsPath + "/entp/{credential}/bindings"
	s.route("GET "+base, func(r *request) (answer, error) {
		found, err := s.credential(r)
		return answer{body: r.bindings(found)}, err
	})
	s.route("POST "+base, func(r *request) (answer, error) {
		found, err := s.credential(r)
		if err != nil {
			return answer{}, err
		}
		certificate, err := upload(r)
		if err != nil {
			return answer{}, err
		}
		bound, err := s.Credentials.AddBinding(r.Context(), r.caller, found.ID, certificate, false)
		found.Bindings = []project.Binding{bound}
		return answer{body: r.bindings(found)}, err
	})
	s.route("DELETE "+base+"/{binding}", func(r *request) (answer, error) {
		return answer{body: struct{}{}}, s.Credentials.DeleteBinding(r.Context(), r.caller, r.PathValue("credential"), r.PathValue("binding"))
	})
}

func (r *request) bindings(c project.Credential) []binding {
	out := []binding{}
	for _, b := range c.Bindings {
		out = append(out, binding{b.ID, r.organization.ID, c.TechnicalAccount.ID, b.SHA1, b.NotAfter.UnixMilli()})
	}
	return out
}
