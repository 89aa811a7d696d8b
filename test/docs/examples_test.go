package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/test/harness"
)

// TestExamples runs each program of examples/ against a server, as the page beside them says.
func TestExamples(t *testing.T) {
	s := harness.Dev(t)
	const connection = "sample-client-credentials"
	sidecar := s.Begin("sidecar", connection, "--listen", "127.0.0.1:0").Await("latchkey sidecar: ")
	key := strings.TrimSpace(s.Run("key", "create", "example", "--scope", "proxy:call", "--scope", "tokens:read").Stdout)
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	me := s.URL + "/sim/api.moviestar.com/me"
	for name, words := range map[string][]string{
		"go":      {"go", "run", "-trimpath", "./examples/go", connection, me},
		"proxy":   {"examples/proxy/call.sh", connection, "/me"},
		"sidecar": {"node", "examples/sidecar/app.mjs", sidecar, connection, me},
		"exec":    {harness.Binary(t), "exec", connection, "--", "examples/exec/report.sh", me},
	} {
		t.Run(name, func(t *testing.T) {
			command := exec.CommandContext(t.Context(), words[0], words[1:]...)
			command.Dir = root
			command.Env = append(os.Environ(), "LATCHKEY_URL="+s.URL, "LATCHKEY_KEY="+key)
			if name == "sidecar" {
				command.Env = os.Environ() // it has no key
			}
			out, err := command.CombinedOutput()
			if err != nil || !strings.Contains(string(out), `"client_id":"Experience-Platform-client-id"`) {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
