package eventlog_test

import (
	"path/filepath"
	"testing"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/eventlog"
)

// TestHours counts what came in each hour: it stays when the events go and when the log is opened anew, and goes with its time
// and with its topic. What came twice counts once.
func TestHours(t *testing.T) {
	at := time.Date(2026, 11, 28, 9, 59, 0, 0, time.UTC)
	hand := clock.NewManual(at)
	config := eventlog.EmbeddedConfig{Path: filepath.Join(t.TempDir(), "events.db"), Clock: hand, Relaxed: true}
	log, err := eventlog.OpenEmbedded(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	topic := eventlog.Topic{ID: "top_1", Partitions: 3, Age: time.Minute}
	hours := func() []eventlog.Hour {
		t.Helper()
		got, err := log.Hours(t.Context(), topic, at.Add(-time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	put := func(ids ...string) {
		t.Helper()
		var records []eventlog.Record
		for _, id := range ids {
			records = append(records, eventlog.Record{ID: id, Body: []byte(`{}`)})
		}
		if _, err := log.Append(t.Context(), topic, records); err != nil {
			t.Fatal(err)
		}
	}
	put("a", "b", "a")
	put("b", "c")
	hand.Advance(2 * time.Minute)
	put("d")
	if _, err := log.Trim(t.Context(), topic); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if log, err = eventlog.OpenEmbedded(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	hour := at.Truncate(time.Hour)
	if got := hours(); len(got) != 2 || got[0] != (eventlog.Hour{At: hour, Events: 3}) || got[1] != (eventlog.Hour{At: hour.Add(time.Hour), Events: 1}) {
		t.Errorf("the hours are %v", got)
	}
	hand.Advance(eventlog.HoursKept)
	if _, err := log.Trim(t.Context(), topic); err != nil {
		t.Fatal(err)
	}
	if got := hours(); len(got) != 1 {
		t.Errorf("after their time the hours are %v", got)
	}
	if err := log.Drop(t.Context(), topic); err != nil {
		t.Fatal(err)
	}
	if got := hours(); len(got) != 0 {
		t.Errorf("of a topic that is gone: %v", got)
	}
}
