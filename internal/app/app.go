// Package app is where Latchkey is put together: configuration → store → rooms → listener.
//
// [Dev] runs it on a workstation, with a sample organization and simulated providers; [Serve] runs it in production;
// [Setup] prepares production's first start. All three build the same house. What a room needs from a room of its own
// floor is handed to it here, so that no room knows its neighbours.
//
// It guarantees an orderly end: the listener stops taking calls and finishes those under way, then the refreshes under
// way end and the deliveries of what they told, then what is batched is written, then the database is closed.
package app

import (
	"cmp"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"latchkey/internal/adobesim"
	"latchkey/internal/api"
	"latchkey/internal/audit"
	"latchkey/internal/authority"
	"latchkey/internal/calendar"
	"latchkey/internal/clock"
	"latchkey/internal/cloudservice"
	"latchkey/internal/connection"
	"latchkey/internal/connectlink"
	"latchkey/internal/console"
	"latchkey/internal/decision"
	"latchkey/internal/destination"
	"latchkey/internal/egress"
	"latchkey/internal/eventlog"
	"latchkey/internal/exchange"
	"latchkey/internal/expiry"
	"latchkey/internal/ims"
	"latchkey/internal/mail"
	"latchkey/internal/pipeline"
	"latchkey/internal/pipelined/fleet"
	"latchkey/internal/project"
	"latchkey/internal/provider"
	"latchkey/internal/proxy"
	"latchkey/internal/registry"
	"latchkey/internal/revocation"
	"latchkey/internal/seal"
	"latchkey/internal/series"
	"latchkey/internal/simulator"
	"latchkey/internal/store"
	"latchkey/internal/telemetry"
	"latchkey/internal/trial"
	"latchkey/internal/web"
	"latchkey/internal/webhook"
)

// Version is the program's, set when it is built.
var Version = "dev"

// plan says what to build a house of.
type plan struct {
	config *Config
	// clock is what everything goes by but deadlines of the network; nil is the machine's.
	clock clock.Clock
	// release gives back, last of all, what was taken before the house was built: the lock of the data directory.
	release    func() error
	log        *slog.Logger
	root       seal.Root
	previous   seal.Root // to rotate away from; nil for none
	publicURLs []string
	// url is where this server finds itself, on a workstation; "" in production, and where it can't.
	url string
	// workstation loosens what only a developer's machine may: loopback and plain http to it.
	workstation bool
	// rsaKey gives the keys that the authorization server signs with; nil has it make them.
	rsaKey    func() (*rsa.PrivateKey, error)
	overrides []egress.Override
	// roots are certificates (PEM) that are trusted outward beside the configured ones: our own, where we call ourselves.
	roots []byte
	// browserURL turns a provider's address into one that the browser can reach; nil leaves it as it is.
	browserURL func(string) string
	// trials runs definitions against a provider of their own; nil in production.
	trials *trial.Trials
	// certificates are those of this process, as they end.
	certificates expiry.Fixed
	// program is the command that people type to run this binary.
	program string
	// products stand in for the vendor's products, on a workstation; nil in production.
	products *adobesim.Sim
	// provider stands in for one, on a workstation; nil in production.
	provider *simulator.Simulator
	// example is a connection that the start page's commands name; "" leaves the name open.
	example string
}

// house is all the rooms of a running server.
type house struct {
	plan
	metrics   *telemetry.Metrics
	traces    *telemetry.Traces // nil where none are made
	store     *store.Store
	keyring   *registry.Keyring
	directory *registry.Directory
	users     *registry.Users
	// firstStart sets up what has no organization yet.
	firstStart *registry.FirstStart
	sessions   *registry.Sessions
	factors    *registry.Factors
	passkeys   *registry.Passkeys
	catalogue  *destination.Catalogue
	// The developer console, and its credentials as the authority reads them.
	projects      *project.Projects
	services      *project.Catalogue
	credentials   *project.Credentials
	clients       *project.Clients
	authority     *authority.Server
	refusals      *decision.Log
	egress        *egress.Client
	runner        *exchange.Runner
	links         *connectlink.Links
	health        *provider.Health
	audit         *audit.Log
	reads         *audit.Reads // nil when reads are not recorded
	keeper        *connection.Keeper
	proxy         *proxy.Proxy
	carrier       *egress.Carrier
	connector     *connection.Connector
	ims           *ims.Configurations
	cloudServices *cloudservice.Services
	toProducts    *egress.Client // what they call with: reports take long, and lists are long
	pages         *web.Pages
	webhooks      *webhook.Subscriptions
	dispatcher    *webhook.Dispatcher
	outward       *egress.Client // for webhooks
	revoker       *revocation.Worker
	revocations   *revocation.Revocations
	calendar      *calendar.Calendar
	series        *series.Recorder
	post          *mail.Post   // nil where no mail server is configured
	eventLog      eventlog.Log // nil where none is configured
	broker        *pipeline.Broker
	fleet         *fleet.Fleet
	// hush ends the hearing of other nodes' news, and waits for its end.
	hush func()
}

