package seal_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/internal/seal"
	"latchkey/internal/secret"
)

// rotate opens a keyring with both root keys, rotates, and waits for the end.
func rotate(t *testing.T, root, previous seal.Root, store seal.Store) *seal.Keyring {
	t.Helper()
	keyring, err := seal.Open(t.Context(), seal.Config{Root: root, Previous: previous, Store: store})
	if err != nil {
		t.Fatal(err)
	}
	keyring.Start()
	t.Cleanup(keyring.Close)
	if _, err := keyring.Rotate(t.Context(), "key_1"); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return !rotation(t, keyring).FinishedAt.IsZero() })
	return keyring
}

func rotation(t *testing.T, k *seal.Keyring) seal.Rotation {
	t.Helper()
	r, err := k.Rotation(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// await looks until something is so.
func await(t *testing.T, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !so(); {
		if time.Now().After(deadline) {
			t.Fatal("it did not become so")
		}
		time.Sleep(time.Millisecond)
	}
}

func rowOf(organization string) seal.Row {
	out := row
	out.Organization = organization
	return out
}

// fill seals a value for each of n organizations.
func fill(t testing.TB, k *seal.Keyring, n int) map[string][]byte {
	t.Helper()
	sealed := map[string][]byte{}
	for i := range n {
		organization := fmt.Sprintf("org-%04d", i)
		sealed[organization] = mustSeal(t, k, rowOf(organization), "value of "+organization)
	}
	return sealed
}

func mustOpenAll(t testing.TB, k *seal.Keyring, sealed map[string][]byte) {
	t.Helper()
	for organization, ciphertext := range sealed {
		got, err := k.Open(context.Background(), rowOf(organization), ciphertext)
		if err != nil || string(got) != "value of "+organization {
			t.Fatalf("Open() for %s = %q, %v", organization, got, err)
		}
	}
}

func TestRotation(t *testing.T) {
	store, old, new := newMemory(), newRoot(t), newRoot(t)
	sealed := fill(t, open(t, old, store), 200)
	before, err := seal.Open(t.Context(), seal.Config{Root: new, Previous: old, Store: store})
	if err != nil {
		t.Fatal(err)
	}
	if got := rotation(t, before); got != (seal.Rotation{}) {
		t.Errorf("Rotation() before the first = %+v", got)
	}
	mustOpenAll(t, before, sealed)
	keyring := rotate(t, new, old, store)
	got := rotation(t, keyring)
	if got.From != old.KeyID() || got.To != new.KeyID() || got.Total != 201 || got.Done != 201 || got.Problem != "" {
		t.Errorf("Rotation() = %+v", got)
	}
	if again, err := keyring.Rotate(t.Context(), "key_1"); err != nil || again != got {
		t.Errorf("Rotate() again = %+v, %v, want what is done already", again, err)
	}
	roots, err := keyring.Roots(t.Context())
	if err != nil || len(roots) != 2 {
		t.Fatalf("Roots() = %+v, %v", roots, err)
	}
	for _, root := range roots {
		want := map[string]seal.RootStatus{
			old.KeyID(): {RootKey: seal.RootKey{State: seal.RootRetired}, DataKeys: 0},
			new.KeyID(): {RootKey: seal.RootKey{State: seal.RootCurrent}, DataKeys: 201},
		}[root.ID]
		if root.State != want.State || root.DataKeys != want.DataKeys || !root.Held {
			t.Errorf("Roots() has %+v, want %s with %d", root, want.State, want.DataKeys)
		}
	}
	mustOpenAll(t, keyring, sealed)
	mustOpenAll(t, open(t, new, store), sealed)
	mustSeal(t, before, rowOf("new organization"), "x") // a node that did not notice
	if key := store.keys["new organization"]; key.Root != new.KeyID() {
		t.Errorf("a new data key is under %s", key.Root)
	}
}

func TestRetiredRootIsRefused(t *testing.T) {
	store, old, new := newMemory(), newRoot(t), newRoot(t)
	fill(t, open(t, old, store), 3)
	rotate(t, new, old, store)
	for name, config := range map[string]seal.Config{
		"alone":                 {Root: old, Store: store},
		"beside the new one":    {Root: old, Previous: new, Store: store},
		"beside one that isn't": {Root: old, Previous: newRoot(t), Store: store},
	} {
		_, err := seal.Open(t.Context(), config)
		retired, ok := errors.AsType[*seal.RetiredRootError](err)
		if !ok || retired.ID != old.KeyID() || retired.Current != new.KeyID() || retired.At.IsZero() {
			t.Errorf("Open() with the old root %s = %v, want a RetiredRootError", name, err)
			continue
		}
		if !strings.Contains(err.Error(), "was retired at") {
			t.Errorf("Open() = %q", err)
		}
	}
	if _, err := seal.Open(t.Context(), seal.Config{Root: new, Previous: old, Store: store}); err != nil {
		t.Errorf("Open() with the new root and the old one as the previous = %v", err)
	}
}

// stubborn is a root key that fails after some calls, as if the process had been killed.
type stubborn struct {
	*seal.FileKey
	left atomic.Int64
}

func (s *stubborn) Open(context.Context, []seal.RootKey) (seal.Opened, error) {
	return seal.Opened{Wrapper: s, Kind: seal.KindFile}, nil
}

func (s *stubborn) Wrap(ctx context.Context, key, associated []byte) ([]byte, error) {
	if s.left.Add(-1) < 0 {
		return nil, errors.New("the root key is away")
	}
	return s.FileKey.Wrap(ctx, key, associated)
}

// A rotation that stops in the middle goes on where it was, whoever goes on; until then both root keys are needed.
func TestInterruptedRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, old, file := newMemory(), newRoot(t), newRoot(t)
		sealed := fill(t, open(t, old, store), 300)
		new := &stubborn{FileKey: file}
		new.left.Store(131)
		first, err := seal.Open(t.Context(), seal.Config{Root: new, Previous: old, Store: store})
		if err != nil {
			t.Fatal(err)
		}
		first.Start()
		if _, err := first.Rotate(t.Context(), "key_1"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		got := rotation(t, first)
		if got.Done != 130 || !got.FinishedAt.IsZero() || !strings.Contains(got.Problem, "the root key is away") {
			t.Errorf("Rotation() = %+v, want 130 of 301 done", got)
		}
		mustOpenAll(t, first, sealed)
		first.Close()

		_, err = seal.Open(t.Context(), seal.Config{Root: file, Store: store})
		if unfinished, ok := errors.AsType[*seal.UnfinishedError](err); !ok || unfinished.Remaining != 171 || unfinished.Previous != old.KeyID() {
			t.Errorf("Open() without the previous root = %v, want an UnfinishedError", err)
		}
		_, err = seal.Open(t.Context(), seal.Config{Root: old, Previous: file, Store: store})
		if leaving, ok := errors.AsType[*seal.RetiredRootError](err); !ok || !leaving.At.IsZero() {
			t.Errorf("Open() with the roots the other way round = %v, want a RetiredRootError", err)
		}
		second, err := seal.Open(t.Context(), seal.Config{Root: file, Previous: old, Store: store})
		if err != nil {
			t.Fatal(err)
		}
		mustOpenAll(t, second, sealed)
		second.Start()
		synctest.Wait()
		if got := rotation(t, second); got.Done != 301 || got.FinishedAt.IsZero() {
			t.Errorf("Rotation() after a restart = %+v, want it complete", got)
		}
		second.Close()
		mustOpenAll(t, open(t, file, store), sealed)
	})
}

