// Package web is Latchkey for browsers: the landing page, the sign-in of people, what the authorization server asks them
// ([authority.Browser]), the consent that a customer gives, the documentation.
//
// Pages are made on the server and work without script; the one script copies ids and is ours. Nothing is fetched
// from anywhere else, and the content security policy says so: no inline script, no inline style. What a stranger
// sent (a provider's error, a path) is shown as text, shortened, never as markup.
//
// A person signs in by password, by an invitation or by a ticket that is good once; the session is a cookie that no script
// can read, and what it may do is read from the person at every request. Forms carry a token of the session, or of a
// cookie where there is none yet. The consent of a customer needs no session: who holds the link of an attempt may consent, the browser is bound by a cookie of its own, and
// what comes back is checked by [connection.Connector] before anything is believed.
//
// It trusts whoever composes it to put the scheme into Request.TLS when a proxy ends TLS. Pages are html/template: the
// generator of templ needs modules that this project does not carry.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/metric"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/calendar"
	"latchkey/internal/clock"
	"latchkey/internal/cloudservice"
	"latchkey/internal/connection"
	"latchkey/internal/connectlink"
	"latchkey/internal/decision"
	"latchkey/internal/destination"
	"latchkey/internal/ims"
	"latchkey/internal/pipeline"
	"latchkey/internal/pipelined/fleet"
	"latchkey/internal/project"
	"latchkey/internal/provider"
	"latchkey/internal/registry"
	"latchkey/internal/revocation"
	"latchkey/internal/seal"
	"latchkey/internal/series"
	"latchkey/internal/trial"
	"latchkey/internal/webhook"
)

// Config is what the pages work with.
type Config struct {
	// Consents runs the consents of customers. It is [connection.Connector].
	Consents Consents
	// Connections, Definitions and Directory are what a signed-in browser sees: [connection.Connector],
	// [destination.Catalogue] and [registry.Directory].
	Connections Connections
	Definitions *destination.Catalogue
	Directory   Directory
	// Explainer tells what definitions would send: [exchange.Runner].
	Explainer Explainer
	// Trials runs definitions against a provider of their own; nil where there are no simulators.
	Trials *trial.Trials
	// IMS, CloudServices, Projects, Services and Credentials are what the console's pages work with.
	IMS           *ims.Configurations
	CloudServices *cloudservice.Services
	Projects      *project.Projects
	Services      *project.Catalogue
	Credentials   *project.Credentials
	Administration
	// Authority is our own authorization server, at which a key is tried; nil where there is none.
	Authority http.Handler
	// Links let applications send their customers here.
	Links *connectlink.Links
	// Calendar tells what ends, Series what was counted over time.
	Calendar *calendar.Calendar
	Series   *series.Recorder
	// Users are the people of organizations, Keys the API keys.
	Users *registry.Users
	Keys  *registry.Keyring
	// Webhooks deliver events, Audit is the record, Decisions say why tokens were refused.
	Webhooks  *webhook.Subscriptions
	Audit     *audit.Log
	Decisions *decision.Decisions
	// Providers knows how each provider stands, RootKeys what seals secrets, Revocations what became of grants.
	Providers   *provider.Health
	RootKeys    *seal.Keyring
	Revocations *revocation.Revocations
	// Pipeline is the broker, Fleet the daemons of instances.
	Pipeline *pipeline.Broker
	Fleet    *fleet.Fleet
	// Document gives the OpenAPI document that /docs shows: api.OpenAPI. It is called once, when it is needed; nil is no document.
	Document func() ([]byte, error)
	// PublicURLs are the base URLs under which browsers reach us, the first is the default; as for the Connector.
	PublicURLs []string
	// BrowserURL turns a provider's address into one that the browser can reach (simulated hosts); nil leaves it.
	BrowserURL func(string) string
	Version    string
	// Program is what people type to run the command line; "" means latchkey.
	Program string
	// Example is a connection to name in the commands of the start page; "" means CONNECTION.
	Example string
	// People can sign in, Sessions keep who did, Factors are what is asked for beside the password.
	People   People
	Sessions *registry.Sessions
	Factors  *registry.Factors
	// Passkeys are the key pairs of people's devices.
	Passkeys *registry.Passkeys
	// OpenID is the provider that people can sign in by; nil for none.
	OpenID *OpenID
	// FirstStart sets up an installation that has no organization yet; nil where there always is one.
	FirstStart *registry.FirstStart
	// Clock is the system's when nil.
	Clock clock.Clock
	// Log gets what is told to nobody else; nil means none.
	Log *slog.Logger
	// Meter counts sign-ins; nil means nobody does.
	Meter metric.Meter
}

