package cli

import (
	"context"
	"iter"
	"time"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) completionCommand() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print a script that completes commands in a shell",
		Long: `Print a script that completes commands, flags, and the names of what is on the server.

  bash        source <(latchkey completion bash), or into /etc/bash_completion.d/latchkey
  zsh         latchkey completion zsh > "${fpath[1]}/_latchkey"
  fish        latchkey completion fish > ~/.config/fish/completions/latchkey.fish
  powershell  latchkey completion powershell | Out-String | Invoke-Expression`,
		Example:   "  source <(latchkey completion bash)",
		Args:      takes("SHELL"),
		ValidArgs: shells,
		RunE: func(command *cobra.Command, args []string) error {
			root := command.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(p.Out, true)
			case "zsh":
				return root.GenZshCompletion(p.Out)
			case "fish":
				return root.GenFishCompletion(p.Out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(p.Out)
			}
			return &usageError{
				text: "no completion for the shell " + args[0],
				hint: "there is one for bash, zsh, fish and powershell",
			}
		},
	}
}

// completionTime bounds how long a shell waits for names.
const completionTime = 2 * time.Second

func (p *program) completeDefinitions(
	command *cobra.Command, args []string, _ string,
) ([]string, cobra.ShellCompDirective) {
	directive := cobra.ShellCompDirectiveNoFileComp
	if command.Name() == "lint" || command.Name() == "explain" {
		directive = cobra.ShellCompDirectiveDefault
	}
	return complete(p, command, args, func(ctx context.Context, c *client.Client) iter.Seq2[client.Definition, error] {
		return c.Definitions(ctx, client.DefinitionFilter{})
	}, func(d client.Definition) string { return d.Name + "\t" + d.Status }), directive
}

func (p *program) completeConnections(
	command *cobra.Command, args []string, _ string,
) ([]string, cobra.ShellCompDirective) {
	words := complete(p, command, args, func(ctx context.Context, c *client.Client) iter.Seq2[client.Connection, error] {
		return c.Connections(ctx, client.ConnectionFilter{})
	}, func(c client.Connection) string { return c.Name() + "\t" + string(c.State) })
	return words, cobra.ShellCompDirectiveNoFileComp
}

func (p *program) completeSandboxes(
	command *cobra.Command, args []string, _ string,
) ([]string, cobra.ShellCompDirective) {
	words := complete(p, command, args, func(ctx context.Context, c *client.Client) iter.Seq2[client.Sandbox, error] {
		return c.Sandboxes(ctx)
	}, func(s client.Sandbox) string { return s.Name + "\t" + s.Title })
	return words, cobra.ShellCompDirectiveNoFileComp
}

// complete names what is on the server. Without one there is nothing to complete: a shell is no place for errors.
func complete[T any](
	p *program, command *cobra.Command, args []string,
	items func(context.Context, *client.Client) iter.Seq2[T, error], word func(T) string,
) []string {
	c, err := p.client()
	if err != nil || len(args) > 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(command.Context(), completionTime)
	defer cancel()
	var out []string
	for item, err := range items(ctx, c) {
		if err != nil {
			break
		}
		out = append(out, word(item))
	}
	return out
}
