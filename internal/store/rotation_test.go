package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/seal"
	"latchkey/internal/store"
)

// openRotating opens the folder's database with a root key and the one to rotate away from.
func (f folder) openRotating(t testing.TB, root, previous seal.Root) (*store.Store, error) {
	t.Helper()
	config := f.config()
	config.Root, config.Previous = root, previous
	s, err := store.Open(context.Background(), config)
	if err == nil {
		t.Cleanup(func() { _ = s.Close() })
	}
	return s, err
}

func secondRoot(t testing.TB, f folder) *seal.FileKey {
	t.Helper()
	root, err := seal.CreateFileRoot(filepath.Join(f.path, "second.key"))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func rowOf(organization string) seal.Row {
	return seal.Row{Organization: organization, Table: "t", ID: "1", Column: "c"}
}

// TestRotation leads from one root key to another while two stores over the same database make data keys. Over SQLite
// the second store is in this process too, as no server would be; the database keeps them apart all the same.
func TestRotation(t *testing.T) { onBoth(t, testRotation) }

func testRotation(t *testing.T, fresh func(testing.TB) folder) {
	ctx := context.Background()
	f := fresh(t)
	first := f.open(t)
	sealed := map[string][]byte{}
	for i := range 150 {
		organization := fmt.Sprintf("org-%03d", i)
		ciphertext, err := first.Keyring().Seal(ctx, rowOf(organization), []byte(organization))
		if err != nil {
			t.Fatal(err)
		}
		sealed[organization] = ciphertext
	}
	next := secondRoot(t, f)
	if _, err := f.openRotating(t, next, nil); err == nil {
		t.Fatal("Open() with a root key that is foreign worked")
	}
	rotating, err := f.openRotating(t, next, f.root)
	if err != nil {
		t.Fatal(err)
	}
	rotating.Keyring().Start()
	var wait sync.WaitGroup
	var mu sync.Mutex
	behind := 0
	wait.Go(func() {
		for i := range 100 { // a node with the old root key alone: it makes data keys until the rotation begins
			organization := fmt.Sprintf("late-%03d", i)
			ciphertext, err := first.Keyring().Seal(ctx, rowOf(organization), []byte(organization))
			mu.Lock()
			if _, ok := errors.AsType[*seal.BehindError](err); ok {
				behind++
			} else if err != nil {
				t.Error(err)
			} else {
				sealed[organization] = ciphertext
			}
			mu.Unlock()
		}
	})
	if _, err := rotating.Keyring().Rotate(ctx, "key_1"); err != nil {
		t.Fatal(err)
	}
	wait.Wait()
	end := time.Now().Add(20 * time.Second)
	for {
		rotation, err := rotating.Keyring().Rotation(ctx)
		if err != nil || time.Now().After(end) {
			t.Fatalf("Rotation() = %+v, %v", rotation, err)
		}
		if !rotation.FinishedAt.IsZero() {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if behind == 0 {
		t.Error("the node with the old root key alone made data keys after the rotation began")
	}
	if err := first.Keyring().Ready(ctx); err == nil {
		t.Error("Ready() of the node with the old root key alone = nil")
	}
	for organization, ciphertext := range sealed { // what it has in memory goes on
		if _, err := first.Keyring().Open(ctx, rowOf(organization), ciphertext); err != nil {
			t.Fatal(err)
		}
	}
	alone, err := f.openRotating(t, next, nil)
	if err != nil {
		t.Fatal(err)
	}
	for organization, ciphertext := range sealed {
		if got, err := alone.Keyring().Open(ctx, rowOf(organization), ciphertext); err != nil || string(got) != organization {
			t.Fatalf("Open() for %s = %q, %v", organization, got, err)
		}
	}
	var left int
	if err := f.raw(t).QueryRow(`SELECT COUNT(*) FROM data_keys WHERE root = $1`, f.root.(*seal.FileKey).KeyID()).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d data keys are under the old root key, %v", left, err)
	}
	if _, err := f.openRotating(t, f.root, nil); !isRetired(err) {
		t.Errorf("Open() with the old root key = %v, want a RetiredRootError", err)
	}
	records, err := alone.Audit().Records(ctx, audit.Selection{Action: "root_key.", Limit: 10, Forward: true})
	if err != nil || len(records) != 3 || records[1].Action != "root_key.rotate" || records[1].Actor != "key_1" || records[2].Action != "root_key.rotated" {
		t.Errorf("the audit record holds %+v, %v", records, err)
	}
}

func isRetired(err error) bool {
	_, ok := errors.AsType[*seal.RetiredRootError](err)
	return ok
}

// Two nodes that come to an empty database with passphrases at once agree on one salt.
func TestFirstRootKey(t *testing.T) { onBoth(t, testFirstRootKey) }

func testFirstRootKey(t *testing.T, fresh func(testing.TB) folder) {
	f := fresh(t)
	if f.url.Empty() {
		f.open(t) // the file is made by one
		exec1(t, f.raw(t), `DELETE FROM data_keys`)
		exec1(t, f.raw(t), `DELETE FROM root_keys`)
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			root, err := seal.ParseRoot("passphrase:$P", seal.Surroundings{Getenv: func(string) string { return "a passphrase for all nodes" }})
			if err != nil {
				t.Error(err)
				return
			}
			s, err := f.openRotating(t, root, nil)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := s.Keyring().Seal(context.Background(), rowOf("shared"), nil); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	var roots int
	if err := f.raw(t).QueryRow(`SELECT COUNT(*) FROM root_keys`).Scan(&roots); err != nil || roots != 1 {
		t.Errorf("%d root keys are known, %v, want 1", roots, err)
	}
}
