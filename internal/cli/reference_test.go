package cli_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"latchkey/internal/cli"
)

var update = flag.Bool("update", false, "write the golden files anew")

// referenceFile is the page that the commands' own help is written into.
const referenceFile = "../../docs/reference/cli.md"

// TestReference holds docs/reference/cli.md against the commands.
func TestReference(t *testing.T) {
	got := reference(cli.RootForTest())
	if *update {
		if err := os.MkdirAll("../../docs/reference", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(referenceFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("docs/reference/cli.md is out of date; go test ./internal/cli -run Reference -update:\n%s", diff)
	}
}

func reference(root *cobra.Command) string {
	var out strings.Builder
	out.WriteString(`# Commands

Written from the commands' own help by ` + "`go test ./internal/cli -run Reference -update`" + `.

A command that talks to a server finds it by ` + "`--server` and `--key`" + `, else by ` + "`LATCHKEY_URL` and `LATCHKEY_KEY`" + `,
else in ` + "`dev.json`" + ` of the data directory, which ` + "`latchkey dev`" + ` writes. The exit code is 0 for done, 1 for failed, 2 for
a call that makes no sense. Errors go to standard error as ` + "`latchkey: …`" + `, with a line ` + "`hint: …`" + ` where one helps.
`)
	commands := leaves(root)
	out.WriteString("\n")
	for _, c := range commands {
		fmt.Fprintf(&out, "- [`%s`](#%s): %s\n", c.CommandPath(), strings.ReplaceAll(c.CommandPath(), " ", "-"), c.Short)
	}
	fmt.Fprintf(&out, "\n## Flags of every command\n\n```\n%s```\n", root.PersistentFlags().FlagUsages())
	remote, _, err := root.Find([]string{"token"})
	if err != nil {
		panic(err) // the command is compiled in
	}
	fmt.Fprintf(&out, "\n## Flags of commands that talk to a server\n\n```\n%s```\n", remote.PersistentFlags().FlagUsages())
	for _, c := range commands {
		section(&out, c)
	}
	return out.String()
}

// leaves lists the commands that do something, in the order of their names.
func leaves(c *cobra.Command) []*cobra.Command {
	if !c.HasSubCommands() {
		return []*cobra.Command{c}
	}
	var out []*cobra.Command
	for _, child := range c.Commands() {
		out = append(out, leaves(child)...)
	}
	return out
}

func section(out *strings.Builder, c *cobra.Command) {
	fmt.Fprintf(out, "\n## %s\n\n%s\n\n```\n%s\n```\n", c.CommandPath(), escaped(c.Long), c.UseLine())
	own := pflag.NewFlagSet("", pflag.ContinueOnError)
	c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" {
			own.AddFlag(f)
		}
	})
	if usages := own.FlagUsages(); usages != "" {
		fmt.Fprintf(out, "\n```\n%s```\n", usages)
	}
	fmt.Fprintf(out, "\nExample:\n\n```sh\n%s\n```\n", unindent(c.Example))
}

// escaped keeps angle brackets of a help text from being read as markup, and its columns as columns.
func escaped(text string) string {
	var out []string
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "  ") {
			line = "  " + line
		} else {
			line = strings.ReplaceAll(line, "<", "\\<")
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func unindent(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "  ")
	}
	return strings.Join(lines, "\n")
}
