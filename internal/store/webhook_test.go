package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/audit"
	"latchkey/internal/connection/connectiontest"
	"latchkey/internal/event"
	"latchkey/internal/ident"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/webhook"
)

// entry is what a change of an endpoint records.
var entry = audit.Entry{Organization: connectiontest.Organization, Actor: "key_1", Action: "webhook.change"}

func newEndpoint(change func(*webhook.Endpoint)) webhook.Endpoint {
	e := webhook.Endpoint{
		ID: ident.New("wh"), Organization: connectiontest.Organization, URL: "https://example.com/hook?token=1", Description: "d",
		Enabled: true, Secret: webhook.Secret{Current: webhook.NewSecret(), Generation: 1}, Version: 1, CreatedBy: "key_1",
		CreatedAt: now, UpdatedAt: now,
	}
	if change != nil {
		change(&e)
	}
	return e
}

func addEndpoint(t testing.TB, w store.Webhooks, change func(*webhook.Endpoint)) webhook.Endpoint {
	t.Helper()
	e := newEndpoint(change)
	if err := w.CreateEndpoint(context.Background(), e, entry); err != nil {
		t.Fatal(err)
	}
	return e
}

func newEvent(t event.Type, subject string, at time.Time) event.Event {
	return event.New(t, connectiontest.Organization, subject, at, map[string]any{"label": subject, "big": 9007199254740993}).In(connectiontest.Sandbox)
}

func emit(t testing.TB, s *store.Store, events ...event.Event) {
	t.Helper()
	if err := s.Emit(context.Background(), events...); err != nil {
		t.Fatal(err)
	}
}

func TestEndpoints(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		ctx := context.Background()
		w := fresh(t).open(t).Webhooks(nil)
		e := addEndpoint(t, w, func(e *webhook.Endpoint) {
			e.Types = []event.Type{event.ConnectionRefreshed, event.ProviderUp}
			e.Sandbox = "stage"
		})
		got, err := w.Endpoint(ctx, e.Organization, e.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(e, got, cmp.Comparer(sameSecret)); diff != "" {
			t.Errorf("Endpoint() (-want +got):\n%s", diff)
		}
		if _, err := w.Endpoint(ctx, "other", e.ID); !errors.Is(err, webhook.ErrNotFound) {
			t.Errorf("Endpoint() of another organization = %v", err)
		}
		changed := e
		changed.URL, changed.Types, changed.Enabled, changed.Reason = "https://example.com/2", nil, false, "why"
		changed.Secret = webhook.Secret{Current: webhook.NewSecret(), Previous: e.Secret.Current, PreviousUntil: now.Add(time.Hour), Generation: 2}
		changed.UpdatedAt = now.Add(time.Second)
		if err := w.ChangeEndpoint(ctx, changed, entry); err != nil {
			t.Fatal(err)
		}
		if err := w.ChangeEndpoint(ctx, changed, entry); !errors.Is(err, webhook.ErrConflict) {
			t.Errorf("ChangeEndpoint() of an old version = %v", err)
		}
		changed.Version = 2
		changed.Secret.Current, changed.Secret.Previous = secret.String{}, secret.String{}
		all, err := w.Endpoints(ctx, e.Organization)
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		if diff := cmp.Diff(changed, all[0], cmp.Comparer(sameSecret)); diff != "" {
			t.Errorf("Endpoints() (-want +got):\n%s", diff)
		}
		if err := w.DeleteEndpoint(ctx, e.Organization, e.ID, entry); err != nil {
			t.Fatal(err)
		}
		if err := w.DeleteEndpoint(ctx, e.Organization, e.ID, entry); !errors.Is(err, webhook.ErrNotFound) {
			t.Errorf("DeleteEndpoint() again = %v", err)
		}
	})
}

func sameSecret(a, b webhook.Secret) bool {
	return a.Current.Equal(b.Current) && a.Previous.Equal(b.Previous) && a.PreviousUntil.Equal(b.PreviousUntil) && a.Generation == b.Generation
}

