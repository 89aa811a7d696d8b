package ims_test

import (
	"context"
	"crypto/x509/pkix"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/authority"
	"latchkey/internal/clock"
	"latchkey/internal/connection"
	"latchkey/internal/decision"
	"latchkey/internal/destination"
	"latchkey/internal/egress"
	"latchkey/internal/exchange"
	"latchkey/internal/ims"
	"latchkey/internal/keypair"
	"latchkey/internal/project"
	"latchkey/internal/registry"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

const organization = "6096892F54B5819E0A4C98A2@AdobeOrg"

// pairOf gives key pairs, made once: an RSA key takes a good part of a second.
var pairOf = func() func(n int) (private, certificate string) {
	made := sync.OnceValue(func() (out [2][2]string) {
		for i := range out {
			pair, err := keypair.Generate(keypair.Order{Subject: pkix.Name{CommonName: "ims"}, Now: time.Now().Add(-time.Hour)})
			if err != nil {
				panic(err)
			}
			out[i] = [2]string{string(pair.PrivateKey()), string(pair.Certificate.PEM())}
		}
		return out
	})
	return func(n int) (string, string) { return made()[n][0], made()[n][1] }
}()

// house is the room over the real ones, a real database, and the real authority behind a socket.
type house struct {
	testing.TB
	ctx       context.Context
	admin     access.Caller
	configs   *ims.Configurations
	connector *connection.Connector
	catalogue *destination.Catalogue
	store     *store.Store
	clock     *clock.Manual // of the room; the authority has the machine's
	server    *httptest.Server

	workspace   project.Workspace
	credentials *project.Credentials
	jwt, oauth  project.Credential
	// jwtSecret and oauthSecret are the credentials' secrets.
	jwtSecret, oauthSecret secret.String
	profile                string
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newHouse(t testing.TB, skew time.Duration, probes map[ims.Solution]ims.Probe) *house {
	t.Helper()
	ctx, dir := context.Background(), storetest.Folder(t)
	h := &house{TB: t, ctx: ctx, clock: clock.NewManual(time.Now().Add(skew)), admin: access.Caller{
		ID: "key_1", Organization: organization, Scopes: access.Scopes{access.Admin},
	}}
	root, err := seal.CreateFileRoot(filepath.Join(dir, "root.key"))
	check(t, err)
	h.store, err = store.Open(ctx, store.Config{Path: filepath.Join(dir, "latchkey.db"), Root: root})
	check(t, err)
	t.Cleanup(func() { _ = h.store.Close() })
	directory := registry.NewDirectory(h.store.Registry(), clock.System())
	_, err = directory.CreateOrganization(ctx, access.Caller{ID: "operator", Scopes: access.Scopes{access.Admin}}, organization, "Acme Retail")
	check(t, err)
	h.console()
	client, err := egress.New(egress.Config{AllowLoopback: true, Clock: h.clock, Timeout: 5 * time.Second})
	check(t, err)
	t.Cleanup(client.Close)
	runner := exchange.New(exchange.Config{Client: client, Clock: h.clock})
	h.catalogue = destination.NewCatalogue(destination.Config{Store: h.store.Definitions(), Clock: h.clock, Lint: destination.LintOptions{AllowHTTP: true}})
	keeper, err := connection.NewKeeper(connection.KeeperConfig{Ledger: h.store.Connections(), Exchanger: runner, Definitions: h.catalogue, Clock: h.clock})
	check(t, err)
	t.Cleanup(func() { _ = keeper.Close(ctx) })
	h.connector, err = connection.NewConnector(connection.ConnectorConfig{
		Store: h.store.Connections(), Attempts: h.store.Connections(), Keeper: keeper, Exchanger: runner, Definitions: h.catalogue,
		Sandboxes: directory, Hash: h.store.Keyring().Hash, Clock: h.clock, PublicURLs: []string{h.server.URL},
	})
	check(t, err)
	h.configs, err = ims.New(ims.Config{
		Store: h.store.IMS(), Connections: h.connector, Tokens: keeper, Definitions: h.catalogue, Sender: client, Servers: []string{h.server.URL},
		AllowHTTP: true, Probes: probes, Clock: h.clock,
	})
	check(t, err)
	return h
}

// console is the developer console with two credentials, and the authority that knows them.
func (h *house) console() {
	t, ctx := h.TB, h.ctx
	clients := project.OpenClients(project.ClientsConfig{Store: h.store.Projects(), Hash: h.store.Keyring().Hash, Clock: clock.System()})
	t.Cleanup(func() { _ = clients.Close(ctx) })
	config := project.Config{
		Store: h.store.Projects(), Clients: clients, Hash: h.store.Keyring().Hash, Clock: clock.System(),
		Organization: func(_ context.Context, id string) (project.Organization, error) {
			return project.Organization{ID: id, Number: "25591412", Name: "Acme Retail"}, nil
		},
	}
	services := project.NewCatalogue(config)
	h.credentials = project.NewCredentials(config)
	_, err := services.Entitle(ctx, h.admin, project.Target)
	check(t, err)
	profile, err := services.CreateProfile(ctx, h.admin, project.NewProfile{Service: project.Target, Name: "Default Workspace"})
	check(t, err)
	h.profile = profile.ID
	_, workspaces, err := project.NewProjects(config).Create(ctx, h.admin, project.NewProject{Name: "Acme"})
	check(t, err)
	h.workspace = workspaces[0]
	_, certificate := pairOf(0)
	wishes := []project.Wish{{Service: project.Target, Profiles: []string{h.profile}}}
	h.jwt, err = h.credentials.Create(ctx, h.admin, project.NewCredential{
		Workspace: h.workspace.ID, Name: "acme-jwt", Kind: project.ServiceAccountJWT, Certificate: []byte(certificate), Services: wishes,
	})
	check(t, err)
	h.oauth, err = h.credentials.Create(ctx, h.admin, project.NewCredential{Workspace: h.workspace.ID, Name: "acme-oauth", Kind: project.OAuthServerToServer, Services: wishes})
	check(t, err)
	h.jwtSecret, h.oauthSecret = h.secretOf(h.jwt), h.secretOf(h.oauth)
	h.server = httptest.NewUnstartedServer(nil)
	url := "http://" + h.server.Listener.Addr().String()
	refusals := decision.Open(decision.Config{Store: h.store.Decisions()})
	t.Cleanup(func() { _ = refusals.Close(ctx) })
	issuer, err := authority.New(ctx, authority.Config{
		Clients: clients, Store: h.store.Authority(), Decisions: refusals, Issuers: []string{url}, Clock: clock.System(),
		Organizations: func(_ context.Context, id string) (authority.Organization, error) {
			return authority.Organization{ID: id, Number: "25591412", Name: "Acme Retail"}, nil
		},
	})
	check(t, err)
	t.Cleanup(issuer.Close)
	h.server.Config.Handler = issuer
	h.server.Start()
	t.Cleanup(h.server.Close)
}

func (h *house) secretOf(c project.Credential) secret.String {
	h.Helper()
	all, err := h.credentials.Secrets(h.ctx, h.admin, c.ID)
	check(h, err)
	return all[0].Value
}

func text(s string) *string { return &s }

func ptr[T any](v T) *T { return &v }

// importPair keeps one of the pairs under an alias.
func (h *house) importPair(alias string, n int) ims.Key {
	h.Helper()
	private, certificate := pairOf(n)
	key, err := h.configs.CreateCertificate(h.ctx, h.admin, ims.NewCertificate{Alias: alias, Private: secret.New(private), Certificate: certificate})
	check(h, err)
	return key
}

// values are those of the JWT credential, as they are pasted.
func (h *house) values() ims.Values {
	return ims.Values{
		Title: text("Acme Target"), Solution: text("Adobe Target"), Server: text(h.server.URL + "/"), ClientID: text(h.jwt.ClientID), Secret: &h.jwtSecret,
		Payload: text(h.payload()), Alias: text("acme"),
	}
}

func (h *house) payload() string {
	return `{"exp": "1527864096", "iss": "` + organization + `", "sub": "` + h.jwt.TechnicalAccount.ID + `",
		"` + h.server.URL + `/s/ent_marketing_sdk": true, "aud": "` + h.server.URL + `/c/` + h.jwt.ClientID + `"}`
}

// make makes the JWT configuration acme-target.
func (h *house) make(change ...func(*ims.Values)) ims.Saved {
	h.Helper()
	values := h.values()
	for _, f := range change {
		f(&values)
	}
	saved, err := h.configs.Create(h.ctx, h.admin, ims.Create{Values: values})
	check(h, err)
	return saved
}

func (h *house) check(name string) ims.Report {
	h.Helper()
	report, err := h.configs.Check(h.ctx, h.admin, ims.Ref{Name: name})
	check(h, err)
	return report
}
