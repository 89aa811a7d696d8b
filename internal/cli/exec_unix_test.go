//go:build unix

package cli_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func withToken(api *fakeAPI, token string) *fakeAPI {
	return api.on("GET /connections/acme/token?min_ttl=60", 200, fmt.Sprintf(
		`{"access_token":%q,"token_type":"Bearer","expires_at":%q,"expires_in":3600,"generation":1,"connection":"conn_1"}`, token, time.Now().Add(time.Hour).Format(time.RFC3339)))
}

func TestExec(t *testing.T) {
	t.Setenv("LATCHKEY_KEY", "lk_not_for_commands")
	t.Setenv("GITHUB_TOKEN", "another")
	s := newShell(t, withToken(newFakeAPI(t), "s3cret"))
	s.input = "from standard input"
	s.want(0, "s3cret, another, , from standard input", "", "exec", "acme", "--", "sh", "-c", `printf %s "$LATCHKEY_TOKEN, $GITHUB_TOKEN, $LATCHKEY_KEY, "; cat`)
	s.want(0, "s3cret\n", "", "exec", "acme", "--env", "GITHUB_TOKEN", "--", "sh", "-c", `echo "$GITHUB_TOKEN$LATCHKEY_TOKEN"`)
	s.want(0, "a b|--json|\n", "", "exec", "acme", "--", "sh", "-c", `printf '%s|' "$@"; echo`, "sh", "a b", "--json")
	s.want(7, "", "said\n", "exec", "acme", "--", "sh", "-c", "echo said >&2; exit 7")
	s.want(128+9, "", "", "exec", "acme", "--", "sh", "-c", "kill -9 $$")
	for name, c := range map[string]struct {
		code int
		args []string
		says string
	}{
		"no such command": {127, []string{"exec", "acme", "--", "./nothing-there"}, "./nothing-there"},
		"not to be run":   {126, []string{"exec", "acme", "--", "./" + s.file("plain", "text")}, "permission denied"},
		"no connection":   {1, []string{"exec", "nobody", "--", "true"}, "there is no such thing"},
		"no dashes":       {2, []string{"exec", "acme", "true"}, "write -- between"},
		"no command":      {2, []string{"exec", "acme"}, "COMMAND is missing"},
		"a wrong name":    {2, []string{"exec", "acme", "--env", "A=B", "--", "true"}, "--env takes"},
	} {
		got := s.run(c.args...)
		if got.code != c.code {
			t.Errorf("%s: exit code %d, want %d", name, got.code, c.code)
		}
		contains(t, name, got.err, c.says)
		lacks(t, name, got.err+got.out, "s3cret")
	}
}

// TestExecFile holds that the file is the caller's alone, and does not outlive the command.
func TestExecFile(t *testing.T) {
	api := withToken(newFakeAPI(t), "first")
	s := newShell(t, api)
	got := s.run("exec", "acme", "--file", "--", "sh", "-c", `stat -c %a "$LATCHKEY_TOKEN_FILE"; cat "$LATCHKEY_TOKEN_FILE"; echo; echo "$LATCHKEY_TOKEN_FILE"`)
	lines := strings.Split(got.out, "\n")
	if got.code != 0 || len(lines) < 3 || lines[0] != "600" || lines[1] != "first" {
		t.Fatalf("exec = %+v", got)
	}
	if _, err := os.Stat(lines[2]); !os.IsNotExist(err) {
		t.Errorf("the file has outlived the command: %v", err)
	}
}

// TestExecSignals holds that a signal reaches the command, which ends as it likes.
func TestExecSignals(t *testing.T) {
	s := newShell(t, withToken(newFakeAPI(t), "s3cret"))
	self := fmt.Sprint(os.Getpid())
	for _, c := range []struct {
		signal string
		number syscall.Signal
	}{{"USR1", syscall.SIGUSR1}, {"HUP", syscall.SIGHUP}} {
		s.want(43, "caught\n", "", "exec", "acme", "--", "sh", "-c", "trap 'echo caught; exit 43' "+c.signal+"; kill -"+c.signal+" "+self+"; while :; do sleep 0.01; done")
	}
}
