// Package console is the Developer Console's REST API under /console, for the vendor's clients as they are
// (spec/ims-and-console.md §3.2, §3.3): projects, workspaces, credentials, certificates, secrets, services.
//
// It owns the vendor's shapes and statuses, and no rule: a handler reads, calls a use case of package project with the
// caller, and writes. Paths name an organization by its number, ids are digits, times are as each of the vendor's
// answers has them: milliseconds in a number or a text. Errors are those of the vendor's gateway:
// {"error_code","message"}. /api/v1 has the same acts in our own shapes.
//
// A call needs Authorization: Bearer with a token that [Config.Token] takes, and x-api-key; a key of ours (lk_…) implies
// the latter. No answer repeats what was sent, none may be cached: several hold client secrets.
package console

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/clock"
	"latchkey/internal/project"
	"latchkey/internal/registry"
)

// Prefix is where the API stands.
const Prefix = "/console"

// Config is what the API works with.
type Config struct {
	Directory   *registry.Directory
	Projects    *project.Projects
	Services    *project.Catalogue
	Credentials *project.Credentials
	// Key gives the caller of an API key of ours: registry.Keyring.Authenticate.
	Key func(presented string) (access.Caller, error)
	// Token gives the caller of an access token. Any error but one that is Unavailable means that it is not valid. Nil
	// takes none.
	Token func(ctx context.Context, token string) (access.Caller, error)
	Clock clock.Clock
	// Log gets what is told to nobody else: the cause of a 500. Nil means none.
	Log *slog.Logger
}

// maxBody bounds a request's body.
const maxBody = 1 << 20

// server is the handler.
type server struct {
	Config
	mux *http.ServeMux
}

// New makes the handler of /console/….
func New(config Config) (http.Handler, error) {
	if config.Directory == nil || config.Projects == nil || config.Services == nil || config.Credentials == nil || config.Key == nil {
		return nil, errors.New("console: Directory, Projects, Services, Credentials and Key are needed")
	}
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	s := &server{config, http.NewServeMux()}
	s.organizationRoutes()
	s.projectRoutes()
	s.workspaceRoutes()
	s.credentialRoutes()
	s.serverRoutes()
	s.integrationRoutes()
	s.bindingRoutes()
	s.secretRoutes()
	s.subscriptionRoutes()
	s.lookupRoutes()
	s.builderRoutes()
	return s, nil
}

// ServeHTTP finds the route. A path with a slash at its end is the same path: a redirect would lose the body.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	defer func() {
		fault := recover()
		if fault == nil {
			return
		}
		if err, ok := fault.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(fault)
		}
		s.Log.ErrorContext(r.Context(), "a handler panicked", slog.String("path", r.URL.Path), slog.String("stack", string(debug.Stack())))
		fail(w, internal)
	}()
	if path := strings.TrimRight(r.URL.Path, "/"); path != r.URL.Path {
		r = r.Clone(r.Context())
		r.URL.Path, r.URL.RawPath = path, strings.TrimRight(r.URL.RawPath, "/")
	}
	if _, pattern := s.mux.Handler(r); pattern == "" {
		fail(w, failure{http.StatusNotFound, "404", "There is no such route"})
		return
	}
	if r.Body != nil {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	}
	s.mux.ServeHTTP(w, r)
}

// request is a call that is authenticated, in the organization that its path names.
type request struct {
	*http.Request
	caller       access.Caller
	organization registry.Organization
}

// answer is what a handler gives: a body in JSON, unless raw is one of another type.
type answer struct {
	status int // 200 when 0
	body   any
	raw    []byte
	kind   string // of raw
}

// route serves a path whose handler needs a caller. Where the path names an organization, it is the caller's.
func (s *server) route(pattern string, do func(*request) (answer, error)) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		caller, problem := s.authenticate(r)
		if problem != nil {
			fail(w, *problem)
			return
		}
		call := &request{Request: r.WithContext(access.With(r.Context(), caller)), caller: caller}
		out, err := s.within(call, do)
		if err != nil {
			fail(w, s.failure(r.Context(), err))
			return
		}
		write(w, out)
	})
}

// within finds the organization that the path names, by its number or its IMS id.
func (s *server) within(r *request, do func(*request) (answer, error)) (answer, error) {
	named := r.PathValue("org")
	if named == "" {
		named = r.caller.Organization
	}
	found, err := s.Directory.Organization(r.Context(), r.caller, named)
	if err != nil {
		return answer{}, err
	}
	r.organization = found
	return do(r)
}

// keyMark begins every API key of ours.
const keyMark = "lk_"

// authenticate finds the caller, in the words of the vendor's gateway.
func (s *server) authenticate(r *http.Request) (access.Caller, *failure) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return access.Caller{}, &failure{http.StatusUnauthorized, "401010", "Oauth token is missing"}
	}
	if strings.HasPrefix(token, keyMark) {
		caller, err := s.Key(token)
		if err != nil {
			return caller, &invalidToken
		}
		return caller, nil
	}
	if s.Token == nil {
		return access.Caller{}, &invalidToken
	}
	caller, err := s.Token(r.Context(), token)
	switch {
	case err != nil && away(err):
		problem := s.failure(r.Context(), err)
		return caller, &problem
	case err != nil:
		return caller, &invalidToken
	case r.Header.Get("X-Api-Key") == "":
		return caller, &failure{http.StatusForbidden, "403000", "Api Key is required"}
	}
	return caller, nil
}