// TestSpread holds who gets which event.
func TestSpread(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		ctx := context.Background()
		s := fresh(t).open(t)
		w := s.Webhooks(func(e event.Event) bool { return e.Type == event.ConnectionNeedsReauthorization })
		all := addEndpoint(t, w, nil)
		picky := addEndpoint(t, w, func(e *webhook.Endpoint) { e.Types = []event.Type{event.ConnectionRefreshed} })
		stage := addEndpoint(t, w, func(e *webhook.Endpoint) { e.Sandbox = "stage" })
		foreign := addEndpoint(t, w, func(e *webhook.Endpoint) { e.Organization = "other" })
		late := addEndpoint(t, w, func(e *webhook.Endpoint) { e.CreatedAt = now.Add(time.Microsecond) }) // what was before is not its own
		off := addEndpoint(t, w, func(e *webhook.Endpoint) { e.Enabled = false })
		degraded, refreshed := newEvent(event.ConnectionDegraded, "conn_1", now), newEvent(event.ConnectionRefreshed, "conn_1", now)
		dead := newEvent(event.ConnectionNeedsReauthorization, "conn_1", now).In("stage")
		emit(t, s, degraded, refreshed, dead)
		select {
		case <-s.Emitted():
		default:
			t.Error("nobody was told of the events")
		}
		for _, want := range []int{3, 0} {
			if n, err := w.Spread(ctx, now, 10); err != nil || n != want {
				t.Errorf("Spread() = %d, %v, want %d", n, err, want)
			}
		}
		for id, want := range map[string][]string{
			all.ID: {degraded.ID, dead.ID}, picky.ID: {refreshed.ID}, stage.ID: {dead.ID}, foreign.ID: nil, off.ID: nil, late.ID: nil,
		} {
			list, err := w.Deliveries(ctx, webhook.DeliverySelection{Endpoint: id, Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range list {
				got = append(got, d.Event)
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s gets %v, want %v", id, got, want)
			}
		}
		jobs, err := w.Claim(ctx, picky.ID, now, now.Add(time.Minute), 9)
		if err != nil || len(jobs) != 1 {
			t.Fatal(jobs, err)
		}
		if text, _ := jobs[0].Event.MarshalJSON(); !slices.Contains([]string{string(text)}, mustJSON(t, refreshed)) {
			t.Errorf("the event changed on the way: %s", text)
		}
	})
}

func mustJSON(t *testing.T, e event.Event) string {
	t.Helper()
	text, err := e.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestRefreshedIsKeptWhereAsked holds that the frequent type costs nothing where no endpoint names it.
func TestRefreshedIsKeptWhereAsked(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		ctx := context.Background()
		s := fresh(t).open(t)
		w := s.Webhooks(nil)
		addEndpoint(t, w, nil)
		e := newEvent(event.ConnectionRefreshed, "conn_1", now)
		emit(t, s, e)
		list := func() int {
			events, err := w.Events(ctx, webhook.EventSelection{Organization: e.Organization, Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			return len(events)
		}
		if n := list(); n != 0 {
			t.Errorf("%d events are kept that nobody asked for", n)
		}
		addEndpoint(t, w, func(e *webhook.Endpoint) { e.Types = []event.Type{event.ConnectionRefreshed}; e.Sandbox = "other" })
		emit(t, s, e)
		if n := list(); n != 0 {
			t.Errorf("%d events are kept that were asked for in another sandbox", n)
		}
		addEndpoint(t, w, func(e *webhook.Endpoint) { e.Types = []event.Type{event.ProviderUp, event.ConnectionRefreshed} })
		emit(t, s, e)
		if n := list(); n != 1 {
			t.Errorf("%d events are kept, want 1", n)
		}
	})
}

// TestClaims holds that of two nodes one gets a delivery, and that a dead node's comes free.
func TestClaims(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		ctx := context.Background()
		f := fresh(t)
		s := f.open(t)
		w := s.Webhooks(nil)
		e := addEndpoint(t, w, nil)
		for _, subject := range []string{"conn_1", "conn_2", "conn_3"} {
			emit(t, s, newEvent(event.ConnectionDegraded, subject, now))
		}
		if _, err := w.Spread(ctx, now, 10); err != nil {
			t.Fatal(err)
		}
		due, _, err := w.Due(ctx, now)
		if err != nil || len(due) != 1 || !due[0].Secret.Current.Equal(e.Secret.Current) {
			t.Fatalf("Due() = %v, %v", due, err)
		}
		until := now.Add(time.Minute)
		first, err := w.Claim(ctx, e.ID, now, until, 2)
		if err != nil || len(first) != 2 || first[0].Attempt != 1 {
			t.Fatalf("Claim() = %v, %v", first, err)
		}
		other := w
		if !f.url.Empty() {
			other = f.open(t).Webhooks(nil)
		}
		second, err := other.Claim(ctx, e.ID, now, until, 9)
		if err != nil || len(second) != 1 || second[0].Event.Subject != "conn_3" {
			t.Fatalf("Claim() by another = %v, %v", second, err)
		}
		if due, next, err := w.Due(ctx, now); err != nil || len(due) != 0 || !next.IsZero() {
			t.Errorf("Due() while all is claimed = %v, %v, %v", due, next, err)
		}
		again := now.Add(5 * time.Second)
		outcome := webhook.Outcome{
			Endpoint: e, Event: first[0].Event.ID, Attempt: 1, State: webhook.Pending, DueAt: again, Status: 500,
			Latency: 20 * time.Millisecond, At: now.Add(time.Second),
		}
		if _, err := w.Finish(ctx, outcome); err != nil {
			t.Fatal(err)
		}
		if due, next, err := w.Due(ctx, now.Add(time.Second)); err != nil || len(due) != 0 || !next.Equal(again) {
			t.Errorf("Due() = %v, %v, %v, want %v", due, next, err, again)
		}
		if jobs, err := w.Claim(ctx, e.ID, again, again.Add(time.Minute), 9); err != nil || len(jobs) != 1 || jobs[0].Attempt != 2 {
			t.Errorf("Claim() when it is due again = %v, %v", jobs, err)
		}
		if jobs, err := w.Claim(ctx, e.ID, until.Add(time.Second), until.Add(time.Minute), 9); err != nil || len(jobs) != 2 {
			t.Errorf("Claim() after the claims = %v, %v", jobs, err)
		}
		// What a process that ended had claimed is free at once.
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		heir := f.open(t)
		heir.SkipRestartGrace()
		if jobs, err := heir.Webhooks(nil).Claim(ctx, e.ID, again, until, 9); err != nil || len(jobs) == 0 {
			t.Errorf("Claim() after its owner ended = %v, %v", jobs, err)
		}
	})
}

