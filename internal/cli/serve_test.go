package cli_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"latchkey/internal/cli"
)

func TestServersAreStartedAsTheFlagsSay(t *testing.T) {
	s := newShell(t, nil)
	s.env["LATCHKEY_DATA"] = "from-env"
	var got []any
	s.config.Server = cli.Server{
		Dev:        func(_ context.Context, o cli.DevOptions) error { got = append(got, o); return nil },
		Serve:      func(_ context.Context, o cli.ServeOptions) error { got = append(got, o); return nil },
		Setup:      func(_ context.Context, o cli.SetupOptions) error { got = append(got, o); return nil },
		ShowConfig: func(_ context.Context, o cli.ShowConfigOptions) error { got = append(got, o); return nil },
	}
	for _, args := range [][]string{
		{"dev"},
		{"dev", "--listen", ":0", "--data", "d", "--ready", "r", "--tls", "--public-url", "https://a", "--public-url", "https://b", "--log-level", "warn"},
		{"dev", "--ephemeral", "--fast-clock", "--json"},
		{"dev", "--ephemeral", "--listen", ":1"},
		{"serve", "--config", "c.yaml"},
		{"setup", "--config", "c.yaml", "--name", "Ada", "--email", "ada@example.com", "--json"},
		{"config", "show", "--config", "c.yaml", "--effective", "--json"},
		{"config", "show", "--effective"},
	} {
		s.want(0, "", "", args...)
	}
	want := []any{
		cli.DevOptions{Listen: "127.0.0.1:8377", Data: "from-env", LogLevel: "info"},
		cli.DevOptions{Listen: ":0", Data: "d", Ready: "r", TLS: true, PublicURLs: []string{"https://a", "https://b"}, LogLevel: "warn"},
		cli.DevOptions{Listen: "127.0.0.1:0", Data: "from-env", Ephemeral: true, FastClock: true, JSON: true, LogLevel: "info"},
		cli.DevOptions{Listen: ":1", Data: "from-env", Ephemeral: true, LogLevel: "info"},
		cli.ServeOptions{Config: "c.yaml"},
		cli.SetupOptions{Config: "c.yaml", Name: "Ada", Email: "ada@example.com", JSON: true},
		cli.ShowConfigOptions{Config: "c.yaml", Effective: true, JSON: true},
		cli.ShowConfigOptions{Effective: true},
	}
	writers := cmpopts.IgnoreFields(cli.DevOptions{}, "Out", "Err")
	if diff := cmp.Diff(want, got, writers, cmpopts.IgnoreFields(cli.ServeOptions{}, "Out", "Err"),
		cmpopts.IgnoreFields(cli.SetupOptions{}, "Out"), cmpopts.IgnoreFields(cli.ShowConfigOptions{}, "Out")); diff != "" {
		t.Error(diff)
	}
	s.config.Server.Serve = func(context.Context, cli.ServeOptions) error { return errors.New("there is no sealing key") }
	s.want(1, "", "latchkey: there is no sealing key\n", "serve", "--config", "c.yaml")
}

func TestVersion(t *testing.T) {
	s := newShell(t, nil)
	contains(t, "stdout", s.run("version").out, "latchkey 1.2.3 (go")
	contains(t, "stdout", s.run("version", "--json").out, `"version": "1.2.3"`)
}

func TestCompletionNamesWhatIsThere(t *testing.T) {
	api := newFakeAPI(t).
		on("GET /connections", 200, `{"items":[{"id":"conn_1","label":"acme","state":"active"},{"id":"conn_2","state":"disabled"}]}`).
		on("GET /definitions", 200, `{"items":[{"name":"moviestar","status":"draft"}]}`).
		on("GET /sandboxes", 200, `{"items":[{"name":"stage","title":"Staging"}]}`)
	s := newShell(t, api)
	for line, want := range map[string]string{
		"token":             "acme\tactive\nconn_2\tdisabled\n:4\n",
		"definition lint":   "moviestar\tdraft\n:0\n",
		"definition show":   "moviestar\tdraft\n:4\n",
		"sandbox delete":    "stage\tStaging\n:4\n",
		"completion":        "bash\nzsh\nfish\npowershell\n:4\n",
		"connection delete": "acme\tactive\nconn_2\tdisabled\n:4\n",
	} {
		args := append([]string{"__complete"}, append(strings.Fields(line), "")...)
		if got := s.run(args...); got.out != want {
			t.Errorf("completing %q = %q, want %q", line, got.out, want)
		}
	}
	none := newShell(t, nil)
	if got := none.run("__complete", "token", ""); got.out != ":4\n" {
		t.Errorf("completing without a server = %q %s", got.out, got.err)
	}
}
