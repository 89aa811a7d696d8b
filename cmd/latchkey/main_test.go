package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"latchkey": main, "nlserver": main})
}

// TestTranscripts runs the sessions of testdata: the manual, as the shell sees it.
func TestTranscripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			for _, name := range []string{"LATCHKEY_URL", "LATCHKEY_KEY", "LATCHKEY_DATA", "LATCHKEY_SANDBOX", "NLSERVER_CONF", "XTK_VAR_DIR", "XTK_INSTALL_DIR"} {
				env.Setenv(name, "")
			}
			env.Defer(func() { endDaemons(env.WorkDir) })
			return nil
		},
	})
}

// endDaemons ends what a transcript that failed has left running: a daemon writes its process id into its lock, and takes it
// out when it ends.
func endDaemons(dir string) {
	locks, _ := filepath.Glob(filepath.Join(dir, "nl6", "var", "*", "pipelined.lock"))
	for _, path := range locks {
		text, _ := os.ReadFile(path)
		if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}
