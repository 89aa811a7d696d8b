package peers_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey/test/harness"
)

// The library of Standard Webhooks verifies what Latchkey sends: with the secret, and for a day after a rotation with
// the one before as well; not with another.
func TestStandardWebhooks(t *testing.T) {
	s := harness.Dev(t)
	receiver := peer(t, "standardwebhooks.mjs")
	tell := func(secret string) {
		t.Helper()
		request, err := http.NewRequest("PUT", receiver, strings.NewReader(secret))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
	}
	first := s.Must(http.StatusCreated, "POST", "/api/v1/webhooks", map[string]any{"url": receiver + "/hook"}).JSON(t)
	at := "/api/v1/webhooks/" + first["id"].(string)
	test := func(secret any, want int) {
		t.Helper()
		tell(secret.(string))
		if got := s.Run("webhook", "test", first["id"].(string)); got.Code != want {
			t.Errorf("webhook test = %d, want %d: %s%s", got.Code, want, got.Stdout, got.Stderr)
		}
	}
	test(first["secret"], 0)
	other := s.Must(http.StatusCreated, "POST", "/api/v1/webhooks", map[string]any{"url": receiver + "/other", "enabled": false}).JSON(t)
	test(other["secret"], 1)
	second := s.Must(http.StatusOK, "POST", at+"/rotate-secret", nil).JSON(t)
	test(second["secret"], 0)
	test(first["secret"], 0)
	third := s.Must(http.StatusOK, "POST", at+"/rotate-secret", nil).JSON(t)
	test(third["secret"], 0)
	test(first["secret"], 1)
}
