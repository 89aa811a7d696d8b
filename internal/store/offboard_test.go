package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/connection"
	"latchkey/internal/connection/connectiontest"
	"latchkey/internal/event"
	"latchkey/internal/ident"
	"latchkey/internal/project"
	"latchkey/internal/registry"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/workflow"
)

func TestOffboarding(t *testing.T) { onBoth(t, testOffboarding) }

// testOffboarding ends an organization beside another one, and looks through every table for what is left of it.
func testOffboarding(t *testing.T, fresh func(testing.TB) folder) {
	ctx := context.Background()
	f := fresh(t)
	s := f.open(t)
	const org, other = "1111111111AAAAAAAAAA1111@AdobeOrg", "2222222222BBBBBBBBBB2222@AdobeOrg"
	operator := access.Caller{ID: "operator", Scopes: access.Scopes{access.Admin}}
	for _, id := range []string{org, other} {
		populate(t, s, operator, id)
	}
	o := s.Offboardings()
	now := time.Now().UTC()
	entry := audit.Entry{At: now, Organization: org, Actor: "key_1", Action: "organization.offboard", Subject: org}
	if _, err := o.Offboarding(ctx, org); !errors.Is(err, workflow.ErrNotOffboarding) {
		t.Errorf("before it begins: %v", err)
	}
	if err := o.BeginOffboarding(ctx, ident.NewIMSOrg(), "key_1", entry); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("of nobody: %v", err)
	}
	for range 2 { // the second changes nothing
		if err := o.BeginOffboarding(ctx, org, "key_1", entry); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := s.Registry().Keys(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		if key.RevokedAt.IsZero() != (key.Organization == other) {
			t.Errorf("the key %s of %s is revoked at %v", key.ID, key.Organization, key.RevokedAt)
		}
	}
	for of, want := range map[string]bool{org: false, other: true} {
		all, err := s.Projects().Credentials(ctx, project.Selection{Organization: of})
		if err != nil || len(all) != 1 || all[0].Enabled != want {
			t.Errorf("the credentials of %s are %+v, %v", of, all, err)
		}
	}
	ids, err := o.ConnectionIDs(ctx, org, 10)
	if err != nil || len(ids) != 1 {
		t.Fatalf("ConnectionIDs() = %v, %v", ids, err)
	}
	note := connection.Revocation{ID: ident.New("rev"), Organization: org, Connection: ids[0], CreatedAt: now}
	if err := s.Connections().Delete(ctx, connection.Deletion{Organization: org, ID: ids[0], Version: 1, At: now, Unrevocable: &note, Why: "no way"}); err != nil {
		t.Fatal(err)
	}
	state, err := o.Offboarding(ctx, org)
	if err != nil || state.None != 1 || state.Connections != 0 || !state.Settled() || state.BegunBy != "key_1" {
		t.Errorf("Offboarding() = %+v, %v", state, err)
	}
	tables := tablesOf(t, f)
	before := rowsOf(t, f, tables, other)
	gone := audit.Entry{At: now, Organization: org, Actor: "key_1", Action: "organization.delete", Subject: org}
	if err := o.EraseOrganization(ctx, org, gone); err != nil {
		t.Fatal(err)
	}
	if err := o.EraseOrganization(ctx, org, gone); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("EraseOrganization() again = %v", err)
	}
	for table, n := range rowsOf(t, f, tables, org) {
		if n > 0 && !strings.HasPrefix(table, "audit_") {
			t.Errorf("%d rows of the organization are left in %s", n, table)
		}
	}
	for table, n := range rowsOf(t, f, tables, other) {
		if n != before[table] {
			t.Errorf("of the other organization there are %d rows in %s, before %d", n, table, before[table])
		}
	}
	// Somebody of the same id begins anew, with a key of its own.
	populate(t, s, operator, org)
}