// A process whose root key comes back goes on by itself.
func TestRotationTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, old, new := newMemory(), newRoot(t), &stubborn{FileKey: newRoot(t)}
		fill(t, open(t, old, store), 100)
		new.left.Store(20)
		keyring, err := seal.Open(t.Context(), seal.Config{Root: new, Previous: old, Store: store})
		if err != nil {
			t.Fatal(err)
		}
		keyring.Start()
		defer keyring.Close()
		if _, err := keyring.Rotate(t.Context(), "key_1"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		new.left.Store(1 << 30)
		time.Sleep(time.Minute)
		if got := rotation(t, keyring); got.FinishedAt.IsZero() || got.Problem != "" {
			t.Errorf("Rotation() = %+v, want it complete", got)
		}
	})
}

// A damaged data key keeps the rotation from its end, and nothing else.
func TestDamagedDataKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, old, new := newMemory(), newRoot(t), newRoot(t)
		fill(t, open(t, old, store), 100)
		damaged := store.keys["org-0050"]
		damaged.Wrapped = []byte("damaged")
		store.keys["org-0050"] = damaged
		keyring, err := seal.Open(t.Context(), seal.Config{Root: new, Previous: old, Store: store})
		if err != nil {
			t.Fatal(err)
		}
		keyring.Start()
		defer keyring.Close()
		if _, err := keyring.Rotate(t.Context(), "key_1"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := rotation(t, keyring); got.Done != 100 || !got.FinishedAt.IsZero() || !strings.Contains(got.Problem, `"org-0050"`) {
			t.Errorf("Rotation() = %+v, want all but one done and that one named", got)
		}
	})
}

