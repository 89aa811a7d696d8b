package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/test/harness"
)

// shell runs a script as a developer would in another terminal, and gives what it prints on both streams.
func shell(t *testing.T, s *harness.Server, script string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
	command.Dir = t.TempDir()
	command.Env = append(os.Environ(), "LATCHKEY="+harness.Binary(t), "LATCHKEY_DATA="+s.Data, "NODE_OPTIONS=--no-deprecation", "NO_PROXY=build.internal")
	out, err := command.CombinedOutput()
	if err != nil {
		t.Errorf("the script fails: %v\n%s", err, out)
	}
	return string(out)
}

// Unmodified clients come here in the place of the vendor, in the environment that `latchkey env` prints.
func TestIntercept(t *testing.T) {
	s := harness.DevIn(t, filepath.Join(t.TempDir(), "it's a folder"), "--intercept")
	t.Run("curl", func(t *testing.T) {
		got := shell(t, s, `eval "$("$LATCHKEY" env)"
for how in --http2 --http1.1; do curl -sS $how -o /dev/null -w '%{http_version} %{http_code}\n' https://ims-na1.adobelogin.com/healthz; done
curl -sS -o /dev/null -w '%{http_code}\n' https://IMS-NA1.adobelogin.com/healthz
curl -sS https://ims-na1.adobelogin.com/api/v1/keys
curl -sS -o /dev/null -w '%{http_connect}\n' https://example.com/ 2>/dev/null || true
curl -sS -o /dev/null -w '%{http_connect}\n' https://ims-na1.adobelogin.com:8443/ 2>/dev/null || true
echo "$NO_PROXY"`)
		want := "2 200\n1.1 200\n200\nlatchkey: Latchkey stands in for ims-na1.adobelogin.com under /ims/, /.well-known/, /sign-in, /assets/ only\n403\n403\nbuild.internal,localhost,127.0.0.1,::1\n"
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})

	t.Run("node", func(t *testing.T) {
		if _, err := exec.LookPath("node"); err != nil {
			t.Fatal("there is no node: test/install installs it")
		}
		script, err := filepath.Abs("testdata/intercept.mjs")
		if err != nil {
			t.Fatal(err)
		}
		other := httptest.NewServer(http.NotFoundHandler())
		defer other.Close()
		got := shell(t, s, fmt.Sprintf(`eval "$("$LATCHKEY" env --node)"; eval "$("$LATCHKEY" env --node)"; [ -z "${HTTPS_PROXY:-}${https_proxy:-}" ]
OTHER=%s node %s`, other.URL, script))
		want := "fetch: 200\nfetch, a region: 200\nfetch, another path: 404\nhttps.request: 200\nhttps.get by name: 200\nhttps with an agent: 200\n" +
			"http2.connect: 200\ntls.connect(options): 200\ntls.connect(port, host): 200\na worker: 200\nanother host: 404\n"
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})

	t.Run("env", func(t *testing.T) {
		var variables map[string]string
		if err := json.Unmarshal([]byte(shell(t, s, `"$LATCHKEY" env --json`)), &variables); err != nil {
			t.Fatal(err)
		}
		if variables["HTTPS_PROXY"] == "" || variables["HTTPS_PROXY"] != variables["https_proxy"] ||
			!strings.HasPrefix(variables["NODE_OPTIONS"], `--no-deprecation "--require=/`) || !strings.HasSuffix(variables["SSL_CERT_FILE"], "ca-bundle.crt") {
			t.Errorf("env --json gives %v", variables)
		}
		if got := shell(t, s, `"$LATCHKEY" env --shell powershell --node`); !strings.Contains(got, `$env:NODE_EXTRA_CA_CERTS = '/`) || !strings.Contains(got, "it''s a folder") {
			t.Errorf("env for PowerShell: %s", got)
		}
		if got := shell(t, s, `"$LATCHKEY" env --shell fish --node`); !strings.Contains(got, `it\'s a folder`) {
			t.Errorf("env for fish: %s", got)
		}
	})

	// The server's own requests to these hosts come here too, and the answer is this machine's.
	t.Run("its own exchanges", func(t *testing.T) {
		doc := document(t, "client-credentials.json", "to-ims")
		auth := doc["customerAuthenticationConfigurations"].([]any)[0].(map[string]any)
		auth["accessTokenUrl"], auth["refreshTokenUrl"] = "https://ims-na1.adobelogin.com/ims/token/v3", "https://ims-na1.adobelogin.com/ims/token/v3"
		s.Must(http.StatusCreated, "POST", "/api/v1/definitions", doc)
		reply := s.Must(http.StatusUnprocessableEntity, "POST", "/api/v1/connections", map[string]any{"definition": "to-ims", "label": "ours"})
		if failure := reply.JSON(t)["failure"].(map[string]any); failure["endpoint"] != "ims-na1.adobelogin.com/ims/token/v3" {
			t.Errorf("the exchange fails with %v", failure)
		}
	})

	if !strings.Contains(s.Output(), `env)"`) {
		t.Errorf("the server does not say how to come here:\n%s", s.Output())
	}
}

// Without --intercept nothing of it is there.
func TestNoIntercept(t *testing.T) {
	s := harness.Dev(t)
	command := exec.CommandContext(t.Context(), harness.Binary(t), "env", "--data", s.Data)
	out, err := command.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "hint: start one: latchkey dev --intercept") {
		t.Errorf("latchkey env = %v\n%s", err, out)
	}
}
