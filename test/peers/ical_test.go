package peers_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/test/harness"
)

// ical.js reads the calendar of what ends as it was meant, whatever a name holds; by a feed's address, without a key.
func TestICalendar(t *testing.T) {
	s := harness.Dev(t)
	reader := peer(t, "ical.mjs")
	const name = `Überwachung; "ci", \ one – ` + "日本語日本語日本語日本語日本語日本語日本語日本語日本語"
	ends := time.Now().Add(5 * 24 * time.Hour).UTC().Truncate(time.Second)
	s.Must(http.StatusCreated, "POST", "/api/v1/keys", map[string]any{"name": name, "scopes": []string{"tokens:read"}, "expires_at": ends})
	feed := s.Must(http.StatusCreated, "POST", "/api/v1/expiring/feeds", map[string]any{"name": "team"}).JSON(t)
	response, err := http.Get(feed["url"].(string))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	parsed, err := http.Post(reader, "text/calendar", response.Body)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = parsed.Body.Close() }()
	text, _ := io.ReadAll(parsed.Body)
	var events []struct {
		UID, Summary, Description, Start string
		Alarms                           int
	}
	if err := json.Unmarshal(text, &events); err != nil || len(events) != 1 {
		t.Fatalf("ical.js says %s", text)
	}
	e := events[0]
	if e.Summary != "API key ends: "+name || e.Start != ends.Format("2006-01-02T15:04:05.000Z") || e.Alarms != 2 || e.UID == "" ||
		!strings.Contains(e.Description, "latchkey key create NAME --scope tokens:read\nId: key_") {
		t.Errorf("ical.js reads %s", text)
	}
}
