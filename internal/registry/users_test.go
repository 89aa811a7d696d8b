package registry_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/ident"
	"latchkey/internal/registry"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// people are the use cases of users over a database.
type people struct {
	*registry.Users
	sessions *registry.Sessions
	factors  *registry.Factors
	passkeys *registry.Passkeys
	store    *store.Store
	hand     *clock.Manual
	admin    access.Caller
}

func newPeople(t *testing.T) *people {
	t.Helper()
	dir := storetest.Folder(t)
	root, err := seal.CreateFileRoot(filepath.Join(dir, "root.key"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(ctx, store.Config{Path: filepath.Join(dir, "latchkey.db"), Root: root})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, id := range []string{one, two} {
		sandbox := registry.Sandbox{ID: ident.UUID(), Organization: id, Name: "prod", Title: "p", CreatedAt: start}
		if err := s.Registry().CreateOrganization(ctx, registry.Organization{ID: id, Name: id, CreatedAt: start}, sandbox, audit.Entry{Organization: id}); err != nil {
			t.Fatal(err)
		}
	}
	hand := clock.NewManual(start)
	users := registry.NewUsers(registry.UsersConfig{Store: s.Registry(), Hash: s.Keyring().Hash, Clock: hand})
	factors := registry.NewFactors(registry.FactorsConfig{Store: s.Registry(), Passkeys: s.Registry(), Users: users, Hash: s.Keyring().Hash, Clock: hand})
	return &people{
		users, registry.NewSessions(registry.SessionsConfig{Store: s.Registry(), Hash: s.Keyring().Hash, Clock: hand, Factors: factors}), factors,
		registry.NewPasskeys(registry.PasskeysConfig{Store: s.Registry(), Users: users, Hash: s.Keyring().Hash, Clock: hand}), s, hand, admin(one),
	}
}

const password = "correct horse battery"

func (p *people) active(t *testing.T, ask registry.NewUser) registry.User {
	t.Helper()
	invited, err := p.Invite(ctx, p.admin, ask)
	if err != nil {
		t.Fatal(err)
	}
	user, err := p.Accept(ctx, invited.Token, secret.New(password))
	if err != nil {
		t.Fatal(err)
	}
	return user
}

// TestUsers walks through a person's time in an organization.
func TestUsers(t *testing.T) {
	p := newPeople(t)
	ask := registry.NewUser{Email: "Ada@example.com", FirstName: "Ada", Role: access.Developer, Profiles: []string{"34", "12", "34"}}
	invited, err := p.Invite(ctx, p.admin, ask)
	if err != nil {
		t.Fatal(err)
	}
	id, source, _ := strings.Cut(invited.User.ID, "@")
	if len(id) != 24 || strings.ToUpper(id) != id || source != registry.AuthSource(one) || len(source) != 24 {
		t.Errorf("a user has the id %q", invited.User.ID)
	}
	if _, err := p.Invite(ctx, p.admin, registry.NewUser{Email: "ada@EXAMPLE.com", Role: access.Viewer}); !errors.Is(err, registry.ErrNameTaken) {
		t.Errorf("Invite() of an address in use = %v", err)
	}
	if _, err := p.SignIn(ctx, ask.Email, secret.New(password)); !errors.Is(err, registry.ErrSignIn) {
		t.Errorf("SignIn() before the password is set = %v", err)
	}
	_, err = p.Accept(ctx, invited.Token, secret.New("short"))
	wantInvalid(t, "Accept() of a short password", err, "/password", "12")
	user, err := p.Accept(ctx, invited.Token, secret.New(password))
	if err != nil || user.Status != registry.UserActive {
		t.Fatalf("Accept() = %+v, %v", user, err)
	}
	for name, token := range map[string]secret.String{"used": invited.Token, "no": {}, "made up": secret.New("x")} {
		if _, err := p.Accept(ctx, token, secret.New(password)); !errors.Is(err, registry.ErrLink) {
			t.Errorf("Accept() of a %s link = %v", name, err)
		}
	}
	in, err := p.SignIn(ctx, " ada@Example.com", secret.New(password))
	if err != nil || len(in) != 1 || in[0].ID != user.ID {
		t.Fatalf("SignIn() = %+v, %v", in, err)
	}
	caller := in[0].Caller()
	if !caller.MayAttach("12") || caller.MayAttach("99") || caller.RequireRole(access.Developer) != nil || caller.RequireRole(access.SystemAdministrator) == nil {
		t.Errorf("Caller() = %+v", caller)
	}
	wantDenied(t, "a developer's act on the registry", caller.Require(access.RegistryWrite))
	if err := p.SignedIn(ctx, user); err != nil {
		t.Error(err)
	}
	for what, pair := range map[string][2]string{"wrong password": {ask.Email, "x" + password}, "unknown address": {"eve@example.com", password}, "an endless one": {ask.Email, strings.Repeat("x", 1<<20)}} {
		if _, err := p.SignIn(ctx, pair[0], secret.New(pair[1])); !errors.Is(err, registry.ErrSignIn) {
			t.Errorf("SignIn() with %s = %v", what, err)
		}
	}
	testEnds(t, p, user)
}

// testEnds disables, resets and deletes a user.
func testEnds(t *testing.T, p *people, user registry.User) {
	if _, err := p.Disable(ctx, p.admin, "ADA@example.com"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.SignIn(ctx, user.Email, secret.New(password)); !errors.Is(err, registry.ErrSignIn) {
		t.Errorf("SignIn() of a disabled user = %v", err)
	}
	if _, err := p.Active(ctx, user.ID); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("Active() of a disabled user = %v", err)
	}
	if _, err := p.Reset(ctx, p.admin, user.ID); err == nil {
		t.Error("Reset() of a disabled user succeeds")
	}
	if _, err := p.Enable(ctx, p.admin, user.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := p.SignIn(ctx, user.Email, secret.New(password)); err != nil {
		t.Errorf("SignIn() of an enabled user = %v", err)
	}
	first, err := p.Reset(ctx, p.admin, user.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.SignIn(ctx, user.Email, secret.New(password)); !errors.Is(err, registry.ErrSignIn) {
		t.Errorf("SignIn() with a password that was reset = %v", err)
	}
	p.hand.Advance(7 * 24 * time.Hour)
	if _, err := p.Invited(ctx, first.Token); !errors.Is(err, registry.ErrLink) {
		t.Errorf("Invited() by a link that has ended = %v", err)
	}
	self := user.Caller()
	self.Role, self.Scopes = access.SystemAdministrator, access.Scopes{access.Admin}
	if _, err := p.Disable(ctx, self, user.ID); err == nil {
		t.Error("somebody disables himself")
	}
	role := access.Viewer
	if _, err := p.Change(ctx, p.admin, user.ID, registry.UserEdit{Role: &role}); err != nil {
		t.Fatal(err)
	}
	if got, err := p.Find(ctx, p.admin, user.ID); err != nil || got.Role != role || len(got.Profiles) != 0 {
		t.Errorf("Find() = %+v, %v", got, err)
	}
	if err := p.Delete(ctx, p.admin, user.ID); err != nil {
		t.Error(err)
	}
	if _, err := p.Find(ctx, p.admin, user.ID); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("Find() of a deleted user = %v", err)
	}
}

// TestUsersRefused holds what an administrator can't ask for, and that nobody else can ask for anything.
func TestUsersRefused(t *testing.T) {
	p := newPeople(t)
	for name, c := range map[string]struct {
		ask     registry.NewUser
		pointer string
	}{
		"no address":             {registry.NewUser{Email: "ada", Role: access.Viewer}, "/email"},
		"a name and an address":  {registry.NewUser{Email: "Ada <ada@example.com>", Role: access.Viewer}, "/email"},
		"no role":                {registry.NewUser{Email: "ada@example.com"}, "/role"},
		"an unknown role":        {registry.NewUser{Email: "ada@example.com", Role: "owner"}, "/role"},
		"a viewer with profiles": {registry.NewUser{Email: "ada@example.com", Role: access.Viewer, Profiles: []string{"1"}}, "/profiles"},
		"two lines":              {registry.NewUser{Email: "ada@example.com", FirstName: "a\nb", Role: access.Viewer}, "/first_name"},
	} {
		_, err := p.Invite(ctx, p.admin, c.ask)
		wantInvalid(t, name, err, c.pointer, "")
	}
	user := p.active(t, registry.NewUser{Email: "dev@example.com", Role: access.Developer, Profiles: []string{access.AllProfiles}})
	for _, caller := range []access.Caller{user.Caller(), bound("prod", access.Admin), {ID: "key", Organization: one, Scopes: access.Scopes{access.RegistryRead}}} {
		_, err := p.Invite(ctx, caller, registry.NewUser{Email: "x@example.com", Role: access.Viewer})
		wantDenied(t, "Invite() by "+caller.ID, err)
		_, err = p.Reset(ctx, caller, user.ID)
		wantDenied(t, "Reset() by "+caller.ID, err)
		wantDenied(t, "Delete() by "+caller.ID, p.Delete(ctx, caller, user.ID))
	}
	if _, err := p.Disable(ctx, admin(two), user.ID); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("Disable() of another organization's user = %v", err)
	}
}
