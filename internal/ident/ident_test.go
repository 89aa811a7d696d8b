package ident_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/internal/ident"
)

func TestNew(t *testing.T) {
	form := regexp.MustCompile(`^conn_[0-7][0-9A-HJKMNP-TV-Z]{25}$`)
	var ids []string
	for range 1000 {
		id := ident.New("conn")
		if !form.MatchString(id) || !ident.Is("conn", id) {
			t.Fatalf("New(conn) = %q, want a ULID behind conn_", id)
		}
		ids = append(ids, id)
	}
	if slices.Sort(ids); len(slices.Compact(ids)) != 1000 {
		t.Error("New() repeats itself")
	}
}

func TestNewSortsByTime(t *testing.T) {
	first := ident.New("a")
	for start := time.Now(); !time.Now().After(start); { // until the clock shows a later instant
	}
	if second := ident.New("a"); second <= first {
		t.Errorf("New() = %q after %q, want it to sort behind", second, first)
	}
}

func TestIs(t *testing.T) {
	id := ident.New("key")
	for _, c := range []struct {
		prefix, id string
		want       bool
	}{
		{"key", id, true},
		{"conn", id, false},
		{"key", strings.ToLower(id), false},
		{"key", id + "0", false},
		{"key", "key_", false},
		{"key", "", false},
		{"key", "key_8ZZZZZZZZZZZZZZZZZZZZZZZZZ", false}, // past 128 bits
		{"key", "key_0000000000000000000000000U", false},
	} {
		if got := ident.Is(c.prefix, c.id); got != c.want {
			t.Errorf("Is(%q, %q) = %v, want %v", c.prefix, c.id, got, c.want)
		}
	}
}

func TestUUID(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	a, b := ident.UUID(), ident.UUID()
	if !form.MatchString(a) || !ident.IsUUID(a) || a == b {
		t.Errorf("UUID() = %q, then %q, want two of version 4", a, b)
	}
	for _, bad := range []string{"", a[1:], a + "0", strings.ReplaceAll(a, "-", "0"), "g" + a[1:], strings.Repeat("-", 36)} {
		if ident.IsUUID(bad) {
			t.Errorf("IsUUID(%q) = true", bad)
		}
	}
}

func TestCheckIMSOrg(t *testing.T) {
	for _, good := range []string{"1234567890ABCDEF12345678@AdobeOrg", ident.NewIMSOrg()} {
		if err := ident.CheckIMSOrg(good); err != nil {
			t.Errorf("CheckIMSOrg(%q) = %v", good, err)
		}
	}
	for id, want := range map[string]string{
		"":                                  "@AdobeOrg",
		"1234567890ABCDEF12345678":          "@AdobeOrg",
		"1234567890ABCDEF12345678@adobeorg": "@AdobeOrg",
		"123@AdobeOrg":                      "3 characters",
		"1234567890abcdef12345678@AdobeOrg": `'a'`,
		"1234567890ABCDEG12345678@AdobeOrg": `'G'`,
	} {
		if err := ident.CheckIMSOrg(id); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("CheckIMSOrg(%q) = %v, want it to name %s", id, err, want)
		}
	}
}
