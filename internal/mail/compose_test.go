package mail

import (
	"slices"
	"testing"

	"latchkey/internal/event"
)

// TestWordings holds that what is told by mail has words there.
func TestWordings(t *testing.T) {
	var acted []event.Type
	for _, d := range event.Descriptions() {
		if Acted(event.Event{Type: d.Type, Data: map[string]any{"error_kind": "client_dead"}}) {
			acted = append(acted, d.Type)
		}
	}
	slices.Sort(acted)
	if !slices.Equal(acted, types()) {
		t.Errorf("mails have words for %v, want %v", types(), acted)
	}
	if Acted(event.Event{Type: event.ProviderDown, Data: map[string]any{"error_kind": "provider_down"}}) {
		t.Error("an outage is told by mail")
	}
}

func TestQuoted(t *testing.T) {
	for name, want := range map[string]string{"acme-emea": "acme-emea", "a b": "'a b'", "it's; rm -rf": `'it'\''s; rm -rf'`, "$(x)": "'$(x)'"} {
		if got := quoted(name); got != want {
			t.Errorf("quoted(%q) = %s, want %s", name, got, want)
		}
	}
}
