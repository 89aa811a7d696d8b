package sidecar

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"latchkey/client"
	"latchkey/internal/secret"
)

// The managed identities of Azure in two shapes, of a machine (AZURE_POD_IDENTITY_AUTHORITY_HOST; Metadata: true) and of an App
// Service (IDENTITY_ENDPOINT at /msi/token; X-IDENTITY-HEADER, which is the sidecar's key where it has one). The resource is a
// connection, by its name, or client_id is; neither is the first.

func (s *server) azureMachine(w http.ResponseWriter, r *http.Request) {
	switch {
	case !s.Key.Empty():
		azureRefusal(w, http.StatusForbidden, "access_denied", "this sidecar wants a key, which is not sent to a machine's identity endpoint; use IDENTITY_ENDPOINT and IDENTITY_HEADER")
	case !strings.EqualFold(r.Header.Get("Metadata"), "true"):
		azureRefusal(w, http.StatusBadRequest, "invalid_request", "Required metadata header not specified: Metadata: true")
	default:
		s.azure(w, r, func(token client.Token, resource string) any {
			ends := time.Now().Unix() + left(token)
			return map[string]string{
				"access_token": token.AccessToken, "refresh_token": "", "expires_in": strconv.FormatInt(left(token), 10), "expires_on": strconv.FormatInt(ends, 10),
				"not_before": strconv.FormatInt(time.Now().Unix(), 10), "resource": resource, "token_type": "Bearer",
			}
		})
	}
}

func (s *server) azureApp(w http.ResponseWriter, r *http.Request) {
	given := r.Header.Get("X-Identity-Header")
	if given == "" || !s.Key.Empty() && !s.Key.Equal(secret.New(given)) {
		azureRefusal(w, http.StatusUnauthorized, "unauthorized", "X-IDENTITY-HEADER is missing, or is not the key of this sidecar")
		return
	}
	s.azure(w, r, func(token client.Token, resource string) any {
		return map[string]string{
			"access_token": token.AccessToken, "expires_on": strconv.FormatInt(time.Now().Unix()+left(token), 10),
			"resource": resource, "token_type": "Bearer", "client_id": r.URL.Query().Get("client_id"),
		}
	})
}

func (s *server) azure(w http.ResponseWriter, r *http.Request, answer func(token client.Token, resource string) any) {
	resource := r.URL.Query().Get("resource")
	name := strings.TrimSuffix(strings.TrimPrefix(resource, "latchkey://"), "/")
	if id := r.URL.Query().Get("client_id"); s.serves(id) {
		name = id
	}
	if name == "" {
		name = s.Connections[0]
	}
	if !s.serves(name) {
		azureRefusal(w, http.StatusBadRequest, "invalid_resource", "this sidecar was not started for that connection, but for "+strings.Join(s.Connections, ", ")+": name one as resource, or as client_id")
		return
	}
	token, status, err := s.plain(r.Context(), name)
	switch {
	case status == http.StatusForbidden:
		azureRefusal(w, http.StatusBadRequest, "invalid_request", err.Error())
	case err != nil:
		azureRefusal(w, status, "temporarily_unavailable", err.Error())
	default:
		sayJSON(w, http.StatusOK, answer(token, resource))
	}
}

func azureRefusal(w http.ResponseWriter, status int, code, description string) {
	sayJSON(w, status, map[string]string{"error": code, "error_description": description})
}
