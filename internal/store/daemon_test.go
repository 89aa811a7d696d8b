package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/event"
	"latchkey/internal/pipelined/fleet"
	"latchkey/internal/secret"
	"latchkey/internal/webhook"
)

func TestDaemons(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		daemons, at := fresh(t).open(t).Daemons(), time.Date(2026, 11, 28, 4, 0, 0, 0, time.UTC)
		d := fleet.Daemon{Organization: "o", Instance: "prod", Host: "a", Version: "1", Credential: "IMS JWT", Fingerprint: "f1", ToldBy: "key_1", Runs: true, StartedAt: at, SeenAt: at}
		order, err := daemons.Tell(t.Context(), d)
		if err != nil || order.Number != 0 {
			t.Fatalf("Tell() = %+v, %v, want no order", order, err)
		}
		entry := audit.Entry{At: at, Organization: "o", Actor: "key", Action: "pipelined.migrate", Subject: "prod"}
		for number := int64(1); number <= 2; number++ {
			order, err = daemons.Give(t.Context(), fleet.Order{Organization: "o", Instance: "prod", Action: fleet.Migrate, Fingerprint: "f2", By: "key", At: at}, nil, entry)
			if err != nil || order.Number != number {
				t.Fatalf("Give() = %+v, %v, want the number %d", order, err, number)
			}
		}
		d.Fingerprint, d.CarriedOut, d.Report, d.SeenAt = "f2", 2, []byte(`{"lost":0}`), at.Add(time.Second)
		told, err := daemons.Tell(t.Context(), d)
		if diff := cmp.Diff(order, told); err != nil || diff != "" {
			t.Errorf("Tell() = %v, %s", err, diff)
		}
		if _, err := daemons.Tell(t.Context(), fleet.Daemon{Organization: "other", Instance: "prod", Host: "a", StartedAt: at, SeenAt: at}); err != nil {
			t.Fatal(err)
		}
		all, err := daemons.Daemons(t.Context(), "o", "prod")
		if diff := cmp.Diff([]fleet.Daemon{d}, all); err != nil || diff != "" {
			t.Errorf("Daemons() = %v, %s", err, diff)
		}
		entry.Action = "pipelined.delete"
		if err := daemons.Forget(t.Context(), "o", "prod", "a", entry); err != nil {
			t.Error(err)
		}
		if err := daemons.Forget(t.Context(), "o", "prod", "a", entry); !errors.Is(err, fleet.ErrNotFound) {
			t.Errorf("Forget() again = %v", err)
		}
	})
}

