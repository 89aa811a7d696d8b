package manifest_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"

	"latchkey/client"
	"latchkey/internal/access"
	"latchkey/internal/api"
	"latchkey/internal/clock"
	"latchkey/internal/cloudservice"
	"latchkey/internal/connection"
	"latchkey/internal/destination"
	"latchkey/internal/eventlog"
	"latchkey/internal/exchange"
	"latchkey/internal/ims"
	"latchkey/internal/pipeline"
	"latchkey/internal/project"
	"latchkey/internal/registry"
	"latchkey/internal/seal"
	"latchkey/internal/simulator/simulatortest"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
	"latchkey/internal/telemetry/telemetrytest"
	"latchkey/internal/webhook"
	"latchkey/internal/workflow"
)

// house is the API over the real rooms and a real database. A new organization is an empty server.
type house struct {
	url       string
	directory *registry.Directory
	keyring   *registry.Keyring
	mu        sync.Mutex
	made      int
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var operator = access.Caller{ID: "operator", Scopes: access.Scopes{access.Admin}}

func newHouse(t testing.TB) *house {
	t.Helper()
	ctx, dir, log := t.Context(), storetest.Folder(t), (&telemetrytest.Log{}).Logger()
	root, err := seal.CreateFileRoot(filepath.Join(dir, "root.key"))
	check(t, err)
	kept, err := store.Open(ctx, store.Config{Path: filepath.Join(dir, "latchkey.db"), Root: root, Log: log})
	check(t, err)
	t.Cleanup(func() { _ = kept.Close() })
	h := &house{directory: registry.NewDirectory(kept.Registry(), clock.System())}
	h.keyring, err = registry.OpenKeyring(ctx, registry.KeyringConfig{Store: kept.Registry(), Hash: kept.Keyring().Hash, Clock: clock.System(), Log: log})
	check(t, err)
	t.Cleanup(func() { _ = h.keyring.Close(context.Background()) })
	server := httptest.NewUnstartedServer(nil)
	h.url = "http://" + server.Listener.Addr().String()
	server.Config.Handler, err = api.New(rooms(t, h, kept))
	check(t, err)
	server.Start()
	t.Cleanup(server.Close)
	return h
}

// rooms puts those that configuration is about on the store.
func rooms(t testing.TB, h *house, kept *store.Store) api.Config {
	t.Helper()
	log := (&telemetrytest.Log{}).Logger()
	_, sender := simulatortest.Start(t, log)
	runner := exchange.New(exchange.Config{Client: sender, Log: log})
	catalogue := destination.NewCatalogue(destination.Config{Store: kept.Definitions()})
	keeper, err := connection.NewKeeper(connection.KeeperConfig{Ledger: kept.Connections(), Exchanger: runner, Definitions: catalogue, Clock: clock.System(), Log: log})
	check(t, err)
	t.Cleanup(func() { _ = keeper.Close(context.Background()) })
	connector, err := connection.NewConnector(connection.ConnectorConfig{
		Store: kept.Connections(), Attempts: kept.Connections(), Keeper: keeper, Exchanger: runner, Definitions: catalogue,
		Sandboxes: h.directory, Hash: kept.Keyring().Hash, Log: log, PublicURLs: []string{h.url},
	})
	check(t, err)
	clients := project.OpenClients(project.ClientsConfig{Store: kept.Projects(), Hash: kept.Keyring().Hash, Clock: clock.System()})
	t.Cleanup(func() { _ = clients.Close(context.Background()) })
	console := project.Config{
		Store: kept.Projects(), Clients: clients, Hash: kept.Keyring().Hash, Clock: clock.System(),
		Organization: func(_ context.Context, id string) (project.Organization, error) {
			return project.Organization{ID: id, Number: "25591412", Name: "Acme Retail"}, nil
		},
	}
	config := api.Config{
		Definitions: catalogue, Connections: connector, Tokens: keeper, Explainer: runner, Keys: h.keyring, Directory: h.directory,
		Webhooks: webhook.New(webhook.Config{Endpoints: kept.Webhooks(nil), Log: kept.Webhooks(nil)}),
		Projects: project.NewProjects(console), Services: project.NewCatalogue(console), Credentials: project.NewCredentials(console),
		PublicURLs: []string{h.url}, Version: "test", Log: log,
	}
	config.IMS, err = ims.New(ims.Config{Store: kept.IMS(), Connections: connector, Tokens: keeper, Definitions: catalogue, Sender: sender})
	check(t, err)
	config.CloudServices, err = cloudservice.New(cloudservice.Config{Store: kept.CloudServices(), Targets: kept.CloudTargets(), Tokens: workflow.CloudTokens{IMS: config.IMS}, Sender: sender})
	check(t, err)
	events, err := eventlog.OpenEmbedded(t.Context(), eventlog.EmbeddedConfig{Path: filepath.Join(t.TempDir(), "events.db"), Clock: clock.System(), Relaxed: true})
	check(t, err)
	config.Pipeline, err = pipeline.New(pipeline.Config{Store: kept.Topics(), Log: events, Clock: clock.System()})
	check(t, err)
	t.Cleanup(func() { config.Pipeline.Close(); _ = events.Close() })
	return config
}

// empty gives a client of an organization that has nothing.
func (h *house) empty(t testing.TB) *client.Client {
	t.Helper()
	h.mu.Lock()
	h.made++
	id := fmt.Sprintf("%024X@AdobeOrg", h.made)
	h.mu.Unlock()
	_, err := h.directory.CreateOrganization(context.Background(), operator, id, "Acme")
	check(t, err)
	made, err := h.keyring.Create(context.Background(), access.Caller{ID: "test", Name: "Test", Organization: id, Scopes: access.Scopes{access.Admin}},
		registry.NewKey{Name: "test", Scopes: []access.Scope{access.Admin}})
	check(t, err)
	c, err := client.New(client.Config{URL: h.url, Key: made.Value.Reveal()})
	check(t, err)
	return c
}