// TestUnreadableSecret holds that an endpoint whose secret does not open holds up no other.
func TestUnreadableSecret(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		ctx := context.Background()
		f := fresh(t)
		s := f.open(t)
		w := s.Webhooks(nil)
		broken, sound := addEndpoint(t, w, nil), addEndpoint(t, w, nil)
		if _, err := f.raw(t).Exec(`UPDATE webhooks SET secret = (SELECT o.secret FROM webhooks o WHERE o.id = $1) WHERE id = $2`, sound.ID, broken.ID); err != nil {
			t.Fatal(err)
		}
		emit(t, s, newEvent(event.ConnectionDegraded, "conn_1", now))
		if _, err := w.Spread(ctx, now, 10); err != nil {
			t.Fatal(err)
		}
		if due, _, err := w.Due(ctx, now); err != nil || len(due) != 1 || due[0].ID != sound.ID {
			t.Errorf("Due() = %v, %v, want %s", due, err, sound.ID)
		}
		if all, err := w.Endpoints(ctx, sound.Organization); err != nil || len(all) != 2 {
			t.Errorf("Endpoints() = %v, %v", all, err)
		}
	})
}

// TestFinish holds what an outcome does to the endpoint.
func TestFinish(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		ctx := context.Background()
		s := fresh(t).open(t)
		w := s.Webhooks(nil)
		e := addEndpoint(t, w, nil)
		send := func(subject string, change func(*webhook.Outcome)) bool {
			t.Helper()
			emit(t, s, newEvent(event.ConnectionDegraded, subject, now))
			if _, err := w.Spread(ctx, now, 10); err != nil {
				t.Fatal(err)
			}
			jobs, err := w.Claim(ctx, e.ID, now, now.Add(time.Minute), 1)
			if err != nil || len(jobs) != 1 {
				t.Fatal(jobs, err)
			}
			o := webhook.Outcome{Endpoint: e, Event: jobs[0].Event.ID, Attempt: 1, State: webhook.Failed, At: now}
			change(&o)
			disabled, err := w.Finish(ctx, o)
			if err != nil {
				t.Fatal(err)
			}
			if e, err = w.Endpoint(ctx, e.Organization, e.ID); err != nil {
				t.Fatal(err)
			}
			return disabled
		}
		if send("conn_1", func(o *webhook.Outcome) {}); !e.FailingSince.Equal(now) {
			t.Errorf("it fails since %v, want %v", e.FailingSince, now)
		}
		if send("conn_2", func(o *webhook.Outcome) { o.State = webhook.Delivered }); !e.FailingSince.IsZero() {
			t.Errorf("it fails since %v after a success", e.FailingSince)
		}
		if send("conn_3", func(o *webhook.Outcome) { o.DisableWhy, o.FailingSince = "w", now.Add(-time.Hour) }) || !e.Enabled {
			t.Error("an endpoint that succeeded since was disabled")
		}
		if !send("conn_4", func(o *webhook.Outcome) { o.DisableWhy, o.FailingSince = "five days", now }) || e.Enabled || e.Reason != "five days" {
			t.Errorf("an endpoint was not disabled: %+v", e)
		}
		events, err := w.Events(ctx, webhook.EventSelection{Organization: e.Organization, Type: event.WebhookDisabled, Limit: 10})
		if err != nil || len(events) != 1 || events[0].Data["url"] != "https://example.com/hook" {
			t.Errorf("Events() = %v, %v", events, err)
		}
	})
}