// Acts wait for their host, are settled once, and go: what was shown soon, the rest after a day.
func TestDaemonActs(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		daemons, at := fresh(t).open(t).Daemons(), time.Date(2026, 11, 28, 4, 0, 0, 0, time.UTC)
		for _, host := range []string{"a", "b"} {
			d := fleet.Daemon{Organization: "o", Instance: "prod", Host: host, State: []byte(`{"lanes":[]}`), StartedAt: at, SeenAt: at}
			if _, err := daemons.Tell(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		}
		instances, err := daemons.Instances(t.Context(), "o")
		if diff := cmp.Diff([]fleet.Instance{{Name: "prod", Daemons: 2, SeenAt: at}}, instances); err != nil || diff != "" {
			t.Errorf("Instances() = %v, %s", err, diff)
		}
		show := fleet.Act{ID: "act_1", Organization: "o", Instance: "prod", Host: "a", Action: fleet.Show, Letters: []int64{7}, By: "key", At: at}
		drop := fleet.Act{ID: "act_2", Organization: "o", Instance: "prod", Host: "b", Action: fleet.Drop, By: "key", At: at}
		entry := audit.Entry{At: at, Organization: "o", Actor: "key", Action: "pipelined.letters.show", Subject: "prod"}
		if err := daemons.Ask(t.Context(), []fleet.Act{show, drop}, entry); err != nil {
			t.Fatal(err)
		}
		acts := func(host string) []fleet.Act {
			all, err := daemons.Acts(t.Context(), "o", "prod", host, at.Add(-time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		if diff := cmp.Diff([]fleet.Act{show}, acts("a")); diff != "" {
			t.Error(diff)
		}
		show.DoneAt, show.Done, show.Shown = at.Add(time.Second), 1, "{}"
		for _, one := range []fleet.Act{show, {ID: "act_1", Organization: "o", Instance: "prod", Host: "a", DoneAt: at, Why: "again"}, {ID: "act_2", Organization: "other", Instance: "prod", Host: "b", DoneAt: at}} {
			if err := daemons.Settle(t.Context(), one); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff([]fleet.Act{drop, show}, acts("")); diff != "" || len(acts("a")) != 0 {
			t.Error(diff)
		}
		for _, step := range []struct {
			given, shown time.Time
			want         []fleet.Act
		}{{at, at, []fleet.Act{drop, show}}, {at, at.Add(time.Minute), []fleet.Act{drop, {ID: "act_1", Organization: "o", Instance: "prod", Host: "a", Action: fleet.Show, Letters: []int64{7}, By: "key", At: at, DoneAt: show.DoneAt, Done: 1}}}, {at.Add(time.Minute), at, nil}} {
			if err := daemons.Tidy(t.Context(), "o", "prod", step.given, step.shown); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(step.want, acts("")); diff != "" {
				t.Error(diff)
			}
		}
	})
}

// What is handed over is taken as it was given, lies sealed, and goes with the next order, when it is dropped, and late.
func TestHandedOver(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		f := fresh(t)
		s := f.open(t)
		daemons, at := s.Daemons(), time.Date(2026, 11, 28, 4, 0, 0, 0, time.UTC)
		entry := audit.Entry{At: at, Organization: "o", Actor: "key", Action: "pipelined.migrate", Subject: "prod"}
		handed := fleet.Handed{
			Credential: "17", Name: "campaign", Mode: fleet.JWT, Organization: "o", Client: "c", Account: "a", Secret: secret.New("p8e-sesame"), PrivateKey: secret.New("PEM"), Certificate: "sha1",
		}
		give := func(id string, h *fleet.Handed) fleet.Order {
			t.Helper()
			o := fleet.Order{Organization: "o", Instance: "prod", Action: fleet.Migrate, By: "key", At: at}
			if h != nil {
				o.Hand = fleet.Hand{ID: id, Credential: "17", Name: "campaign", Client: "c", Mode: fleet.JWT, Keys: []string{"key_1"}, ExpiresAt: at.Add(time.Hour)}
			}
			given, err := daemons.Give(t.Context(), o, h, entry)
			if err != nil {
				t.Fatal(err)
			}
			o.Number = given.Number
			if diff := cmp.Diff(o, given); diff != "" {
				t.Error(diff)
			}
			return given
		}
		take := func(instance, id string, want error) {
			t.Helper()
			got, err := daemons.Take(t.Context(), "o", instance, id, entry)
			if !errors.Is(err, want) {
				t.Fatalf("Take(%s, %s) = %v, want %v", instance, id, err, want)
			}
			if want == nil && (got.Secret.Reveal() != "p8e-sesame" || got.PrivateKey.Reveal() != "PEM" || got.Client != "c" || got.Mode != fleet.JWT) {
				t.Errorf("Take() = %+v", got)
			}
		}
		give("hand_1", &handed)
		take("prod", "hand_1", nil)
		take("prod", "hand_1", nil) // the next daemon
		take("stage", "hand_1", fleet.ErrGone)
		var backup bytes.Buffer
		if err := s.Backup(t.Context(), &backup); err != nil || strings.Contains(backup.String(), "sesame") || strings.Contains(backup.String(), "daemon_hands") {
			t.Errorf("Backup() = %v, and has what is handed over", err)
		}
		give("hand_2", &handed)
		take("prod", "hand_1", fleet.ErrGone)
		take("prod", "hand_2", nil)
		for _, step := range []struct {
			before time.Time
			want   int
		}{{at, 0}, {at.Add(2 * time.Hour), 1}} {
			if late, err := daemons.Expired(t.Context(), step.before); err != nil || len(late) != step.want {
				t.Errorf("Expired(%s) = %v, %v", step.before, late, err)
			}
		}
		for _, want := range []bool{true, false} {
			if held, err := daemons.Held(t.Context(), "o", "hand_2"); err != nil || held != want {
				t.Errorf("Held() = %v, %v, want %v", held, err, want)
			}
			if err := daemons.Drop(t.Context(), "o", "hand_2", entry); err != nil {
				t.Error(err)
			}
		}
		give("hand_3", &handed)
		give("", nil)
		take("prod", "hand_3", fleet.ErrGone)
	})
}

// A daemon that consumes nothing for a minute is told of once, and once that it is over; shorter trouble is nobody's.
func TestDaemonTrouble(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		s := fresh(t).open(t)
		hand := clock.NewManual(time.Date(2026, 11, 28, 4, 0, 0, 0, time.UTC))
		f := fleet.New(s.Daemons(), nil, hand)
		caller := access.Caller{ID: "key_1", Organization: "o", Scopes: access.Scopes{access.PipelineConsume}}
		for _, seconds := range []int{0, -1, 0, 30, 59, 64, 300, -1, 40, -1, -1} { // -1 is well
			state := fmt.Sprintf(`{"trouble":"no stream of topic triggers","trouble_seconds":%d}`, seconds)
			if seconds < 0 {
				state = `{}`
			}
			if _, err := f.Tell(t.Context(), caller, fleet.Daemon{Instance: "prod", Host: "a", State: []byte(state)}); err != nil {
				t.Fatal(err)
			}
			hand.Advance(5 * time.Second)
		}
		var told []string
		for _, kind := range []event.Type{event.PipelinedTrouble, event.PipelinedRecovered} {
			all, err := s.Webhooks(nil).Events(t.Context(), webhook.EventSelection{Organization: "o", Type: kind, Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range all {
				told = append(told, fmt.Sprint(e.Type, " ", e.Subject, " ", e.Data["host"], " ", e.Data["trouble"], " ", e.Data["since"]))
			}
		}
		want := []string{
			"pipelined.trouble prod a no stream of topic triggers 2026-11-28T03:59:21Z",
			"pipelined.recovered prod a <nil> 2026-11-28T03:55:30Z",
		}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Error(diff)
		}
	})
}
