package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/audit"
	"latchkey/internal/pipelined/fleet"
)

func TestDaemons(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		daemons, at := fresh(t).open(t).Daemons(), time.Date(2026, 11, 28, 4, 0, 0, 0, time.UTC)
		d := fleet.Daemon{Organization: "o", Instance: "prod", Host: "a", Version: "1", Credential: "IMS JWT", Fingerprint: "f1", StartedAt: at, SeenAt: at}
		order, err := daemons.Tell(t.Context(), d)
		if err != nil || order.Number != 0 {
			t.Fatalf("Tell() = %+v, %v, want no order", order, err)
		}
		entry := audit.Entry{At: at, Organization: "o", Actor: "key", Action: "pipelined.migrate", Subject: "prod"}
		for number := int64(1); number <= 2; number++ {
			order, err = daemons.Give(t.Context(), fleet.Order{Organization: "o", Instance: "prod", Action: fleet.Migrate, Fingerprint: "f2", By: "key", At: at}, entry)
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
