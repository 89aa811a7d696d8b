package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) workspaceCommand() *cobra.Command {
	return p.withRemote(p.group(&cobra.Command{
		Use:     "workspace",
		Short:   "Workspaces of a project",
		Long:    "A workspace holds credentials: those of production apart from those of a test. A project has one at least.",
		Example: `  latchkey workspace create Moviestar Stage`,
	}, p.workspaceCreateCommand(), p.workspaceListCommand(), p.workspaceShowCommand(), p.workspaceEditCommand(), p.workspaceDeleteCommand()))
}

func (p *program) workspaceCreateCommand() *cobra.Command {
	var input client.NewWorkspace
	command := &cobra.Command{
		Use:     "create PROJECT NAME [--title TEXT] [--description TEXT]",
		Short:   "Make a workspace",
		Long:    "Make a workspace in a project. A name has up to 20 letters and digits.",
		Example: `  latchkey workspace create Moviestar Stage`,
		Args:    takes("PROJECT", "NAME"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			input.Name = args[1]
			made, err := c.CreateWorkspace(ctx, args[0], input)
			if err != nil || p.answerJSON(made) {
				return err
			}
			p.say("created %s (%s)", made.Name, made.ID)
			return nil
		}),
	}
	command.Flags().StringVar(&input.Title, "title", "", "what people call it, a `text`")
	command.Flags().StringVar(&input.Description, "description", "", "what people should know of it, a `text`")
	return command
}

func (p *program) workspaceListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list PROJECT",
		Aliases: []string{"ls"},
		Short:   "List a project's workspaces",
		Long:    "List a project's workspaces.",
		Example: "  latchkey workspace list Moviestar",
		Args:    takes("PROJECT"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			return list(p, c.Workspaces(ctx, args[0]), []string{"NAME", "TITLE", "CREATED", "ID"}, func(w client.Workspace) []string {
				return []string{w.Name, orDash(w.Title), orDash(p.ago(w.CreatedAt)), w.ID}
			}, "no workspaces")
		}),
	}
}

func (p *program) workspaceShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show PROJECT WORKSPACE",
		Short:   "Show a workspace",
		Long:    "Show a workspace.",
		Example: "  latchkey workspace show Moviestar Stage",
		Args:    takes("PROJECT", "WORKSPACE"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			w, err := c.Workspace(ctx, args[0], args[1])
			if err != nil || p.answerJSON(w) {
				return err
			}
			p.details([][2]string{
				{"id", w.ID}, {"project", w.Project}, {"name", w.Name}, {"title", w.Title}, {"description", w.Description},
				{"created", p.ago(w.CreatedAt)}, {"changed", p.ago(w.UpdatedAt)},
			})
			return nil
		}),
	}
}

func (p *program) workspaceEditCommand() *cobra.Command {
	var name, title, description string
	command := &cobra.Command{
		Use:     "edit PROJECT WORKSPACE [--name NAME] [--title TEXT] [--description TEXT]",
		Short:   "Change a workspace",
		Long:    "Change what is given, and leave the rest.",
		Example: `  latchkey workspace edit Moviestar Stage --title "Staging"`,
		Args:    takes("PROJECT", "WORKSPACE"),
	}
	flags := command.Flags()
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		patch := client.ProjectPatch{Name: given(flags, "name", &name), Title: given(flags, "title", &title), Description: given(flags, "description", &description)}
		if patch == (client.ProjectPatch{}) {
			return usagef(command, "nothing to change was given")
		}
		changed, err := c.UpdateWorkspace(ctx, args[0], args[1], patch)
		if err != nil || p.answerJSON(changed) {
			return err
		}
		p.say("changed %s (%s)", changed.Name, changed.ID)
		return nil
	})
	flags.StringVar(&name, "name", "", "a new `name`")
	flags.StringVar(&title, "title", "", "what people call it, a `text`")
	flags.StringVar(&description, "description", "", "what people should know of it, a `text`")
	return command
}

func (p *program) workspaceDeleteCommand() *cobra.Command {
	var yes bool
	command := &cobra.Command{
		Use:     "delete PROJECT WORKSPACE [--yes]",
		Short:   "Delete a workspace",
		Long:    "Delete a workspace with its credentials. The last one of a project stays.",
		Example: "  latchkey workspace delete Moviestar Stage --yes",
		Args:    takes("PROJECT", "WORKSPACE"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			if err := p.confirm(ctx, yes, fmt.Sprintf("Delete the workspace %s with its credentials?", args[1])); err != nil {
				return err
			}
			if err := c.DeleteWorkspace(ctx, args[0], args[1]); err != nil || p.doneJSON() {
				return err
			}
			p.say("deleted %s", args[1])
			return nil
		}),
	}
	command.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return command
}
