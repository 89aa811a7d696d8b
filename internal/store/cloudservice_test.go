package store_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/audit"
	"latchkey/internal/cloudservice"
	"latchkey/internal/ims"
	"latchkey/internal/registry"
	"latchkey/internal/secret"
)

func TestCloudServices(t *testing.T) { onBoth(t, testCloudServices) }

func testCloudServices(t *testing.T, fresh func(testing.TB) folder) {
	s := fresh(t).open(t)
	c := newConsole(t, s)
	ctx, kept, now := t.Context(), s.CloudServices(), c.hand.Now()
	place := cloudservice.Place{Organization: c.admin.Organization, Sandbox: "prod"}
	entry := audit.Entry{Organization: c.admin.Organization, Actor: "key_1", Action: "cloud_service.create", Subject: "cs_1"}
	one := cloudservice.Service{
		ID: "cs_1", Organization: place.Organization, Sandbox: place.Sandbox, Name: "acme", Title: "Acme", Kind: cloudservice.Target,
		Authentication: cloudservice.Credentials, Secret: secret.New("hush"), Version: 1, CreatedBy: "key_1", CreatedAt: now, UpdatedAt: now,
		Target: &cloudservice.TargetSettings{TenantID: "acme", ClientCode: "acmecode", AccurateTargeting: true, Library: cloudservice.AtJS, APIType: cloudservice.REST},
	}
	if err := kept.Create(ctx, one, entry); err != nil {
		t.Fatal(err)
	}
	if err := kept.Create(ctx, one, entry); !errors.Is(err, cloudservice.ErrNameTaken) {
		t.Errorf("a second of the name: %v", err)
	}
	configuration := ims.Configuration{ID: "ims_1", Organization: place.Organization, Sandbox: place.Sandbox, Name: "acme-ims", Version: 1, CreatedAt: now, UpdatedAt: now}
	if err := s.IMS().Create(ctx, configuration, entry); err != nil {
		t.Fatal(err)
	}
	secrets := cmp.Comparer(func(a, b secret.String) bool { return a.Equal(b) })
	for _, ref := range []string{"acme", "cs_1"} {
		got, err := kept.Find(ctx, place, ref)
		if diff := cmp.Diff(one, got, secrets); err != nil || diff != "" {
			t.Errorf("Find(%s): %v (-want +got)\n%s", ref, err, diff)
		}
	}
	for _, elsewhere := range []cloudservice.Place{{Organization: place.Organization, Sandbox: "dev"}, {Organization: "other", Sandbox: "prod"}} {
		if _, err := kept.Find(ctx, elsewhere, "cs_1"); !errors.Is(err, cloudservice.ErrNotFound) {
			t.Errorf("in %v: %v", elsewhere, err)
		}
	}
	changed := one
	changed.Title, changed.Authentication, changed.Configuration, changed.Secret = "New", cloudservice.IMS, "acme-ims", secret.String{}
	changed.State = &cloudservice.State{ConnectedAt: now, Target: &cloudservice.TargetState{Premium: true, Workspaces: []cloudservice.Workspace{{ID: "1", Name: "Default", Default: true}}}}
	if err := kept.Change(ctx, changed, entry); err != nil {
		t.Fatal(err)
	}
	if err := kept.Change(ctx, changed, entry); !errors.Is(err, cloudservice.ErrConflict) {
		t.Errorf("a change of an old version: %v", err)
	}
	changed.Version = 2
	all, err := kept.List(ctx, place)
	if diff := cmp.Diff([]cloudservice.Service{changed}, all, secrets); err != nil || diff != "" {
		t.Errorf("List: %v (-want +got)\n%s", err, diff)
	}
	sandboxes, err := s.Registry().Sandboxes(ctx, place.Organization)
	if err != nil || len(sandboxes) != 1 {
		t.Fatal(sandboxes, err)
	}
	if err := s.Registry().DeleteSandbox(ctx, place.Organization, sandboxes[0].ID, entry); !errors.Is(err, registry.ErrInUse) {
		t.Errorf("deleting the sandbox that it is in: %v", err)
	}
	if err := s.IMS().Delete(ctx, ims.Place(place), "ims_1", entry); !errors.Is(err, ims.ErrServes) {
		t.Errorf("deleting the IMS configuration that it names: %v", err)
	}
	if err := kept.Delete(ctx, place, one.ID, entry); err != nil {
		t.Fatal(err)
	}
	if err := kept.Delete(ctx, place, one.ID, entry); !errors.Is(err, cloudservice.ErrNotFound) {
		t.Errorf("deleting again: %v", err)
	}
}
