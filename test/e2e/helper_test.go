package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/test/harness"
)

// TestGitAsksTheHelper has git itself ask, as the guide sets it up: it gets the token for the host that is named, and none for others.
func TestGitAsksTheHelper(t *testing.T) {
	s := harness.Dev(t)
	const connection = "sample-client-credentials"
	token := strings.TrimSpace(s.Run("token", connection).Stdout)
	fill := func(host string) (string, error) {
		helper := "credential.helper=!" + harness.Binary(t) + " git-credential " + connection + " --host git.example.com"
		git := exec.CommandContext(t.Context(), "git", "-c", helper, "credential", "fill")
		git.Stdin = strings.NewReader("protocol=https\nhost=" + host + "\n\n")
		git.Env = append(os.Environ(), "LATCHKEY_DATA="+s.Data, "GIT_TERMINAL_PROMPT=0", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
		out, err := git.Output()
		return string(out), err
	}
	if out, err := fill("git.example.com"); err != nil || !strings.Contains(out, "username=oauth2\npassword="+token+"\n") {
		t.Errorf("git did not get the token: %v", err)
	}
	if out, err := fill("evil.example"); err == nil || strings.Contains(out, token) {
		t.Errorf("for another host git was answered, %v", err)
	}
}

// TestDockerHelperInstalled runs the program that Docker finds by its name.
func TestDockerHelperInstalled(t *testing.T) {
	s := harness.Dev(t)
	const connection = "sample-client-credentials"
	token := strings.TrimSpace(s.Run("token", connection).Stdout)
	folder := t.TempDir()
	if got := s.Run("docker-credential", connection, "--host", "registry.example.com", "--username", "it's", "--install", folder); got.Code != 0 ||
		!strings.Contains(got.Stderr, `{"credHelpers": {"registry.example.com": "latchkey-sample-client-credentials"}}`) {
		t.Fatalf("install = %+v", got)
	}
	ask := exec.CommandContext(t.Context(), filepath.Join(folder, "docker-credential-latchkey-"+connection), "get")
	ask.Env, ask.Stdin = append(os.Environ(), "LATCHKEY_DATA="+s.Data), strings.NewReader("registry.example.com")
	if out, err := ask.Output(); err != nil || string(out) != `{"ServerURL":"registry.example.com","Username":"it's","Secret":"`+token+`"}`+"\n" {
		t.Errorf("the program that Docker calls: %v, and another answer than the token", err)
	}
}
