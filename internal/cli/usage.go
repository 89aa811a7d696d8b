package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"latchkey/internal/suggest"
)

// usageTemplate is cobra's own without the noise: what a command is called with, examples, commands, flags.
const usageTemplate = `Usage:
  {{if .HasAvailableSubCommands}}{{.CommandPath}} COMMAND [flags]{{else}}{{.UseLine}}{{end}}
{{- if .HasExample}}

Examples:
{{.Example}}{{end}}
{{- if .HasAvailableSubCommands}}{{$all := .Commands}}{{if .Groups}}{{range $group := .Groups}}

{{.Title}}{{range $all}}{{if eq .GroupID $group.ID}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{else}}

Commands:{{range $all}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{end}}
{{- if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}
{{- if .HasAvailableInheritedFlags}}

Common flags:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}
{{- if .HasAvailableSubCommands}}

"{{.CommandPath}} COMMAND --help" tells more about a command.{{end}}
`

// usageError is a call that makes no sense: exit code 2.
type usageError struct {
	text string
	hint string
}

func (e *usageError) Error() string { return e.text }

// usagef makes a usage error whose hint is the command's help.
func usagef(command *cobra.Command, format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...), fmt.Sprintf("see %q", command.CommandPath()+" --help")}
}

// group makes a command that is only the parent of others: alone it shows its help.
func (p *program) group(command *cobra.Command, children ...*cobra.Command) *cobra.Command {
	command.Args = func(command *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return unknownCommand(command, args[0])
	}
	command.RunE = func(command *cobra.Command, _ []string) error { return command.Help() }
	command.AddCommand(children...)
	return command
}

func unknownCommand(parent *cobra.Command, name string) error {
	err := &usageError{
		text: fmt.Sprintf("unknown command %q", parent.CommandPath()+" "+name),
		hint: fmt.Sprintf("see %q", parent.CommandPath()+" --help"),
	}
	var names []string
	for _, child := range parent.Commands() {
		if child.IsAvailableCommand() || child.Name() == "help" {
			names = append(names, child.Name())
		}
	}
	if near, ok := suggest.Closest(name, names); ok {
		err.hint = fmt.Sprintf("did you mean %q?", parent.CommandPath()+" "+near)
	}
	return err
}

// flagError explains what pflag refused. An unknown flag after an unknown command is the command's fault.
func flagError(command *cobra.Command, err error) error {
	if rest := command.Flags().Args(); command.HasSubCommands() && len(rest) > 0 {
		return unknownCommand(command, rest[0])
	}
	missing, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return usagef(command, "%v", err)
	}
	if missing.GetSpecifiedShortnames() != "" {
		return usagef(command, "unknown flag -%s", missing.GetSpecifiedName())
	}
	name := missing.GetSpecifiedName()
	if below(command, name) {
		return usagef(command, "the command is missing or unknown: --%s goes with one", name)
	}
	var names []string
	command.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	out := &usageError{text: "unknown flag --" + name, hint: fmt.Sprintf("see %q", command.CommandPath()+" --help")}
	if near, ok := suggest.Closest(name, names); ok {
		out.hint = "did you mean --" + near + "?"
	}
	return out
}

// below tells whether a command under this one has the flag.
func below(command *cobra.Command, name string) bool {
	return slices.ContainsFunc(command.Commands(), func(c *cobra.Command) bool {
		return c.Flags().Lookup(name) != nil || c.PersistentFlags().Lookup(name) != nil || below(c, name)
	})
}

// takes checks positional arguments: one for each name; a last name that ends in "..." takes one or more.
func takes(names ...string) cobra.PositionalArgs {
	return func(command *cobra.Command, args []string) error {
		if len(args) < len(names) {
			return usagef(command, "%s is missing", strings.TrimSuffix(names[len(args)], "..."))
		}
		many := len(names) > 0 && strings.HasSuffix(names[len(names)-1], "...")
		if len(args) > len(names) && !many {
			return usagef(command, "unexpected argument %q", args[len(names)])
		}
		return nil
	}
}

// exclusive refuses flags that contradict each other; the first is the one that the others do not go with.
func exclusive(command *cobra.Command, name string, others ...string) error {
	if !command.Flags().Changed(name) {
		return nil
	}
	for _, other := range others {
		if command.Flags().Changed(other) {
			return usagef(command, "--%s and --%s do not go together", name, other)
		}
	}
	return nil
}

func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Tell more about a command",
		Long:    "Tell more about a command, as its --help does.",
		Example: "  latchkey help connection create",
		RunE: func(command *cobra.Command, args []string) error {
			found := command.Root()
			for _, name := range args {
				next := slices.IndexFunc(found.Commands(), func(c *cobra.Command) bool { return c.Name() == name })
				if next < 0 {
					return unknownCommand(found, name)
				}
				found = found.Commands()[next]
			}
			return found.Help()
		},
	}
}