// lockData makes the data directory when it is absent, and keeps it to this process.
func lockData(config *Config) (*store.Lock, error) {
	if err := os.MkdirAll(config.Data, 0o700); err != nil {
		return nil, fmt.Errorf("making the data directory: %w", err)
	}
	lock, err := store.Acquire(config.Data)
	if _, inUse := errors.AsType[*store.InUseError](err); inUse {
		return nil, hinted(err, "stop that process, or use another data directory")
	}
	return lock, err
}

// build opens the store and puts the rooms on it. What was opened is closed again when a later step fails.
func build(ctx context.Context, p plan) (h *house, err error) {
	if p.clock == nil {
		p.clock = clock.System()
	}
	h = &house{plan: p}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close(ctx))
			h = nil
		}
	}()
	if h.metrics, err = telemetry.NewMetrics(Version); err != nil {
		return h, fmt.Errorf("setting up metrics: %w", err)
	}
	if err = h.openTraces(ctx); err != nil {
		return h, err
	}
	kept := p.config.storeConfig(p.root, p.previous, p.log)
	kept.Clock, kept.Tracer, kept.Meter = h.clock, h.traces.Tracer("store"), h.metrics.Meter("store")
	if h.store, err = store.Open(ctx, kept); err != nil {
		return h, p.config.explainRoot(err)
	}
	if h.series, err = series.Open(series.Config{Store: h.store.Series(), Clock: h.clock, Log: p.log}); err != nil {
		return h, err
	}
	if err = h.openAudit(ctx); err != nil {
		return h, err
	}
	if err = h.store.Keyring().Observe(h.metrics.Meter("seal")); err != nil {
		return h, err
	}
	if h.keyring, err = registry.OpenKeyring(ctx, registry.KeyringConfig{
		Store: h.store.Registry(), Hash: h.store.Keyring().Hash, Clock: h.clock, Log: p.log,
	}); err != nil {
		return h, err
	}
	h.directory = registry.NewDirectory(h.store.Registry(), h.clock)
	h.openProjects()
	if err = h.openAuthority(ctx); err != nil {
		return h, err
	}
	h.catalogue = destination.NewCatalogue(destination.Config{
		Store: h.store.Definitions(), Clock: h.clock, Lint: destination.LintOptions{AllowHTTP: p.workstation},
	})
	if h.egress, err = h.openEgress(0, 0); err != nil {
		return h, err
	}
	h.runner = exchange.New(exchange.Config{Client: h.egress, Clock: h.clock, Log: p.log, Tracer: h.traces.Tracer("exchange")})
	if err = h.openProviders(); err != nil {
		return h, err
	}
	if err = h.openRevocations(); err != nil {
		return h, err
	}
	if err = h.openConnections(); err != nil {
		return h, err
	}
	if err = h.openIMS(); err != nil {
		return h, err
	}
	if err = h.openCloudServices(); err != nil {
		return h, err
	}
	h.hearNews()
	if err = h.openWebhooks(); err != nil {
		return h, err
	}
	if err = h.openCalendar(); err != nil {
		return h, err
	}
	if err = h.openPipeline(ctx); err != nil {
		return h, err
	}
	return h, h.openMail()
}

// openEgress makes a client to the outside. With a timeout of 0 it has the configured one, with a bound of 0 the usual.
func (h *house) openEgress(timeout time.Duration, mostBody int64) (*egress.Client, error) {
	roots, err := h.config.egressRoots()
	if err != nil {
		return nil, err
	}
	roots = append(roots, h.roots...)
	return egress.New(egress.Config{
		Allow: h.config.EgressAllow, AllowLoopback: h.workstation, Overrides: h.overrides, Proxy: h.config.EgressProxy,
		ExtraRoots: roots, Timeout: cmp.Or(timeout, h.config.EgressTimeout), MaxBody: mostBody, UserAgent: "latchkey/" + Version, Clock: h.clock, Log: h.log,
	})
}

