package store_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/audit"
	"latchkey/internal/cloudservice"
)

func TestAnalyticsLists(t *testing.T) { onBoth(t, testAnalyticsLists) }

// analyticsService keeps a service of Analytics.
func analyticsService(t *testing.T, c *console, kept cloudservice.Store, name string) cloudservice.Service {
	now := c.hand.Now()
	of := cloudservice.Service{
		ID: "cs_" + name, Organization: c.admin.Organization, Sandbox: "prod", Name: name, Title: name, Kind: cloudservice.Analytics, Authentication: cloudservice.IMS,
		Version: 1, CreatedBy: "key_1", CreatedAt: now, UpdatedAt: now, Analytics: &cloudservice.AnalyticsSettings{},
	}
	if err := kept.Create(t.Context(), of, testEntry(c, "cloud_service.create", of.ID)); err != nil {
		t.Fatal(err)
	}
	return of
}

func testEntry(c *console, action, subject string) audit.Entry {
	return audit.Entry{Organization: c.admin.Organization, Actor: "key_1", Action: action, Subject: subject}
}

func testAnalyticsLists(t *testing.T, fresh func(testing.TB) folder) {
	s := fresh(t).open(t)
	c := newConsole(t, s)
	ctx, kept := t.Context(), s.CloudServices()
	of := analyticsService(t, c, kept, "one")
	list := cloudservice.SyncList{Kind: cloudservice.Dimensions, Suite: "s1"}
	entry := testEntry(c, "cloud_service.sync", of.ID)
	first := []cloudservice.Item{
		{ID: "variables/evar1", Name: "Campaign", Description: "d", Type: "string"}, {ID: "variables/evar2", Name: "Old"}, {ID: "variables/page", Name: "100% Page"},
	}
	if err := kept.KeepItems(ctx, of.ID, list, 1, first); err != nil {
		t.Fatal(err)
	}
	if lists, err := kept.SyncedLists(ctx, of.ID); err != nil || len(lists) != 0 {
		t.Errorf("lists before the end of the round: %v, %v", lists, err)
	}
	done := cloudservice.Synced{SyncList: list, Company: "co", Items: 3, At: c.hand.Now()}
	if got, err := kept.EndRound(ctx, of.ID, done, 1, entry); err != nil || got.Removed != 0 {
		t.Errorf("EndRound = %+v, %v", got, err)
	}
	if err := kept.KeepItems(ctx, of.ID, list, 2, []cloudservice.Item{{ID: "variables/evar1", Name: "Renamed"}, first[2]}); err != nil {
		t.Fatal(err)
	}
	done.Items = 2
	if got, err := kept.EndRound(ctx, of.ID, done, 2, entry); err != nil || got.Removed != 1 {
		t.Errorf("EndRound = %+v, %v", got, err)
	}
	for query, want := range map[cloudservice.ItemQuery]string{
		{Limit: 10}:                           "[variables/evar1 variables/page]",
		{Limit: 1}:                            "[variables/evar1]",
		{Limit: 10, After: "variables/evar1"}: "[variables/page]",
		{Limit: 10, Search: "rename"}:         "[variables/evar1]",
		{Limit: 10, Search: "0%"}:             "[variables/page]",
		{Limit: 10, Search: "%1"}:             "[]",
	} {
		items, err := kept.Items(ctx, of.ID, list, query)
		ids := []string{}
		for _, item := range items {
			ids = append(ids, item.ID)
		}
		if fmt.Sprint(ids) != want || err != nil {
			t.Errorf("Items(%+v) = %v, %v; want %s", query, ids, err, want)
		}
	}
	if has, err := kept.HasItem(ctx, of.ID, list, "variables/evar2"); has || err != nil {
		t.Errorf("what the product has no more is there: %v", err)
	}
	if has, err := kept.HasItem(ctx, of.ID, list, "variables/evar1"); !has || err != nil {
		t.Errorf("evar1 is not there: %v", err)
	}
	if err := kept.KeepItems(ctx, "cs_gone", list, 3, first); !errors.Is(err, cloudservice.ErrNotFound) {
		t.Errorf("items of a service that is gone: %v", err)
	}
	lists, err := kept.SyncedLists(ctx, of.ID)
	if diff := cmp.Diff([]cloudservice.Synced{{SyncList: list, Company: "co", Items: 2, At: done.At}}, lists); err != nil || diff != "" {
		t.Errorf("lists: %v (-want +got)\n%s", err, diff)
	}
	if err := kept.Delete(ctx, cloudservice.Place{Organization: of.Organization, Sandbox: of.Sandbox}, of.ID, entry); err != nil {
		t.Fatal(err)
	}
	if lists, err := kept.SyncedLists(ctx, of.ID); err != nil || len(lists) != 0 {
		t.Errorf("lists of a service that is gone: %v, %v", lists, err)
	}
}

