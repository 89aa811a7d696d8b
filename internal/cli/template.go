package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/pebble"
)

func (p *program) templateCommand() *cobra.Command {
	return p.group(&cobra.Command{
		Use:   "template",
		Short: "Render and check Pebble templates",
		Long:  "Render and check Pebble templates, the language in which definitions write requests. No server is needed.",
		Example: `  latchkey template render body.peb --data fields.json --watch
  latchkey template check *.peb`,
	}, p.templateRenderCommand(), p.templateCheckCommand())
}

// templateFlags choose how templates are read.
type templateFlags struct {
	dialect    string
	autoescape string
	strict     bool
}

func (f *templateFlags) flags(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.dialect, "dialect", "language", "`dialect`: language, or destination for what definitions may use")
	flags.StringVar(&f.autoescape, "autoescape", "",
		"`strategy` for what {{ }} prints: html, js, css, url_param, json, off (default html; off in destination)")
	flags.BoolVar(&f.strict, "strict", false, "fail on a variable that does not exist")
}

func (f *templateFlags) options(command *cobra.Command) ([]pebble.Option, error) {
	dialects := map[string]pebble.Dialect{"language": pebble.Language, "destination": pebble.DestinationSDK}
	dialect, ok := dialects[f.dialect]
	if !ok {
		return nil, usagef(command, "--dialect is language or destination")
	}
	options := []pebble.Option{pebble.WithDialect(dialect), pebble.WithStrict(f.strict)}
	strategies := []string{"html", "js", "css", "url_param", "json", "off"}
	switch {
	case f.autoescape == "":
		return options, nil
	case !slices.Contains(strategies, f.autoescape):
		return nil, usagef(command, "--autoescape is one of %s", strings.Join(strategies, ", "))
	}
	return append(options, pebble.WithAutoescape(strings.TrimPrefix(f.autoescape, "off"))), nil
}

func (p *program) templateRenderCommand() *cobra.Command {
	var flags templateFlags
	var data string
	var jsonl, watch bool
	command := &cobra.Command{
		Use:   "render FILE [--data FILE] [--watch] [flags] | --jsonl",
		Short: "Render a template",
		Long: `Render a template with the variables of a JSON file. Templates that it includes are looked for beside it. With
--watch it is rendered again whenever a file changes.

With --jsonl each line of standard input is one job, and each line of output its answer, in order:

  {"id","template","context","autoescape","strict","templates"}
  {"id","output"} or {"id","error":{"kind","message","line"}}`,
		Example: `  latchkey template render body.peb --data fields.json
  echo '{"id":1,"template":"{{ name | upper }}","context":{"name":"ada"}}' | latchkey template render --jsonl`,
		Args: func(command *cobra.Command, args []string) error {
			if jsonl {
				return takes()(command, args)
			}
			return takes("FILE")(command, args)
		},
		RunE: func(command *cobra.Command, args []string) error {
			if err := exclusive(command, "jsonl", "data", "watch", "dialect", "autoescape", "strict"); err != nil {
				return err
			}
			if jsonl {
				return p.renderLines(command.Context())
			}
			options, err := flags.options(command)
			if err != nil {
				return err
			}
			job := renderJob{program: p, file: args[0], data: data, options: options}
			if watch {
				return job.watch(command.Context())
			}
			return job.render(command.Context())
		},
	}
	command.Flags().BoolVar(&jsonl, "jsonl", false, "render the jobs that come in on standard input, one a line")
	command.Flags().StringVar(&data, "data", "", "JSON `file` of the variables; - for standard input")
	command.Flags().BoolVar(&watch, "watch", false, "render again when a file changes")
	flags.flags(command)
	return command
}

// templateFault is what `template check --json` says of a file.
type templateFault struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Kind    string `json:"kind"`
	Message string `json:"message"`
}

func (p *program) templateCheckCommand() *cobra.Command {
	var flags templateFlags
	command := &cobra.Command{
		Use:   "check FILE… [flags]",
		Short: "Check templates without rendering them",
		Long: `Check templates without rendering them: that they parse, that every filter, test and function exists, and that
their arguments match. Each fault is told as file:line:column: message, and the exit code is 1. --dialect destination
checks for what the templates of a definition may use.`,
		Example: "  latchkey template check --dialect destination *.peb",
		Args:    takes("FILE..."),
		RunE: func(command *cobra.Command, args []string) error {
			options, err := flags.options(command)
			if err != nil {
				return err
			}
			faults := []templateFault{}
			for _, file := range args {
				found, err := checkTemplate(file, options)
				if err != nil {
					return err
				}
				faults = append(faults, found...)
			}
			return p.tellFaults(faults)
		},
	}
	flags.flags(command)
	return command
}

// checkTemplate gives what is wrong with a file: what keeps it from being parsed, else what fails when a render gets
// there.
func checkTemplate(file string, options []pebble.Option) ([]templateFault, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading a template: %w", err)
	}
	template, err := pebble.Parse(file, string(text), options...)
	if fault, ok := errors.AsType[*pebble.Error](err); ok {
		return []templateFault{faultOf(file, fault)}, nil
	}
	if err != nil {
		return nil, err
	}
	var faults []templateFault
	for _, fault := range template.Check() {
		faults = append(faults, faultOf(file, fault))
	}
	return faults, nil
}

func faultOf(file string, e *pebble.Error) templateFault {
	return templateFault{file, e.Line, e.Column, e.Kind, e.Message}
}

func (p *program) tellFaults(faults []templateFault) error {
	if p.json {
		text, err := json.Marshal(map[string]any{"problems": faults})
		if err != nil {
			return fmt.Errorf("encoding the problems: %w", err)
		}
		p.say("%s", indentJSON(text))
	} else {
		for _, fault := range faults {
			p.say("%s:%d:%d: %s", fault.File, fault.Line, fault.Column, fault.Message)
		}
	}
	if len(faults) > 0 {
		return errTold
	}
	return nil
}
