package suggest_test

import (
	"strings"
	"testing"
	"time"

	"latchkey/internal/suggest"
)

func TestClosest(t *testing.T) {
	candidates := []string{"BEARER", "BASIC", "OAUTH2", "listen", "public_url", "egress.allow", "clientId", "connection", "connect", "eu", "straße"}
	for _, c := range []struct {
		name, want string
	}{
		{"Bearer", "BEARER"},
		{"OAUTH", "OAUTH2"},
		{"pubic_url", "public_url"},
		{"egress.alow", "egress.allow"},
		{"clinetId", "clientId"},
		{"client_id", "clientId"},
		{"lisetn", "listen"},
		{"EU", "eu"},
		{"ue", "eu"},
		{"e", ""},
		{"connection", "connection"},
		{"Conne", "connect"}, // a beginning, and the shorter is the nearer
		{"connecti", "connect"},
		{"co", ""},
		{"strase", "straße"}, // a letter is a letter, however many bytes it has
		{"zebra", ""},
		{"", ""},
	} {
		got, ok := suggest.Closest(c.name, candidates)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("Closest(%q) = %q, %v, want %q", c.name, got, ok, c.want)
		}
	}
}

func TestClosestOfLongWords(t *testing.T) {
	long := strings.Repeat("abcdefgh", 1<<14)
	for name, want := range map[string]string{
		strings.ToUpper(long): long, // case alone
		long[:1<<16]:          long, // a beginning
		long[1:]:              "",
	} {
		start := time.Now()
		if got, _ := suggest.Closest(name, []string{"listen", long}); got != want {
			t.Errorf("Closest of %d letters = %d letters, want %d", len(name), len(got), len(want))
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("Closest of %d letters took %v", len(name), took)
		}
	}
}

func BenchmarkClosest(b *testing.B) {
	words := make([]string, 60)
	for i := range words {
		words[i] = strings.Repeat(string(rune('a'+i%26)), 5+i%12) + "ResponsePath"
	}
	b.ReportAllocs()
	for b.Loop() {
		suggest.Closest("acessTokenResponsPath", words)
	}
}