// populate makes an organization with something of each kind.
func populate(t *testing.T, s *store.Store, operator access.Caller, org string) {
	t.Helper()
	ctx := context.Background()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	directory := registry.NewDirectory(s.Registry(), clock.System())
	_, err := directory.CreateOrganization(ctx, operator, org, "Acme")
	check(err)
	definition := addDefinition(t, s, org, connectiontest.Sandbox, "moviestar")
	r := newRecord(t, definition, "acme")
	r.Organization = org
	check(s.Connections().Create(ctx, r, nil))
	now := time.Now().UTC()
	key := registry.Key{ID: ident.New("key"), Organization: org, Name: "k", Scopes: access.Scopes{access.TokensRead}, CreatedAt: now}
	copy(key.Hash[:], key.ID)
	check(s.Registry().CreateKey(ctx, key, audit.Entry{At: now, Organization: org, Actor: "operator", Action: "key.create", Subject: "k"}))
	check(s.Emit(ctx, event.New(event.ConnectionRecovered, org, r.ID, now, nil)))
	console := project.Config{Store: s.Projects(), Hash: s.Keyring().Hash, Clock: clock.System()}
	admin := access.Caller{ID: key.ID, Organization: org, Scopes: access.Scopes{access.Admin}}
	_, workspaces, err := project.NewProjects(console).Create(ctx, admin, project.NewProject{Name: "Acme"})
	check(err)
	_, err = project.NewCatalogue(console).Declare(ctx, admin, project.NewService{Code: "TicketsSDK", Name: "Tickets", Scopes: []string{"tickets"}, Profiles: true})
	check(err)
	profile, err := project.NewCatalogue(console).CreateProfile(ctx, admin, project.NewProfile{Service: "TicketsSDK", Name: "All"})
	check(err)
	_, err = project.NewCredentials(console).Create(ctx, admin, project.NewCredential{
		Workspace: workspaces[0].ID, Name: "acme", Kind: project.ServiceAccountJWT, Certificate: certificate(t, now.AddDate(1, 0, 0)),
		Services: []project.Wish{{Service: "TicketsSDK", Profiles: []string{profile.ID}}},
	})
	check(err)
	users := registry.NewUsers(registry.UsersConfig{Store: s.Registry(), Hash: s.Keyring().Hash})
	invited, err := users.Invite(ctx, admin,
		registry.NewUser{Email: "ada@example.com", Role: access.Developer, Profiles: []string{profile.ID}})
	check(err)
	ada, err := users.Accept(ctx, invited.Token, secret.New("correct horse battery"))
	check(err)
	_, err = registry.NewSessions(registry.SessionsConfig{Store: s.Registry(), Hash: s.Keyring().Hash}).Begin(ctx, registry.Entry{User: ada, Proof: registry.ByInvitation})
	check(err)
}

// tablesOf lists the tables with a column organization.
func tablesOf(t *testing.T, f folder) []string {
	t.Helper()
	query := `SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c ON c.name = 'organization' WHERE m.type = 'table'`
	if !f.url.Empty() {
		query = `SELECT table_name FROM information_schema.columns WHERE column_name = 'organization' AND table_schema = 'public'`
	}
	rows, err := f.raw(t).QueryContext(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if len(names) < 15 || rows.Err() != nil {
		t.Fatalf("the tables with an organization are %v, %v", names, rows.Err())
	}
	slices.Sort(names)
	for _, name := range names {
		if !store.OffboardingKnows(name) {
			t.Errorf("the end of an organization knows nothing of %s: add it to own, or to kept with a reason", name)
		}
	}
	return names
}

func rowsOf(t *testing.T, f folder, tables []string, org string) map[string]int {
	t.Helper()
	db := f.raw(t)
	out := map[string]int{}
	for _, table := range tables {
		var n int
		if err := db.QueryRowContext(context.Background(), `SELECT COUNT(*) FROM `+table+` WHERE organization = $1`, org).Scan(&n); err != nil {
			t.Fatal(err)
		}
		out[table] = n
	}
	return out
}
