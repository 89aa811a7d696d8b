package project_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/ident"
	"latchkey/internal/project"
	"latchkey/internal/registry"
	"latchkey/internal/seal"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const organization = "1111111111AAAAAAAAAA1111@AdobeOrg"

var start = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)

// console is the developer console over a database of its own.
type console struct {
	db          project.Store
	hand        *clock.Manual
	clients     *project.Clients
	projects    *project.Projects
	catalogue   *project.Catalogue
	credentials *project.Credentials
	workspace   project.Workspace
}

// admin is a key with registry:write.
var admin = access.Caller{ID: "key_admin", Organization: organization, Scopes: access.Scopes{access.Admin}}

// developer is a person who is developer of the product profiles.
func developer(profiles ...string) access.Caller {
	return access.Caller{
		ID: "dev", User: "DEV@x", Organization: organization, Role: access.Developer, Profiles: profiles, Scopes: access.Scopes{access.RegistryWrite},
	}
}

// viewer is a person who may look.
var viewer = access.Caller{ID: "viewer", User: "VIEWER@x", Organization: organization, Role: access.Viewer, Scopes: access.Scopes{access.RegistryRead}}

func open(t testing.TB) *store.Store {
	t.Helper()
	dir := storetest.Folder(t)
	root, err := seal.CreateFileRoot(filepath.Join(dir, "root.key"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Config{Path: filepath.Join(dir, "latchkey.db"), Root: root})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	sandbox := registry.Sandbox{ID: ident.UUID(), Organization: organization, Name: "prod", Title: "p", CreatedAt: start}
	err = s.Registry().CreateOrganization(t.Context(), registry.Organization{ID: organization, Name: "Moviestar", CreatedAt: start}, sandbox, audit.Entry{Organization: organization})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newConsole(t testing.TB, quotas project.Quotas) *console {
	t.Helper()
	s := open(t)
	c := &console{db: s.Projects(), hand: clock.NewManual(start)}
	c.clients = project.OpenClients(project.ClientsConfig{Store: s.Projects(), Hash: s.Keyring().Hash, Clock: c.hand})
	t.Cleanup(func() {
		if err := c.clients.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	config := project.Config{
		Store: s.Projects(), Clients: c.clients, Hash: s.Keyring().Hash, Clock: c.hand, Quotas: quotas,
		Organization: func(_ context.Context, id string) (project.Organization, error) {
			return project.Organization{ID: id, Number: "25591412", Name: "Moviestar"}, nil
		},
	}
	c.projects, c.catalogue, c.credentials = project.NewProjects(config), project.NewCatalogue(config), project.NewCredentials(config)
	_, workspaces, err := c.projects.Create(t.Context(), admin, project.NewProject{Name: "Moviestar"})
	if err != nil {
		t.Fatal(err)
	}
	c.workspace = workspaces[0]
	return c
}

// profile entitles the organization to a service, and gives it a product profile.
func (c *console) profile(t testing.TB, service, name string) string {
	t.Helper()
	if _, err := c.catalogue.Entitle(t.Context(), admin, service); err != nil {
		t.Fatal(err)
	}
	p, err := c.catalogue.CreateProfile(t.Context(), admin, project.NewProfile{Service: service, Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return p.ID
}

func (c *console) create(t testing.TB, caller access.Caller, name string, kind project.Kind, wishes ...project.Wish) project.Credential {
	t.Helper()
	ask := project.NewCredential{Workspace: c.workspace.ID, Name: name, Kind: kind, Services: wishes}
	if kind == project.ServiceAccountJWT {
		ask.Certificate = certificate(t, anRSA(), start, start.AddDate(1, 0, 0))
	}
	if kind.Redirects() {
		ask.Redirect.Default = "https://www.example.com/callback"
	}
	made, err := c.credentials.Create(t.Context(), caller, ask)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// use notes a use, as an authorization server does.
func (c *console) use(t testing.TB, credential project.Credential, grant, from, id string) {
	t.Helper()
	client, err := c.clients.Client(t.Context(), credential.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	c.clients.Used(client, project.Use{Grant: grant, From: from}, id, c.hand.Now())
}

func (c *console) find(t testing.TB, ref string) project.Credential {
	t.Helper()
	found, err := c.credentials.Find(t.Context(), admin, ref)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// anRSA is a key that is made once.
var anRSA = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func anEC(curve elliptic.Curve) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

// certificate makes one in PEM.
func certificate(t testing.TB, key crypto.Signer, from, until time.Time) []byte {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "moviestar"}, NotBefore: from, NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func wantInvalid(t *testing.T, what string, err error, pointer, text string) {
	t.Helper()
	invalid, ok := errors.AsType[*project.InvalidError](err)
	if !ok || invalid.Pointer != pointer || !strings.Contains(invalid.Message+" "+invalid.Fix, text) || invalid.Fix == "" {
		t.Errorf("%s = %#v (%v), want an InvalidError at %s with %q", what, err, err, pointer, text)
	}
}

func wantDenied(t *testing.T, what string, err error) {
	t.Helper()
	if _, ok := errors.AsType[*access.DeniedError](err); !ok {
		t.Errorf("%s = %v, want a DeniedError", what, err)
	}
}

func wantInUse(t *testing.T, what string, err error, text string) {
	t.Helper()
	if used, ok := errors.AsType[*project.InUseError](err); !ok || !strings.Contains(used.What, text) || used.Fix == "" {
		t.Errorf("%s = %v, want an InUseError with %q", what, err, text)
	}
}

func wantMigrating(t *testing.T, what string, err error, text string) {
	t.Helper()
	if m, ok := errors.AsType[*project.MigratingError](err); !ok || !strings.Contains(m.Message, text) || m.Fix == "" {
		t.Errorf("%s = %v, want a MigratingError with %q", what, err, text)
	}
}
