package store_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/connection"
	"latchkey/internal/destination"
	"latchkey/internal/egress"
	"latchkey/internal/exchange"
	"latchkey/internal/ident"
	"latchkey/internal/registry"
	"latchkey/internal/store"
)

// rotating is a provider that gives a new refresh token each time and remembers which were presented.
type rotating struct {
	mu        sync.Mutex
	n         int
	presented map[string]int
}

func (p *rotating) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n++
	if token := r.FormValue("refresh_token"); token != "" {
		p.presented[token]++
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"access_token":"access-%d","refresh_token":"refresh-%d","token_type":"Bearer","expires_in":3600}`, p.n, p.n)
}

// process is a Latchkey over the folder's database.
type process struct {
	store     *store.Store
	keeper    *connection.Keeper
	connector *connection.Connector
	catalogue *destination.Catalogue
}

// TestWholeHouse runs definition, connection, renewal and restart over a database and sockets: each rotated refresh token is
// presented once, whatever process comes next.
func TestWholeHouse(t *testing.T) { onBoth(t, testWholeHouse) }

func testWholeHouse(t *testing.T, fresh func(testing.TB) folder) {
	ctx := context.Background()
	provider := &rotating{presented: map[string]int{}}
	server := httptest.NewServer(provider)
	defer server.Close()
	f := fresh(t)
	hand := clock.NewManual(time.Now().UTC().Truncate(time.Microsecond))
	caller := access.Caller{ID: "key_1", Organization: ident.NewIMSOrg(), Scopes: access.Scopes{access.Admin}}
	first := startProcess(t, f, hand)
	sandbox := registry.Sandbox{ID: ident.UUID(), Organization: caller.Organization, Name: "prod", Title: "prod", CreatedAt: hand.Now()}
	if err := first.store.Registry().CreateOrganization(ctx, registry.Organization{ID: caller.Organization, Name: "o", CreatedAt: hand.Now()}, sandbox, audit.Entry{Organization: caller.Organization}); err != nil {
		t.Fatal(err)
	}
	doc, err := destination.ParseDocument([]byte(strings.ReplaceAll(`{"name":"acme","authentication":{"authType":"OAUTH2",
		"grant":"OAUTH2_PASSWORD","accessTokenUrl":"URL/token","refreshTokenUrl":"URL/token","clientId":"c","clientSecret":"s"}}`, "URL", server.URL)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.catalogue.Create(ctx, caller, "", destination.Draft{Document: doc}); err != nil {
		t.Fatal(err)
	}
	if _, err := first.catalogue.Publish(ctx, caller, destination.Ref{Name: "acme"}); err != nil {
		t.Fatal(err)
	}
	made, err := first.connector.Create(ctx, caller, connection.Create{
		Definition: "acme", Label: "ann", Fields: map[string]any{"username": "ann", "password": "hunter2"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if made.Connection.SandboxID != sandbox.ID || made.Connection.DefinitionName != "acme" {
		t.Errorf("Create() = %+v", made.Connection)
	}
	first.end(t)
	for generation := int64(1); generation <= 3; generation++ {
		p := startProcess(t, f, hand)
		token, err := p.keeper.Token(ctx, caller, "ann", connection.Want{})
		if err != nil || token.Generation != generation || token.AccessToken.Reveal() != fmt.Sprintf("access-%d", generation) {
			t.Fatalf("Token() = %+v, %v, want generation %d", token, err, generation)
		}
		hand.Advance(2 * time.Hour)
		if token, err = p.keeper.Token(ctx, caller, "ann", connection.Want{}); err != nil || token.Generation != generation+1 {
			t.Fatalf("Token() = %+v, %v, want generation %d", token, err, generation+1)
		}
		p.end(t)
	}
	for token, times := range provider.presented {
		if times != 1 {
			t.Errorf("%s was presented %d times", token, times)
		}
	}
	if len(provider.presented) != 3 {
		t.Errorf("%d refresh tokens were presented, want 3", len(provider.presented))
	}
}

func startProcess(t *testing.T, f folder, hand clock.Clock) *process {
	t.Helper()
	s := f.open(t)
	client, err := egress.New(egress.Config{AllowLoopback: true, Clock: hand})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	runner := exchange.New(exchange.Config{Client: client, Clock: hand})
	catalogue := destination.NewCatalogue(destination.Config{
		Store: s.Definitions(), Clock: hand, Lint: destination.LintOptions{AllowHTTP: true},
	})
	keeper, err := connection.NewKeeper(connection.KeeperConfig{
		Ledger: s.Connections(), Exchanger: runner, Definitions: catalogue, Clock: hand,
	})
	if err != nil {
		t.Fatal(err)
	}
	connector, err := connection.NewConnector(connection.ConnectorConfig{
		Store: s.Connections(), Attempts: s.Connections(), Keeper: keeper, Exchanger: runner, Definitions: catalogue,
		Sandboxes: registry.NewDirectory(s.Registry(), hand), Hash: s.Keyring().Hash, Clock: hand,
		PublicURLs: []string{"http://127.0.0.1:8377"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &process{s, keeper, connector, catalogue}
}

func (p *process) end(t *testing.T) {
	t.Helper()
	if err := p.keeper.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if err := p.store.Close(); err != nil {
		t.Error(err)
	}
}
