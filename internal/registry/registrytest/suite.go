package registrytest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/ident"
	"latchkey/internal/registry"
)

// Subject is an implementation in a fresh state.
type Subject struct {
	Store registry.Store
	Keys  registry.KeyStore
	// Occupy puts something into a sandbox that keeps it from being deleted; nil when the store can't yet.
	Occupy func(t *testing.T, sandbox registry.Sandbox)
}

const (
	one = "1111111111AAAAAAAAAA1111@AdobeOrg"
	two = "2222222222BBBBBBBBBB2222@AdobeOrg"
)

var at = time.Date(2026, 11, 21, 9, 30, 15, 123e6, time.UTC)

// entry is what the suite records of each change.
var entry = audit.Entry{Organization: one, Actor: "key_1", Action: "test.change", Subject: "s"}

// sameTimes compares instants, whatever their location.
var sameTimes = cmpopts.EquateApproxTime(0)

// noProfiles takes an empty list for none.
var noProfiles = cmpopts.EquateEmpty()

func newSandbox(organization, name string) registry.Sandbox {
	return registry.Sandbox{ID: ident.UUID(), Organization: organization, Name: name, Title: "Title of " + name, CreatedAt: at}
}

// fill makes the organizations one and two, and gives the first sandbox of each.
func fill(t *testing.T, store registry.Store) (ofOne, ofTwo registry.Sandbox) {
	t.Helper()
	ofOne, ofTwo = newSandbox(one, "prod"), newSandbox(two, "prod")
	for _, first := range []registry.Sandbox{ofTwo, ofOne} {
		organization := registry.Organization{ID: first.Organization, Name: "Org " + first.Organization[:1], CreatedAt: at}
		if err := store.CreateOrganization(context.Background(), organization, first, entry); err != nil {
			t.Fatal(err)
		}
	}
	return ofOne, ofTwo
}

// TestStore checks a [registry.Store].
func TestStore(t *testing.T, open func(t *testing.T) Subject) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, Subject){
		"organizations": testOrganizations, "sandboxes": testSandboxes,
		"deleting": testDeleting, "at once": testSandboxesAtOnce,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func testOrganizations(t *testing.T, s Subject) {
	ctx := context.Background()
	if got, err := s.Store.Organizations(ctx); err != nil || len(got) != 0 {
		t.Errorf("Organizations() of an empty store = %v, %v", got, err)
	}
	first, _ := fill(t, s.Store)
	want := []registry.Organization{{ID: one, Name: "Org 1", CreatedAt: at}, {ID: two, Name: "Org 2", CreatedAt: at}}
	got, err := s.Store.Organizations(ctx)
	if diff := cmp.Diff(want, got, sameTimes); diff != "" || err != nil {
		t.Errorf("Organizations() = %v (-want +got):\n%s", err, diff)
	}
	err = s.Store.CreateOrganization(ctx, registry.Organization{ID: one, Name: "again", CreatedAt: at}, newSandbox(one, "other"), entry)
	if !errors.Is(err, registry.ErrNameTaken) {
		t.Errorf("CreateOrganization() of an id in use = %v, want ErrNameTaken", err)
	}
	sandboxes, err := s.Store.Sandboxes(ctx, one)
	if diff := cmp.Diff([]registry.Sandbox{first}, sandboxes, sameTimes); diff != "" || err != nil {
		t.Errorf("Sandboxes() after that = %v (-want +got):\n%s", err, diff)
	}
}

func testSandboxes(t *testing.T, s Subject) {
	ctx := context.Background()
	prod, _ := fill(t, s.Store)
	stage, dev := newSandbox(one, "stage"), newSandbox(one, "dev")
	for _, sandbox := range []registry.Sandbox{stage, dev, newSandbox(two, "stage")} {
		if err := s.Store.CreateSandbox(ctx, sandbox, entry); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Store.Sandboxes(ctx, one)
	if diff := cmp.Diff([]registry.Sandbox{dev, prod, stage}, got, sameTimes); diff != "" || err != nil {
		t.Errorf("Sandboxes() = %v (-want +got):\n%s", err, diff)
	}
	if err := s.Store.CreateSandbox(ctx, newSandbox(one, "stage"), entry); !errors.Is(err, registry.ErrNameTaken) {
		t.Errorf("CreateSandbox() of a name in use = %v, want ErrNameTaken", err)
	}
	if err := s.Store.CreateSandbox(ctx, newSandbox(ident.NewIMSOrg(), "stage"), entry); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("CreateSandbox() in no organization = %v, want ErrNotFound", err)
	}
	if got, err := s.Store.Sandboxes(ctx, ident.NewIMSOrg()); err != nil || len(got) != 0 {
		t.Errorf("Sandboxes() of no organization = %v, %v", got, err)
	}
}

func testDeleting(t *testing.T, s Subject) {
	ctx := context.Background()
	_, other := fill(t, s.Store)
	stage := newSandbox(one, "stage")
	if err := s.Store.CreateSandbox(ctx, stage, entry); err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string]string{"another organization's": other.ID, "no": ident.UUID()} {
		if err := s.Store.DeleteSandbox(ctx, one, id, entry); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("DeleteSandbox() of %s sandbox = %v, want ErrNotFound", name, err)
		}
	}
	if err := s.Store.DeleteSandbox(ctx, one, stage.ID, entry); err != nil {
		t.Errorf("DeleteSandbox() = %v", err)
	}
	if err := s.Store.CreateSandbox(ctx, newSandbox(one, "stage"), entry); err != nil {
		t.Errorf("CreateSandbox() of a name that is free again = %v", err)
	}
	if s.Occupy == nil {
		return
	}
	busy := newSandbox(one, "busy")
	if err := s.Store.CreateSandbox(ctx, busy, entry); err != nil {
		t.Fatal(err)
	}
	s.Occupy(t, busy)
	if err := s.Store.DeleteSandbox(ctx, one, busy.ID, entry); !errors.Is(err, registry.ErrInUse) {
		t.Errorf("DeleteSandbox() of one in use = %v, want ErrInUse", err)
	}
}

