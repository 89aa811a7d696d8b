package peers_test

import (
	"os"
	"strings"
	"testing"

	"latchkey/test/harness"
)

// TestCloudClients has the clients of two clouds, unmodified, find a connection's token at a sidecar.
func TestCloudClients(t *testing.T) {
	s := harness.Dev(t)
	const connection = "sample-client-credentials"
	sidecar := s.Begin("sidecar", connection, "--listen", "127.0.0.1:0")
	url := sidecar.Await("latchkey sidecar: ")
	token := strings.TrimSpace(s.Run("token", connection).Stdout)
	got := results(t, os.Environ(), "sidecar.mjs", url, connection)
	for name, want := range map[string]map[string]any{
		"google-auth-library, what it finds":      {"token": token},
		"google-auth-library, a service account":  {"header": "Bearer " + token},
		"google-auth-library, an unknown account": {"status": 404.0},
		"@azure/identity, a machine":              {"token": token},
		"@azure/identity, an app service":         {"token": token},
	} {
		result := got[name]
		if result == nil || result["message"] != nil {
			t.Errorf("%s: %v", name, result)
			continue
		}
		for member, value := range want {
			if result[member] != value {
				t.Errorf("%s: another %s than latchkey token gives", name, member)
			}
		}
		if minutes, ok := result["minutes"].(float64); ok && (minutes < 1 || minutes > 24*60) {
			t.Errorf("%s: the token is good for %v minutes", name, minutes)
		}
	}
}
