package sidecar

import (
	"net/http"
	"slices"
	"strings"
)

// The metadata server of Google Compute Engine, as its client libraries ask it (GCE_METADATA_HOST): every request has
// Metadata-Flavor: Google, and every answer too, by which the libraries tell that it is one. A service account is a connection
// by its name; "default" is the first. A connection has no project: what asks for one gets 404, as outside of a project.

const flavor = "Metadata-Flavor"

// googleShape wants the header, and that there is no key: the libraries have none to show.
func (s *server) googleShape(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(flavor, "Google")
		switch {
		case !s.Key.Empty():
			http.Error(w, "this sidecar wants a key, which clients of a metadata server don't send; start one without", http.StatusForbidden)
		case r.Header.Get(flavor) != "Google":
			http.Error(w, "the header Metadata-Flavor: Google is missing", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func (s *server) googleRoutes() http.Handler {
	const accounts = "GET /computeMetadata/v1/instance/service-accounts/"
	mux := http.NewServeMux()
	for path, holds := range map[string]string{"{$}": "instance/\n", "instance": "service-accounts/\n", "instance/{$}": "service-accounts/\n"} {
		mux.HandleFunc("GET /computeMetadata/v1/"+path, func(w http.ResponseWriter, _ *http.Request) { sayText(w, holds) })
	}
	mux.HandleFunc(accounts+"{$}", func(w http.ResponseWriter, r *http.Request) {
		all := append([]string{"default"}, s.Connections...)
		if recursive(r) {
			out := map[string]any{}
			for _, name := range all {
				out[name] = s.googleAccount(name)
			}
			sayJSON(w, http.StatusOK, out)
			return
		}
		sayText(w, strings.Join(all, "/\n")+"/\n")
	})
	mux.HandleFunc(accounts+"{account}/{$}", s.account(func(w http.ResponseWriter, r *http.Request, name string) {
		if recursive(r) {
			sayJSON(w, http.StatusOK, s.googleAccount(name))
			return
		}
		sayText(w, "aliases\nemail\nscopes\ntoken\n")
	}))
	mux.HandleFunc(accounts+"{account}/email", s.account(func(w http.ResponseWriter, _ *http.Request, name string) { sayText(w, name) }))
	mux.HandleFunc(accounts+"{account}/scopes", s.account(func(w http.ResponseWriter, _ *http.Request, _ string) { sayText(w, "") }))
	mux.HandleFunc(accounts+"{account}/aliases", s.account(func(w http.ResponseWriter, _ *http.Request, name string) {
		sayText(w, strings.Join(s.aliases(name), "\n"))
	}))
	mux.HandleFunc(accounts+"{account}/token", s.account(func(w http.ResponseWriter, r *http.Request, name string) {
		token, status, err := s.plain(r.Context(), name)
		if err != nil {
			http.Error(w, err.Error(), status)
			return
		}
		sayJSON(w, http.StatusOK, map[string]any{"access_token": token.AccessToken, "expires_in": left(token), "token_type": "Bearer"})
	}))
	return mux
}

// account finds the connection that a service account stands for.
func (s *server) account(next func(w http.ResponseWriter, r *http.Request, name string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("account")
		if name == "default" {
			name = s.Connections[0]
		}
		if !s.serves(name) {
			http.Error(w, "this sidecar was not started for that connection, but for "+strings.Join(s.Connections, ", "), http.StatusNotFound)
			return
		}
		next(w, r, name)
	}
}

func (s *server) googleAccount(name string) map[string]any {
	if name == "default" {
		name = s.Connections[0]
	}
	return map[string]any{"aliases": s.aliases(name), "email": name, "scopes": []string{}}
}

func (s *server) aliases(name string) []string {
	if slices.Index(s.Connections, name) == 0 {
		return []string{"default"}
	}
	return []string{}
}

func recursive(r *http.Request) bool {
	return strings.EqualFold(r.URL.Query().Get("recursive"), "true")
}

func sayText(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "application/text")
	_, _ = w.Write([]byte(text))
}
