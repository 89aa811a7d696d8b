// Package api is the HTTP face of Latchkey for programs: /api/v1, the compatible authoring API, health, and the
// OpenAPI document that describes them.
//
// It owns shapes and statuses, no rule of the trade: a handler decodes, calls a room's use case with the caller, and
// encodes. Ordinary routes are huma operations, so the document at /openapi.json can't differ from what is served;
// the token read, which is called for every outgoing request of somebody's program, is a plain handler that
// allocates next to nothing.
//
// Every error becomes an RFC 9457 problem through one table ([Kinds]), and what is not in the table is a 500 with a
// request id and no detail. No answer repeats a value that was sent, and answers are never cached: either may hold a
// secret. A POST with an Idempotency-Key is carried out once (draft-ietf-httpapi-idempotency-key-header).
//
// It trusts the rooms below to check the caller's rights, and whoever composes it to put the client's own address
// into Request.RemoteAddr and an id into the request (telemetry.RequestIDs).
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"go.opentelemetry.io/otel/metric"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/authority"
	"latchkey/internal/calendar"
	"latchkey/internal/clock"
	"latchkey/internal/cloudservice"
	"latchkey/internal/connection"
	"latchkey/internal/connectlink"
	"latchkey/internal/decision"
	"latchkey/internal/destination"
	"latchkey/internal/exchange"
	"latchkey/internal/idempotency"
	"latchkey/internal/ims"
	"latchkey/internal/limit"
	"latchkey/internal/pipeline"
	"latchkey/internal/pipelined/fleet"
	"latchkey/internal/project"
	"latchkey/internal/provider"
	"latchkey/internal/registry"
	"latchkey/internal/revocation"
	"latchkey/internal/webhook"
	"latchkey/internal/workflow"
)

// Config is what the API works with.
type Config struct {
	Definitions *destination.Catalogue
	Connections *connection.Connector
	// Links let customers connect without an account here.
	Links  *connectlink.Links
	Tokens Tokens
	Audit  *audit.Log
	// Reads records the tokens that are handed out; nil records none.
	Reads     Reads
	Explainer Explainer
	Keys      *registry.Keyring
	Directory *registry.Directory
	Webhooks  *webhook.Subscriptions
	Calendar  *calendar.Calendar
	// AccessTokens tells who calls with a token of our own authority; nil where there is none.
	AccessTokens AccessTokens
	Revocations  *revocation.Revocations
	Offboardings *workflow.Offboardings
	Users        *registry.Users
	Consents     *authority.Consents
	Sessions     *registry.Sessions
	Factors      *registry.Factors
	Projects     *project.Projects
	Services     *project.Catalogue
	Credentials  *project.Credentials
	// Decisions tell why tokens were refused.
	Decisions *decision.Decisions
	IMS       *ims.Configurations
	// CloudServices are the configured uses of Target and Analytics.
	CloudServices *cloudservice.Services
	// Proxy passes calls on to services; nil where there is none.
	Proxy Proxy
	// Pipeline is the broker.
	Pipeline *pipeline.Broker
	// Fleet knows the daemons of Campaign instances.
	Fleet *fleet.Fleet
	// Providers is an empty one when nil.
	Providers *provider.Health
	RootKeys  RootKeys
	Backups   Backups
	// Answers keeps the answers of requests with an Idempotency-Key; nil keeps them in this process's memory.
	Answers idempotency.Store
	// Checks are what /readyz asks, in this order.
	Checks []Check
	// PublicURLs are the base URLs under which browsers reach us, the first is the default; as for the Connector.
	PublicURLs []string
	// AllowHTTP lets definitions name endpoints without TLS.
	AllowHTTP bool
	Version   string
	// Limits are per key and per address; zero members stand for defaults.
	Limits Limits
	// Clock is the system's when nil.
	Clock clock.Clock
	// Log gets what is told to nobody else: the cause of a 500. Nil means none.
	Log *slog.Logger
	// Meter gets the counters of token reads; nil means none.
	Meter metric.Meter
}

// Tokens serves tokens. It is [connection.Keeper]; a benchmark of this room alone has its own.
type Tokens interface {
	Token(ctx context.Context, caller access.Caller, ref string, want connection.Want) (connection.Token, error)
}

// Reads records who was given which token. It is [audit.Reads]; whoever measures this room alone has none.
type Reads interface {
	// Read records one read. It MUST NOT wait for I/O unless reads are strict; when it fails the token stays here.
	Read(ctx context.Context, read audit.Read) error
}

