package store_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/expiry"
	"latchkey/internal/ident"
	"latchkey/internal/project"
	"latchkey/internal/registry"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// console is the developer console over a database.
type console struct {
	store       *store.Store
	hand        *clock.Manual
	clients     *project.Clients
	projects    *project.Projects
	catalogue   *project.Catalogue
	credentials *project.Credentials
	admin       access.Caller
}

func newConsole(t testing.TB, s *store.Store) *console {
	t.Helper()
	c := &console{store: s, hand: clock.NewManual(time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)), admin: access.Caller{
		ID: "key_1", Organization: ident.NewIMSOrg(), Scopes: access.Scopes{access.Admin},
	}}
	c.addOrganization(t, c.admin.Organization)
	c.clients = project.OpenClients(project.ClientsConfig{Store: s.Projects(), Hash: s.Keyring().Hash, Clock: c.hand})
	t.Cleanup(func() {
		if err := c.clients.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	config := project.Config{
		Store: s.Projects(), Clients: c.clients, Hash: s.Keyring().Hash, Clock: c.hand,
		Organization: func(_ context.Context, id string) (project.Organization, error) {
			return project.Organization{ID: id, Number: "25591412", Name: "Moviestar"}, nil
		},
	}
	c.projects, c.catalogue, c.credentials = project.NewProjects(config), project.NewCatalogue(config), project.NewCredentials(config)
	return c
}

func (c *console) addOrganization(t testing.TB, id string) {
	t.Helper()
	err := c.store.Registry().CreateOrganization(t.Context(), registry.Organization{ID: id, Name: "o", CreatedAt: c.hand.Now()},
		registry.Sandbox{ID: ident.UUID(), Organization: id, Name: "prod", Title: "p", CreatedAt: c.hand.Now()}, audit.Entry{Organization: id})
	if err != nil {
		t.Fatal(err)
	}
}

// certificates of one key, made once.
var newRSA = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func certificate(t testing.TB, notAfter time.Time) []byte {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "moviestar"}, NotBefore: notAfter.AddDate(-1, 0, 0), NotAfter: notAfter}
	der, err := x509.CreateCertificate(rand.Reader, template, template, newRSA().Public(), newRSA())
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func (c *console) jwt(t testing.TB, name string, wishes ...project.Wish) project.Credential {
	t.Helper()
	_, workspaces, err := c.projects.Create(t.Context(), c.admin, project.NewProject{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	made, err := c.credentials.Create(t.Context(), c.admin, project.NewCredential{
		Workspace: workspaces[0].ID, Name: name + " JWT", Kind: project.ServiceAccountJWT, Certificate: certificate(t, c.hand.Now().AddDate(0, 0, 200)), Services: wishes,
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// TestDeveloperConsole walks through a credential's life over both databases.
func TestDeveloperConsole(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		testDeveloperConsole(t, newConsole(t, fresh(t).open(t)))
	})
}

func testDeveloperConsole(t *testing.T, c *console) {
	ctx := t.Context()
	if _, err := c.catalogue.Entitle(ctx, c.admin, project.Target); err != nil {
		t.Fatal(err)
	}
	profile, err := c.catalogue.CreateProfile(ctx, c.admin, project.NewProfile{Service: project.Target, Name: "Default Workspace"})
	if err != nil {
		t.Fatal(err)
	}
	made := c.jwt(t, "Moviestar", project.Wish{Service: project.Target, Profiles: []string{profile.ID}}, project.Wish{Service: project.IOManagementAPI})
	client, err := c.clients.Client(ctx, made.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	if len(client.Bindings) != 1 || client.Bindings[0].SHA1 != made.Bindings[0].SHA1 || !newRSA().PublicKey.Equal(client.Bindings[0].PublicKey) {
		t.Errorf("Client() has the bindings %+v", client.Bindings)
	}
	if want := []string{"ent_adobeio_sdk", "ent_marketing_sdk"}; !slices.Equal(client.Metascopes, want) {
		t.Errorf("Client() has the metascopes %v, want %v", client.Metascopes, want)
	}
	if of := client.Subscribed(project.Target); of == nil || of.Profiles[0] != (project.Attachment{Profile: profile.ID, Role: project.Observer, Name: "Default Workspace"}) {
		t.Errorf("Client() is subscribed to Target as %+v", of)
	}
	if uuid, ok := c.clients.CheckSecret(client, made.Secrets[0].Value); !ok || uuid != made.Secrets[0].UUID {
		t.Errorf("CheckSecret() = %q, %v", uuid, ok)
	}
	if _, ok := c.clients.CheckSecret(client, secret.New("p8e-wrong")); ok {
		t.Error("CheckSecret() takes a wrong one")
	}
	shown, err := c.credentials.Find(ctx, c.admin, made.Name)
	if err != nil || shown.ID != made.ID || !shown.Secrets[0].Value.Empty() {
		t.Errorf("Find() = %+v, %v", shown, err)
	}
	handed, err := c.credentials.Secrets(ctx, c.admin, made.ClientID)
	if err != nil || len(handed) != 1 || !handed[0].Value.Equal(made.Secrets[0].Value) {
		t.Errorf("Secrets() = %+v, %v", handed, err)
	}
	testUses(t, c, made, client)
	testRemoving(t, c, made, profile)
}

// testUses holds that uses are written, and the places bounded.
func testUses(t *testing.T, c *console, made project.Credential, client *project.Client) {
	ctx := t.Context()
	for i := range project.MaxPlaces + 3 {
		use := project.Use{Grant: project.GrantClientCredentials, From: fmt.Sprintf("10.0.0.%d\n", i)}
		c.clients.Used(client, use, made.Secrets[0].UUID, c.hand.Now().Add(time.Duration(i)*time.Second))
		c.clients.Used(client, use, "gone", c.hand.Now())
	}
	c.clients.Used(client, project.Use{Grant: project.GrantJWT, From: "here"}, made.Bindings[0].ID, c.hand.Now())
	for range 2 {
		if err := c.clients.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		c.clients.Used(client, project.Use{Grant: project.GrantJWT, From: "here"}, made.Bindings[0].ID, c.hand.Now().Add(-time.Hour)) // earlier than known
	}
	shown, err := c.credentials.Find(ctx, c.admin, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	uses := shown.Secrets[0].Uses
	if len(uses) != project.MaxPlaces || uses[0].From != "10.0.0.34 " || uses[len(uses)-1].From != "10.0.0.3 " {
		t.Errorf("the secret has %d uses: %+v", len(uses), uses)
	}
	if want := []project.Usage{{Grant: project.GrantJWT, From: "here", At: c.hand.Now()}}; !slices.Equal(shown.Bindings[0].Uses, want) {
		t.Errorf("the certificate has the uses %+v, want %+v", shown.Bindings[0].Uses, want)
	}
}

// testRemoving holds what is in whose way, and that what is removed is gone with all that belongs to it.
func testRemoving(t *testing.T, c *console, made project.Credential, profile project.Profile) {
	ctx := t.Context()
	for name, err := range map[string]error{
		"the profile":     c.catalogue.DeleteProfile(ctx, c.admin, profile.ID),
		"the entitlement": c.catalogue.EndEntitlement(ctx, c.admin, project.Target),
	} {
		if _, ok := errors.AsType[*project.InUseError](err); !ok {
			t.Errorf("removing %s that a credential has = %v", name, err)
		}
	}
	other := c.admin
	other.Organization = ident.NewIMSOrg()
	for name, err := range map[string]error{
		"Delete":  c.credentials.Delete(ctx, other, made.ID),
		"Project": c.projects.Delete(ctx, other, made.Project),
	} {
		if !errors.Is(err, project.ErrNotFound) {
			t.Errorf("%s of another organization's = %v", name, err)
		}
	}
	if err := c.projects.Delete(ctx, c.admin, "Moviestar"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.clients.Client(ctx, made.ClientID); !errors.Is(err, project.ErrNotFound) {
		t.Errorf("Client() of a deleted project = %v", err)
	}
	if err := errors.Join(c.catalogue.DeleteProfile(ctx, c.admin, profile.ID), c.catalogue.EndEntitlement(ctx, c.admin, project.Target)); err != nil {
		t.Error(err)
	}
}

// TestConsoleConflicts holds that names are had once and that nobody overwrites another's change.
func TestConsoleConflicts(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		testConsoleConflicts(t, newConsole(t, fresh(t).open(t)))
	})
}

func testConsoleConflicts(t *testing.T, c *console) {
	ctx := t.Context()
	made := c.jwt(t, "Moviestar")
	p := c.store.Projects()
	if _, _, err := c.projects.Create(ctx, c.admin, project.NewProject{Name: "Moviestar"}); !errors.Is(err, project.ErrNameTaken) {
		t.Errorf("Create() of a project's name = %v", err)
	}
	if _, err := c.projects.CreateWorkspace(ctx, c.admin, "Moviestar", project.NewWorkspace{Name: "Production"}); !errors.Is(err, project.ErrNameTaken) {
		t.Errorf("CreateWorkspace() of a name = %v", err)
	}
	if _, err := c.credentials.Create(ctx, c.admin, project.NewCredential{Workspace: made.Workspace, Name: made.Name, Kind: project.APIKey}); !errors.Is(err, project.ErrNameTaken) {
		t.Errorf("Create() of a credential's name = %v", err)
	}
	stale := made
	stale.Description = "another"
	entry := project.Note{Entry: audit.Entry{Organization: made.Organization, Actor: "k", Action: "credential.change", Subject: made.ID}}
	for i, want := range []error{nil, project.ErrConflict} {
		if err := p.ChangeCredential(ctx, stale, entry); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("ChangeCredential() %d = %v, want %v", i, err, want)
		}
	}
	again, err := c.credentials.Find(ctx, c.admin, made.ID)
	if err != nil || again.Version != 2 || again.Description != "another" || len(again.Secrets) != 1 || len(again.Bindings) != 1 {
		t.Errorf("Find() = %+v, %v", again, err)
	}
	var quota *project.QuotaError
	err = p.CreateProject(ctx, project.Project{ID: "1", Organization: made.Organization, Name: "x", Type: project.Default, Version: 1, CreatedAt: c.hand.Now(), UpdatedAt: c.hand.Now()}, nil, 1, entry)
	if !errors.As(err, &quota) || quota.Limit != 1 {
		t.Errorf("CreateProject() beyond the quota = %v", err)
	}
	if err := p.CreateProject(ctx, project.Project{Organization: ident.NewIMSOrg()}, nil, 1, entry); !errors.Is(err, project.ErrNotFound) {
		t.Errorf("CreateProject() in no organization = %v", err)
	}
}

// TestOwnServices keeps what an organization declares.
func TestOwnServices(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) { testOwnServices(t, newConsole(t, fresh(t).open(t))) })
}

func testOwnServices(t *testing.T, c *console) {
	ctx := t.Context()
	ask := project.NewService{Code: "TicketsSDK", Name: "Tickets", Scopes: []string{"tickets.read"}, Metascopes: []string{"ent_tickets_sdk"}}
	if _, err := c.catalogue.Declare(ctx, c.admin, ask); err != nil {
		t.Fatal(err)
	}
	if _, err := c.catalogue.Declare(ctx, c.admin, ask); !errors.Is(err, project.ErrNameTaken) {
		t.Errorf("Declare() twice = %v", err)
	}
	made := c.jwt(t, "Moviestar", project.Wish{Service: "ticketssdk"})
	client, err := c.clients.Client(ctx, made.ClientID)
	if err != nil || !slices.Equal(client.Metascopes, []string{"ent_tickets_sdk"}) {
		t.Fatalf("Client() = %+v, %v", client, err)
	}
	ask.Metascopes = []string{"ent_tickets_sdk", "ent_seats_sdk"}
	if _, err := c.catalogue.Redeclare(ctx, c.admin, ask); err != nil {
		t.Fatal(err)
	}
	if client, err = c.clients.Client(ctx, made.ClientID); err != nil || !slices.Equal(client.Metascopes, ask.Metascopes) {
		t.Errorf("Client() after a change = %+v, %v", client, err)
	}
	if _, ok := errors.AsType[*project.InUseError](c.catalogue.Withdraw(ctx, c.admin, "TicketsSDK")); !ok {
		t.Error("Withdraw() takes a service that is subscribed to")
	}
	if _, err := c.credentials.Unsubscribe(ctx, c.admin, made.ID, "TicketsSDK"); err != nil {
		t.Error(err)
	}
	if err := c.catalogue.Withdraw(ctx, c.admin, "TicketsSDK"); err != nil {
		t.Errorf("Withdraw() = %v", err)
	}
}

// TestCertificateEndings finds the certificates that end, from an index, page by page.
func TestCertificateEndings(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		testCertificateEndings(t, newConsole(t, fresh(t).open(t)))
	})
}

