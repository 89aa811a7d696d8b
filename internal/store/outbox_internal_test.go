package store

import (
	"errors"
	"testing"
	"time"

	"latchkey/internal/event"
)

// TestEmit holds that an event shares its change's fate, and that a bad one does not undo the change.
func TestEmit(t *testing.T) {
	ctx := t.Context()
	s := openForTest(t)
	at := time.Now()
	good := event.New(event.ConnectionDegraded, "org", "conn_1", at, map[string]any{"reason": "x"}).In("prod")
	undone := event.New(event.ConnectionRecovered, "org", "conn_1", at, nil)
	unwanted := event.New(event.ConnectionRefreshed, "org", "conn_1", at, nil)
	bad := event.New("no.such", "org", "conn_1", at, nil)
	failed := errors.New("failed")
	if err := s.write(ctx, func(t *tx) error { t.emit(undone); return failed }); !errors.Is(err, failed) {
		t.Fatalf("write() = %v", err)
	}
	if err := s.write(ctx, func(t *tx) error { t.emit(good, unwanted, bad); return nil }); err != nil {
		t.Fatal(err)
	}
	var ids []string
	err := s.rows(ctx, func(row scanner) error {
		var id string
		err := row.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT id FROM events ORDER BY id`)
	if err != nil || len(ids) != 1 || ids[0] != good.ID {
		t.Errorf("kept %v, %v, want %s alone", ids, err, good.ID)
	}
}
