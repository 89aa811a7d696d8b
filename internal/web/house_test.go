package web_test

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/api"
	"latchkey/internal/audit"
	"latchkey/internal/calendar"
	"latchkey/internal/clock"
	"latchkey/internal/cloudservice"
	"latchkey/internal/connection"
	"latchkey/internal/connectlink"
	"latchkey/internal/decision"
	"latchkey/internal/destination"
	"latchkey/internal/devca"
	"latchkey/internal/egress"
	"latchkey/internal/event"
	"latchkey/internal/eventlog"
	"latchkey/internal/exchange"
	"latchkey/internal/ims"
	"latchkey/internal/pipeline"
	"latchkey/internal/pipelined/fleet"
	"latchkey/internal/project"
	"latchkey/internal/provider"
	"latchkey/internal/registry"
	"latchkey/internal/revocation"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/series"
	"latchkey/internal/simulator/simulatortest"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
	"latchkey/internal/telemetry/telemetrytest"
	"latchkey/internal/trial"
	"latchkey/internal/web"
	"latchkey/internal/webhook"
	"latchkey/internal/workflow"
)

const (
	organization = "6096892F54B5819E0A4C98A2@AdobeOrg"
	clientSecret = "Experience-Platform-client-secret"
)

// house is the pages over the real rooms, a real database and a simulated provider, behind a real socket. They are
// reached as 127.0.0.1 and as localhost: two public URLs.
type house struct {
	testing.TB
	url, other string
	connector  *connection.Connector
	catalogue  *destination.Catalogue
	keeper     *connection.Keeper
	config     web.Config // of pages
	pages      *web.Pages
	caller     access.Caller
	users      *registry.Users
	factors    *registry.Factors
	directory  *registry.Directory
	ada        registry.User
	hand       *clock.Manual // the pages' and the people's clock
	mux        *http.ServeMux
	log        *telemetrytest.Log

	links       *connectlink.Links
	ims         *ims.Configurations
	services    *cloudservice.Services
	projects    *project.Projects
	offers      *project.Catalogue
	credentials *project.Credentials

	calendar    *calendar.Calendar
	series      *series.Recorder
	keys        *registry.Keyring
	webhooks    *webhook.Subscriptions
	audit       *audit.Log
	decisions   *decision.Decisions
	health      *provider.Health
	revocations *revocation.Revocations
	broker      *pipeline.Broker
	fleet       *fleet.Fleet
	events      *eventlog.Embedded
	kept        *store.Store
	dir         string // where its files are
}

