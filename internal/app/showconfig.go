package app

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
)

// ShowConfigOptions are what `latchkey config show` can be told.
type ShowConfigOptions struct {
	Config string
	// Effective shows every setting; without it only those that were set.
	Effective bool
	JSON      bool
	Out       io.Writer
}

// ShowConfig tells each setting's value and where it came from. Keys are named by file; a password in a URL is hidden.
func ShowConfig(_ context.Context, options ShowConfigOptions) error {
	config, err := LoadConfig(options.Config, os.Environ())
	if err != nil {
		return err
	}
	type row struct {
		Setting string `json:"setting"`
		Value   string `json:"value"`
		Source  string `json:"source"`
	}
	rows := []row{}
	for _, s := range settings() {
		from := config.sources[s.name]
		if options.Effective || from != sourceDefault {
			rows = append(rows, row{s.name, s.show(config), string(from)})
		}
	}
	if options.JSON {
		return json.NewEncoder(options.Out).Encode(map[string]any{"items": rows})
	}
	table := tabwriter.NewWriter(options.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SETTING\tVALUE\tFROM")
	for _, r := range rows {
		fmt.Fprintf(table, "%s\t%s\t%s\n", r.Setting, cmp.Or(r.Value, "–"), r.Source)
	}
	return table.Flush()
}
