package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"latchkey/internal/event"
	"latchkey/internal/provider/providertest"
)

func TestProviders(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(testing.TB) folder) {
		providertest.Run(t, func(t *testing.T) providertest.Subject {
			f := fresh(t)
			return providertest.Subject{Store: f.open(t).Providers(), Events: f.events}
		})
	})
}

// events gives what is in the outbox, in the order of what happened.
func (f folder) events(t *testing.T) []event.Event {
	t.Helper()
	rows, err := f.raw(t).Query(`SELECT id, type, organization, sandbox, subject, at, data FROM events ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var all []event.Event
	for rows.Next() {
		var e event.Event
		var at int64
		var data string
		if err := rows.Scan(&e.ID, &e.Type, &e.Organization, &e.Sandbox, &e.Subject, &at, &data); err != nil {
			t.Fatal(err)
		}
		e.At = time.UnixMicro(at).UTC()
		if err := json.Unmarshal([]byte(data), &e.Data); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