// TestReplay holds what is delivered once more.
func TestReplay(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		ctx := context.Background()
		s := fresh(t).open(t)
		w := s.Webhooks(nil)
		before := newEvent(event.ConnectionDegraded, "conn_0", now.Add(-time.Hour))
		missed := newEvent(event.ConnectionDegraded, "conn_1", now)
		emit(t, s, before, missed)
		if _, err := w.Spread(ctx, now, 10); err != nil {
			t.Fatal(err)
		}
		e := addEndpoint(t, w, nil)
		n, err := w.Replay(ctx, e, webhook.Replay{Since: now.Add(-time.Minute), At: now}, entry)
		if err != nil || n != 1 {
			t.Fatalf("Replay() = %d, %v, want 1", n, err)
		}
		jobs, err := w.Claim(ctx, e.ID, now, now.Add(time.Minute), 9)
		if err != nil || len(jobs) != 1 || jobs[0].Event.ID != missed.ID {
			t.Fatalf("Claim() = %v, %v", jobs, err)
		}
		// A replay of what is under way lets that end first.
		if n, err := w.Replay(ctx, e, webhook.Replay{Event: missed.ID, At: now}, entry); err != nil || n != 1 {
			t.Fatalf("Replay() = %d, %v", n, err)
		}
		if jobs, err := w.Claim(ctx, e.ID, now, now.Add(time.Minute), 9); err != nil || len(jobs) != 0 {
			t.Errorf("Claim() of what is under way = %v, %v", jobs, err)
		}
		if _, err := w.Finish(ctx, webhook.Outcome{Endpoint: e, Event: missed.ID, Attempt: 1, State: webhook.Delivered, At: now}); err != nil {
			t.Fatal(err)
		}
		if n, err := w.Replay(ctx, e, webhook.Replay{Since: now.Add(-time.Minute), At: now}, entry); err != nil || n != 0 {
			t.Errorf("Replay() of what was delivered = %d, %v", n, err)
		}
		if _, err := w.Replay(ctx, e, webhook.Replay{Event: ident.New("evt"), At: now}, entry); !errors.Is(err, webhook.ErrEventNotFound) {
			t.Errorf("Replay() of no event = %v", err)
		}
	})
}

// TestPruneEvents holds that old events go with their deliveries, a part at a time.
func TestPruneEvents(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		ctx := context.Background()
		s := fresh(t).open(t)
		w := s.Webhooks(nil)
		e := addEndpoint(t, w, nil)
		for i := range 5 {
			emit(t, s, newEvent(event.ConnectionDegraded, "conn_1", now.Add(time.Duration(i)*time.Hour)))
		}
		if _, err := w.Spread(ctx, now, 10); err != nil {
			t.Fatal(err)
		}
		for _, want := range []int{2, 1, 0} {
			if n, err := w.Prune(ctx, now.Add(3*time.Hour), 2); err != nil || n != want {
				t.Errorf("Prune() = %d, %v, want %d", n, err, want)
			}
		}
		list, err := w.Deliveries(ctx, webhook.DeliverySelection{Endpoint: e.ID, Limit: 10})
		if err != nil || len(list) != 2 {
			t.Errorf("Deliveries() = %v, %v, want 2", list, err)
		}
	})
}

// TestLists holds that lists come in parts.
func TestLists(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		ctx := context.Background()
		s := fresh(t).open(t)
		w := s.Webhooks(nil)
		for i := range 5 {
			emit(t, s, newEvent(event.ConnectionDegraded, "conn_1", now.Add(time.Duration(i/2)*time.Hour)))
		}
		seen := map[string]bool{}
		selection := webhook.EventSelection{Organization: connectiontest.Organization, Sandbox: connectiontest.Sandbox, Subject: "conn_1", Since: now, Limit: 2}
		for {
			part, err := w.Events(ctx, selection)
			if err != nil {
				t.Fatal(err)
			}
			if len(part) == 0 {
				break
			}
			for _, e := range part {
				seen[e.ID] = true
			}
			last := part[len(part)-1]
			selection.Before = webhook.Position{At: last.At, ID: last.ID}
		}
		if len(seen) != 5 {
			t.Errorf("the list has %d events, want 5", len(seen))
		}
	})
}
