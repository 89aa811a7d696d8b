package peers_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

// node runs a script of clients, and gives the lines of its output that are JSON; the others are the clients' own words. What
// it says beside is shown when the test fails.
func node(t *testing.T, environment []string, script string, args ...string) []json.RawMessage {
	t.Helper()
	command := exec.CommandContext(t.Context(), "node", append([]string{"--no-deprecation", script}, args...)...)
	command.Env = environment
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s says:\n%s\n%s", script, out, stderr.String())
		}
	})
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	var lines []json.RawMessage
	for line := range strings.Lines(string(out)) {
		if json.Valid([]byte(line)) {
			lines = append(lines, json.RawMessage(line))
		}
	}
	return lines
}

// results gives what each client of a script told, by its name.
func results(t *testing.T, environment []string, script string, args ...string) map[string]map[string]any {
	t.Helper()
	byName := map[string]map[string]any{}
	for _, line := range node(t, environment, script, args...) {
		var result map[string]any
		if err := json.Unmarshal(line, &result); err != nil {
			continue // JSON, and no result
		}
		name, _ := result["name"].(string)
		byName[name] = result
	}
	return byName
}
