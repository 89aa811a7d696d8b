package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/audit"
	"latchkey/internal/expiry"
	"latchkey/internal/ims"
	"latchkey/internal/keypair"
	"latchkey/internal/registry"
	"latchkey/internal/secret"
)

func TestIMS(t *testing.T) { onBoth(t, testIMS) }

func testIMS(t *testing.T, fresh func(testing.TB) folder) {
	s := fresh(t).open(t)
	c := newConsole(t, s)
	ctx, kept, now := t.Context(), s.IMS(), c.hand.Now()
	place := ims.Place{Organization: c.admin.Organization, Sandbox: "prod"}
	entry := audit.Entry{Organization: c.admin.Organization, Actor: "key_1", Action: "ims_configuration.create", Subject: "ims_1"}
	one := ims.Configuration{
		ID: "ims_1", Organization: place.Organization, Sandbox: place.Sandbox, Name: "acme", Title: "Acme", Solution: ims.Target, Type: ims.JWT,
		Server: ims.DefaultServer, ClientID: "c", Secret: secret.New("hush"), IMSOrganization: place.Organization, TechnicalAccount: "t@techacct.adobe.com",
		Metascopes: []string{"a", "b"}, Scopes: []string{}, Alias: "k", Version: 1, CreatedBy: "key_1", CreatedAt: now, UpdatedAt: now,
	}
	if err := kept.Create(ctx, one, entry); err != nil {
		t.Fatal(err)
	}
	twin := one
	twin.ID = "ims_2"
	if err := kept.Create(ctx, twin, entry); !errors.Is(err, ims.ErrNameTaken) {
		t.Errorf("a second of the name: %v", err)
	}
	secrets := cmp.Comparer(func(a, b secret.String) bool { return a.Equal(b) })
	for _, ref := range []string{"acme", "ims_1"} {
		got, err := kept.Find(ctx, place, ref)
		if diff := cmp.Diff(one, got, secrets); err != nil || diff != "" {
			t.Errorf("Find(%s): %v (-want +got)\n%s", ref, err, diff)
		}
	}
	for _, elsewhere := range []ims.Place{{Organization: place.Organization, Sandbox: "dev"}, {Organization: "other", Sandbox: "prod"}} {
		if _, err := kept.Find(ctx, elsewhere, "ims_1"); !errors.Is(err, ims.ErrNotFound) {
			t.Errorf("in %v: %v", elsewhere, err)
		}
	}
	changed := one
	changed.Title, changed.Connection, changed.Secret = "New", "conn_1", secret.String{}
	changed.Migration = &ims.Migration{Secret: secret.New("next"), Scopes: []string{"openid"}, Since: now}
	if err := kept.Change(ctx, changed, entry); err != nil {
		t.Fatal(err)
	}
	if err := kept.Change(ctx, changed, entry); !errors.Is(err, ims.ErrConflict) {
		t.Errorf("a change of an old version: %v", err)
	}
	changed.Version = 2
	all, err := kept.List(ctx, place)
	if diff := cmp.Diff([]ims.Configuration{changed}, all, secrets); err != nil || diff != "" {
		t.Errorf("List: %v (-want +got)\n%s", err, diff)
	}
	testIMSKeys(t, c, kept, place)
	sandboxes, err := s.Registry().Sandboxes(ctx, place.Organization)
	if err != nil || len(sandboxes) != 1 {
		t.Fatal(sandboxes, err)
	}
	if err := s.Registry().DeleteSandbox(ctx, place.Organization, sandboxes[0].ID, entry); !errors.Is(err, registry.ErrInUse) {
		t.Errorf("deleting the sandbox that they are in: %v", err)
	}
	if err := kept.Delete(ctx, place, one.ID, entry); err != nil {
		t.Fatal(err)
	}
	if err := kept.Delete(ctx, place, one.ID, entry); !errors.Is(err, ims.ErrNotFound) {
		t.Errorf("deleting again: %v", err)
	}
	if err := kept.RemoveKey(ctx, place, "k", 0, entry); err != nil {
		t.Errorf("removing an alias that nothing names: %v", err)
	}
}

func testIMSKeys(t *testing.T, c *console, kept ims.Store, place ims.Place) {
	ctx, now := t.Context(), c.hand.Now()
	entry := audit.Entry{Organization: place.Organization, Actor: "key_1", Action: "ims_certificate.create", Subject: "imskey_1"}
	parsed, err := keypair.ParseCertificate(certificate(t, now.Add(20*24*time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	first := ims.Key{ID: "imskey_1", Organization: place.Organization, Sandbox: place.Sandbox, Alias: "k", Version: 1, Current: true, Certificate: parsed, Private: secret.New("PEM 1"), CreatedBy: "key_1", CreatedAt: now}
	second := first
	second.ID, second.Version, second.Current, second.Certificate, second.Private = "imskey_2", 2, false, nil, secret.New("PEM 2")
	for _, k := range []ims.Key{first, second} {
		if err := kept.AddKey(ctx, k, entry); err != nil {
			t.Fatal(err)
		}
	}
	if err := kept.AddKey(ctx, ims.Key{ID: "imskey_3", Organization: place.Organization, Sandbox: place.Sandbox, Alias: "k", Version: 2, Private: secret.New("x"), CreatedAt: now}, entry); !errors.Is(err, ims.ErrConflict) {
		t.Errorf("a version twice: %v", err)
	}
	query := expiry.Query{Organization: place.Organization, Before: now.Add(60 * 24 * time.Hour), After: expiry.Position{Ends: now}, Limit: 10}
	endings, err := ims.Endings{Store: kept}.Endings(ctx, query)
	if err != nil || len(endings) != 1 || endings[0].Subject != "imskey_1" || endings[0].Name != "k" {
		t.Errorf("what ends: %+v, %v", endings, err)
	}
	if err := kept.SwitchKey(ctx, place, "k", 2, entry); err != nil {
		t.Fatal(err)
	}
	if err := kept.SwitchKey(ctx, place, "k", 9, entry); !errors.Is(err, ims.ErrNotFound) {
		t.Errorf("switching to a version that is not there: %v", err)
	}
	keys, err := kept.Keys(ctx, place, "")
	if err != nil || len(keys) != 2 || keys[0].Current || !keys[1].Current || keys[0].Private.Reveal() != "PEM 1" || keys[0].Certificate.SHA1 != parsed.SHA1 {
		t.Errorf("Keys = %+v, %v", keys, err)
	}
	if err := kept.RemoveKey(ctx, place, "k", 0, entry); !errors.Is(err, ims.ErrInUse) {
		t.Errorf("removing an alias that a configuration names: %v", err)
	}
	if err := kept.RemoveKey(ctx, place, "k", 2, entry); !errors.Is(err, ims.ErrNotFound) {
		t.Errorf("removing the version that signs: %v", err)
	}
	if err := kept.RemoveKey(ctx, place, "k", 1, entry); err != nil {
		t.Error(err)
	}
}
