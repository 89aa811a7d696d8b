package seal_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"latchkey/internal/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const organization = "1234567890ABCDEF12345678@AdobeOrg"

var row = seal.Row{Organization: organization, Table: "connections", ID: "conn_1", Column: "tokens", Generation: 7}

func newRoot(t testing.TB) *seal.FileKey {
	t.Helper()
	root, err := seal.CreateFileRoot(filepath.Join(t.TempDir(), "root.key"))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func open(t testing.TB, root seal.Root, store seal.Store) *seal.Keyring {
	t.Helper()
	keyring, err := seal.Open(context.Background(), seal.Config{Root: root, Store: store})
	if err != nil {
		t.Fatal(err)
	}
	return keyring
}

func mustSeal(t testing.TB, k *seal.Keyring, row seal.Row, plaintext string) []byte {
	t.Helper()
	sealed, err := k.Seal(context.Background(), row, []byte(plaintext))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestSealAndOpen(t *testing.T) {
	root, store := newRoot(t), newMemory()
	first := open(t, root, store)
	for _, plaintext := range []string{"", "x", "refresh-token", strings.Repeat("long", 1<<18)} {
		sealed := mustSeal(t, first, row, plaintext)
		if len(plaintext) > 8 && bytes.Contains(sealed, []byte(plaintext[:8])) {
			t.Error("Seal() leaves the plaintext")
		}
		if again := mustSeal(t, first, row, plaintext); bytes.Equal(sealed, again) {
			t.Error("Seal() gives the same twice")
		}
		for name, keyring := range map[string]*seal.Keyring{"the same": first, "a restarted": open(t, root, store)} {
			got, err := keyring.Open(context.Background(), row, sealed)
			if err != nil || string(got) != plaintext {
				t.Errorf("Open() by %s keyring = %d bytes, %v, want what was sealed", name, len(got), err)
			}
		}
	}
}

func TestOpenRefusesAnotherPlace(t *testing.T) {
	keyring := open(t, newRoot(t), newMemory())
	sealed := mustSeal(t, keyring, row, "canary-plaintext")
	mustSeal(t, keyring, seal.Row{Organization: "other"}, "so that it has a key")
	for name, change := range map[string]func(*seal.Row){
		"row":                  func(r *seal.Row) { r.ID = "conn_2" },
		"table":                func(r *seal.Row) { r.Table = "attempts" },
		"column":               func(r *seal.Row) { r.Column = "fields" },
		"older generation":     func(r *seal.Row) { r.Generation = 6 },
		"newer generation":     func(r *seal.Row) { r.Generation = 8 },
		"organization":         func(r *seal.Row) { r.Organization = "other" },
		"unknown organization": func(r *seal.Row) { r.Organization = "unknown" },
		"no organization":      func(r *seal.Row) { r.Organization = "" },
		"shifted border":       func(r *seal.Row) { r.Table, r.ID = "connectionsconn", "_1" },
		"joined":               func(r *seal.Row) { r.ID, r.Column = "conn_1tokens", "" },
	} {
		other := row
		change(&other)
		got, err := keyring.Open(context.Background(), other, sealed)
		if err == nil {
			t.Errorf("Open() with another %s = %q", name, got)
			continue
		}
		if !strings.Contains(err.Error(), other.String()) || strings.Contains(err.Error(), "canary") {
			t.Errorf("Open() with another %s = %q, want the row named, and no content", name, err)
		}
	}
}

func TestOpenRefusesDamage(t *testing.T) {
	keyring := open(t, newRoot(t), newMemory())
	sealed := mustSeal(t, keyring, row, "plaintext")
	for i := range sealed {
		damaged := bytes.Clone(sealed)
		damaged[i] ^= 1
		if _, err := keyring.Open(context.Background(), row, damaged); err == nil {
			t.Errorf("Open() with byte %d changed succeeds", i)
		}
		if _, err := keyring.Open(context.Background(), row, sealed[:i]); err == nil {
			t.Errorf("Open() of the first %d bytes succeeds", i)
		}
	}
	sealed[0] = 2
	if _, err := keyring.Open(context.Background(), row, sealed); err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("Open() of a later format = %v, want its version named", err)
	}
}

// A ciphertext names its key: format version, Tink's 0x01, four bytes of id, the same for one organization.
func TestCiphertextNamesItsKey(t *testing.T) {
	keyring := open(t, newRoot(t), newMemory())
	a, b := mustSeal(t, keyring, row, "a"), mustSeal(t, keyring, row, "b")
	other := row
	other.Organization = "other"
	c := mustSeal(t, keyring, other, "c")
	if a[0] != 1 || a[1] != 1 || !bytes.Equal(a[:6], b[:6]) || bytes.Equal(a[:6], c[:6]) {
		t.Errorf("ciphertexts begin with % x, % x and % x", a[:6], b[:6], c[:6])
	}
}

func TestWrongRoot(t *testing.T) {
	store, right, wrong := newMemory(), newRoot(t), newRoot(t)
	mustSeal(t, open(t, right, store), row, "x")
	_, err := seal.Open(context.Background(), seal.Config{Root: wrong, Store: store})
	if got, ok := errors.AsType[*seal.WrongRootError](err); !ok || got.Want != right.KeyID() || got.Have != wrong.KeyID() {
		t.Errorf("Open() = %v, want a WrongRootError", err)
	}
	for _, part := range []string{right.KeyID(), "this is " + wrong.KeyID()} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("Open() = %q, want %q in it", err, part)
		}
	}
}

