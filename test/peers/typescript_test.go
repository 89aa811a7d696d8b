package peers_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"latchkey/test/harness"
)

// TestTypeScriptClient makes a client from the OpenAPI document that a server gives, compiles it strictly with a program that uses
// it, and runs that.
func TestTypeScriptClient(t *testing.T) {
	s := harness.Dev(t)
	folder := t.TempDir()
	modules, err := filepath.Abs("node_modules")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(modules, filepath.Join(folder, "node_modules")); err != nil {
		t.Fatal(err)
	}
	write := func(name string, text []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("openapi.json", s.Must(http.StatusOK, "GET", "/openapi.json", nil).Body)
	program, err := os.ReadFile(filepath.Join("typescript", "client.ts"))
	if err != nil {
		t.Fatal(err)
	}
	write("client.ts", program)
	write("package.json", []byte(`{"type":"module"}`))
	tool := func(script string, args ...string) {
		t.Helper()
		command := exec.CommandContext(t.Context(), "node", append([]string{filepath.Join(modules, script)}, args...)...)
		command.Dir = folder
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", script, err, out)
		}
	}
	tool("openapi-typescript/bin/cli.js", "openapi.json", "-o", "schema.d.ts")
	tool("typescript/bin/tsc", "--strict", "--target", "es2022", "--module", "preserve", "--moduleResolution", "bundler", "--lib", "es2022,dom,dom.iterable", "client.ts")
	got := results(t, os.Environ(), filepath.Join(folder, "client.js"), s.URL, s.AdminKey)["openapi-fetch"]
	for member, want := range map[string]any{"state": "active", "token": true, "lives": true, "listed": true, "problem": "/docs/errors#not_found"} {
		if got[member] != want {
			t.Errorf("%s is %v, want %v", member, got[member], want)
		}
	}
}
