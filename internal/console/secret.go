package console

import (
	"net/http"

	"latchkey/internal/project"
)

// clientSecret is a secret, with its value only where it is handed out.
type clientSecret struct {
	Value   string        `json:"client_secret,omitempty"`
	Expires string        `json:"expires_at"`
	Created string        `json:"created_at"`
	UUID    string        `json:"uuid"`
	Uses    []secretUsage `json:"secret_usages"`
}

type secretUsage struct {
	LastUsed string `json:"last_used_at"`
	Grant    string `json:"grant_type"`
}

// permanent is when a secret ends.
const permanent = "PERMANENT"

func (s *server) secretRoutes() {
	const base = "/console/organizations/{org}/credentials/{credential}/secrets"
	s.route("GET "+base, func(r *request) (answer, error) {
		found, err := s.credential(r)
		return answer{body: secrets(found, found.Secrets)}, err
	})
	// The older view has the values.
	s.route("GET "+integrationsPath+"/{credential}/secrets", func(r *request) (answer, error) {
		found, err := s.credential(r)
		if err != nil {
			return answer{}, err
		}
		values, err := s.Credentials.Secrets(r.Context(), r.caller, found.ID)
		return answer{body: secrets(found, values)}, err
	})
	s.route("POST "+base, func(r *request) (answer, error) {
		added, err := s.Credentials.AddSecret(r.Context(), r.caller, r.PathValue("credential"))
		return answer{status: http.StatusCreated, body: map[string]string{
			"uuid": added.UUID, "client_secret": added.Value.Reveal(), "expires_at": permanent, "expires_at_str": permanent, "created_at": millis(added.CreatedAt),
		}}, err
	})
	// One pattern for two of the vendor's paths, which a mux can't hold beside each other: …/credentials/{id}/secrets/{uuid}
	// and …/credentials/oauth-server-to-server/{id}/binding.
	s.route("DELETE /console/organizations/{org}/credentials/{credential}/{things}/{thing}", func(r *request) (answer, error) {
		switch {
		case r.PathValue("credential") == "oauth-server-to-server" && r.PathValue("thing") == "binding":
			return answer{}, failure{http.StatusConflict, "ERR_MSG_CONFLICT", "A technical account ends with its credential; delete or disable that"}
		case r.PathValue("things") == "secrets":
			return answer{status: http.StatusNoContent}, s.Credentials.DeleteSecret(r.Context(), r.caller, r.PathValue("credential"), r.PathValue("thing"))
		}
		return answer{}, missing
	})
}

func secrets(c project.Credential, list []project.Secret) map[string]any {
	out := []clientSecret{}
	for _, v := range list {
		shown := clientSecret{Value: v.Value.Reveal(), Expires: permanent, Created: millis(v.CreatedAt), UUID: v.UUID, Uses: []secretUsage{}}
		latest := map[string]bool{} // the vendor has one usage for each grant type
		for _, u := range v.Uses {
			if !latest[u.Grant] {
				shown.Uses = append(shown.Uses, secretUsage{millis(u.At), u.Grant})
			}
			latest[u.Grant] = true
		}
		out = append(out, shown)
	}
	return map[string]any{"client_id": c.ClientID, "client_secrets": out}
}
