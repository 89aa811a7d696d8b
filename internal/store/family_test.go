package store_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/authority"
	"latchkey/internal/project"
	"latchkey/internal/registry"
)

// TestFamilies holds both databases to [authority.Families].
func TestFamilies(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		c := newConsole(t, fresh(t).open(t))
		granted := c.granted(t)
		families := c.store.Authority()
		t.Run("consents", func(t *testing.T) { testConsents(t, families, granted) })
		t.Run("generations", func(t *testing.T) { testGenerations(t, families, granted) })
		t.Run("at once", func(t *testing.T) { testGenerationsAtOnce(t, families, granted) })
		t.Run("ending", func(t *testing.T) { testEnding(t, families, granted) })
		t.Run("with the person", func(t *testing.T) { testPersonGoes(t, c, granted) })
	})
}

// granted is a family of a person and a client that there are.
func (c *console) granted(t testing.TB) authority.Family {
	t.Helper()
	now := c.hand.Now()
	user := registry.User{
		ID: "0123456789ABCDEF01234567@" + registry.AuthSource(c.admin.Organization), Organization: c.admin.Organization, Email: "ada@example.com",
		Role: access.Viewer, Status: registry.UserActive, Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	if err := c.store.Registry().CreateUser(t.Context(), user, audit.Entry{At: now, Organization: user.Organization, Action: "user.invite", Subject: user.ID}); err != nil {
		t.Fatal(err)
	}
	_, workspaces, err := c.projects.Create(t.Context(), c.admin, project.NewProject{Name: "Web"})
	if err != nil {
		t.Fatal(err)
	}
	credential, err := c.credentials.Create(t.Context(), c.admin, project.NewCredential{
		Workspace: workspaces[0].ID, Name: "Web", Kind: project.OAuthWebApp, Redirect: project.Redirect{Default: "https://www.example.com/callback"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return authority.Family{
		ID: "1795251600000-a", Organization: c.admin.Organization, User: user.ID, ClientID: credential.ClientID, Scopes: []string{"openid", "offline_access"},
		Audience: []string{"https://latchkey.example.com"}, SignedInAt: now.Add(-time.Minute), CreatedAt: now, Generation: 1, RotatedAt: now, EndsAt: now.Add(14 * 24 * time.Hour),
	}
}

func testConsents(t *testing.T, families authority.Families, f authority.Family) {
	want := func(scopes ...string) {
		t.Helper()
		if got, err := families.Consent(t.Context(), f.User, f.ClientID); err != nil || !slices.Equal(got, scopes) {
			t.Errorf("Consent() = %q, %v, want %q", got, err, scopes)
		}
	}
	want()
	for _, scopes := range [][]string{{"openid", "email"}, {"email", "profile"}} {
		if err := families.KeepConsent(t.Context(), authority.Consented{User: f.User, ClientID: f.ClientID, Organization: f.Organization, Scopes: scopes, At: f.CreatedAt}); err != nil {
			t.Fatal(err)
		}
	}
	want("openid", "email", "profile")
	f.ID = "1795251600000-consented"
	if _, err := families.BeginFamily(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	agreed := authority.Consented{User: f.User, ClientID: f.ClientID, Organization: f.Organization, Scopes: []string{"openid", "email", "profile"}, At: f.CreatedAt}
	if got, err := families.Consents(t.Context(), f.User); err != nil || cmp.Diff([]authority.Consented{agreed}, got) != "" {
		t.Errorf("Consents() = %+v, %v, want %+v", got, err, agreed)
	}
	ending := authority.Ending{By: "key_1", Why: authority.EndWithdrawn, At: f.CreatedAt, Until: f.CreatedAt.Add(time.Hour)}
	foreign := agreed
	foreign.Organization = "another"
	if _, err := families.Withdraw(t.Context(), foreign, ending); !errors.Is(err, authority.ErrNoConsent) {
		t.Errorf("Withdraw() from another organization: %v", err)
	}
	if ended, err := families.Withdraw(t.Context(), agreed, ending); err != nil || !slices.Equal(ended, []string{f.ID}) {
		t.Errorf("Withdraw() = %q, %v", ended, err)
	}
	if got, err := families.Family(t.Context(), f.ID); err != nil || got.EndedAt.IsZero() {
		t.Errorf("Family() after that = %+v, %v", got, err)
	}
	want()
	if _, err := families.Withdraw(t.Context(), agreed, ending); !errors.Is(err, authority.ErrNoConsent) {
		t.Errorf("Withdraw() once more: %v", err)
	}
}

func testGenerations(t *testing.T, families authority.Families, f authority.Family) {
	ctx := t.Context()
	for i, want := range []bool{true, false} {
		if fresh, err := families.BeginFamily(ctx, f); err != nil || fresh != want {
			t.Errorf("BeginFamily(), the %d. time = %v, %v", i+1, fresh, err)
		}
	}
	if got, err := families.Family(ctx, f.ID); err != nil || cmp.Diff(f, got) != "" {
		t.Errorf("Family() = %+v, %v, want %+v", got, err, f)
	}
	later := f.CreatedAt.Add(time.Hour)
	want := f
	want.Generation, want.RotatedAt, want.EndsAt = 2, later, later.Add(time.Hour)
	if got, err := families.Rotate(ctx, f.ID, 1, later, want.EndsAt); err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("Rotate() = %+v, %v, want %+v", got, err, want)
	}
	if _, err := families.Rotate(ctx, f.ID, 1, later, later); !errors.Is(err, authority.ErrNotCurrent) {
		t.Errorf("Rotate() of a generation that is over: %v", err)
	}
	if _, err := families.Family(ctx, "nothing"); !errors.Is(err, authority.ErrNoFamily) {
		t.Errorf("Family() of one that there is not: %v", err)
	}
	// What has ended goes when somebody else comes, and not before: until then its code is known to be used.
	next := f
	next.ID, next.CreatedAt = "1795251600000-b", want.EndsAt.Add(time.Microsecond)
	next.EndsAt = next.CreatedAt.Add(time.Hour)
	if fresh, err := families.BeginFamily(ctx, next); err != nil || !fresh {
		t.Errorf("BeginFamily() = %v, %v", fresh, err)
	}
	if _, err := families.Family(ctx, f.ID); !errors.Is(err, authority.ErrNoFamily) {
		t.Errorf("Family() of one that has ended: %v", err)
	}
}

// testGenerationsAtOnce holds that of many who rotate, one does.
func testGenerationsAtOnce(t *testing.T, families authority.Families, f authority.Family) {
	f.ID = "1795251600000-c"
	if _, err := families.BeginFamily(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	won := make(chan int64, 16)
	for range cap(won) {
		all.Go(func() {
			if got, err := families.Rotate(t.Context(), f.ID, 1, f.CreatedAt, f.EndsAt); err == nil {
				won <- got.Generation
			} else if !errors.Is(err, authority.ErrNotCurrent) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(won) != 1 {
		t.Errorf("%d of %d rotated", len(won), cap(won))
	}
}

func testEnding(t *testing.T, store interface {
	authority.Families
	authority.Store
}, f authority.Family,
) {
	ctx := t.Context()
	f.ID = "1795251600000-d"
	if _, err := store.BeginFamily(ctx, f); err != nil {
		t.Fatal(err)
	}
	ending := authority.Ending{By: f.ClientID, Why: authority.EndReused, At: f.CreatedAt.Add(time.Minute), Until: f.CreatedAt.Add(time.Hour)}
	for range 2 {
		if err := store.EndFamily(ctx, f.ID, ending); err != nil {
			t.Fatal(err)
		}
		ending.At = ending.At.Add(time.Minute) // the second time changes nothing
	}
	got, err := store.Family(ctx, f.ID)
	if err != nil || !got.EndedAt.Equal(f.CreatedAt.Add(time.Minute)) {
		t.Errorf("Family() = %+v, %v", got, err)
	}
	if _, err := store.Rotate(ctx, f.ID, 1, f.CreatedAt, f.EndsAt); !errors.Is(err, authority.ErrNotCurrent) {
		t.Errorf("Rotate() of one that was ended: %v", err)
	}
	revoked, err := store.Revoked(ctx, time.Time{}, f.CreatedAt)
	if err != nil || !slices.ContainsFunc(revoked, func(r authority.Revoked) bool { return r.ID == f.ID && r.EndsAt.Equal(ending.Until) }) {
		t.Errorf("Revoked() = %+v, %v", revoked, err)
	}
}

// testPersonGoes holds that nothing is left of what a deleted person granted.
func testPersonGoes(t *testing.T, c *console, f authority.Family) {
	f.ID = "1795251600000-e"
	if _, err := c.store.Authority().BeginFamily(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	if err := c.store.Registry().DeleteUser(t.Context(), f.Organization, f.User, audit.Entry{At: f.CreatedAt, Organization: f.Organization, Action: "user.delete", Subject: f.User}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.store.Authority().Family(t.Context(), f.ID); !errors.Is(err, authority.ErrNoFamily) {
		t.Errorf("Family() after the person was deleted: %v", err)
	}
	if got, err := c.store.Authority().Consent(t.Context(), f.User, f.ClientID); err != nil || len(got) > 0 {
		t.Errorf("Consent() after the person was deleted = %q, %v", got, err)
	}
}
