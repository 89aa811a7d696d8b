package event_test

import (
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/event"
)

var at = time.Date(2026, 11, 27, 9, 30, 0, 250e6, time.UTC)

func TestValidate(t *testing.T) {
	good := event.New(event.ConnectionDegraded, "org", "conn_1", at, nil).In("prod")
	if err := good.Validate(); err != nil {
		t.Errorf("Validate(%+v) = %v", good, err)
	}
	for want, spoil := range map[string]func(*event.Event){
		"its id":                      func(e *event.Event) { e.ID = "1" },
		`there is no type "x"`:        func(e *event.Event) { e.Type = "x" },
		"needs the id of its subject": func(e *event.Event) { e.Subject = "" },
		"needs the time":              func(e *event.Event) { e.At = time.Time{} },
	} {
		bad := good
		spoil(&bad)
		if err := bad.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate(%+v) = %v, want %q", bad, err, want)
		}
	}
}

func TestDescriptions(t *testing.T) {
	for _, d := range event.Descriptions() {
		if !strings.HasSuffix(d.Doc, ".") || len(d.Members) == 0 {
			t.Errorf("%s is not described", d.Type)
		}
		if !d.Type.Known() || d.Type.Frequent() != d.Frequent {
			t.Errorf("%s is not known as its description says", d.Type)
		}
	}
	if event.Type("connection").Known() {
		t.Error("a part of a name is known as a type")
	}
}

var update = flag.Bool("update", false, "rewrite the generated page")

// TestReference holds docs/reference/events.md against the types, and the examples against their members.
func TestReference(t *testing.T) {
	const path = "../../docs/reference/events.md"
	page := event.ReferencePage()
	if *update {
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), page); diff != "" {
		t.Errorf("%s is out of date; go test ./internal/event -update:\n%s", path, diff)
	}
	for _, d := range event.Descriptions() {
		if err := d.Example().Validate(); err != nil {
			t.Errorf("the example of %s: %v", d.Type, err)
		}
		for name := range d.Example().Data {
			if !slices.ContainsFunc(d.Members, func(m event.Member) bool { return m.Name == name }) {
				t.Errorf("the example of %s has a member %s that is not described", d.Type, name)
			}
		}
	}
}

func TestJSON(t *testing.T) {
	e := event.New(event.ConnectionRecovered, "org", "conn_1", at, map[string]any{"generation": 7.0}).In("prod")
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"` + e.ID + `","type":"connection.recovered","timestamp":"2026-11-27T09:30:00.25Z","organization":"org",` +
		`"sandbox":"prod","subject":"conn_1","data":{"generation":7}}`
	if string(text) != want {
		t.Errorf("Marshal() = %s, want %s", text, want)
	}
	var back event.Event
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(e, back); diff != "" {
		t.Errorf("Unmarshal() (-want +got):\n%s", diff)
	}
	if err := json.Unmarshal([]byte(`{}`), &back); err == nil {
		t.Error("Unmarshal({}) succeeded")
	}
}
