package cli

import (
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
		RunE: func(command *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			input.Name = args[0]
			sandbox, err := c.CreateSandbox(command.Context(), input)
			if err != nil || p.answerJSON(sandbox) {
				return err
			}
			p.say("created %s (%s)", sandbox.Name, sandbox.ID)
			p.tell("work in it: --sandbox %s, or LATCHKEY_SANDBOX", sandbox.Name)
			return nil
		},
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
		RunE: func(command *cobra.Command, _ []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			head := []string{"NAME", "TITLE", "CREATED", "ID"}
			return list(p, c.Sandboxes(command.Context()), head, func(s client.Sandbox) []string {
				return []string{s.Name, orDash(s.Title), orDash(p.ago(s.CreatedAt)), s.ID}
			}, "no sandboxes; make one: latchkey sandbox create NAME")
		},
	}
}

func (p *program) sandboxDeleteCommand() *cobra.Command {
	var yes bool
	command := &cobra.Command{
		Use:               "delete NAME [--yes]",
		Short:             "Delete an empty sandbox",
		Long:              "Delete a sandbox that holds nothing.",
		Example:           "  latchkey sandbox delete stage --yes",
		Args:              takes("NAME"),
		ValidArgsFunction: p.completeSandboxes,
		RunE: func(command *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			if err := p.confirm(command.Context(), yes, "Delete the sandbox "+args[0]+"?"); err != nil {
				return err
			}
			if err := c.DeleteSandbox(command.Context(), args[0]); err != nil || p.doneJSON() {
				return err
			}
			p.say("deleted %s", args[0])
			return nil
		},
	}
	command.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return command
}