func TestFrameworks(t *testing.T) { onBoth(t, testFrameworks) }

func testFrameworks(t *testing.T, fresh func(testing.TB) folder) {
	s := fresh(t).open(t)
	c := newConsole(t, s)
	ctx, kept, now := t.Context(), s.CloudServices(), c.hand.Now()
	of := analyticsService(t, c, kept, "one")
	place := cloudservice.Place{Organization: of.Organization, Sandbox: of.Sandbox}
	entry := testEntry(c, "framework.create", "fw_1")
	one := cloudservice.Framework{
		ID: "fw_1", Service: of.ID, Place: place, Kind: of.Kind, Name: "site", Title: "Site", Pages: []string{"/content/a", "/content/b"}, Version: 1,
		CreatedBy: "key_1", CreatedAt: now, UpdatedAt: now, Settings: cloudservice.FrameworkSettings{
			ReportSuites: []cloudservice.SuiteUse{{ID: "s1", RunMode: cloudservice.Publish}},
			Mappings:     []cloudservice.Mapping{{Component: "c", Variable: "v", To: []string{"prop1", "eVar1"}}},
		},
	}
	if err := kept.CreateFramework(ctx, one, entry); err != nil {
		t.Fatal(err)
	}
	if err := kept.CreateFramework(ctx, one, entry); !errors.Is(err, cloudservice.ErrFrameworkTaken) {
		t.Errorf("a second of the name: %v", err)
	}
	other := one
	other.ID, other.Name = "fw_2", "other"
	var taken *cloudservice.PageTakenError
	if err := kept.CreateFramework(ctx, other, entry); !errors.As(err, &taken) || taken.Page != "/content/a" {
		t.Errorf("a second on a page: %v", err)
	}
	if _, err := kept.FindFramework(ctx, &of, "other"); !errors.Is(err, cloudservice.ErrNoFramework) {
		t.Errorf("a framework that was refused is there: %v", err)
	}
	published := one.Settings
	one.Title, one.Pages, one.Published, one.PublishedAt = "New", []string{"/content/b"}, &published, now
	if err := kept.ChangeFramework(ctx, one, entry); err != nil {
		t.Fatal(err)
	}
	if err := kept.ChangeFramework(ctx, one, entry); !errors.Is(err, cloudservice.ErrConflict) {
		t.Errorf("a change of an old version: %v", err)
	}
	one.Version = 2
	for _, ref := range []string{"site", "fw_1"} {
		got, err := kept.FindFramework(ctx, &of, ref)
		if diff := cmp.Diff(one, got); err != nil || diff != "" {
			t.Errorf("FindFramework(%s): %v (-want +got)\n%s", ref, err, diff)
		}
	}
	if all, err := kept.Frameworks(ctx, &of); err != nil || len(all) != 1 || len(all[0].Pages) != 1 {
		t.Errorf("Frameworks = %v, %v", all, err)
	}
	for page, want := range map[string]string{"/content/b": "fw_1", "/content/a": "", "/content/b/c": ""} {
		if id, service, err := kept.PageFramework(ctx, place, of.Kind, page); id != want || err != nil || want != "" && service != of.ID {
			t.Errorf("PageFramework(%s) = %s of %s, %v; want %q", page, id, service, err, want)
		}
	}
	if err := kept.DeleteFramework(ctx, one, entry); err != nil {
		t.Fatal(err)
	}
	if err := kept.DeleteFramework(ctx, one, entry); !errors.Is(err, cloudservice.ErrNoFramework) {
		t.Errorf("deleting again: %v", err)
	}
	if id, _, err := kept.PageFramework(ctx, place, of.Kind, "/content/b"); id != "" || err != nil {
		t.Errorf("a page names a framework that is gone: %s, %v", id, err)
	}
}
