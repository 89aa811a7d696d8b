package registrytest

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/access"
	"latchkey/internal/registry"
)

// FirstStartStore is what the first start is tried with.
type FirstStartStore interface {
	registry.Store
	registry.UserStore
	registry.FirstStartStore
}

// TestFirstStartStore checks a [registry.FirstStartStore].
func TestFirstStartStore(t *testing.T, open func(t *testing.T) FirstStartStore) {
	t.Run("one link", func(t *testing.T) { testOneLink(t, open(t)) })
	t.Run("one wins", func(t *testing.T) { testOneSetsUp(t, open(t)) })
	t.Run("an organization of before", func(t *testing.T) {
		ctx, store := context.Background(), open(t)
		link, err := store.KeepSetUpLink(ctx, newLink("a", at), at)
		wants(t, "KeepSetUpLink()", err, nil)
		fill(t, store)
		_, err = store.SetUpLink(ctx)
		wants(t, "SetUpLink() beside an organization", err, registry.ErrNotFound)
		_, err = store.KeepSetUpLink(ctx, newLink("b", at), at)
		wants(t, "KeepSetUpLink() beside an organization", err, registry.ErrSetUp)
		wants(t, "SetUp() beside an organization", store.SetUp(ctx, link.Nonce, newFirst("3333333333CCCCCCCCCC3333@AdobeOrg"), entry), registry.ErrLink)
	})
}

func newLink(nonce string, now time.Time) registry.SetUpLink {
	return registry.SetUpLink{Nonce: []byte(nonce), EndsAt: now.Add(time.Hour)}
}

func newFirst(organization string) registry.First {
	return registry.First{
		Organization: registry.Organization{ID: organization, Number: organization[:8], Name: "Acme", CreatedAt: at},
		Sandbox:      newSandbox(organization, access.DefaultSandbox),
		User: registry.User{
			ID: "A@" + organization, Organization: organization, Email: "ada@example.com", Role: access.SystemAdministrator, Status: registry.UserActive,
			Password: "$argon2id$", Version: 1, CreatedBy: "A@" + organization, CreatedAt: at, UpdatedAt: at,
		},
	}
}

// testOneLink: the first that is kept is everybody's, until it ends.
func testOneLink(t *testing.T, store FirstStartStore) {
	ctx := context.Background()
	_, err := store.SetUpLink(ctx)
	wants(t, "SetUpLink() of none", err, registry.ErrNotFound)
	a, b := newLink("a", at), newLink("b", at.Add(time.Minute))
	for _, fresh := range []registry.SetUpLink{a, b} {
		got, err := store.KeepSetUpLink(ctx, fresh, at.Add(time.Hour-time.Microsecond))
		if diff := cmp.Diff(a, got, sameTimes); diff != "" || err != nil {
			t.Errorf("KeepSetUpLink() = %v (-want +got):\n%s", err, diff)
		}
	}
	got, err := store.KeepSetUpLink(ctx, b, a.EndsAt)
	if diff := cmp.Diff(b, got, sameTimes); diff != "" || err != nil {
		t.Errorf("KeepSetUpLink() when the last has ended = %v (-want +got):\n%s", err, diff)
	}
	wants(t, "SetUp() by the link of before", store.SetUp(ctx, a.Nonce, newFirst(one), entry), registry.ErrLink)
	if all, err := store.Organizations(ctx); len(all) != 0 || err != nil {
		t.Errorf("Organizations() = %v, %v", all, err)
	}
}

func testOneSetsUp(t *testing.T, store FirstStartStore) {
	ctx := context.Background()
	link, err := store.KeepSetUpLink(ctx, newLink("a", at), at)
	wants(t, "KeepSetUpLink()", err, nil)
	firsts := []registry.First{newFirst(one), newFirst(two)}
	errs := make([]error, len(firsts))
	var both sync.WaitGroup
	for i, first := range firsts {
		both.Go(func() { errs[i] = store.SetUp(ctx, link.Nonce, first, entry) })
	}
	both.Wait()
	won := 0
	if errs[0] != nil {
		won = 1
	}
	if errs[won] != nil || !errors.Is(errs[1-won], registry.ErrLink) {
		t.Fatalf("SetUp() by two at once = %v", errs)
	}
	want := firsts[won]
	all, err := store.Organizations(ctx)
	if diff := cmp.Diff([]registry.Organization{want.Organization}, all, sameTimes); diff != "" || err != nil {
		t.Errorf("Organizations() = %v (-want +got):\n%s", err, diff)
	}
	sandboxes, err := store.Sandboxes(ctx, want.Organization.ID)
	if diff := cmp.Diff([]registry.Sandbox{want.Sandbox}, sandboxes, sameTimes); diff != "" || err != nil {
		t.Errorf("Sandboxes() = %v (-want +got):\n%s", err, diff)
	}
	users, err := store.UserLike(ctx, registry.UserKey{Email: "ADA@example.com"})
	if diff := cmp.Diff([]registry.User{want.User}, users, sameTimes, noProfiles); diff != "" || err != nil {
		t.Errorf("UserLike() = %v (-want +got):\n%s", err, diff)
	}
	kept, err := store.SetUpLink(ctx)
	if !errors.Is(err, registry.ErrNotFound) || !bytes.Equal(kept.Nonce, nil) {
		t.Errorf("SetUpLink() after its use = %v, %v", kept, err)
	}
}
