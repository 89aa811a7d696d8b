package registrytest

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/access"
	"latchkey/internal/registry"
)

// IdentityStore is what identities are tried with.
type IdentityStore interface {
	registry.Store
	registry.UserStore
	registry.FactorStore
	registry.IdentityStore
}

// TestIdentityStore checks a [registry.IdentityStore].
func TestIdentityStore(t *testing.T, open func(t *testing.T) IdentityStore) {
	ctx, store := context.Background(), open(t)
	fill(t, store)
	ada := registry.User{ID: "A@x", Organization: one, Email: "ada@example.com", Role: access.Viewer, Status: registry.UserInvited, Link: []byte("link"), LinkUntil: at.Add(time.Hour), Version: 1, CreatedAt: at, UpdatedAt: at}
	other := ada
	other.ID, other.Organization, other.Link = "B@x", two, nil
	for _, u := range []registry.User{ada, other} {
		wants(t, "CreateUser()", store.CreateUser(ctx, u, entry), nil)
	}
	identity := func(person, organization, issuer, subject string) registry.Identity {
		return registry.Identity{Issuer: issuer, Subject: subject, Person: person, Organization: organization, Email: "ada@example.com", CreatedAt: at, UsedAt: at}
	}
	a, b, elsewhere := identity(ada.ID, one, "https://idp", "7"), identity(other.ID, two, "https://idp", "7"), identity(ada.ID, one, "https://other", "7")
	came := ada
	came.Status, came.Link, came.LinkUntil = registry.UserActive, nil, time.Time{}
	wants(t, "AddIdentity()", store.AddIdentity(ctx, a, came, true, entry, entry), nil)
	wants(t, "AddIdentity() in another organization", store.AddIdentity(ctx, b, other, false, entry), nil)
	wants(t, "AddIdentity() of another issuer", store.AddIdentity(ctx, elsewhere, came, false, entry), nil)
	wants(t, "AddIdentity() of a person who has one", store.AddIdentity(ctx, identity(ada.ID, one, "https://idp", "8"), came, false, entry), registry.ErrNameTaken)
	wants(t, "AddIdentity() of a person who was changed", store.AddIdentity(ctx, identity(other.ID, two, "https://third", "7"), registry.User{ID: other.ID, Organization: two, Version: 9}, true, entry), registry.ErrConflict)
	wants(t, "AddIdentity() of nobody", store.AddIdentity(ctx, identity("N@x", one, "https://idp", "7"), ada, false, entry), registry.ErrNotFound)
	users, err := store.UserLike(ctx, registry.UserKey{ID: ada.ID})
	came.Version = 2
	if diff := cmp.Diff([]registry.User{came}, users, sameTimes, noProfiles); diff != "" || err != nil {
		t.Errorf("the person who came = %v (-want +got):\n%s", err, diff)
	}
	wants(t, "UseIdentities()", store.UseIdentities(ctx, "https://idp", "7", "ada@new.example", at.Add(time.Minute)), nil)
	a.Email, a.UsedAt, b.Email, b.UsedAt = "ada@new.example", at.Add(time.Minute), "ada@new.example", at.Add(time.Minute)
	want := func(by registry.IdentityKey, want ...registry.Identity) {
		t.Helper()
		got, err := store.Identities(ctx, by)
		if diff := cmp.Diff(want, got, sameTimes); diff != "" || err != nil {
			t.Errorf("Identities(%v) = %v (-want +got):\n%s", by, err, diff)
		}
	}
	want(registry.IdentityKey{Issuer: "https://idp", Subject: "7"}, a, b)
	want(registry.IdentityKey{Person: ada.ID}, a, elsewhere)
	want(registry.IdentityKey{Issuer: "https://idp", Person: ada.ID}, a)
	for _, none := range []registry.IdentityKey{{}, {Issuer: "https://idp"}, {Subject: "7"}, {Issuer: "https://idp", Subject: "8"}, {Person: "N@x"}} {
		want(none)
	}
	wants(t, "RemoveFactors() of an app", store.RemoveFactors(ctx, one, ada.ID, false, entry), nil)
	want(registry.IdentityKey{Person: ada.ID}, a, elsewhere)
	wants(t, "RemoveFactors() of all", store.RemoveFactors(ctx, one, ada.ID, true, entry), nil)
	want(registry.IdentityKey{Person: ada.ID})
	wants(t, "DeleteUser()", store.DeleteUser(ctx, two, other.ID, entry), nil)
	want(registry.IdentityKey{Person: other.ID})
}
