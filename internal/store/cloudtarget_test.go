package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/audit"
	"latchkey/internal/cloudservice"
	"latchkey/internal/target"
)

func TestCloudTargets(t *testing.T) { onBoth(t, testCloudTargets) }

func testCloudTargets(t *testing.T, fresh func(testing.TB) folder) {
	s := fresh(t).open(t)
	c := newConsole(t, s)
	ctx, kept, now := t.Context(), s.CloudTargets(), c.hand.Now().UTC().Truncate(time.Microsecond)
	entry := audit.Entry{Organization: c.admin.Organization, Actor: "key_1", Action: "cloud_service.create", Subject: "cs_1"}
	of := cloudservice.Service{
		ID: "cs_1", Organization: c.admin.Organization, Sandbox: "prod", Name: "acme", Title: "Acme", Kind: cloudservice.Target, Authentication: cloudservice.IMS,
		Version: 1, CreatedBy: "key_1", CreatedAt: now, UpdatedAt: now, Target: &cloudservice.TargetSettings{TenantID: "acme"},
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(s.CloudServices().Create(ctx, of, entry))
	if _, err := kept.FindSync(ctx, of.ID); !errors.Is(err, cloudservice.ErrNeverSynced) {
		t.Errorf("before the first: %v", err)
	}
	check(kept.AskSync(ctx, of, now, entry))
	held, err := kept.ClaimSync(ctx, now, now.Add(time.Minute))
	check(err)
	if held == nil || held.Service != of.ID || held.Place != (cloudservice.Place{Organization: of.Organization, Sandbox: "prod"}) || held.State != cloudservice.SyncRunning {
		t.Fatalf("claimed %+v", held)
	}
	if other, err := kept.ClaimSync(ctx, now.Add(30*time.Second), now.Add(time.Hour)); other != nil || err != nil {
		t.Errorf("while it is held: %+v, %v", other, err)
	}
	at := func(minute int) target.Moment {
		return target.Moment{Time: now.Add(time.Duration(minute) * time.Minute)}
	}
	page := cloudservice.AudiencePage{UpTo: 9, Audiences: []target.Audience{{ID: 1, Name: "One\x00", ModifiedAt: at(1)}, {ID: 5, Name: "Five"}, {ID: 9, Name: "Nine", ModifiedAt: at(1)}}, Next: cloudservice.Walk{Tenant: "acme", Offset: 3, LastID: 9}}
	walk, err := kept.KeepPage(ctx, *held, page, now, now.Add(time.Minute))
	check(err)
	if walk.Added != 3 || walk.LastID != 9 {
		t.Errorf("kept %+v", walk)
	}
	// The same page in another walk: what tells no time is written again, what is absent has gone.
	page.Audiences = []target.Audience{{ID: 5, Name: "Five"}, {ID: 9, Name: "Neun", ModifiedAt: at(2)}}
	walk, err = kept.KeepPage(ctx, *held, page, now, now.Add(time.Minute))
	check(err)
	if walk.Added != 0 || walk.Changed != 2 || walk.Removed != 1 {
		t.Errorf("kept %+v", walk)
	}
	late := *held
	late.Claim--
	if _, err := kept.KeepPage(ctx, late, page, now, now.Add(time.Minute)); !errors.Is(err, cloudservice.ErrClaimLost) {
		t.Errorf("a page of one who lost it: %v", err)
	}
	found, err := kept.Audiences(ctx, cloudservice.AudienceQuery{Service: of.ID, Search: "N", Limit: 5})
	check(err)
	if diff := cmp.Diff([]cloudservice.Audience{{ID: 9, Name: "Neun", ModifiedAt: at(2).Time}}, found); diff != "" {
		t.Error(diff)
	}
	if gone, err := kept.Audiences(ctx, cloudservice.AudienceQuery{Service: of.ID, Gone: true, Limit: 5}); err != nil || len(gone) != 1 || !gone[0].GoneAt.Equal(now) {
		t.Errorf("gone: %+v, %v", gone, err)
	}
	held.State, held.DueAt, held.Walk = cloudservice.SyncDone, now.Add(time.Hour), walk
	check(kept.EndSync(ctx, *held, entry))
	if done, err := kept.FindSync(ctx, of.ID); err != nil || done.State != cloudservice.SyncDone || !done.DueAt.Equal(held.DueAt) || done.Walk.Removed != 1 {
		t.Errorf("done: %+v, %v", done, err)
	}
	testOffers(t, kept, of.ID, entry, now)
	check(s.CloudServices().Delete(ctx, cloudservice.Place{Organization: of.Organization, Sandbox: "prod"}, of.ID, entry))
	if left, err := kept.Audiences(ctx, cloudservice.AudienceQuery{Service: of.ID, Limit: 5}); err != nil || len(left) > 0 {
		t.Errorf("left behind: %+v, %v", left, err)
	}
}

func testOffers(t *testing.T, kept cloudservice.TargetStore, service string, entry audit.Entry, now time.Time) {
	ctx := t.Context()
	offer := cloudservice.Offer{Service: service, Name: "hero", Kind: cloudservice.HTML, Hash: "h", PushedAt: now}
	for want := range int64(2) {
		version, err := kept.KeepOffer(ctx, offer, entry)
		if err != nil || version != want+1 {
			t.Fatalf("kept as version %d: %v", version, err)
		}
		offer.Version, offer.TargetID = version, 7
	}
	stale := offer
	for _, stale.Version = range []int64{0, 1, 3} {
		if _, err := kept.KeepOffer(ctx, stale, entry); !errors.Is(err, cloudservice.ErrConflict) {
			t.Errorf("over version %d: %v", stale.Version, err)
		}
	}
	stale.Name = "other"
	if _, err := kept.KeepOffer(ctx, stale, entry); !errors.Is(err, cloudservice.ErrConflict) {
		t.Errorf("one that was forgotten meanwhile: %v", err)
	}
	all, err := kept.Offers(ctx, service)
	if diff := cmp.Diff([]cloudservice.Offer{offer}, all); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if err := kept.ForgetOffer(ctx, service, "hero", entry); err != nil {
		t.Error(err)
	}
	if _, err := kept.FindOffer(ctx, service, "hero"); !errors.Is(err, cloudservice.ErrNoOffer) {
		t.Errorf("forgotten: %v", err)
	}
	library := cloudservice.OwnLibrary{Service: service, Name: "at.js", Content: "x", Hash: "h", UploadedAt: now}
	for _, library.Content = range []string{"x", "y"} {
		if err := kept.KeepLibrary(ctx, library, entry); err != nil {
			t.Error(err)
		}
	}
	if got, err := kept.FindLibrary(ctx, service); err != nil || got != library {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := kept.RemoveLibrary(ctx, service, entry); err != nil {
		t.Error(err)
	}
	if _, err := kept.FindLibrary(ctx, service); !errors.Is(err, cloudservice.ErrNoLibrary) {
		t.Errorf("removed: %v", err)
	}
}
