package registry_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/audit"
	"latchkey/internal/registry"
)

// TestChangesAreRecorded does each change once, and some that fail or change nothing.
func TestChangesAreRecorded(t *testing.T) {
	f := newFixture(t)
	directory := registry.NewDirectory(f.store, f.clock)
	stage, err := directory.Sandbox(ctx, admin(one), "stage")
	if err != nil {
		t.Fatal(err)
	}
	key := f.create(t, admin(one), registry.NewKey{Sandbox: "stage", ExpiresAt: start.Add(time.Hour)})
	for range 2 { // the second finds it revoked
		if _, err := f.keyring.Revoke(ctx, admin(one), key.ID); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := directory.CreateSandbox(ctx, admin(one), "stage", ""); err == nil {
		t.Fatal("a name was given twice")
	}
	if err := directory.DeleteSandbox(ctx, admin(one), "stage"); err != nil {
		t.Fatal(err)
	}
	about := map[string]string{
		"name": "test", "sandbox": "stage", "scopes": "tokens:read", "prefix": key.Prefix, "expires_at": "2026-11-21T10:00:00Z",
	}
	sandbox := map[string]string{"name": "stage", "title": "stage"}
	want := []audit.Entry{
		{At: start, Organization: one, Actor: "operator", Action: "organization.create", Subject: one, Detail: map[string]string{"name": one}},
		{At: start, Organization: two, Actor: "operator", Action: "organization.create", Subject: two, Detail: map[string]string{"name": two}},
		{At: start, Organization: one, Actor: "key_admin", Action: "sandbox.create", Subject: stage.ID, Detail: sandbox},
		{At: start, Organization: one, Actor: "key_admin", Action: "key.create", Subject: key.ID, Detail: about},
		{At: start, Organization: one, Actor: "key_admin", Action: "key.revoke", Subject: key.ID, Detail: about},
		{At: start, Organization: one, Actor: "key_admin", Action: "sandbox.delete", Subject: stage.ID, Detail: sandbox},
	}
	for i, entry := range f.store.Entries() {
		if number := entry.Detail["number"]; number != "" {
			want[i].Detail["number"] = number
		}
	}
	if diff := cmp.Diff(want, f.store.Entries()); diff != "" {
		t.Errorf("what is recorded is otherwise (-want +got):\n%s", diff)
	}
	for _, entry := range f.store.Entries() {
		for name, value := range entry.Detail {
			if strings.Contains(value, key.Value.Reveal()) {
				t.Errorf("%s records the key's value in %s", entry.Action, name)
			}
		}
	}
}