// openAPI is the document that the pages are made of, the same for every house.
var openAPI = sync.OnceValues(func() ([]byte, error) { return api.OpenAPI("test") })

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newHouse(t testing.TB, change ...func(*connection.ConnectorConfig)) *house {
	t.Helper()
	ctx, dir := context.Background(), storetest.Folder(t)
	h := &house{TB: t, dir: dir, log: &telemetrytest.Log{}, hand: clock.NewManual(time.Now())}
	h.caller = access.Caller{ID: "dev", Name: "Administrator", Organization: organization, Scopes: access.Scopes{access.Admin}}
	log := h.log.Logger()
	root, err := seal.CreateFileRoot(filepath.Join(dir, "root.key"))
	check(t, err)
	kept, err := store.Open(ctx, store.Config{Path: filepath.Join(dir, "latchkey.db"), Root: root, Log: log})
	check(t, err)
	t.Cleanup(func() { _ = kept.Close() })
	directory := registry.NewDirectory(kept.Registry(), clock.System())
	h.directory = directory
	_, err = directory.CreateOrganization(ctx, access.Caller{ID: "operator", Scopes: access.Scopes{access.Admin}}, organization, "Acme & Söhne")
	check(t, err)
	h.users = registry.NewUsers(registry.UsersConfig{Store: kept.Registry(), Hash: kept.Keyring().Hash, Clock: h.hand})
	h.ada = h.person(organization, registry.NewUser{Email: "ada@example.com", FirstName: "Ada", LastName: "<b>Lovelace", Role: access.SystemAdministrator})
	sim, client := simulatortest.Start(t, log)
	runner := exchange.New(exchange.Config{Client: client, Log: log})
	h.catalogue = destination.NewCatalogue(destination.Config{Store: kept.Definitions()})
	h.keeper, err = connection.NewKeeper(connection.KeeperConfig{Ledger: kept.Connections(), Exchanger: runner, Definitions: h.catalogue, Clock: clock.System(), Log: log})
	check(t, err)
	t.Cleanup(func() { _ = h.keeper.Close(ctx) })
	mux := http.NewServeMux()
	h.mux = mux
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	h.url = server.URL
	h.other = strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	config := connection.ConnectorConfig{
		Store: kept.Connections(), Attempts: kept.Connections(), Keeper: h.keeper, Exchanger: runner, Definitions: h.catalogue,
		Sandboxes: directory, Hash: kept.Keyring().Hash, Clock: h.hand, Log: log, PublicURLs: []string{h.url, h.other}, ReturnOrigins: []string{"https://app.example.com"},
	}
	for _, f := range change {
		f(&config)
	}
	h.connector, err = connection.NewConnector(config)
	check(t, err)
	h.open(kept, client)
	links, err := connectlink.New(connectlink.Config{Store: kept.ConnectLinks(), Connections: h.connector, Hash: kept.Keyring().Hash, PublicURLs: config.PublicURLs, Clock: h.hand})
	check(t, err)
	h.links = links
	authority, err := devca.LoadOrCreate(t.TempDir())
	check(t, err)
	factors := registry.NewFactors(registry.FactorsConfig{Store: kept.Registry(), Passkeys: kept.Registry(), Users: h.users, Hash: kept.Keyring().Hash, Clock: h.hand})
	h.factors = factors
	h.config = web.Config{
		Links: links, Factors: factors,
		Passkeys: registry.NewPasskeys(registry.PasskeysConfig{Store: kept.Registry(), Users: h.users, Hash: kept.Keyring().Hash, Clock: h.hand, Log: log}),
		IMS:      h.ims, CloudServices: h.services, Projects: h.projects, Services: h.offers, Credentials: h.credentials, Administration: h.administration(kept, sim),
		Consents: h.connector, Connections: h.connector, Definitions: h.catalogue, Directory: directory, Document: openAPI,
		Explainer: runner, Trials: trial.New(trial.Config{Authority: authority, Clock: clock.System(), Log: log}),
		People: h.users, Sessions: registry.NewSessions(registry.SessionsConfig{Factors: factors, Store: kept.Registry(), Hash: kept.Keyring().Hash, Clock: h.hand, Log: log}),
		Calendar: h.calendar, Series: h.series, Users: h.users, Keys: h.keys, Webhooks: h.webhooks, Audit: h.audit, Decisions: h.decisions, Providers: h.health,
		RootKeys: kept.Keyring(), Revocations: h.revocations, Pipeline: h.broker, Fleet: h.fleet,
		PublicURLs: config.PublicURLs, BrowserURL: simulated, Version: "test", Clock: h.hand, Log: log,
	}
	h.pages, err = web.New(h.config)
	check(t, err)
	mux.Handle("/", h.pages)
	mux.Handle("/sim/", sim.Browser("/sim"))
	return h
}

// open puts the rooms of the console's pages on the store. IMS configurations ask a server that is not there: what refuses
// them is tested where the whole house runs.
func (h *house) open(kept *store.Store, client *egress.Client) {
	h.Helper()
	var err error
	h.ims, err = ims.New(ims.Config{Store: kept.IMS(), Connections: h.connector, Tokens: h.keeper, Definitions: h.catalogue, Sender: client, Clock: h.hand})
	check(h, err)
	h.services, err = cloudservice.New(cloudservice.Config{Store: kept.CloudServices(), Targets: kept.CloudTargets(), Tokens: workflow.CloudTokens{IMS: h.ims}, Sender: client, Clock: h.hand})
	check(h, err)
	clients := project.OpenClients(project.ClientsConfig{Store: kept.Projects(), Hash: kept.Keyring().Hash, Clock: clock.System()})
	h.Cleanup(func() { _ = clients.Close(context.Background()) })
	config := project.Config{
		Store: kept.Projects(), Clients: clients, Hash: kept.Keyring().Hash, Clock: h.hand,
		Organization: func(_ context.Context, id string) (project.Organization, error) {
			return project.Organization{ID: id, Number: "25591412", Name: "Acme & Söhne"}, nil
		},
	}
	h.projects, h.offers, h.credentials = project.NewProjects(config), project.NewCatalogue(config), project.NewCredentials(config)
	h.openMore(kept)
}