// Consents runs the consents of customers.
type Consents interface {
	Begin(ctx context.Context, attempt string) (connection.Begun, error)
	Callback(ctx context.Context, request connection.CallbackRequest) (connection.CallbackResult, error)
}

// Directory tells the organization and its sandboxes.
type Directory interface {
	Organization(ctx context.Context, caller access.Caller, id string) (registry.Organization, error)
	Sandboxes(ctx context.Context, caller access.Caller) ([]registry.Sandbox, error)
	Sandbox(ctx context.Context, caller access.Caller, name string) (registry.Sandbox, error)
}

// Pages is the handler of every page.
type Pages struct {
	Config
	mux       *http.ServeMux
	assets    assets
	templates *templates
	reference func() reference // read once it is asked for
	guesses   guesses
	meters    meters
	counts    counts
	lives     lives
	openID    *openID // nil for none
}

var _ http.Handler = (*Pages)(nil)

// New makes the pages. They serve /, /sign-in, /sign-out, /invitation, /set-up, /docs…, /connect/{attempt}, the callback, /assets/…, and
// answer every other path with a page that says that there is none.
func New(config Config) (*Pages, error) {
	if config.Consents == nil || config.Connections == nil || config.Definitions == nil || config.Directory == nil || config.Explainer == nil ||
		config.People == nil || config.Sessions == nil || config.Factors == nil || config.Passkeys == nil {
		return nil, errors.New("web: Consents, Connections, Definitions, Directory, Explainer, People, Sessions, Factors and Passkeys are needed")
	}
	if config.IMS == nil || config.CloudServices == nil || config.Projects == nil || config.Services == nil || config.Credentials == nil {
		return nil, errors.New("web: IMS, CloudServices, Projects, Services and Credentials are needed")
	}
	if config.Calendar == nil || config.Series == nil || config.Users == nil || config.Keys == nil || config.Webhooks == nil || config.Audit == nil || config.Decisions == nil ||
		config.Providers == nil || config.RootKeys == nil || config.Revocations == nil || config.Pipeline == nil || config.Fleet == nil {
		return nil, errors.New("web: every room of the console is needed")
	}
	if err := config.check(); err != nil {
		return nil, err
	}
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.BrowserURL == nil {
		config.BrowserURL = func(address string) string { return address }
	}
	if config.Program == "" {
		config.Program = "latchkey"
	}
	if config.Example == "" {
		config.Example = "CONNECTION"
	}
	p := &Pages{Config: config, mux: http.NewServeMux(), assets: newAssets(), guesses: newGuesses(config.Clock), lives: lives{ending: make(chan struct{})}}
	var err error
	if p.openID, err = newOpenID(config.OpenID, config.Clock); err != nil {
		return nil, err
	}
	if p.meters, err = newMeters(config.Meter); err != nil {
		return nil, err
	}
	if p.templates, err = p.parseTemplates(); err != nil {
		return nil, fmt.Errorf("reading the pages: %w", err)
	}
	p.reference = sync.OnceValue(p.readReference)
	p.mount()
	return p, nil
}

// Patterns gives the routes of all pages as [http.ServeMux] has them, for those who want to look at every one.
func Patterns() []string {
	var p Pages
	return slices.AppendSeq(Inside(), maps.Keys(p.public()))
}

// Inside gives those for which somebody has to sign in.
func Inside() []string {
	var p Pages
	var patterns []string
	for _, s := range p.sections() {
		patterns = slices.AppendSeq(patterns, maps.Keys(s.routes))
	}
	return patterns
}

