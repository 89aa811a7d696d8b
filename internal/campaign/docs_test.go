package campaign_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"latchkey/internal/campaign"
)

// TestReferencePage holds that the page has every attribute with its default.
func TestReferencePage(t *testing.T) {
	text, err := os.ReadFile("../../docs/reference/nlserver.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range campaign.Attributes() {
		shown := ""
		if a.Default != "" {
			shown = "`" + a.Default + "`"
		}
		if row := fmt.Sprintf("| `%s` | %s |", a, shown); !strings.Contains(string(text), row) {
			t.Errorf("docs/reference/nlserver.md has no row %s", row)
		}
	}
}
