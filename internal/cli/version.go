package cli

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// buildVersion gives the module's version that the Go tool recorded, or "devel".
func buildVersion() string {
	build, ok := debug.ReadBuildInfo()
	if !ok || build.Main.Version == "" || build.Main.Version == "(devel)" {
		return "devel"
	}
	return build.Main.Version
}

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version of this program",
		Long:    "Print the version of this program, and what it was built with and for.",
		Example: "  latchkey version",
		Args:    takes(),
		RunE: func(*cobra.Command, []string) error {
			platform := runtime.GOOS + "/" + runtime.GOARCH
			if !p.json {
				p.say("latchkey %s (%s, %s)", p.Version, runtime.Version(), platform)
				return nil
			}
			text, err := json.Marshal(map[string]string{"version": p.Version, "go": runtime.Version(), "platform": platform})
			if err != nil {
				return fmt.Errorf("encoding the version: %w", err)
			}
			p.say("%s", indentJSON(text))
			return nil
		},
	}
}
