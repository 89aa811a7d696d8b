package eventlog_test

import (
	"path/filepath"
	"testing"

	"latchkey/internal/eventlog"
	"latchkey/internal/eventlog/eventlogtest"
)

func TestEmbedded(t *testing.T) {
	eventlogtest.Run(t, eventlogtest.Backend{
		Place: func(t testing.TB) string { return filepath.Join(t.TempDir(), "events.db") },
		Open: func(t testing.TB, place string) eventlog.Log {
			log, err := eventlog.OpenEmbedded(t.Context(), eventlog.EmbeddedConfig{Path: place})
			if err != nil {
				t.Fatal(err)
			}
			return log
		},
	})
}
