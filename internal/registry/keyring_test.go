package registry_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"latchkey/internal/access"
	"latchkey/internal/clock"
	"latchkey/internal/ident"
	"latchkey/internal/registry"
	"latchkey/internal/registry/registrytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hash stands for seal.Keyring.Hash.
func hash(purpose string, data []byte) (out [32]byte) {
	mac := hmac.New(sha256.New, []byte("pepper "+purpose))
	mac.Write(data)
	mac.Sum(out[:0])
	return out
}

type fixture struct {
	clock   *clock.Manual
	store   *registrytest.Memory
	keyring *registry.Keyring
}

func open(t testing.TB, store *registrytest.Memory, at *clock.Manual, keys registry.KeyStore) *registry.Keyring {
	t.Helper()
	keyring, err := registry.OpenKeyring(ctx, registry.KeyringConfig{Store: keys, Hash: hash, Clock: at})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := keyring.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return keyring
}

func newFixture(t testing.TB) fixture {
	t.Helper()
	f := fixture{clock: clock.NewManual(start), store: registrytest.NewMemory()}
	directory := registry.NewDirectory(f.store, f.clock)
	for _, id := range []string{one, two} {
		if _, err := directory.CreateOrganization(ctx, operator, id, ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := directory.CreateSandbox(ctx, admin(one), "stage", ""); err != nil {
		t.Fatal(err)
	}
	f.keyring = open(t, f.store, f.clock, f.store)
	return f
}

func (f fixture) create(t testing.TB, caller access.Caller, ask registry.NewKey) registry.CreatedKey {
	t.Helper()
	if ask.Name == "" {
		ask.Name = "test"
	}
	if ask.Scopes == nil {
		ask.Scopes = access.Scopes{access.TokensRead}
	}
	made, err := f.keyring.Create(ctx, caller, ask)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestCreateAndAuthenticate(t *testing.T) {
	f := newFixture(t)
	made := f.create(t, admin(one), registry.NewKey{Name: " billing ", Sandbox: "stage", Scopes: access.Scopes{"tokens:read", "tokens:read"}})
	value := made.Value.Reveal()
	if !regexp.MustCompile(`^lk_[0-9A-Za-z]{43}$`).MatchString(value) || made.Prefix != value[:7] || !ident.Is("key", made.ID) {
		t.Errorf("Create() = %+v with a value of %d characters", made.Key, len(value))
	}
	if made.Name != "billing" || made.Scopes.String() != "tokens:read" || made.CreatedBy != "key_admin" || !made.CreatedAt.Equal(start) {
		t.Errorf("Create() = %+v", made.Key)
	}
	got, err := f.keyring.Authenticate(value)
	if err != nil || got.ID != made.ID || got.Name != "billing" || got.Organization != one || got.Sandbox != "stage" ||
		got.Scopes.String() != "tokens:read" {
		t.Errorf("Authenticate() = %+v, %v", got, err)
	}
	changed := []byte(value)
	changed[45] ^= 1
	for _, wrong := range []string{
		"", "lk_", value[:45], value + "a", " " + value, strings.ToUpper(value), "xx_" + value[3:], string(changed),
		made.Prefix, made.ID,
	} {
		if _, err := f.keyring.Authenticate(wrong); !errors.Is(err, registry.ErrUnknownKey) {
			t.Errorf("Authenticate(%q) = %v, want ErrUnknownKey", wrong, err)
		}
	}
	if again := f.create(t, admin(one), registry.NewKey{}); again.Value.Equal(made.Value) {
		t.Error("Create() repeats a value")
	}
}

func TestValueIsNotKept(t *testing.T) {
	f := newFixture(t)
	value := f.create(t, admin(one), registry.NewKey{}).Value.Reveal()
	keys, err := f.store.Keys(ctx)
	if err != nil || len(keys) != 1 {
		t.Fatal(keys, err)
	}
	if keys[0].Hash != hash("api key", []byte(value)) || keys[0].Hash == sha256.Sum256([]byte(value)) {
		t.Error("what is kept is not the keyed hash")
	}
	// After a restart the key is found by that hash.
	if _, err := open(t, f.store, f.clock, f.store).Authenticate(value); err != nil {
		t.Errorf("Authenticate() after a restart = %v", err)
	}
}

func TestExpiryAndRevocationAtOnce(t *testing.T) {
	f := newFixture(t)
	made := f.create(t, admin(one), registry.NewKey{ExpiresAt: start.Add(time.Minute)})
	f.clock.Advance(time.Minute - 1)
	if _, err := f.keyring.Authenticate(made.Value.Reveal()); err != nil {
		t.Errorf("Authenticate() just before the end = %v", err)
	}
	f.clock.Advance(1)
	if _, err := f.keyring.Authenticate(made.Value.Reveal()); !errors.Is(err, registry.ErrKeyExpired) {
		t.Errorf("Authenticate() at the end = %v, want ErrKeyExpired", err)
	}
	other := f.create(t, admin(one), registry.NewKey{})
	revoked, err := f.keyring.Revoke(ctx, admin(one), other.ID)
	if err != nil || !revoked.RevokedAt.Equal(f.clock.Now()) {
		t.Errorf("Revoke() = %+v, %v", revoked, err)
	}
	if _, err := f.keyring.Authenticate(other.Value.Reveal()); !errors.Is(err, registry.ErrKeyRevoked) {
		t.Errorf("Authenticate() after Revoke = %v, want ErrKeyRevoked", err)
	}
	f.clock.Advance(time.Hour)
	if again, err := f.keyring.Revoke(ctx, admin(one), other.ID); err != nil || !again.RevokedAt.Equal(revoked.RevokedAt) {
		t.Errorf("Revoke() again = %+v, %v, want the first time kept", again, err)
	}
}

func TestCreateGrantsNoMoreThanTheCallerHas(t *testing.T) {
	f := newFixture(t)
	writer := access.Caller{ID: "key_w", Organization: one, Scopes: access.Scopes{access.RegistryWrite, access.TokensRead}}
	for name, c := range map[string]struct {
		caller access.Caller
		ask    registry.NewKey
	}{
		"no right to make keys": {
			access.Caller{Organization: one, Scopes: access.Scopes{access.RegistryRead, access.TokensRead}},
			registry.NewKey{Name: "x", Scopes: access.Scopes{access.TokensRead}},
		},
		"another scope":      {writer, registry.NewKey{Name: "x", Scopes: access.Scopes{access.ConnectionsRead}}},
		"one scope too many": {writer, registry.NewKey{Name: "x", Scopes: access.Scopes{access.TokensRead, access.Admin}}},
		"another sandbox":    {bound("stage", access.Admin), registry.NewKey{Name: "x", Sandbox: "prod", Scopes: access.Scopes{access.TokensRead}}},
	} {
		_, err := f.keyring.Create(ctx, c.caller, c.ask)
		wantDenied(t, "Create() with "+name, err)
	}
	implied := f.create(t, writer, registry.NewKey{Scopes: access.Scopes{access.RegistryRead}})
	if implied.Scopes.String() != "registry:read" {
		t.Errorf("Create() of an implied scope = %v", implied.Scopes)
	}
	if made := f.create(t, bound("stage", access.Admin), registry.NewKey{}); made.Sandbox != "stage" {
		t.Errorf("Create() by a key bound to stage makes one bound to %q", made.Sandbox)
	}
	end := start.Add(time.Hour)
	parent := f.create(t, admin(one), registry.NewKey{Scopes: access.Scopes{access.Admin}, ExpiresAt: end})
	caller, err := f.keyring.Authenticate(parent.Value.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	if child := f.create(t, caller, registry.NewKey{}); !child.ExpiresAt.Equal(end) {
		t.Errorf("Create() by a key that ends makes one that ends at %v, want %v", child.ExpiresAt, end)
	}
	_, err = f.keyring.Create(ctx, caller, registry.NewKey{Name: "x", Scopes: access.Scopes{access.TokensRead}, ExpiresAt: end.Add(1)})
	wantInvalid(t, "Create() of a key that outlives its maker", err, "/expires_at", "2026-11-21T10:00:00Z")
}

func TestCreateRefuses(t *testing.T) {
	f := newFixture(t)
	tokens := access.Scopes{access.TokensRead}
	for _, c := range []struct {
		ask           registry.NewKey
		pointer, text string
	}{
		{registry.NewKey{Scopes: tokens}, "/name", "missing"},
		{registry.NewKey{Name: strings.Repeat("x", 257), Scopes: tokens}, "/name", "256"},
		{registry.NewKey{Name: "x"}, "/scopes", "tokens:read"},
		{registry.NewKey{Name: "x", Scopes: access.Scopes{"token:read"}}, "/scopes", "token:read"},
		{registry.NewKey{Name: "x", Scopes: tokens, Sandbox: "nowhere"}, "/sandbox", "nowhere"},
		{registry.NewKey{Name: "x", Scopes: tokens, ExpiresAt: start}, "/expires_at", "past"},
	} {
		_, err := f.keyring.Create(ctx, admin(one), c.ask)
		wantInvalid(t, "Create()", err, c.pointer, c.text)
	}
	if _, err := f.keyring.Create(ctx, admin(ident.NewIMSOrg()), registry.NewKey{Name: "x", Scopes: tokens}); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("Create() in no organization = %v, want ErrNotFound", err)
	}
}

func TestWhoSeesWhichKeys(t *testing.T) {
	f := newFixture(t)
	wide := f.create(t, admin(one), registry.NewKey{Name: "wide"})
	narrow := f.create(t, admin(one), registry.NewKey{Name: "narrow", Sandbox: "stage"})
	foreign := f.create(t, admin(two), registry.NewKey{Name: "foreign"})
	for name, c := range map[string]struct {
		caller access.Caller
		want   []string
	}{
		"of one":         {admin(one), []string{wide.ID, narrow.ID}},
		"of two":         {admin(two), []string{foreign.ID}},
		"bound to stage": {bound("stage", access.RegistryWrite), []string{narrow.ID}},
	} {
		keys, err := f.keyring.List(ctx, c.caller)
		var ids []string
		for _, key := range keys {
			ids = append(ids, key.ID)
		}
		if err != nil || !slices.Equal(ids, c.want) {
			t.Errorf("List() of a caller %s = %q, %v, want %q", name, ids, err, c.want)
		}
		for _, key := range []registry.CreatedKey{wide, narrow, foreign} {
			_, err := f.keyring.Key(ctx, c.caller, key.ID)
			if seen := slices.Contains(c.want, key.ID); seen != (err == nil) || !seen && !errors.Is(err, registry.ErrNotFound) {
				t.Errorf("Key(%s) of a caller %s = %v", key.Name, name, err)
			}
			if _, err := f.keyring.Revoke(ctx, c.caller, key.ID); !slices.Contains(c.want, key.ID) && !errors.Is(err, registry.ErrNotFound) {
				t.Errorf("Revoke(%s) of a caller %s = %v, want ErrNotFound", key.Name, name, err)
			}
		}
	}
	_, err := f.keyring.List(ctx, nobody)
	wantDenied(t, "List() without scope", err)
	_, err = f.keyring.Key(ctx, nobody, wide.ID)
	wantDenied(t, "Key() without scope", err)
	_, err = f.keyring.Revoke(ctx, bound("", access.RegistryRead), wide.ID)
	wantDenied(t, "Revoke() by a reader", err)
}

// observed tells the test when the keyring has touched the store.
type observed struct {
	*registrytest.Memory
	touched, loaded chan struct{}
	fail            error
}

func (o *observed) TouchKeys(c context.Context, used map[string]time.Time) error {
	defer func() { o.touched <- struct{}{} }()
	if o.fail != nil {
		return o.fail
	}
	return o.Memory.TouchKeys(c, used)
}

func (o *observed) Keys(c context.Context) ([]registry.Key, error) {
	defer func() { o.loaded <- struct{}{} }()
	return o.Memory.Keys(c)
}

func TestLastUsedIsWrittenInBatches(t *testing.T) {
	f := newFixture(t)
	a, b := f.create(t, admin(one), registry.NewKey{}), f.create(t, admin(one), registry.NewKey{})
	store := &observed{f.store, make(chan struct{}, 100), make(chan struct{}, 100), nil}
	keyring := open(t, f.store, f.clock, store)
	used := func(id string) time.Time {
		keys, err := f.store.Keys(ctx)
		i := slices.IndexFunc(keys, func(k registry.Key) bool { return k.ID == id })
		if err != nil || i < 0 {
			t.Fatal(err)
		}
		return keys[i].LastUsedAt
	}
	for range 1000 {
		if _, err := keyring.Authenticate(a.Value.Reveal()); err != nil {
			t.Fatal(err)
		}
	}
	if len(store.touched) != 0 || !used(a.ID).IsZero() {
		t.Error("Authenticate() wrote by itself")
	}
	if shown, err := keyring.Key(ctx, admin(one), a.ID); err != nil || !shown.LastUsedAt.Equal(start) {
		t.Errorf("Key() shows the last use at %v, %v, want %v before it is written", shown.LastUsedAt, err, start)
	}
	if shown, err := keyring.Key(ctx, admin(one), b.ID); err != nil || !shown.LastUsedAt.IsZero() {
		t.Errorf("Key() shows the last use of one that was never used at %v, %v", shown.LastUsedAt, err)
	}
	f.clock.Advance(10 * time.Second)
	<-store.touched
	if !used(a.ID).Equal(start) || !used(b.ID).IsZero() {
		t.Errorf("last uses are written as %v and %v", used(a.ID), used(b.ID))
	}
	// What was not used since is not written again; what a failed write left is.
	if _, err := keyring.Authenticate(b.Value.Reveal()); err != nil {
		t.Fatal(err)
	}
	if err := keyring.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if len(store.touched) != 1 || !used(b.ID).Equal(start.Add(10*time.Second)) {
		t.Errorf("Close() wrote %d times, the last use as %v", len(store.touched), used(b.ID))
	}
}

func TestFailedWriteOfLastUseIsRepeated(t *testing.T) {
	f := newFixture(t)
	a := f.create(t, admin(one), registry.NewKey{})
	store := &observed{f.store, make(chan struct{}, 100), make(chan struct{}, 100), errors.New("away")}
	keyring := open(t, f.store, f.clock, store)
	if _, err := keyring.Authenticate(a.Value.Reveal()); err != nil {
		t.Fatal(err)
	}
	if err := keyring.Close(ctx); err == nil {
		t.Error("Close() = nil, want the store's error")
	}
	store.fail = nil
	if err := keyring.Close(ctx); err != nil {
		t.Error(err)
	}
	if keys, err := f.store.Keys(ctx); err != nil || !keys[0].LastUsedAt.Equal(start) {
		t.Errorf("the last use is kept as %v, %v", keys[0].LastUsedAt, err)
	}
}

func TestKeysOfOtherNodes(t *testing.T) {
	f := newFixture(t)
	store := &observed{f.store, make(chan struct{}, 100), make(chan struct{}, 100), nil}
	other := open(t, f.store, f.clock, store)
	<-store.loaded
	made := f.create(t, admin(one), registry.NewKey{})
	value := made.Value.Reveal()
	if _, err := other.Authenticate(value); !errors.Is(err, registry.ErrUnknownKey) {
		t.Errorf("Authenticate() on another node = %v, want ErrUnknownKey until it reads anew", err)
	}
	if _, err := other.Key(ctx, admin(one), made.ID); err != nil {
		t.Errorf("Key() on another node = %v, want it looked up", err)
	}
	if _, err := other.Authenticate(value); err != nil {
		t.Errorf("Authenticate() on another node = %v", err)
	}
	if _, err := f.keyring.Revoke(ctx, admin(one), made.ID); err != nil {
		t.Fatal(err)
	}
	if err := other.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Authenticate(value); !errors.Is(err, registry.ErrKeyRevoked) {
		t.Errorf("Authenticate() on another node after Reload = %v, want ErrKeyRevoked", err)
	}
}

func TestReloadFromTimeToTime(t *testing.T) {
	f := newFixture(t)
	store := &observed{f.store, make(chan struct{}, 100), make(chan struct{}, 100), nil}
	other := open(t, f.store, f.clock, store)
	<-store.loaded
	value := f.create(t, admin(one), registry.NewKey{}).Value.Reveal()
	f.clock.Advance(5 * time.Second)
	<-store.loaded
	// The table is published after the store has answered; what waits for the same lock comes behind it.
	if err := other.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Authenticate(value); err != nil {
		t.Errorf("Authenticate() after the reload = %v", err)
	}
}

// Revocation must not be undone by a reload that read before it and publishes after it.
func TestChangesAtOnce(t *testing.T) {
	f := newFixture(t)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 25 {
				if err := f.keyring.Reload(ctx); err != nil {
					t.Error(err)
				}
			}
		})
		wait.Go(func() {
			for range 25 {
				made, err := f.keyring.Create(ctx, admin(one), registry.NewKey{Name: "x", Scopes: access.Scopes{access.TokensRead}})
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := f.keyring.Authenticate(made.Value.Reveal()); err != nil {
					t.Errorf("Authenticate() after Create = %v", err)
				}
				if _, err := f.keyring.Revoke(ctx, admin(one), made.ID); err != nil {
					t.Error(err)
				}
				if _, err := f.keyring.Authenticate(made.Value.Reveal()); !errors.Is(err, registry.ErrKeyRevoked) {
					t.Errorf("Authenticate() after Revoke = %v, want ErrKeyRevoked", err)
				}
			}
		})
	}
	wait.Wait()
}

func BenchmarkAuthenticate(b *testing.B) {
	f := newFixture(b)
	value := f.create(b, admin(one), registry.NewKey{}).Value.Reveal()
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := f.keyring.Authenticate(value); err != nil {
				b.Error(err)
			}
		}
	})
}