// A data key that is moved to another organization's row does not unwrap.
func TestDataKeysAreBound(t *testing.T) {
	root, store := newRoot(t), newMemory()
	mustSeal(t, open(t, root, store), row, "x")
	moved := store.keys[organization]
	moved.Organization = "other"
	store.keys["other"] = moved
	_, err := open(t, root, store).Seal(context.Background(), seal.Row{Organization: "other"}, nil)
	if err == nil || !strings.Contains(err.Error(), "unwrapping") {
		t.Errorf("Seal() with another organization's key = %v, want it refused", err)
	}
}

func TestNothingInTheClearIsStored(t *testing.T) {
	store := newMemory()
	keyring := open(t, newRoot(t), store)
	mustSeal(t, keyring, row, "x")
	keys, err := store.DataKeys(context.Background(), seal.Selection{Root: store.roots[0].ID, Limit: 10})
	if err != nil || len(keys) != 2 {
		t.Fatalf("DataKeys() = %d keys, %v, want the installation's and the organization's", len(keys), err)
	}
	for _, key := range keys {
		if bytes.Contains(key.Wrapped, []byte("XAesGcm")) || key.Root == "" || key.CreatedAt.IsZero() {
			t.Errorf("the data key of %q is kept as %+v", key.Organization, key)
		}
	}
}

// Nodes that need an organization's key at the same instant end up with one key.
func TestConcurrentFirstUse(t *testing.T) {
	root, store := newRoot(t), newMemory()
	nodes := []*seal.Keyring{open(t, root, store), open(t, root, store), open(t, root, store)}
	var wait sync.WaitGroup
	sealed := make([][]byte, 60)
	for i := range sealed {
		wait.Go(func() {
			out, err := nodes[i%len(nodes)].Seal(context.Background(), row, []byte("x"))
			if err != nil {
				t.Error(err)
			}
			sealed[i] = out
		})
	}
	wait.Wait()
	for _, ciphertext := range sealed {
		for _, node := range nodes {
			if _, err := node.Open(context.Background(), row, ciphertext); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// failing is a store that is away.
type failing struct{ *memory }

var errAway = errors.New("the database is away")

func (failing) DataKey(context.Context, string) (seal.DataKey, error) { return seal.DataKey{}, errAway }

func TestStoreAway(t *testing.T) {
	if _, err := seal.Open(context.Background(), seal.Config{Root: newRoot(t), Store: failing{newMemory()}}); !errors.Is(err, errAway) {
		t.Errorf("Open() = %v, want the store's error in it", err)
	}
}

func TestHash(t *testing.T) {
	root, store := newRoot(t), newMemory()
	keyring := open(t, root, store)
	one := keyring.Hash("api key", []byte("lk_value"))
	for name, same := range map[string][32]byte{
		"again":              keyring.Hash("api key", []byte("lk_value")),
		"by a restarted one": open(t, root, store).Hash("api key", []byte("lk_value")),
	} {
		if one != same {
			t.Errorf("Hash() %s differs", name)
		}
	}
	for name, other := range map[string][32]byte{
		"another purpose":      keyring.Hash("state", []byte("lk_value")),
		"another value":        keyring.Hash("api key", []byte("lk_valuf")),
		"another installation": open(t, newRoot(t), newMemory()).Hash("api key", []byte("lk_value")),
	} {
		if one == other {
			t.Errorf("Hash() for %s is the same", name)
		}
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 100 {
				if keyring.Hash("api key", []byte("lk_value")) != one {
					t.Error("Hash() differs under concurrency")
				}
			}
		})
	}
	wait.Wait()
}

func FuzzOpen(f *testing.F) {
	keyring := open(f, newRoot(f), newMemory())
	sealed := mustSeal(f, keyring, row, "plaintext")
	f.Add(sealed)
	f.Add(sealed[:20])
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{1}, 64))
	f.Fuzz(func(t *testing.T, ciphertext []byte) {
		got, err := keyring.Open(context.Background(), row, ciphertext)
		if err == nil && !bytes.Equal(ciphertext, sealed) {
			t.Errorf("Open() of what was not sealed = %q", got)
		}
	})
}

// token has the length of an IMS access token.
var token = bytes.Repeat([]byte("a"), 1200)

func BenchmarkSeal(b *testing.B) {
	keyring := open(b, newRoot(b), newMemory())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := keyring.Seal(context.Background(), row, token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	keyring := open(b, newRoot(b), newMemory())
	sealed := mustSeal(b, keyring, row, string(token))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := keyring.Open(context.Background(), row, sealed); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	keyring := open(b, newRoot(b), newMemory())
	value := token[:46]
	b.ReportAllocs()
	for b.Loop() {
		keyring.Hash("api key", value)
	}
}
