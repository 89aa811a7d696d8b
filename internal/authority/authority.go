// Package authority is the authorization server: it issues the tokens by which systems call systems.
//
// It speaks Adobe IMS as its clients know it (spec/ims-and-console.md §1, §2, §6) and OAuth 2 beside. Who may have a token
// is the registry's to say: a client comes from [project.Clients], from memory. An access token is a signature and nothing
// else: no row is written for one, and none is read to check it. What was revoked is kept until it would have ended anyway.
//
// A grant is a function in the table of [Server.grants]: it gets the parsed [form] and the authenticated client, and gives
// what the token is to say; how that is signed, counted and answered is the same for all. A route is a line in
// [Server.routes]. Errors are [*fault]s, whose words for the caller are few; the reasons in full go to the decision log (package
// decision), which belongs to the organization's own developers.
//
// It trusts nothing that it is sent, and says the same to a wrong secret and to an unknown one but for the status.
package authority

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/metric"

	"latchkey/internal/clock"
	"latchkey/internal/decision"
	"latchkey/internal/project"
	"latchkey/internal/secret"
	"latchkey/internal/telemetry"
)

// Clients are the credentials. It is [project.Clients].
type Clients interface {
	Client(ctx context.Context, clientID string) (*project.Client, error)
	CheckSecret(client *project.Client, presented secret.String) (uuid string, ok bool)
	Used(client *project.Client, what project.Use, id string, at time.Time)
}

// Organization is what tokens and profiles tell of one.
type Organization struct{ ID, Number, Name string }

// Config is what a [Server] works with.
type Config struct {
	Clients Clients
	Store   Store
	// Decisions get why there was no token; nil leaves it to Log.
	Decisions *decision.Log
	// Organizations tells of one by its id.
	Organizations func(ctx context.Context, id string) (Organization, error)
	// Registrar makes the credentials of clients that register themselves; nil where none do.
	Registrar Registrar
	// Issuers are the base URLs under which clients know this server, without a slash at the end; the first is the one
	// that discovery names. Assertions may be meant for any of them.
	Issuers []string
	// People tells of those who sign in; nil where nobody can. Administrators gives an organization's System Administrators.
	People         People
	Administrators func(ctx context.Context, organization string) ([]Person, error)
	// Name is the `as` of IMS tokens; "" means ims-na1.
	Name string
	// AccessLife is how long access tokens live; 0 means 24 hours.
	AccessLife time.Duration
	// RefreshLife is how long a refresh token is good for; 0 means 14 days. RefreshGrace is how long one that was used
	// gets its successor again; 0 means 10 s.
	RefreshLife, RefreshGrace time.Duration
	// KeyLife is how long a key signs; 0 means 90 days. Soak is how long it is published before; 0 means 24 hours.
	KeyLife, Soak time.Duration
	// RSAKey makes a key to sign with whose time has come; nil generates one of 2048 bits.
	RSAKey func() (*rsa.PrivateKey, error)
	Clock  clock.Clock
	Log    *slog.Logger
	Meter  metric.Meter
	// Counted is told of each token that an organization's client was given, or refused; it MUST NOT block. Nil means nobody.
	Counted func(organization string, issued bool)
}

// Server is the authorization server. It is safe for concurrent use.
type Server struct {
	config  Config
	keys    *keys
	revoked *revocations
	spent   *spent
	tries   *tries
	// registering limits registrations by address.
	registering *tries
	meters      *meters
	browser     Browser // nil until [Server.Show]
	routes      map[string]route
	hosts       map[string]string // host → issuer
	grants      map[string]grant
}

// route is what is done at a path, for some methods.
type route struct {
	methods string // as "GET POST"
	serve   func(s *Server, x *exchange)
	// millis says that expires_in is in milliseconds there (spec §6.4).
	millis bool
}

// New makes a server over its store. It makes the first signing keys when there are none.
func New(ctx context.Context, config Config) (*Server, error) {
	if config.Clients == nil || config.Store == nil || config.Organizations == nil || len(config.Issuers) == 0 {
		return nil, errors.New("authority: clients, a store, organizations and an issuer are needed")
	}
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Decisions == nil {
		config.Decisions = decision.Open(decision.Config{Clock: config.Clock, Log: config.Log})
	}
	if config.Name == "" {
		config.Name = "ims-na1"
	}
	for name, value := range map[*time.Duration]time.Duration{
		&config.AccessLife: 24 * time.Hour, &config.RefreshLife: 14 * 24 * time.Hour, &config.RefreshGrace: 10 * time.Second,
		&config.KeyLife: 90 * 24 * time.Hour, &config.Soak: 24 * time.Hour,
	} {
		if *name <= 0 {
			*name = value
		}
	}
	for i, issuer := range config.Issuers {
		if u, err := url.Parse(issuer); err != nil || u.Host == "" {
			return nil, fmt.Errorf("authority: %q is not a base URL", issuer)
		}
		config.Issuers[i] = strings.TrimRight(issuer, "/")
	}
	s := &Server{config: config, tries: newTries(config.Clock), registering: newTries(config.Clock)}
	s.routes, s.grants, s.hosts = routes(), grants(), byHost(config.Issuers)
	var err error
	if s.meters, err = newMeters(config.Meter, s.grants); err != nil {
		return nil, err
	}
	if s.revoked, err = openRevocations(ctx, config.Store, config.Clock); err != nil {
		return nil, err
	}
	s.spent = &spent{store: config.Store, clock: config.Clock}
	if s.keys, err = openKeys(ctx, &s.config); err != nil {
		return nil, err
	}
	return s, nil
}

