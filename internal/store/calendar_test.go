package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/calendar"
	"latchkey/internal/clock"
	"latchkey/internal/connection"
	"latchkey/internal/connection/connectiontest"
	"latchkey/internal/event"
	"latchkey/internal/expiry"
	"latchkey/internal/ident"
	"latchkey/internal/registry"
	"latchkey/internal/store"
	"latchkey/internal/webhook"
)

// openCalendar makes a calendar over a store, as a node has one.
func openCalendar(t *testing.T, s *store.Store, hand *clock.Manual, sources ...calendar.Listed) *calendar.Calendar {
	t.Helper()
	c, err := calendar.New(calendar.Config{
		Sources: append(sources, calendar.Listed{Source: connection.Endings{Store: s.Connections()}, Scope: access.ConnectionsRead}),
		Store:   s.Calendar(), Hash: s.Keyring().Hash, Clock: hand,
		Organizations: func(context.Context) ([]string, error) { return []string{connectiontest.Organization}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func expiringEvents(t *testing.T, s *store.Store, organization string) []event.Event {
	t.Helper()
	all, err := s.Webhooks(nil).Events(t.Context(), webhook.EventSelection{Organization: organization, Type: event.Expiring, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(all)
	return all
}

// Each threshold is told once for the installation: by two nodes that look at the same time, again and again, and started
// anew; a new end begins anew.
func TestWarningsAreToldOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		f := fresh(t)
		kept := f.open(t)
		nodes := []*store.Store{kept}
		if !f.url.Empty() {
			nodes = append(nodes, f.open(t))
		}
		key := expiry.Ending{
			Kind: expiry.APIKey, Organization: connectiontest.Organization, Subject: "key_1", Name: "ci", Since: now, Ends: now.Add(90 * expiry.Day), Action: "make another",
		}
		hand := clock.NewManual(now)
		look := func() {
			var work sync.WaitGroup
			for range 2 {
				for _, node := range nodes {
					cal := openCalendar(t, node, hand, calendar.Listed{Source: expiry.Fixed{key}, Scope: access.RegistryRead})
					work.Go(func() {
						if err := cal.Look(context.Background()); err != nil {
							t.Error(err)
						}
					})
				}
			}
			work.Wait()
		}
		for range 90 {
			look()
			hand.Advance(expiry.Day)
		}
		var days []string
		for _, e := range expiringEvents(t, kept, connectiontest.Organization) {
			days = append(days, fmt.Sprint(e.Data["days"]))
		}
		if want := []string{"60", "30", "14", "7", "1"}; !slices.Equal(days, want) {
			t.Errorf("warned at %v days, want %v", days, want)
		}
		key.Ends = key.Ends.Add(30 * expiry.Day)
		look()
		if got := expiringEvents(t, kept, connectiontest.Organization); len(got) != 6 {
			t.Errorf("%d warnings after a new end, want 6", len(got))
		}
	})
}

// What a provider extends at each refresh is listed and never warned of; what it ends at one time is.
func TestConnectionEndings(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		ctx := context.Background()
		s := fresh(t).open(t)
		connections := s.Connections()
		definition := addDefinition(t, s, connectiontest.Organization, connectiontest.Sandbox, "moviestar")
		add := func(label string, ends time.Time) connection.Record {
			r := newRecord(t, definition, label)
			r.Label, r.Tokens.RefreshExpiresAt = label, ends
			if err := connections.Create(ctx, r, nil); err != nil {
				t.Fatal(err)
			}
			return r
		}
		sliding, fixed := add("sliding", now.Add(14*expiry.Day)), add("fixed", now.Add(14*expiry.Day))
		hand := clock.NewManual(now)
		c := openCalendar(t, s, hand)
		renew := func(r *connection.Record, ends time.Time) {
			next := *r.Tokens
			next.RefreshExpiresAt = ends
			_, applied, err := connections.Commit(ctx, connection.Commit{
				Organization: r.Organization, ID: r.ID, Generation: r.Generation, Tokens: &next, Renewable: true, At: hand.Now(),
			})
			if err != nil || !applied {
				t.Fatal(applied, err)
			}
			r.Generation++
		}
		for hour := range 13 * 24 {
			hand.Advance(time.Hour)
			renew(&sliding, hand.Now().Add(14*expiry.Day))
			renew(&fixed, now.Add(14*expiry.Day+time.Duration(hour%3-1)*time.Second)) // as whole seconds make it
			if err := c.Look(ctx); err != nil {
				t.Fatal(err)
			}
		}
		var told []string
		for _, e := range expiringEvents(t, s, connectiontest.Organization) {
			told = append(told, e.Data["name"].(string)+" "+fmt.Sprint(e.Data["days"]))
		}
		if want := []string{"fixed 7", "fixed 1"}; !slices.Equal(told, want) {
			t.Errorf("warned of %v, want %v", told, want)
		}
		caller := access.Caller{ID: "key_1", Organization: connectiontest.Organization, Scopes: access.Scopes{access.ConnectionsRead}}
		var listed []string
		ask := calendar.Ask{Within: 30 * expiry.Day, Limit: 1}
		for {
			page, err := c.List(ctx, caller, ask)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			listed = append(listed, page[0].Name)
			ask.After = page[0].Position()
			if page[0].Renews != (page[0].Name == "sliding") {
				t.Errorf("%s renews: %v", page[0].Name, page[0].Renews)
			}
		}
		if want := []string{"fixed", "sliding"}; !slices.Equal(listed, want) {
			t.Errorf("List() = %v, want %v", listed, want)
		}
	})
}

func TestFeeds(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		ctx := context.Background()
		s := fresh(t).open(t)
		err := s.Registry().CreateOrganization(ctx, registry.Organization{ID: connectiontest.Organization, Name: "o", CreatedAt: now},
			registry.Sandbox{ID: ident.UUID(), Organization: connectiontest.Organization, Name: "prod", CreatedAt: now}, audit.Entry{Organization: connectiontest.Organization})
		if err != nil {
			t.Fatal(err)
		}
		c := openCalendar(t, s, clock.NewManual(now))
		caller := access.Caller{ID: "key_1", Organization: connectiontest.Organization, Scopes: access.Scopes{access.ConnectionsRead}}
		made, err := c.CreateFeed(ctx, caller, "team")
		if err != nil {
			t.Fatal(err)
		}
		reader, err := c.Reader(ctx, made.Token.Reveal())
		if err != nil || reader.Organization != caller.Organization || reader.Scopes.Has(access.TokensRead) {
			t.Errorf("Reader() = %+v, %v", reader, err)
		}
		other := caller
		other.ID = "key_2"
		if err := c.RevokeFeed(ctx, other, made.ID); err == nil {
			t.Error("another key without registry:write revoked the feed")
		}
		if err := c.RevokeFeed(ctx, caller, made.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Reader(ctx, made.Token.Reveal()); !errors.Is(err, calendar.ErrNotFound) {
			t.Errorf("Reader() of a revoked feed = %v", err)
		}
	})
}
