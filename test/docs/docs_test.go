// Package docs_test runs what the pages tell people to type.
package docs_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"latchkey/test/harness"
)

// openVariable makes this test's own binary stand in for a person's browser: it opens the page and presses Allow.
const openVariable = "TEST_OPEN"

func TestMain(m *testing.M) {
	if os.Getenv(openVariable) == "" {
		os.Exit(m.Run())
	}
	response, page, err := harness.Walk(os.Args[len(os.Args)-1], nil)
	if err != nil || response.StatusCode != http.StatusOK {
		fmt.Fprintln(os.Stderr, err, page)
		os.Exit(1)
	}
}

// The pages whose commands are run, in their order, each with a server and a folder of its own.
var pages = []string{
	"README.md",
	"docs/guide/first-connection.md",
	"docs/guide/use-from-anything.md",
	"docs/guide/use-from-go.md",
	"docs/guide/test-your-integration.md",
	"docs/guide/write-a-definition.md",
	"docs/guide/config-as-code.md",
	"docs/guide/connect-your-customers.md",
	"docs/guide/audit.md",
	"docs/guide/back-up-and-restore.md",
	"docs/guide/key-pairs.md",
	"docs/guide/delete-and-revoke.md",
	"docs/guide/ims-in-ci.md",
	"docs/guide/console.md",
	"docs/guide/sign-in-and-consent.md",
	"docs/guide/migrate-jwt-to-oauth.md",
	"docs/guide/ims-configurations.md",
	"docs/guide/why-403.md",
	"docs/guide/target.md",
	"docs/guide/analytics.md",
	"docs/guide/why-no-token.md",
	"docs/guide/campaign.md",
	"docs/guide/migrate-triggers.md",
	"docs/reference/pipeline.md",
}

func TestEveryCommandRuns(t *testing.T) {
	for _, page := range pages {
		t.Run(filepath.Base(page), func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("..", "..", page))
			if err != nil {
				t.Fatal(err)
			}
			run(t, script(t, string(text)))
		})
	}
}

var block = regexp.MustCompile("(?ms)^```(sh|json|yaml|js)(?: file=(\\S+))?\n(.*?)^```$")

// script strings a page's sh blocks together, and writes each block that names a file (```json file=NAME) into it. The
// lines that start the server are left out: it runs already.
func script(t *testing.T, text string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("set -euo pipefail\n")
	for _, m := range block.FindAllStringSubmatch(text, -1) {
		kind, file, body := m[1], m[2], m[3]
		switch {
		case file != "":
			fmt.Fprintf(&b, "cat > %s <<'END-OF-FILE'\n%sEND-OF-FILE\n", file, body)
		case kind == "sh":
			for _, line := range strings.SplitAfter(body, "\n") {
				if !strings.HasPrefix(line, "make ") && !strings.HasPrefix(line, "git clone") && !strings.HasPrefix(line, "cd ") {
					b.WriteString(line)
				}
			}
		}
	}
	if !strings.Contains(b.String(), "latchkey ") {
		t.Fatal("the page has no command")
	}
	return b.String()
}

// Every definition that a page shows can be published as it stands.
func TestEveryDefinitionIsComplete(t *testing.T) {
	s := harness.Dev(t)
	shown := 0
	for _, page := range append(pages, "docs/reference/definition.md") {
		text, err := os.ReadFile(filepath.Join("..", "..", page))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range block.FindAllStringSubmatch(string(text), -1) {
			body := m[3]
			if m[1] != "json" || !strings.Contains(body, `"name"`) || !strings.Contains(body, `"authentication"`) {
				continue
			}
			shown++
			verdict := s.Must(http.StatusOK, "POST", "/api/v1/definitions/lint", body).JSON(t)
			if verdict["publishable"] != true {
				t.Errorf("%s shows a definition that can't be published: %v\n%s", page, verdict["problems"], body)
			}
		}
	}
	if shown < 4 {
		t.Errorf("%d definitions found in the pages", shown)
	}
}

func run(t *testing.T, script string) {
	t.Helper()
	folder, tools := t.TempDir(), t.TempDir()
	t.Cleanup(func() { endDaemons(folder) })
	data := filepath.Join(folder, ".latchkey")
	harness.Prepare(t, data)
	s := harness.DevIn(t, data, "--intercept")
	// The output is no terminal here, so a browser has to be asked for.
	tool(t, tools, "latchkey", fmt.Sprintf(`case "$1 $2" in "connection create"|"connection reauthorize") set -- "$@" --browser;; esac
exec %s "$@"`, harness.Binary(t)))
	tool(t, tools, "nlserver", fmt.Sprintf(`exec %s nlserver "$@"`, harness.Binary(t)))
	tool(t, tools, "xdg-open", fmt.Sprintf(`%s=1 exec %s "$1"`, openVariable, os.Args[0]))
	// The pages name the default address; this server has another.
	script = strings.ReplaceAll(script, "http://127.0.0.1:8377", s.URL)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "bash", "-x")
	command.Dir = folder
	command.Env = append(os.Environ(), "PATH="+tools+":"+os.Getenv("PATH"), "DISPLAY=:0", "GIT_CONFIG_GLOBAL="+filepath.Join(folder, ".gitconfig"))
	command.Stdin = strings.NewReader(script)
	command.WaitDelay = time.Second // a command that outlives bash holds the output open
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Run(); err != nil {
		t.Errorf("a command of the page fails: %v\n%s", err, output.String())
	}
}

// endDaemons ends what a page that failed has left running: a daemon takes its process id out of its lock when it ends.
func endDaemons(folder string) {
	locks, _ := filepath.Glob(filepath.Join(folder, "*", "var", "*", "pipelined.lock"))
	for _, path := range locks {
		text, _ := os.ReadFile(path)
		if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// tool writes a program of the given shell lines.
func tool(t *testing.T, folder, name, lines string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"+lines+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
}