func (h *house) openConnections() (err error) {
	connections := h.store.Connections()
	spill, err := h.store.Spill(h.config.path("spill"))
	if err != nil {
		return err
	}
	h.keeper, err = connection.NewKeeper(connection.KeeperConfig{
		Ledger: connections, Spill: spill, Health: h.health, Shared: h.store.Shared(), Exchanger: h.runner, Definitions: h.catalogue, Clock: h.clock, Log: h.log,
		Workers: h.config.RefreshWorkers, DefaultLife: h.config.DefaultLife, Meter: h.metrics.Meter("connection"), Tracer: h.traces.Tracer("connection"),
		Renewed: h.series.Renewed,
	})
	if err != nil {
		return err
	}
	h.connector, err = connection.NewConnector(connection.ConnectorConfig{
		Store: connections, Attempts: connections, Keeper: h.keeper, Exchanger: h.runner, Definitions: h.catalogue,
		Sandboxes: h.directory, Queued: h.revoker.Wake, Hash: h.store.Keyring().Hash, Clock: h.clock, Log: h.log,
		PublicURLs: h.publicURLs, ReturnOrigins: h.config.ReturnURLs, AllowLoopbackReturn: h.workstation,
	})
	if err != nil {
		return err
	}
	h.links, err = connectlink.New(connectlink.Config{
		Store: h.store.ConnectLinks(), Connections: h.connector, Hash: h.store.Keyring().Hash, PublicURLs: h.publicURLs, Clock: h.clock,
	})
	if err != nil {
		return err
	}
	return h.openProxy()
}

// handler mounts every surface on one listener.
func (h *house) handler(extra func(*http.ServeMux)) (http.Handler, error) {
	service, err := api.New(api.Config{
		Definitions: h.catalogue, Connections: h.connector, Links: h.links, Tokens: h.keeper, Audit: h.audit, Reads: h.tokenReads(), Explainer: h.runner, Keys: h.keyring,
		Directory: h.directory, Providers: h.health, Revocations: h.revocations, AccessTokens: h.authority, Offboardings: h.offboardings(),
		Sessions: h.sessions, Factors: h.factors,
		Users: h.users, Consents: h.authority.Consents(), Projects: h.projects, Services: h.services, Credentials: h.credentials, Decisions: h.decisions(), IMS: h.ims, CloudServices: h.cloudServices, RootKeys: h.store.Keyring(), Backups: h.backups(), Webhooks: h.webhooks, Pipeline: h.broker, Proxy: h.proxy, Fleet: h.fleet, Calendar: h.calendar, Answers: h.store.Idempotency(),
		Checks:     h.readiness(),
		PublicURLs: h.publicURLs, AllowHTTP: h.workstation, Version: Version, Clock: h.clock, Log: h.log, Meter: h.metrics.Meter("api"),
	})
	if err != nil {
		return nil, err
	}
	vendor, err := h.developerConsole()
	if err != nil {
		return nil, err
	}
	if h.pages, err = h.openPages(); err != nil {
		return nil, err
	}
	h.authority.Show(h.pages)
	broker, err := h.pipelineSurface()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	for _, prefix := range pipeline.Prefixes() {
		mux.Handle(prefix+"/", broker)
	}
	for _, pattern := range []string{"/api/", "/openapi.json", "/openapi.json/", "/data/core/activation/authoring/", "/libs/cq/cloudservicesprovisioning/",
		"/healthz", "/healthz/", "/readyz", "/readyz/"} {
		mux.Handle(pattern, service)
	}
	mux.Handle(console.Prefix+"/", vendor)
	mux.Handle("/", h.pages)
	mux.Handle("GET /metrics", h.metrics.Handler())
	if extra != nil {
		extra(mux)
	}
	return telemetry.RequestIDs(h.traces.Requests(telemetry.LogRequests(h.log, h.issuing(mux)))), nil
}