// A node that knows the old root alone goes on with what it has in memory, and says that it is behind.
func TestNodeBehind(t *testing.T) {
	store, old, new := newMemory(), newRoot(t), newRoot(t)
	behind := open(t, old, store)
	sealed := fill(t, open(t, old, store), 20)
	for organization, ciphertext := range sealed {
		if organization < "org-0010" {
			if _, err := behind.Open(t.Context(), rowOf(organization), ciphertext); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := behind.Ready(t.Context()); err != nil {
		t.Errorf("Ready() before the rotation = %v", err)
	}
	rotate(t, new, old, store)
	err := behind.Ready(t.Context())
	if e, ok := errors.AsType[*seal.BehindError](err); !ok || e.Current != new.KeyID() {
		t.Errorf("Ready() after the rotation = %v, want a BehindError", err)
	}
	for organization, ciphertext := range sealed {
		_, err := behind.Open(t.Context(), rowOf(organization), ciphertext)
		if organization < "org-0010" && err != nil {
			t.Errorf("Open() with a key in memory = %v", err)
		}
		if _, ok := errors.AsType[*seal.BehindError](err); organization >= "org-0010" && !ok {
			t.Errorf("Open() with a key that moved = %v, want a BehindError", err)
		}
	}
	if _, err := behind.Seal(t.Context(), rowOf("unheard of"), nil); err == nil {
		t.Error("a node that is behind made a data key")
	}
	if _, err := behind.Rotate(t.Context(), "key_1"); err == nil {
		t.Error("a node that is behind rotates")
	}
	mustSeal(t, behind, rowOf("org-0001"), "still seals")
}

func TestNothingToRotate(t *testing.T) {
	store, root := newMemory(), newRoot(t)
	keyring := open(t, root, store)
	if _, err := keyring.Rotate(t.Context(), "key_1"); !errors.Is(err, seal.ErrNothingToRotate) {
		t.Errorf("Rotate() with one root = %v, want ErrNothingToRotate", err)
	}
	if _, err := seal.Open(t.Context(), seal.Config{Root: root, Previous: root, Store: store}); err == nil {
		t.Error("Open() with one root twice succeeds")
	}
	if _, err := seal.Open(t.Context(), seal.Config{Root: newRoot(t), Previous: newRoot(t), Store: store}); err == nil {
		t.Error("Open() with two foreign roots succeeds")
	}
	if len(store.roots) != 1 {
		t.Errorf("the store keeps %+v, want one root key", store.roots)
	}
}

// Callers seal and open for old and new organizations while a rotation runs, on two nodes that both rewrap.
func TestRotationWhileServing(t *testing.T) {
	store, old, new := newMemory(), newRoot(t), newRoot(t)
	sealed := fill(t, open(t, old, store), 500)
	var nodes []*seal.Keyring
	for range 2 {
		node, err := seal.Open(t.Context(), seal.Config{Root: new, Previous: old, Store: store})
		if err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, node)
	}
	var wait sync.WaitGroup
	for i, node := range nodes {
		wait.Go(func() { mustOpenAllConcurrently(t, node, sealed) })
		wait.Go(func() {
			for n := range 100 {
				organization := fmt.Sprintf("new-%d-%d", i, n)
				ciphertext, err := node.Seal(context.Background(), rowOf(organization), []byte("x"))
				if err != nil {
					t.Error(err)
				}
				if _, err := nodes[1-i].Open(context.Background(), rowOf(organization), ciphertext); err != nil {
					t.Error(err)
				}
			}
		})
		node.Start()
		defer node.Close()
	}
	if _, err := nodes[0].Rotate(t.Context(), "key_1"); err != nil {
		t.Fatal(err)
	}
	if _, err := nodes[1].Rotate(t.Context(), "key_1"); err != nil {
		t.Fatal(err)
	}
	wait.Wait()
	await(t, func() bool { return !rotation(t, nodes[0]).FinishedAt.IsZero() })
	for organization, key := range store.keys {
		if key.Root != new.KeyID() {
			t.Errorf("the data key of %q is under %s", organization, key.Root)
		}
	}
}

func mustOpenAllConcurrently(t *testing.T, k *seal.Keyring, sealed map[string][]byte) {
	for organization, ciphertext := range sealed {
		if _, err := k.Open(context.Background(), rowOf(organization), ciphertext); err != nil {
			t.Error(err)
		}
	}
}

func passphrase(text string) seal.Root {
	return seal.PassphraseRoot(func(context.Context) (secret.String, error) { return secret.New(text), nil })
}

func TestPassphrase(t *testing.T) {
	const right = "correct horse battery staple"
	store := newMemory()
	sealed := fill(t, open(t, passphrase(right), store), 3)
	mustOpenAll(t, open(t, passphrase(right), store), sealed)
	kept := store.roots[0]
	if kept.Kind != seal.KindPassphrase || !strings.HasPrefix(kept.ID, "pass_") || !strings.Contains(kept.Parameters, `"salt"`) ||
		strings.Contains(kept.Parameters, "horse") {
		t.Errorf("the root key is kept as %+v", kept)
	}
	for _, wrong := range []string{"correct horse battery stable", "short"} {
		_, err := seal.Open(t.Context(), seal.Config{Root: passphrase(wrong), Store: store})
		if err == nil || !strings.Contains(err.Error(), "the passphrase is not the one") || strings.Contains(err.Error(), wrong) {
			t.Errorf("Open() with another passphrase = %v, want it said in words", err)
		}
	}
	for name, bad := range map[string]string{"": "empty", "short": "too short"} {
		if _, err := seal.Open(t.Context(), seal.Config{Root: passphrase(name), Store: newMemory()}); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("Open() of a new store with the passphrase %q = %v, want %q", name, err, bad)
		}
	}
	store.roots[0].Parameters = strings.Replace(kept.Parameters, `"m":65536`, `"m":4000000000`, 1)
	if _, err := seal.Open(t.Context(), seal.Config{Root: passphrase(right), Store: store}); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("Open() with parameters that exhaust memory = %v, want them refused", err)
	}
}

