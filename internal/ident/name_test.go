package ident_test

import (
	"strings"
	"testing"

	"latchkey/internal/ident"
)

func TestNameOf(t *testing.T) {
	for title, want := range map[string]string{
		"Acme Target":               "acme-target",
		"  Acme — Target (EU)  ":    "acme-target-eu",
		"acme.target_1":             "acme.target_1",
		"Ünïcode":                   "n-code",
		"日本":                        "",
		strings.Repeat("long ", 30): strings.TrimSuffix(strings.Repeat("long-", 13)[:63], "-"),
	} {
		got := ident.NameOf(title)
		if got != want {
			t.Errorf("NameOf(%q) = %q, want %q", title, got, want)
		}
		if got != "" && !ident.IsName(got) {
			t.Errorf("NameOf(%q) = %q, which is no name", title, got)
		}
	}
}
