package suggest_test

import (
	"testing"

	"latchkey/internal/suggest"
)

func TestClosest(t *testing.T) {
	candidates := []string{"BEARER", "BASIC", "OAUTH2", "listen", "public_url", "egress.allow", "clientId"}
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
		{"zebra", ""},
		{"", ""},
	} {
		got, ok := suggest.Closest(c.name, candidates)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("Closest(%q) = %q, %v, want %q", c.name, got, ok, c.want)
		}
	}
}