// From a file to a passphrase to another one, with two nodes that each meet the new passphrase by themselves.
func TestRotateToPassphrase(t *testing.T) {
	store, file := newMemory(), newRoot(t)
	sealed := fill(t, open(t, file, store), 10)
	one, two := passphrase("one passphrase that is long"), passphrase("another passphrase that is long")
	other, err := seal.Open(t.Context(), seal.Config{Root: one, Previous: file, Store: store})
	if err != nil {
		t.Fatal(err)
	}
	mustOpenAll(t, rotate(t, one, file, store), sealed)
	if err := other.Ready(t.Context()); err != nil {
		t.Errorf("Ready() of the other node = %v", err)
	}
	mustOpenAll(t, rotate(t, two, one, store), sealed)
	mustOpenAll(t, open(t, two, store), sealed)
	if _, err := seal.Open(t.Context(), seal.Config{Root: one, Store: store}); err == nil || !strings.Contains(err.Error(), "was retired") {
		t.Errorf("Open() with the old passphrase = %v, want it refused as retired", err)
	}
	if len(store.roots) != 3 {
		t.Errorf("the store keeps %+v, want three root keys", store.roots)
	}
}

// A node goes on with what another one left, once nobody gets on with it.
func TestAnotherNodeGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, old, file := newMemory(), newRoot(t), newRoot(t)
		fill(t, open(t, old, store), 200)
		stuck := &stubborn{FileKey: file}
		stuck.left.Store(100)
		var nodes []*seal.Keyring
		for _, root := range []seal.Root{stuck, file} {
			node, err := seal.Open(t.Context(), seal.Config{Root: root, Previous: old, Store: store})
			if err != nil {
				t.Fatal(err)
			}
			node.Start()
			defer node.Close()
			nodes = append(nodes, node)
		}
		synctest.Wait()
		if _, err := nodes[0].Rotate(t.Context(), "key_1"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		nodes[0].Close() // as if it were killed
		if got := rotation(t, nodes[1]); got.Done >= got.Total {
			t.Fatalf("Rotation() = %+v, want some left", got)
		}
		time.Sleep(31 * time.Second)
		if got := rotation(t, nodes[1]); got.FinishedAt.IsZero() {
			t.Errorf("Rotation() after 31 s = %+v, want it complete", got)
		}
	})
}
