package cli_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"latchkey/internal/cli"
)

func TestUsageErrors(t *testing.T) {
	s := newShell(t, nil)
	for _, c := range []struct{ args, text, hint string }{
		{"tokn", `unknown command "latchkey tokn"`, `did you mean "latchkey token"?`},
		{"xyzzy", `unknown command "latchkey xyzzy"`, `see "latchkey --help"`},
		{"definition aply x", `unknown command "latchkey definition aply"`, `did you mean "latchkey definition apply"?`},
		{"connection crate --nonsense", `unknown command "latchkey connection crate"`, `did you mean "latchkey connection create"?`},
		{"help connection crate", `unknown command "latchkey connection crate"`, `did you mean "latchkey connection create"?`},
		{"token", "CONNECTION is missing", `see "latchkey token --help"`},
		{"token a b", `unexpected argument "b"`, `see "latchkey token --help"`},
		{"token a --heder", "unknown flag --heder", "did you mean --header?"},
		{"--data d tokn a", "the command is missing or unknown: --data goes with one", `see "latchkey --help"`},
		{"--server http://x.example", "the command is missing or unknown: --server goes with one", `see "latchkey --help"`},
		{"token a -x", "unknown flag -x", `see "latchkey token --help"`},
		{"token a --min-ttl", "flag needs an argument: --min-ttl", `see "latchkey token --help"`},
		{"token a --min-ttl -5m", "--min-ttl is not negative", `see "latchkey token --help"`},
		{"token a --rejected eyJ.token", "--rejected takes the hash of a token, not the token: base64url of its SHA-256, 43 characters", `see "latchkey token --help"`},
		{"connection list --state activ", "--state is one of pending_authorization, active, degraded, needs_reauthorization, disabled", `see "latchkey connection list --help"`},
		{"connection create d --browser --no-browser", "--browser and --no-browser do not go together", `see "latchkey connection create --help"`},
		{"connection update acme", "there is nothing to change: pass --field or --label", `see "latchkey connection update --help"`},
		{"key create ci", "--scope is missing", "the scopes are tokens:read proxy:call connections:read connections:write definitions:read definitions:write registry:read registry:write pipeline:produce pipeline:consume pipeline:run audit:read admin"},
		{"key create ci --scope token:read", `unknown scope "token:read": the scopes are tokens:read proxy:call connections:read connections:write definitions:read definitions:write registry:read registry:write pipeline:produce pipeline:consume pipeline:run audit:read admin`, `did you mean "tokens:read"?`},
		{"key create ci --scope admin --expires soon", `--expires "soon" is not a time such as 90d, 12h or 2027-01-31`, `see "latchkey key create --help"`},
		{"key create ci --scope admin --expires 2020-01-01", "--expires has passed", `see "latchkey key create --help"`},
		{"dev --log-level loud", "--log-level is one of debug, info, warn, error", `see "latchkey dev --help"`},
		{"template render", "FILE is missing", `see "latchkey template render --help"`},
		{"template render x --dialect perl", "--dialect is language or destination", `see "latchkey template render --help"`},
		{"template render --jsonl --data x", "--jsonl and --data do not go together", `see "latchkey template render --help"`},
		{"completion tcsh", "no completion for the shell tcsh", "there is one for bash, zsh, fish and powershell"},
	} {
		s.want(2, "", "latchkey: "+c.text+"\nhint: "+c.hint+"\n", strings.Fields(c.args)...)
	}
}

func TestErrorsAsJSON(t *testing.T) {
	s := newShell(t, nil)
	got := s.run("token", "a", "--heder", "--json")
	var problem struct{ Title, Detail, Hint string }
	if err := json.Unmarshal([]byte(got.err), &problem); err != nil || got.code != 2 {
		t.Fatalf("= %d %s", got.code, got.err)
	}
	if problem.Title != "Usage" || problem.Detail != "unknown flag --heder" || problem.Hint != "did you mean --header?" {
		t.Errorf("the error is %+v", problem)
	}
}

func TestParentsShowTheirHelp(t *testing.T) {
	s := newShell(t, nil)
	for _, args := range [][]string{{}, {"connection"}, {"help"}, {"help", "connection"}, {"connection", "--help"}} {
		got := s.run(args...)
		if got.code != 0 || got.err != "" || !strings.Contains(got.out, "Usage:") {
			t.Errorf("latchkey %v = %d %s%s", args, got.code, got.out, got.err)
		}
	}
}

// TestEveryCommandIsDocumented keeps commands from being added without help that helps.
func TestEveryCommandIsDocumented(t *testing.T) {
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Short == "" || c.Long == "" || !strings.Contains(c.Example, "latchkey") {
			t.Errorf("%s lacks its short or long help or an example", c.CommandPath())
		}
		if strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: the short help is no sentence and has no full stop", c.CommandPath())
		}
		for _, line := range strings.Split(c.Long+"\n"+c.Example, "\n") {
			if len(line) > 120 {
				t.Errorf("%s: a line of %d bytes: %s", c.CommandPath(), len(line), line)
			}
		}
		for _, child := range c.Commands() {
			walk(child)
		}
	}
	walk(cli.RootForTest())
}

// TestExamplesParse holds the flags and the commands of every example against those that exist.
func TestExamplesParse(t *testing.T) {
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		for _, line := range strings.Split(c.Example, "\n") {
			_, call, ok := strings.Cut(strings.SplitN(line, " | jq", 2)[0], "latchkey ")
			if !ok || strings.Contains(call, `)"`) || strings.Contains(call, "<(") {
				continue
			}
			call, _, _ = strings.Cut(strings.SplitN(call, " #", 2)[0], " > ")
			if _, after, ok := strings.Cut(call, "| latchkey "); ok {
				call = after
			}
			args := cli.ArgsForTest(strings.Fields(call))
			found, rest, err := cli.RootForTest().Find(args)
			if err != nil || found.HasSubCommands() && len(rest) > 0 {
				t.Errorf("%s: the example %q calls no command", c.CommandPath(), line)
				continue
			}
			if err := found.ParseFlags(rest); err != nil {
				t.Errorf("%s: the example %q: %v", c.CommandPath(), line, err)
			}
		}
		for _, child := range c.Commands() {
			walk(child)
		}
	}
	walk(cli.RootForTest())
}