func testSandboxesAtOnce(t *testing.T, s Subject) {
	fill(t, s.Store)
	var made atomic.Int32
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			err := s.Store.CreateSandbox(context.Background(), newSandbox(one, "stage"), entry)
			switch {
			case err == nil:
				made.Add(1)
			case !errors.Is(err, registry.ErrNameTaken):
				t.Errorf("CreateSandbox() = %v, want ErrNameTaken", err)
			}
		})
	}
	wait.Wait()
	if made.Load() != 1 {
		t.Errorf("a name was given to %d sandboxes at once, want 1", made.Load())
	}
}

// TestKeyStore checks a [registry.KeyStore].
func TestKeyStore(t *testing.T, open func(t *testing.T) Subject) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, Subject){
		"keeping": testKeys, "revoking": testRevoking, "touching": testTouching,
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			fill(t, s.Store)
			test(t, s)
		})
	}
}

func newKey(n int, organization string) registry.Key {
	return registry.Key{
		ID: fmt.Sprintf("key_%026d", n), Name: fmt.Sprintf("key %d", n), Organization: organization,
		Scopes: access.Scopes{access.TokensRead, access.ConnectionsWrite}, Prefix: "lk_ab12", Hash: registry.KeyHash{byte(n), 0xff},
		CreatedBy: "key_maker", CreatedAt: at,
	}
}

func createKeys(t *testing.T, store registry.KeyStore, keys ...registry.Key) {
	t.Helper()
	for _, key := range keys {
		if err := store.CreateKey(context.Background(), key, entry); err != nil {
			t.Fatal(err)
		}
	}
}

func wantKeys(t *testing.T, store registry.KeyStore, want ...registry.Key) {
	t.Helper()
	got, err := store.Keys(context.Background())
	if diff := cmp.Diff(want, got, sameTimes, cmpopts.EquateEmpty()); diff != "" || err != nil {
		t.Errorf("Keys() = %v (-want +got):\n%s", err, diff)
	}
}

func testKeys(t *testing.T, s Subject) {
	a, b, c := newKey(1, two), newKey(2, one), newKey(3, one)
	b.Sandbox, b.ExpiresAt = "prod", at.Add(time.Hour)
	wantKeys(t, s.Keys)
	createKeys(t, s.Keys, c, a, b)
	wantKeys(t, s.Keys, a, b, c)
	if err := s.Keys.CreateKey(context.Background(), newKey(4, ident.NewIMSOrg()), entry); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("CreateKey() in no organization = %v, want ErrNotFound", err)
	}
	lost := newKey(5, one)
	lost.Sandbox = "lost"
	if err := s.Keys.CreateKey(context.Background(), lost, entry); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("CreateKey() in no sandbox = %v, want ErrNotFound", err)
	}
	wantKeys(t, s.Keys, a, b, c)
}

func testRevoking(t *testing.T, s Subject) {
	ctx := context.Background()
	a, b := newKey(1, one), newKey(2, one)
	createKeys(t, s.Keys, a, b)
	for _, err := range []error{
		s.Keys.RevokeKey(ctx, two, a.ID, at, entry), s.Keys.RevokeKey(ctx, one, newKey(9, one).ID, at, entry),
	} {
		if !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("RevokeKey() of a key that the organization has not = %v, want ErrNotFound", err)
		}
	}
	for _, when := range []time.Time{at.Add(time.Minute), at.Add(time.Hour)} {
		if err := s.Keys.RevokeKey(ctx, one, a.ID, when, entry); err != nil {
			t.Errorf("RevokeKey() = %v", err)
		}
	}
	a.RevokedAt = at.Add(time.Minute) // the first time stays
	wantKeys(t, s.Keys, a, b)
}

func testTouching(t *testing.T, s Subject) {
	a, b := newKey(1, one), newKey(2, two)
	createKeys(t, s.Keys, a, b)
	later := at.Add(time.Hour)
	for _, used := range []map[string]time.Time{
		{a.ID: later, b.ID: at, "key_gone": at},
		{a.ID: at, b.ID: later}, // a's is older than what is known
		{},
	} {
		if err := s.Keys.TouchKeys(context.Background(), used); err != nil {
			t.Errorf("TouchKeys(%v) = %v", used, err)
		}
	}
	a.LastUsedAt, b.LastUsedAt = later, later
	wantKeys(t, s.Keys, a, b)
}
