package manifest_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/internal/manifest"
)

// TestVault reads a secret as Vault's KV store answers, version 2, and says what is wrong where it does not.
func TestVault(t *testing.T) {
	vault := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("X-Vault-Token") != "hvs.token":
			w.WriteHeader(http.StatusForbidden)
		case r.URL.Path == "/v1/kv/data/teams/acme":
			_, _ = w.Write([]byte(`{"request_id":"1","data":{"data":{"client_secret":"Experience-Platform-client-secret","number":7},"metadata":{"version":3}}}`))
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer vault.Close()
	folder := t.TempDir()
	check(t, os.WriteFile(filepath.Join(folder, "empty"), nil, 0o600))
	h := newHouse(t)
	c := h.empty(t)
	plan := func(reference string, environment secrets) error {
		t.Helper()
		text := "kind: Definition\nname: m\nspec:\n  authentication:\n    authType: OAUTH2\n    grant: OAUTH2_CLIENT_CREDENTIALS\n    accessTokenUrl: https://api.moviestar.com/OAuth/access_token\n" +
			"    clientId: id\n    clientSecret: " + reference + "\n"
		asked := config(c, folder, environment)
		asked.Sources.Client = vault.Client()
		_, err := manifest.Make(t.Context(), asked, parse(t, text))
		return err
	}
	environment := secrets{"VAULT_ADDR": vault.URL + "/", "VAULT_TOKEN": "hvs.token"}
	check(t, plan("vault:kv/teams/acme#client_secret", environment))
	for _, bad := range []struct {
		reference, want string
		environment     secrets
	}{
		{"vault:kv/teams/acme#other", `kv/teams/acme has no text "other" in Vault`, environment},
		{"vault:kv/teams/acme#number", `kv/teams/acme has no text "number" in Vault`, environment},
		{"vault:kv/teams/other#a", "Vault has nothing at kv/teams/other", environment},
		{"vault:kv/teams/acme#client_secret", "Vault refuses to show kv/teams/acme", secrets{"VAULT_ADDR": vault.URL, "VAULT_TOKEN": "hvs.wrong"}},
		{"vault:kv/teams/acme#client_secret", "VAULT_ADDR or VAULT_TOKEN is not set", nil},
		{"vault:kv/teams/acme#client_secret", "Vault does not answer at", secrets{"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "hvs.token"}},
		{"file:empty", "the file is empty", nil},
	} {
		err := plan(bad.reference, bad.environment)
		if err == nil || !strings.Contains(err.Error(), bad.want) || !strings.HasPrefix(err.Error(), "a.yaml:9:5: Definition m: authentication.clientSecret: ") || strings.Contains(err.Error(), "hvs.") {
			t.Errorf("%s: the error is %v, want %q", bad.reference, err, bad.want)
		}
	}
}
