package api_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/internal/access"
	"latchkey/internal/api"
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
	"latchkey/internal/ims"
	"latchkey/internal/project"
	"latchkey/internal/registry"
	"latchkey/internal/revocation"
	"latchkey/internal/seal"
	"latchkey/internal/simulator"
	"latchkey/internal/simulator/simulatortest"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
	"latchkey/internal/telemetry/telemetrytest"
	"latchkey/internal/webhook"
	"latchkey/internal/workflow"
)

const organization = "6096892F54B5819E0A4C98A2@AdobeOrg"

// house is the API over the real rooms, a real database and a simulated provider, behind a real socket.
type house struct {
	testing.TB
	url       string
	admin     string // key
	sim       *simulator.Simulator
	directory *registry.Directory
	keyring   *registry.Keyring
	clients   *project.Clients
	refusals  *decision.Log
	config    api.Config
	log       *telemetrytest.Log
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newHouse(t testing.TB, change ...func(*api.Config)) *house {
	t.Helper()
	ctx, dir := context.Background(), storetest.Folder(t)
	h := &house{TB: t, log: &telemetrytest.Log{}}
	log := h.log.Logger()
	root, err := seal.CreateFileRoot(filepath.Join(dir, "root.key"))
	check(t, err)
	kept, err := store.Open(ctx, store.Config{Path: filepath.Join(dir, "latchkey.db"), Root: root, Log: log})
	check(t, err)
	t.Cleanup(func() { _ = kept.Close() })
	h.keyring, err = registry.OpenKeyring(ctx, registry.KeyringConfig{Store: kept.Registry(), Hash: kept.Keyring().Hash, Clock: clock.System(), Log: log})
	check(t, err)
	t.Cleanup(func() { _ = h.keyring.Close(ctx) })
	h.directory = registry.NewDirectory(kept.Registry(), clock.System())
	_, err = h.directory.CreateOrganization(ctx, access.Caller{ID: "operator", Scopes: access.Scopes{access.Admin}}, organization, "Acme Retail")
	check(t, err)
	sim, client := simulatortest.Start(t, log)
	h.sim = sim
	runner := exchange.New(exchange.Config{Client: client, Log: log})
	catalogue := destination.NewCatalogue(destination.Config{Store: kept.Definitions()})
	keeper, err := connection.NewKeeper(connection.KeeperConfig{Ledger: kept.Connections(), Exchanger: runner, Definitions: catalogue, Clock: clock.System(), Log: log})
	check(t, err)
	t.Cleanup(func() { _ = keeper.Close(ctx) })
	server := httptest.NewUnstartedServer(nil)
	h.url = "http://" + server.Listener.Addr().String()
	connector, err := connection.NewConnector(connection.ConnectorConfig{
		Store: kept.Connections(), Attempts: kept.Connections(), Keeper: keeper, Exchanger: runner, Definitions: catalogue,
		Sandboxes: h.directory, Hash: kept.Keyring().Hash, Log: log, PublicURLs: []string{h.url, "https://latchkey.example.com"},
	})
	check(t, err)
	record, err := audit.Open(ctx, audit.LogConfig{Store: kept.Audit(), Vault: kept.Audit()})
	check(t, err)
	ends, err := calendar.New(calendar.Config{
		Sources: []calendar.Listed{{Source: connection.Endings{Store: kept.Connections()}, Scope: access.ConnectionsRead}, {Source: h.keyring, Scope: access.RegistryRead}},
		Store:   kept.Calendar(), Hash: kept.Keyring().Hash, Organizations: func(context.Context) ([]string, error) { return []string{organization}, nil },
	})
	check(t, err)
	people := registry.NewUsers(registry.UsersConfig{Store: kept.Registry(), Hash: kept.Keyring().Hash})
	factors := registry.NewFactors(registry.FactorsConfig{Store: kept.Registry(), Passkeys: kept.Registry(), Users: people, Hash: kept.Keyring().Hash})
	h.config = api.Config{
		Calendar:    ends,
		Definitions: catalogue, Connections: connector, Tokens: keeper, Explainer: runner, Keys: h.keyring, Directory: h.directory,
		RootKeys: kept.Keyring(), Backups: &workflow.Backups{Store: snapshot{kept, kept.Audit()}, Clock: clock.System()}, Audit: record,
		Consents:     &authority.Consents{Store: kept.Authority(), Clock: clock.System()},
		Revocations:  revocation.New(kept.Revocations(), clock.System(), nil),
		Offboardings: &workflow.Offboardings{Store: kept.Offboardings(), Connections: connector, Clock: clock.System(), Changed: h.keyring.Reload},
		Factors:      factors,
		Sessions:     registry.NewSessions(registry.SessionsConfig{Store: kept.Registry(), Hash: kept.Keyring().Hash, Factors: factors}),
		Webhooks:     webhook.New(webhook.Config{Endpoints: kept.Webhooks(nil), Log: kept.Webhooks(nil)}),
		Checks:       []api.Check{{Name: "store", Ready: kept.Ping}}, PublicURLs: []string{h.url, "https://latchkey.example.com"}, Version: "test", Log: log,
	}
	h.config.Links, err = connectlink.New(connectlink.Config{Store: kept.ConnectLinks(), Connections: connector, Hash: kept.Keyring().Hash, PublicURLs: []string{"https://latchkey.example.com"}})
	check(t, err)
	h.config.IMS, err = ims.New(ims.Config{Store: kept.IMS(), Connections: connector, Tokens: keeper, Definitions: catalogue, Sender: client})
	check(t, err)
	h.config.CloudServices, err = cloudservice.New(cloudservice.Config{Store: kept.CloudServices(), Targets: kept.CloudTargets(), Tokens: workflow.CloudTokens{IMS: h.config.IMS}, Sender: client})
	check(t, err)
	h.console(kept)
	for _, f := range change {
		f(&h.config)
	}
	server.Config.Handler, err = api.New(h.config)
	check(t, err)
	server.Start()
	t.Cleanup(server.Close)
	h.admin = h.key(access.Admin)
	return h
}

// console puts the developer console on the store.
func (h *house) console(kept *store.Store) {
	h.clients = project.OpenClients(project.ClientsConfig{Store: kept.Projects(), Hash: kept.Keyring().Hash, Clock: clock.System()})
	h.Cleanup(func() { _ = h.clients.Close(context.Background()) })
	config := project.Config{
		Store: kept.Projects(), Clients: h.clients, Hash: kept.Keyring().Hash, Clock: clock.System(),
		Organization: func(_ context.Context, id string) (project.Organization, error) {
			return project.Organization{ID: id, Number: "25591412", Name: "Acme Retail"}, nil
		},
	}
	h.config.Projects, h.config.Services, h.config.Credentials = project.NewProjects(config), project.NewCatalogue(config), project.NewCredentials(config)
	h.refusals = decision.Open(decision.Config{Store: kept.Decisions()})
	h.Cleanup(func() { _ = h.refusals.Close(context.Background()) })
	h.config.Decisions = decision.NewDecisions(h.refusals, func(ctx context.Context, caller access.Caller, ref string) (string, error) {
		found, err := h.config.Credentials.Find(ctx, caller, ref)
		return found.ID, err
	})
	h.config.Users = registry.NewUsers(registry.UsersConfig{Store: kept.Registry(), Hash: kept.Keyring().Hash, Clock: clock.System()})
}

// key makes an API key with the scopes.
func (h *house) key(scopes ...access.Scope) string { return h.keyIn("", scopes...) }

func (h *house) keyIn(sandbox string, scopes ...access.Scope) string {
	h.Helper()
	caller := access.Caller{ID: "test", Name: "Test", Organization: organization, Scopes: access.Scopes{access.Admin}}
	made, err := h.keyring.Create(context.Background(), caller, registry.NewKey{Name: "test", Sandbox: sandbox, Scopes: scopes})
	check(h, err)
	return made.Value.Reveal()
}

// answer is what came back.
type answer struct {
	*http.Response
	text string
	json map[string]any // nil when the body is no JSON object
}

// at gives what stands at a path of member names, nil when there is nothing.
func (a answer) at(names ...string) any {
	var value any = a.json
	for _, name := range names {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// slug gives the kind of a problem.
func (a answer) slug() string {
	kind, _ := a.json["type"].(string)
	_, slug, _ := strings.Cut(kind, "#")
	return slug
}

// first gives a member of the first of the errors.
func (a answer) first(name string) any {
	list, _ := a.json["errors"].([]any)
	if len(list) == 0 {
		return nil
	}
	item, _ := list[0].(map[string]any)
	return item[name]
}

// call sends a request with the administrator's key. Headers are "Name: value".
func (h *house) call(method, path, body string, headers ...string) answer {
	h.Helper()
	return h.callWith(h.admin, method, path, body, headers...)
}

func (h *house) callWith(key, method, path, body string, headers ...string) answer {
	h.Helper()
	r, err := http.NewRequest(method, h.url+path, strings.NewReader(body))
	check(h, err)
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		if name, value, ok := strings.Cut(header, ": "); ok {
			r.Header.Set(name, value)
		}
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	check(h, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	check(h, err)
	out := answer{Response: response, text: string(text)}
	_ = json.Unmarshal(text, &out.json)
	return out
}

// must sends a request that has to end in the status.
func (h *house) must(status int, method, path, body string, headers ...string) answer {
	h.Helper()
	got := h.call(method, path, body, headers...)
	if got.StatusCode != status {
		h.Fatalf("%s %s = %d, want %d: %s", method, path, got.StatusCode, status, got.text)
	}
	return got
}

const (
	clientSecret = "Experience-Platform-client-secret"
	clientCreds  = `{"authType":"OAUTH2","grant":"OAUTH2_CLIENT_CREDENTIALS","accessTokenUrl":"https://api.moviestar.com/OAuth/access_token","clientId":"Experience-Platform-client-id","clientSecret":"` + clientSecret + `","scope":["read","write"]}`
	codeGrant    = `{"authType":"OAUTH2","grant":"OAUTH2_AUTHORIZATION_CODE","accessTokenUrl":"https://api.moviestar.com/OAuth/access_token","authorizationUrl":"https://www.moviestar.com/dialog/OAuth","refreshTokenUrl":"https://api.moviestar.com/OAuth/refresh_token","clientId":"Experience-Platform-client-id","clientSecret":"` + clientSecret + `","scope":["read"]}`
	password     = `{"authType":"OAUTH2","grant":"OAUTH2_PASSWORD","accessTokenUrl":"https://api.moviestar.com/OAuth/access_token","clientId":"Experience-Platform-client-id","clientSecret":"` + clientSecret + `"}`
)

// define stores and publishes a definition of one entry.
func (h *house) define(name, authentication string) string {
	h.Helper()
	made := h.must(http.StatusCreated, "POST", "/api/v1/definitions", `{"name":"`+name+`","authentication":`+authentication+`}`)
	id, _ := made.json["id"].(string)
	h.must(http.StatusOK, "POST", "/api/v1/definitions/"+name+"/publish", "")
	return id
}

// connect makes a connection of the label.
func (h *house) connect(definition, label string) string {
	h.Helper()
	made := h.must(http.StatusCreated, "POST", "/api/v1/connections", `{"definition":"`+definition+`","label":"`+label+`"}`)
	id, _ := made.json["id"].(string)
	return id
}

// snapshot is the store as a backup needs it.
type snapshot struct {
	*store.Store
	store.Audit
}