// public are the pages of those who are not signed in, or not yet.
func (p *Pages) public() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET /{$}":                       p.home,
		"GET /sign-in":                   p.getSignIn,
		"POST /sign-in":                  p.postSignIn,
		"POST /sign-in/organization":     p.postChoice,
		"POST /sign-in/second":           p.postSecond,
		"POST /sign-in/second/passkey":   p.postSecondPasskey,
		"POST /sign-in/passkey":          p.postPasskey,
		"GET " + openIDPath:              p.getProvider,
		"GET " + openIDCallback:          p.getProviderCallback,
		"POST /sign-in/enrol":            p.postEnrol,
		"POST /sign-out":                 p.postSignOut,
		"GET /invitation":                p.getInvitation,
		"POST /invitation":               p.postInvitation,
		"GET " + setUpPath:               p.getSetUp,
		"POST " + setUpPath:              p.postSetUp,
		"GET /connect/{attempt}":         p.connect,
		"GET /connect/to/{token}":        p.getConnectTo,
		"POST /connect/to/{token}":       p.postConnectTo,
		"GET /connect/accent/{file}":     p.connectAccent,
		"GET /connect/logo/{file}":       p.connectLogo,
		"GET " + connection.CallbackPath: p.callback,
		"GET /docs":                      p.docs,
		"GET /docs/errors":               p.docsErrors,
		"GET /docs/shapes":               p.docsShapes,
		"GET /docs/shapes/{name}":        p.docsShape,
		"GET /docs/{group}":              p.docsGroup,
		"GET /assets/{name}":             p.assets.serve,
		"GET /favicon.ico":               p.assets.favicon,
	}
}

func (p *Pages) mount() {
	for pattern, handler := range p.public() {
		p.mux.HandleFunc(pattern, handler)
	}
	for _, s := range p.sections() {
		for pattern, do := range s.routes {
			p.mux.HandleFunc(pattern, p.inside(s.place, do))
		}
	}
}

// section is the pages of a place in the navigation.
type section struct {
	place  string
	routes map[string]func(*visit) error
}

// sections are the pages of those who are signed in.
func (p *Pages) sections() []section {
	return []section{
		{placeCalendar, p.calendarRoutes()},
		{placeSearch, p.searchRoutes()},
		{placeOverview, p.chartRoutes()},
		{placeProjects, p.projectRoutes()},
		{placeProjects, p.integrationRoutes()},
		{placeDefinitions, p.definitionRoutes()},
		{placeIMS, p.imsRoutes()},
		{placeIMS, p.imsFileRoutes()},
		{placeCloudServices, p.cloudServiceRoutes()},
		{placeCloudServices, p.cloudServiceFileRoutes()},
		{placeCloudServices, p.servicePartRoutes()},
		{placePipeline, p.pipelineRoutes()},
		{placeInstances, p.instanceRoutes()},
		{placeAdmin, p.adminRoutes()},
		{placeConnections, p.connectionRoutes()},
		{placeSettings, p.settingsRoutes()},
		{placeAudit, p.auditRoutes()},
		{placeAccount, p.accountRoutes()},
		{placeAccount, p.passkeyRoutes()},
		{placeAccount, p.proveRoutes()},
		{placeAccount, p.switchRoutes()},
		{placeAdmin, p.adminSignInRoutes()},
	}
}

// ServeHTTP puts the headers of every page, and sends a path with a slash at its end where it belongs.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header(), r)
	if path := r.URL.Path; len(path) > 1 && strings.HasSuffix(path, "/") {
		r = r.Clone(r.Context())
		r.URL.Path, r.URL.RawPath = strings.TrimRight(path, "/"), ""
	}
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		p.message(w, r, messageForeign)
		return
	}
	if p.waiting(w, r) {
		return
	}
	if _, pattern := p.mux.Handler(r); pattern == "" {
		p.missing(w, r)
		return
	}
	p.mux.ServeHTTP(w, r)
}

// secure puts the headers that hold for every answer.
func secure(header http.Header, r *http.Request) {
	header.Set("Content-Security-Policy", policy("'self'"))
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY") // for browsers that know no frame-ancestors
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	header.Set("Cache-Control", "no-store")
	if host, _, _ := strings.Cut(r.Host, ":"); r.TLS != nil && host != "localhost" { // other servers share that name
		header.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// withOpener lets a window that an application opened go on to tell it, when it comes back: a page with a policy of its own
// on openers would part the two for good.
func withOpener(header http.Header) { header.Del("Cross-Origin-Opener-Policy") }

// policy is the content security policy of a page whose form may end there.
func policy(formAction string) string {
	return "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; " +
		"form-action " + formAction + "; base-uri 'none'; frame-ancestors 'none'"
}

// missing answers for a path or a method that is not served.
func (p *Pages) missing(w http.ResponseWriter, r *http.Request) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		probe := r.Clone(r.Context())
		probe.Method = method
		if _, pattern := p.mux.Handler(probe); pattern != "" {
			w.Header().Set("Allow", method)
			p.message(w, r, messageMethod)
			return
		}
	}
	p.message(w, r, messageMissing)
}