// Explainer tells which requests a plan would send. It is [exchange.Runner], as far as this room calls it.
type Explainer interface {
	Explain(ctx context.Context, plan *destination.Plan, input exchange.Input) ([]exchange.Explained, error)
}

// Check is one thing that must work before this server takes traffic.
type Check struct {
	Name string
	// Ready fails while it does not work. The error is told to nobody, only logged.
	Ready func(context.Context) error
	// Without is what the caller is told when the rest works without it, so that this server gets traffic all the same; ""
	// for what nothing works without.
	Without string
}

// maxBody bounds a request's body.
const maxBody = 1 << 20

// server holds the configuration and what is made from it.
type server struct {
	Config
	mux      *http.ServeMux
	routes   []route         // for "nearest" and "Allow"
	creating map[string]bool // :: pattern → takes an Idempotency-Key
	requests *limit.Limiter
	tokens   *limit.Limiter
	refused  *limit.Limiter
	reads    tokenCounters
	rest     http.Handler
	spec     *huma.OpenAPI
	document func() ([]byte, error) // spec in JSON, made once it is asked for
}

// New makes the handler of /api/v1/…, /openapi.json, /data/core/activation/authoring/…, /healthz and /readyz. Other
// paths that reach it are answered with 404.
func New(config Config) (http.Handler, error) {
	if config.Keys == nil || config.Tokens == nil {
		return nil, errors.New("api: Keys and Tokens are needed")
	}
	s, err := newServer(config)
	if err != nil {
		return nil, err
	}
	if err := s.reads.observe(config.Meter); err != nil {
		return nil, err
	}
	return s, nil
}

// OpenAPI gives the document that describes the API, as /openapi.json serves it.
func OpenAPI(version string) ([]byte, error) {
	s, err := newServer(Config{Version: version})
	if err != nil {
		return nil, err
	}
	return s.document()
}

func newServer(config Config) (*server, error) {
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Answers == nil {
		config.Answers = &idempotency.Memory{}
	}
	if config.Providers == nil {
		var err error
		if config.Providers, err = provider.New(provider.Config{}); err != nil {
			return nil, err
		}
	}
	limits := config.Limits.withDefaults()
	s := &server{
		Config: config, mux: http.NewServeMux(), creating: map[string]bool{},
		requests: limit.New(limits.Requests, config.Clock),
		tokens:   limit.New(limits.Tokens, config.Clock),
		refused:  limit.New(limits.Refused, config.Clock),
	}
	s.document = sync.OnceValues(s.describe())
	s.mountPlain()
	origins := http.NewCrossOriginProtection()
	origins.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, newProblem(kindForeign, "The browser says that another site sent this."))
	}))
	s.rest = s.guard(origins.Handler(http.HandlerFunc(s.dispatch)))
	return s, nil
}

// mountPlain adds the routes that are not operations of the OpenAPI document's /api/v1.
func (s *server) mountPlain() {
	s.plain("GET /openapi.json", http.HandlerFunc(s.openAPI))
	s.plain("GET /healthz", http.HandlerFunc(s.healthz))
	s.plain("GET /readyz", http.HandlerFunc(s.readyz))
	s.plain("POST "+provisioningPath, http.HandlerFunc(s.provisioningForm))
	s.mountAuthoring()
}

func (s *server) plain(pattern string, handler http.Handler) {
	method, path, _ := strings.Cut(pattern, " ")
	s.routes = append(s.routes, route{method, path})
	s.mux.Handle(pattern, handler)
}

// ServeHTTP sends token reads and calls to services down their own short ways.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if ref, ok := tokenRead(r); ok {
		s.token(w, r, ref)
		return
	}
	if ref, rest, ok := proxied(r); ok && s.Proxy != nil {
		s.proxy(w, r, ref, rest)
		return
	}
	s.rest.ServeHTTP(w, r)
}

func (s *server) openAPI(w http.ResponseWriter, r *http.Request) {
	document, err := s.document()
	if err != nil {
		s.fail(w, r, s.problem(r.Context(), err))
		return
	}
	w.Header().Set("Content-Type", "application/vnd.oai.openapi+json;version=3.1")
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("Access-Control-Allow-Origin", "*") // tools in a browser may read what the docs page shows anyway
	_, _ = w.Write(document)
}
