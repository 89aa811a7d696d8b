package pebble_test

import (
	"context"
	"strings"
	"testing"
)

// TestEscape_EveryPlace puts each character into texts of every length around
// the eight bytes that escaping looks at together.
func TestEscape_EveryPlace(t *testing.T) {
	html := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")
	tmpl := mustParse(t, "{{ x }}|{{ y ~ x }}|{{ x | escape }}")
	for _, c := range []string{"&", "<", ">", `"`, "'", "#", "=", ";", "\x00", "f", "g", "\xa6", "é", "<>&"} {
		for n := range 26 {
			for at := range n + 1 {
				text := strings.Repeat("x", at) + c + strings.Repeat("y", n-at)
				vars := map[string]any{"x": text, "y": "<-"}
				want := html.Replace(text + "|<-" + text + "|" + text)
				if got, err := tmpl.RenderString(context.Background(), vars); err != nil || got != want {
					t.Fatalf("escaped %q = %q, %v, want %q", text, got, err, want)
				}
			}
		}
	}
}