func (h *house) openPages() (*web.Pages, error) {
	return web.New(web.Config{
		Authority: h.authority, Links: h.links,
		Consents: h.connector, Connections: h.connector, Definitions: h.catalogue, Directory: h.directory, People: h.users, Sessions: h.sessions,
		Explainer: h.runner, Trials: h.trials,
		Factors: h.factors, Passkeys: h.passkeys, FirstStart: h.firstStart, OpenID: h.openID(),
		IMS: h.ims, CloudServices: h.cloudServices, Projects: h.projects, Services: h.services, Credentials: h.credentials, Administration: h.administration(),
		Document: func() ([]byte, error) { return api.OpenAPI(Version) }, PublicURLs: h.publicURLs, BrowserURL: h.browserURL, Version: Version, Program: h.program, Example: h.example,
		Clock: h.clock, Log: h.log, Meter: h.metrics.Meter("web"),
		Calendar: h.calendar, Series: h.series, Users: h.users, Keys: h.keyring, Webhooks: h.webhooks, Audit: h.audit, Decisions: h.decisions(), Providers: h.health,
		RootKeys: h.store.Keyring(), Revocations: h.revocations, Pipeline: h.broker, Fleet: h.fleet,
	})
}

// close ends what was opened, in the reverse order.
func (h *house) close(ctx context.Context) error {
	errs := []error{h.closePipeline()}
	if h.cloudServices != nil { // its walks ask for tokens
		h.cloudServices.Syncer().Close()
	}
	if h.revoker != nil {
		h.revoker.Close(ctx)
	}
	if h.health != nil { // who waits for a provider is sent away, so that the keeper need not wait for them
		errs = append(errs, h.cutOff(h.health.Close(ctx)))
	}
	if h.keeper != nil {
		errs = append(errs, h.cutOff(h.keeper.Close(ctx)))
	}
	// However long that took: what was counted and recorded is written down.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrites)
	defer cancel()
	if h.calendar != nil {
		h.calendar.Close()
	}
	if h.dispatcher != nil {
		errs = append(errs, h.dispatcher.Close(ctx))
	}
	if h.outward != nil {
		h.outward.Close()
	}
	if h.post != nil {
		h.post.Close()
	}
	if h.hush != nil {
		h.hush()
	}
	if h.keyring != nil {
		errs = append(errs, h.keyring.Close(ctx))
	}
	if h.authority != nil {
		h.authority.Close()
	}
	errs = append(errs, h.refusals.Close(ctx))
	if h.clients != nil {
		errs = append(errs, h.clients.Close(ctx))
	}
	if h.egress != nil {
		h.egress.Close()
	}
	if h.carrier != nil {
		h.carrier.Close()
	}
	if h.toProducts != nil {
		h.toProducts.Close()
	}
	errs = append(errs, h.closeAudit(ctx), h.series.Close(ctx))
	if h.store != nil {
		errs = append(errs, h.store.Close())
	}
	errs = append(errs, h.cutOff(h.traces.Close(ctx)))
	if h.metrics != nil {
		errs = append(errs, h.metrics.Close(ctx))
	}
	errs = append(errs, h.release())
	return errors.Join(errs...)
}

// lastWrites is how long a stopping server writes down what it has in memory, beside the time for what is under way.
const lastWrites = 5 * time.Second

// cutOff tells of what was still under way when the time for it was over. A refresh among it stands in the journal: the
// next process asks the provider for its answer again. So it is no failure.
func (h *house) cutOff(err error) error {
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	h.log.Warn("stopping: not everything has ended in time and the rest was cut off", "waited", h.config.DrainTimeout.String(), "error", err)
	return nil
}

// begin takes up what the process before left. It comes before anybody is served: a read of a connection whose token set
// lies in the spill would have its refresh token presented again.
func (h *house) begin(ctx context.Context) error {
	h.health.Start()
	return h.keeper.Start(ctx)
}

// run serves until ctx ends, then drains.
func (h *house) run(ctx context.Context, l *listener) error {
	h.dispatcher.Start()
	h.revoker.Start()
	h.cloudServices.Syncer().Start()
	h.authority.Start()
	h.store.Keyring().Start()
	h.calendar.Start()
	h.series.Start()
	if h.post != nil {
		h.post.Start()
	}
	h.audit.Start()
	h.broker.Start()
	var failure error
	select {
	case <-ctx.Done():
		h.log.Info("stopping: finishing what is under way", "within", h.config.DrainTimeout.String())
	case failure = <-l.failed:
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.config.DrainTimeout)
	defer cancel()
	started := time.Now()
	h.broker.Drain() // streams have no end of their own
	h.pages.Drain()
	err := errors.Join(failure, h.cutOff(l.stop(drain)), h.close(drain))
	if err == nil {
		h.log.Info("stopped", "after", time.Since(started).Round(time.Millisecond).String())
	}
	return err
}
