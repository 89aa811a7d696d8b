package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) definitionDiffCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "diff DEFINITION FROM [TO]",
		Short: "Tell what changed between two revisions",
		Long: `Tell what changed from one revision of a definition to another, the newest without TO: by what they say, not by how it
is laid out. A secret that is another one is told, and not shown. The exit code is 0 where nothing changed and 3 where
something did.`,
		Example:           "  latchkey definition diff moviestar 3\n  latchkey definition diff moviestar 3 5 --json",
		ValidArgsFunction: p.completeDefinitions,
		Args: func(command *cobra.Command, args []string) error {
			if len(args) == 3 {
				args = args[:2]
			}
			return takes("DEFINITION", "FROM")(command, args)
		},
		RunE: func(command *cobra.Command, args []string) error {
			numbers := []int{0, 0}
			for i, text := range args[1:] {
				n, err := strconv.Atoi(text)
				if err != nil || n < 1 {
					return usagef(command, "%q is not the number of a revision", text)
				}
				numbers[i] = n
			}
			return p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
				compared, err := c.CompareRevisions(ctx, args[0], numbers[0], numbers[1])
				if err != nil {
					return err
				}
				if !p.answerJSON(compared) {
					p.sayDifferences(compared.Differences)
				}
				if len(compared.Differences) == 0 {
					return nil
				}
				return &codeError{errTold, exitDifferent}
			})(command, args)
		},
	}
}

func (p *program) sayDifferences(all []client.Difference) {
	for _, d := range all {
		switch {
		case d.Secret:
			p.say("%s: (changed)", d.Pointer)
		case d.Before == "":
			p.say("%s: %s (new)", d.Pointer, d.After)
		case d.After == "":
			p.say("%s: %s (removed)", d.Pointer, d.Before)
		default:
			p.say("%s: %s → %s", d.Pointer, d.Before, d.After)
		}
	}
	if len(all) == 0 {
		p.tell("they say the same")
	}
}
