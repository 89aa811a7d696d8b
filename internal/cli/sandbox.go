package cli

import (
	"context"
	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) sandboxCommand() *cobra.Command {
	return p.withRemote(p.group(&cobra.Command{
		Use:     "sandbox",
		Short:   "Partitions of the organization",
		Long:    `A sandbox is a partition of the organization: definitions and connections of one are not seen in another.`,
		Example: `  latchkey sandbox create stage --title "Staging"`,
	}, p.sandboxCreateCommand(), p.sandboxListCommand(), p.sandboxDeleteCommand()))
}

func (p *program) sandboxCreateCommand() *cobra.Command {
	var input client.NewSandbox
	command := &cobra.Command{
		Use:     "create NAME [--title TITLE]",
		Short:   "Make a sandbox",
		Long:    "Make a sandbox.",
		Example: `  latchkey sandbox create stage --title "Staging"`,
		Args:    takes("NAME"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			input.Name = args[0]
			sandbox, err := c.CreateSandbox(ctx, input)
			if err != nil || p.answerJSON(sandbox) {
				return err
			}
			p.say("created %s (%s)", sandbox.Name, sandbox.ID)
			p.tell("work in it: --sandbox %s, or LATCHKEY_SANDBOX", sandbox.Name)
			return nil
		}),
	}
	command.Flags().StringVar(&input.Title, "title", "", "what people call it, a `text`")
	return command
}

func (p *program) sandboxListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List sandboxes",
		Long:    "List the sandboxes of the organization.",
		Example: "  latchkey sandbox list",
		Args:    takes(),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
			head := []string{"NAME", "TITLE", "CREATED", "ID"}
			return list(p, c.Sandboxes(ctx), head, func(s client.Sandbox) []string {
				return []string{s.Name, orDash(s.Title), orDash(p.ago(s.CreatedAt)), s.ID}
			}, "no sandboxes; make one: latchkey sandbox create NAME")
		}),
	}
}

func (p *program) sandboxDeleteCommand() *cobra.Command {
	return p.deleting(&cobra.Command{
		Use:               "delete NAME [--yes]",
		Short:             "Delete an empty sandbox",
		Long:              "Delete a sandbox that holds nothing.",
		Example:           "  latchkey sandbox delete stage --yes",
		Args:              takes("NAME"),
		ValidArgsFunction: p.completeSandboxes,
	}, "Delete the sandbox %s?", (*client.Client).DeleteSandbox)
}
