package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"latchkey/client"
	"latchkey/internal/manifest"
)

// exitDifferent is what `latchkey diff` ends with where there is something to change; 1 and 2 are taken by failures.
const exitDifferent = 3

// configurationFiles are what the commands on configuration in files are called with.
type configurationFiles struct {
	paths       []string
	prune, keep bool
}

func (f *configurationFiles) add(command *cobra.Command) {
	flags := command.Flags()
	flags.StringArrayVarP(&f.paths, "file", "f", nil, "`path` of a file, or of a folder whose .yaml files are read; - is standard input; repeat for more")
	flags.BoolVar(&f.prune, "prune", false, "delete what the server has and no file names, of the kinds that the files have")
	flags.BoolVar(&f.keep, "keep-secrets", false, "keep a secret as it is on the server where its reference leads to nothing")
}

const configurationForm = `A file holds YAML documents, each with a kind, a name and a spec; "latchkey schema config" prints their JSON Schema.
All files are read and checked before anything is done. A member that is left out stays as it is, and so does what no
file names. Secrets are references: env:NAME, file:PATH or vault:MOUNT/PATH#FIELD.`

func (p *program) applyCommand() *cobra.Command {
	var files configurationFiles
	var yes bool
	command := &cobra.Command{
		Use:   "apply -f PATH [--prune] [--keep-secrets] [--yes]",
		Short: "Make the server have what files say",
		Long: `Make the server have what files say. What is to be done is told first, with what it breaks, and asked about on a
terminal; elsewhere --yes is the answer. What was applied is not applied again.

` + configurationForm,
		Example: `  latchkey apply -f configuration
  latchkey apply -f configuration --prune --yes`,
		Args: takes(),
		RunE: func(command *cobra.Command, _ []string) error {
			plan, c, err := p.plan(command, files)
			if err != nil {
				return err
			}
			return p.applyPlan(command, c, plan, yes)
		},
	}
	files.add(command)
	command.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return p.withRemote(command)
}

func (p *program) diffCommand() *cobra.Command {
	var files configurationFiles
	command := &cobra.Command{
		Use:   "diff -f PATH [--prune] [--keep-secrets]",
		Short: "Tell what apply would do",
		Long: `Tell what "latchkey apply" would do, and do nothing. The exit code is 0 where nothing is to change and 3 where
something is; 1 and 2 are failures, as everywhere.

` + configurationForm,
		Example: `  latchkey diff -f configuration
  latchkey diff -f configuration --json | jq -r '.steps[] | select(.act != "unchanged") | .name'`,
		Args: takes(),
		RunE: func(command *cobra.Command, _ []string) error {
			plan, _, err := p.plan(command, files)
			if err != nil {
				return err
			}
			if err := p.sayPlan(plan); err != nil {
				return err
			}
			if plan.Empty() {
				return nil
			}
			return &codeError{errTold, exitDifferent}
		},
	}
	files.add(command)
	return p.withRemote(command)
}

// plan reads the files and plans. All that is wrong with them is told at once.
func (p *program) plan(command *cobra.Command, files configurationFiles) (*manifest.Plan, *client.Client, error) {
	if len(files.paths) == 0 {
		return nil, nil, usagef(command, "-f is missing: the file or the folder to read")
	}
	read, folder, err := p.readConfiguration(files.paths)
	if err != nil {
		return nil, nil, err
	}
	objects, err := manifest.Parse(read)
	if err != nil {
		return nil, nil, p.wrongFiles(err)
	}
	c, err := p.client()
	if err != nil {
		return nil, nil, err
	}
	plan, err := manifest.Make(command.Context(), manifest.Config{
		Client: c, Prune: files.prune, KeepSecrets: files.keep,
		Sources: manifest.Sources{Getenv: p.Getenv, Folder: folder, Client: &http.Client{Timeout: 10 * time.Second}},
	}, objects)
	return plan, c, p.wrongFiles(err)
}

// readConfiguration reads files, and gives the folder that relative paths in them start at: that of the first.
func (p *program) readConfiguration(paths []string) (files []manifest.File, folder string, err error) {
	for i, path := range paths {
		var read []manifest.File
		if path == "-" {
			text, err := p.readInput("the configuration", "-")
			if err != nil {
				return nil, "", err
			}
			read = []manifest.File{{Name: "standard input", Text: text}}
		} else if read, err = manifest.Read(path); err != nil {
			return nil, "", err
		}
		files = append(files, read...)
		if i > 0 || path == "-" {
			continue
		}
		if folder = path; len(read) == 1 && read[0].Name == path {
			folder = filepath.Dir(path)
		}
	}
	return files, folder, nil
}

// wrongFiles tells what is wrong with files, and that nothing was done.
func (p *program) wrongFiles(err error) error {
	problems, ok := errors.AsType[manifest.Problems](err)
	if !ok {
		return err
	}
	if p.json {
		text, err := json.Marshal(struct {
			Title    string            `json:"title"`
			Detail   string            `json:"detail"`
			Problems manifest.Problems `json:"problems"`
		}{"Failed", "the configuration is wrong; nothing was changed", problems})
		if err != nil {
			return fmt.Errorf("encoding the problems: %w", err)
		}
		p.tell("%s", indentJSON(text))
		return errTold
	}
	for _, problem := range problems {
		p.tell("%s", problem)
	}
	return errors.New("nothing was changed: " + counted(len(problems), "thing is wrong", "things are wrong") + " with the configuration")
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// sayPlan prints a plan, in words or as JSON.
func (p *program) sayPlan(plan *manifest.Plan) error {
	if !p.json {
		plan.Write(p.Out)
		return nil
	}
	text, err := json.Marshal(plan)
	if err != nil {
		return fmt.Errorf("encoding the plan: %w", err)
	}
	p.say("%s", indentJSON(text))
	return nil
}

func (p *program) applyPlan(command *cobra.Command, c *client.Client, plan *manifest.Plan, yes bool) error {
	if plan.Empty() || yes || !p.interactive() || p.json {
		if !plan.Empty() && !yes {
			if !p.json {
				plan.Write(p.Err)
			}
			return usagef(command, "nothing was done: nobody can be asked here; pass --yes once you have seen what \"latchkey diff\" tells")
		}
		if err := p.sayPlan(plan); err != nil || plan.Empty() {
			return err
		}
		return p.carryOut(command.Context(), c, plan)
	}
	plan.Write(p.Out)
	if err := p.agree(command.Context(), "Do this?"); err != nil {
		return err
	}
	return p.carryOut(command.Context(), c, plan)
}

// agree asks a person whether to go on.
func (p *program) agree(ctx context.Context, question string) error {
	answer, err := p.ask(ctx, question+" [y/N] ")
	if err != nil {
		return err
	}
	if answer != "y" && answer != "yes" && answer != "Y" {
		return errors.New("nothing was changed")
	}
	return nil
}

func (p *program) carryOut(ctx context.Context, c *client.Client, plan *manifest.Plan) error {
	done := 0
	err := manifest.Apply(ctx, c, plan, func(s *manifest.Step, remark string) {
		done++
		if remark != "" {
			p.tell("%s: %s", s.Object, remark)
		}
	})
	if err != nil {
		return err
	}
	p.tell("%s made", counted(done, "change was", "changes were"))
	return nil
}