// openMore puts the rooms on the store that tell how things stand.
func (h *house) openMore(kept *store.Store) {
	h.Helper()
	ctx := context.Background()
	var err error
	h.kept, h.fleet = kept, fleet.New(kept.Daemons(), workflow.HandOver{Credentials: h.credentials, Clock: h.hand}, h.hand)
	h.keys, err = registry.OpenKeyring(ctx, registry.KeyringConfig{Store: kept.Registry(), Hash: kept.Keyring().Hash, Clock: h.hand, Log: h.log.Logger()})
	check(h, err)
	h.Cleanup(func() { _ = h.keys.Close(ctx) })
	subscribed := kept.Webhooks(func(event.Event) bool { return false })
	h.webhooks = webhook.New(webhook.Config{Endpoints: subscribed, Log: subscribed, Clock: h.hand, Wake: func() {}})
	h.audit, err = audit.Open(ctx, audit.LogConfig{Store: kept.Audit(), Vault: kept.Audit(), Clock: h.hand, Log: h.log.Logger()})
	check(h, err)
	h.Cleanup(func() { _ = h.audit.Close(ctx) })
	refusals := decision.Open(decision.Config{Store: kept.Decisions(), Clock: h.hand})
	h.Cleanup(func() { _ = refusals.Close(ctx) })
	h.decisions = decision.NewDecisions(refusals, func(_ context.Context, _ access.Caller, ref string) (string, error) { return ref, nil })
	h.health, err = provider.New(provider.Config{Clock: h.hand})
	check(h, err)
	h.revocations = revocation.New(kept.Revocations(), h.hand, nil)
	events, err := eventlog.OpenEmbedded(ctx, eventlog.EmbeddedConfig{Path: filepath.Join(h.TempDir(), "events.db"), Clock: h.hand, Relaxed: true})
	check(h, err)
	h.Cleanup(func() { _ = events.Close() })
	h.events = events
	h.broker, err = pipeline.New(pipeline.Config{Store: kept.Topics(), Log: events, Clock: h.hand})
	check(h, err)
	h.series, err = series.Open(series.Config{Store: kept.Series(), Clock: h.hand})
	check(h, err)
	h.calendar, err = calendar.New(calendar.Config{
		Sources: []calendar.Listed{
			{Source: connection.Endings{Store: kept.Connections()}, Scope: access.ConnectionsRead}, {Source: h.keys, Scope: access.RegistryRead},
			{Source: h.webhooks, Scope: access.RegistryRead}, {Source: ims.Endings{Store: kept.IMS()}, Scope: access.ConnectionsRead},
			{Source: project.Endings{Store: kept.Projects()}, Scope: access.RegistryRead},
		},
		Store: kept.Calendar(), Hash: kept.Keyring().Hash, Clock: h.hand, Organizations: func(context.Context) ([]string, error) { return []string{organization}, nil },
	})
	check(h, err)
}

const password = "correct horse battery"

// invite makes a person who has no password yet.
func (h *house) invite(organization string, ask registry.NewUser) registry.Invitation {
	h.Helper()
	admin := access.Caller{ID: "dev", Organization: organization, Scopes: access.Scopes{access.Admin}}
	invited, err := h.users.Invite(context.Background(), admin, ask)
	check(h, err)
	return invited
}

// person makes an active one.
func (h *house) person(organization string, ask registry.NewUser) registry.User {
	h.Helper()
	user, err := h.users.Accept(context.Background(), h.invite(organization, ask).Token, secret.New(password))
	check(h, err)
	return user
}

// link signs the person in, once.
func (h *house) link(user registry.User) string {
	h.Helper()
	path, err := h.pages.SignInPath(context.Background(), user)
	check(h, err)
	return h.url + path
}

// simulated leads a browser to the simulator under our own host.
func simulated(address string) string {
	u, err := url.Parse(address)
	if err != nil || !strings.HasSuffix(u.Hostname(), "moviestar.com") {
		return address
	}
	return "/sim/" + u.Hostname() + u.RequestURI()
}

// define publishes an authorization code definition with faults at its two endpoints.
func (h *house) define(name, authorizeFault, tokenFault, secret string) {
	h.Helper()
	ctx := context.Background()
	document, err := destination.ParseDocument([]byte(`{"name":"` + name + `","authentication":{"authType":"OAUTH2","grant":"OAUTH2_AUTHORIZATION_CODE",
		"authorizationUrl":"https://www.moviestar.com/dialog/OAuth?fault=` + authorizeFault + `",
		"accessTokenUrl":"https://api.moviestar.com/OAuth/access_token?fault=` + tokenFault + `",
		"refreshTokenUrl":"https://api.moviestar.com/OAuth/refresh_token",
		"clientId":"Experience-Platform-client-id","clientSecret":"` + secret + `","scope":["read"]}}`))
	check(h, err)
	_, err = h.catalogue.Create(ctx, h.caller, "", destination.Draft{Document: document})
	check(h, err)
	_, err = h.catalogue.Publish(ctx, h.caller, destination.Ref{Name: name})
	check(h, err)
}

// begin makes a connection that waits for its consent.
func (h *house) begin(ask connection.Create) connection.Created {
	h.Helper()
	made, err := h.connector.Create(context.Background(), h.caller, ask)
	check(h, err)
	return made
}

// browser follows redirects until follow says no, and keeps cookies.
func (h *house) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	check(h, err)
	return &http.Client{Jar: jar}
}

// stopAt keeps a browser from following a redirect that begins with the prefix.
func stopAt(client *http.Client, prefix string) *http.Client {
	client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), prefix) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return client
}

type answer struct {
	*http.Response
	text string
}

func (h *house) get(client *http.Client, address string) answer {
	h.Helper()
	response, err := client.Get(address)
	check(h, err)
	return read(h, response)
}

func read(t testing.TB, response *http.Response) answer {
	t.Helper()
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	check(t, err)
	return answer{response, string(text)}
}
