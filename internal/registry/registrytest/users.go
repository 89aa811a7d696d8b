package registrytest

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/access"
	"latchkey/internal/ident"
	"latchkey/internal/registry"
)

// TestUserStore checks a [registry.UserStore] that open gives beside its [registry.Store].
func TestUserStore(t *testing.T, open func(t *testing.T) (registry.Store, registry.UserStore)) {
	t.Helper()
	ctx := context.Background()
	store, users := open(t)
	fill(t, store)
	user := func(id, organization, email string) registry.User {
		return registry.User{
			ID: id, Organization: organization, Email: email, FirstName: "Ada", LastName: "Lovelace", Role: access.Developer, Profiles: []string{"12", "34"},
			Status: registry.UserInvited, Link: []byte("link of " + id), LinkUntil: at.AddDate(0, 0, 7), Version: 1, CreatedBy: "key_1", CreatedAt: at, UpdatedAt: at,
		}
	}
	ada, bob, other := user("A@x", one, "Ada@example.com"), user("B@x", one, "bob@example.com"), user("C@x", two, "ada@example.com")
	bob.Link, bob.Profiles, bob.Password = nil, nil, "$argon2id$"
	for _, u := range []registry.User{bob, ada, other} {
		if err := users.CreateUser(ctx, u, entry); err != nil {
			t.Fatal(err)
		}
	}
	if err := users.CreateUser(ctx, user("D@x", one, "ADA@example.com"), entry); !errors.Is(err, registry.ErrNameTaken) {
		t.Errorf("CreateUser() of an address in use = %v, want ErrNameTaken", err)
	}
	if err := users.CreateUser(ctx, user("D@x", ident.NewIMSOrg(), "d@example.com"), entry); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("CreateUser() in no organization = %v, want ErrNotFound", err)
	}
	want := func(what string, got []registry.User, err error, want ...registry.User) {
		t.Helper()
		if diff := cmp.Diff(want, got, sameTimes, noProfiles); diff != "" || err != nil {
			t.Errorf("%s = %v (-want +got):\n%s", what, err, diff)
		}
	}
	got, err := users.Users(ctx, one)
	want("Users()", got, err, ada, bob)
	got, err = users.UserLike(ctx, registry.UserKey{Email: "ADA@example.com"})
	want("UserLike() an address", got, err, ada, other)
	got, err = users.UserLike(ctx, registry.UserKey{Link: other.Link})
	want("UserLike() a link", got, err, other)
	got, err = users.UserLike(ctx, registry.UserKey{ID: bob.ID})
	want("UserLike() an id", got, err, bob)
	got, err = users.UserLike(ctx, registry.UserKey{})
	want("UserLike() nothing", got, err)
	ada.Status, ada.Link, ada.Email = registry.UserActive, nil, "ada@lovelace.example"
	for i, wanted := range []error{nil, registry.ErrConflict} {
		if err := users.ChangeUser(ctx, ada, entry); !errors.Is(err, wanted) {
			t.Errorf("ChangeUser() %d = %v, want %v", i, err, wanted)
		}
	}
	ada.Version = 2
	got, err = users.UserLike(ctx, registry.UserKey{Email: ada.Email})
	want("UserLike() after a change", got, err, ada)
	ada.Email = "BOB@example.com"
	if err := users.ChangeUser(ctx, ada, entry); !errors.Is(err, registry.ErrNameTaken) {
		t.Errorf("ChangeUser() to an address in use = %v, want ErrNameTaken", err)
	}
	for _, wanted := range []error{nil, registry.ErrNotFound} {
		if err := users.DeleteUser(ctx, one, bob.ID, entry); !errors.Is(err, wanted) {
			t.Errorf("DeleteUser() = %v, want %v", err, wanted)
		}
	}
	if err := users.DeleteUser(ctx, one, other.ID, entry); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("DeleteUser() of another organization's = %v, want ErrNotFound", err)
	}
}