func testCertificateEndings(t *testing.T, c *console) {
	made := c.jwt(t, "Moviestar")
	same := c.hand.Now().AddDate(0, 0, 20)
	for range 3 {
		if _, err := c.credentials.AddBinding(t.Context(), c.admin, made.ID, certificate(t, same), false); err != nil {
			t.Fatal(err)
		}
	}
	q := expiry.Query{Organization: made.Organization, Before: c.hand.Now().AddDate(1, 0, 0), Limit: 2}
	var all []expiry.Ending
	for range 3 {
		some, err := project.Endings{Store: c.store.Projects()}.Endings(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, some...)
		if len(some) > 0 {
			q.After = some[len(some)-1].Position()
		}
	}
	if len(all) != 4 || !all[0].Ends.Equal(same) || all[3].Ends.Equal(same) || all[0].Name != made.Name {
		t.Errorf("Endings() = %+v", all)
	}
	other, err := c.credentials.Create(t.Context(), c.admin, project.NewCredential{
		Workspace: made.Workspace, Name: "server", Kind: project.OAuthServerToServer, Certificate: certificate(t, same.Add(-time.Hour)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if read, err := c.credentials.Find(t.Context(), c.admin, other.ID); err != nil || len(read.Bindings) != 1 || read.Migration.State != project.MigrationNone {
		t.Errorf("the credential with a certificate is read as %+v, %v", read, err)
	}
	q.After, q.Limit = expiry.Position{}, 1
	some, err := project.Endings{Store: c.store.Projects()}.Endings(t.Context(), q)
	if err != nil || len(some) == 0 || !strings.HasSuffix(some[0].Action, "latchkey credential renew "+other.ClientID+" --certificate") || strings.Contains(all[0].Action, "--certificate") {
		t.Errorf("Endings() = %+v, %v", some, err)
	}
}