// Start begins the work in the background: keys are made before they are needed, what other nodes made and revoked is read.
func (s *Server) Start() { s.keys.done.Go(func() { s.keys.work(s.revoked, s.spent) }) }

// Close ends it.
func (s *Server) Close() { s.keys.close() }

// routes lists every path, without a slash at its end; with one it is the same, and nothing is redirected (spec §6.4).
func routes() map[string]route {
	all := map[string]route{
		"/ims/exchange/jwt":                       {"POST", (*Server).exchangeJWT, true},
		"/ims/exchange/v1/jwt":                    {"POST", (*Server).exchangeJWT, true},
		gatewayPath:                               {"POST", (*Server).gateway, false},
		"/ims/token":                              {"POST", (*Server).token, true},
		"/ims/token/v1":                           {"POST", (*Server).token, true},
		"/ims/token/v2":                           {"POST", (*Server).token, false},
		"/ims/token/v3":                           {"POST", (*Server).token, false},
		"/ims/token/v4":                           {"POST", (*Server).token, false},
		decisionPath:                              {"POST", withPeople((*Server).answered), false},
		"/ims/logout/v1/token":                    {"GET POST", (*Server).logoutToken, false},
		"/ims/validate_token/v1":                  {"GET POST", (*Server).validate, false},
		"/ims/invalidate_token/v2":                {"POST", (*Server).invalidate, false},
		"/ims/revoke":                             {"POST", (*Server).revoke, false},
		registerPath:                              {"POST", (*Server).register, false},
		"/ims/introspect":                         {"POST", (*Server).introspect, false},
		"/ims/keys":                               {"GET", (*Server).jwks, false},
		"/ims/profile/v1":                         {"GET POST", (*Server).profile, false},
		"/ims/.well-known/openid-configuration":   {"GET", (*Server).discovery, false},
		"/.well-known/openid-configuration":       {"GET", (*Server).discovery, false},
		"/.well-known/oauth-authorization-server": {"GET", (*Server).discovery, false},
	}
	for _, version := range []string{"", "/v1"} {
		all["/ims/logout"+version] = route{"GET POST", withPeople((*Server).logout), false}
	}
	for _, version := range []string{"", "/v1", "/v2"} {
		all["/ims/authorize"+version] = route{"GET POST", withPeople((*Server).authorize), false}
		all["/ims/userinfo"+version] = route{"GET POST", (*Server).userinfo, false}
	}
	for _, version := range []string{"/v1", "/v5", "/v6"} {
		all["/ims/organizations"+version] = route{"GET POST", (*Server).organizations, false}
	}
	return all
}

const keyPrefix = "/keys/prod/"

// Owns tells whether a path is the server's, however many slashes are in it.
func Owns(path string) bool {
	path = plainPath(path)
	return path == "/ims" || path == gatewayPath || strings.HasPrefix(path, "/ims/") || strings.HasPrefix(path, keyPrefix) ||
		path == "/.well-known/openid-configuration" || path == "/.well-known/oauth-authorization-server"
}

// plainPath collapses slashes, and drops one at the end: clients make both (spec §6.4), and a redirect would hang some.
func plainPath(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	return path
}

// ServeHTTP answers every path that the server [Owns].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{Server: s, w: w, r: r, debug: newDebugID()}
	header := w.Header()
	header["X-Debug-Id"] = []string{x.debug}
	header["Cache-Control"], header["Pragma"], header["X-Content-Type-Options"] = noStore, noCache, noSniff
	path := plainPath(r.URL.Path)
	if name, ok := strings.CutPrefix(path, keyPrefix); ok && r.Method == http.MethodGet {
		telemetry.SetRoute(r.Context(), keyPrefix+"{x5u}")
		s.certificate(x, name)
		return
	}
	found, ok := s.routes[path]
	pattern := path
	if !ok {
		found, pattern, ok = organizationRoute(path)
	}
	switch {
	case !ok:
		x.fail(&fault{status: http.StatusNotFound, code: "not_found", says: "There is no such path; see /ims/.well-known/openid-configuration."})
	case r.Method == http.MethodOptions:
		x.preflight()
	case !strings.Contains(found.methods, r.Method):
		header.Set("Allow", strings.ReplaceAll(found.methods, " ", ", "))
		x.fail(&fault{status: http.StatusMethodNotAllowed, code: "invalid_request", says: "The method is not one of " + found.methods + "."})
	default:
		telemetry.SetRoute(r.Context(), pattern)
		x.route = found
		x.publish(path)
		found.serve(s, x)
	}
}
