package docs_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"latchkey/test/harness"
)

// The pages whose commands operate a server in production, each on an installation of its own.
var operated = []string{"docs/guide/rotate-the-root-key.md"}

// systemctl stands in for the service manager: `systemctl restart latchkey` ends the server and starts it again.
const systemctl = `set -e
cd %[1]s
if [ -s pid ]; then
	kill "$(cat pid)"
	while kill -0 "$(cat pid)" 2>/dev/null; do sleep 0.02; done
fi
%[2]s serve --config %[3]s >>log 2>&1 &
echo $! >pid
for i in $(seq 500); do
	if curl -sf http://%[4]s/readyz >/dev/null; then exit 0; fi
	sleep 0.02
done
cat log >&2
exit 1`

func TestEveryOperatorCommandRuns(t *testing.T) {
	for _, page := range operated {
		t.Run(filepath.Base(page), func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("..", "..", page))
			if err != nil {
				t.Fatal(err)
			}
			i := harness.Install(t)
			i.Setup()
			tools := t.TempDir()
			tool(t, tools, "latchkey", fmt.Sprintf(`exec %s "$@"`, harness.Binary(t)))
			tool(t, tools, "sudo", `exec "$@"`)
			tool(t, tools, "systemctl", fmt.Sprintf(systemctl, i.Dir, harness.Binary(t), i.Config, i.Address))
			t.Cleanup(func() { stop(t, filepath.Join(i.Dir, "pid")) })
			here := strings.NewReplacer("/etc/latchkey", i.Dir, "/var/lib/latchkey", filepath.Join(i.Dir, "data"), "127.0.0.1:8377", i.Address)
			output := operate(t, i, tools, here.Replace("sudo systemctl restart latchkey\n"+script(t, string(text))))
			for _, want := range []string{"next", "rotated ", "retired"} {
				if !strings.Contains(output, want) {
					t.Errorf("the commands never say %q:\n%s", want, output)
				}
			}
		})
	}
}

func operate(t *testing.T, i *harness.Installation, tools, script string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "bash", "-x")
	command.Dir = i.Dir
	command.Env = append(os.Environ(), "PATH="+tools+":"+os.Getenv("PATH"), "LATCHKEY_URL=http://"+i.Address, "LATCHKEY_KEY="+i.Key())
	command.Stdin = strings.NewReader(script)
	command.WaitDelay = time.Second
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Run(); err != nil {
		t.Errorf("a command of the page fails: %v\n%s", err, output.String())
	}
	return output.String()
}

// stop ends the server that the page's commands left running.
func stop(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		return
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Error(err)
		return
	}
	_ = syscall.Kill(pid, syscall.SIGTERM)
	for end := time.Now().Add(20 * time.Second); syscall.Kill(pid, 0) == nil && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
}
