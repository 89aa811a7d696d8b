package main

import (
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
			return nil
		},
	})
}
