package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"latchkey/client"
	"latchkey/internal/file"
)

func (p *program) projectCommand() *cobra.Command {
	return p.withRemote(p.group(&cobra.Command{
		Use:   "project",
		Short: "Projects of the developer console",
		Long: `A project holds workspaces, and those hold the credentials by which your systems call services. A project is named
by its id or its name.`,
		Example: `  latchkey project create Moviestar --title "Moviestar loyalty"
  latchkey credential create moviestar-target --project Moviestar --type oauth_server_to_server`,
	}, p.projectCreateCommand(), p.projectListCommand(), p.projectShowCommand(), p.projectEditCommand(), p.projectDeleteCommand(),
		p.projectDownloadCommand()))
}

// given gives a flag's value when the flag was set, else nil: what is not given stays as it is.
func given[T any](flags *pflag.FlagSet, name string, value *T) *T {
	if flags.Changed(name) {
		return value
	}
	return nil
}

func (p *program) projectCreateCommand() *cobra.Command {
	var input client.NewProject
	var names []string
	command := &cobra.Command{
		Use:   "create NAME [--title TEXT] [--description TEXT] [--workspace NAME…]",
		Short: "Make a project",
		Long: `Make a project with its workspaces: Production alone, unless --workspace names others. A name has up to 20 letters
and digits.`,
		Example: `  latchkey project create Moviestar --title "Moviestar loyalty"
  latchkey project create Shop --workspace Production --workspace Stage`,
		Args: takes("NAME"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			input.Name = args[0]
			for _, name := range names {
				input.Workspaces = append(input.Workspaces, client.NewWorkspace{Name: name})
			}
			made, err := c.CreateProject(ctx, input)
			if err != nil || p.answerJSON(made) {
				return err
			}
			p.say("created %s (%s)", made.Name, made.ID)
			p.tell("make a credential in it: latchkey credential create NAME --project %s --type oauth_server_to_server", word(made.Name))
			return nil
		}),
	}
	command.Flags().StringVar(&input.Title, "title", "", "what people call it, a `text`")
	command.Flags().StringVar(&input.Description, "description", "", "what people should know of it, a `text`")
	command.Flags().StringSliceVar(&names, "workspace", nil, "`name` of a workspace to begin with; repeat for more")
	return command
}

func (p *program) projectListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List projects",
		Long:    "List the organization's projects.",
		Example: "  latchkey project list",
		Args:    takes(),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
			return list(p, c.Projects(ctx), []string{"NAME", "TITLE", "CREATED", "ID"}, func(o client.Project) []string {
				return []string{o.Name, orDash(o.Title), orDash(p.ago(o.CreatedAt)), o.ID}
			}, "no projects yet; make one: latchkey project create NAME")
		}),
	}
}

func (p *program) projectShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show PROJECT",
		Short:   "Show a project, its workspaces and credentials",
		Long:    "Show a project with its workspaces, and the credentials in those.",
		Example: "  latchkey project show Moviestar",
		Args:    takes("PROJECT"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			o, err := c.Project(ctx, args[0])
			if err != nil || p.answerJSON(o) {
				return err
			}
			p.details([][2]string{
				{"id", o.ID}, {"name", o.Name}, {"title", o.Title}, {"description", o.Description}, {"type", o.Type},
				{"created", p.ago(o.CreatedAt)}, {"changed", p.ago(o.UpdatedAt)},
			})
			credentials, err := client.Collect(c.Credentials(ctx, client.CredentialFilter{Project: o.ID}))
			if err != nil {
				return err
			}
			rows := [][]string{{"WORKSPACE", "CREDENTIAL", "TYPE", "CLIENT ID"}}
			for _, w := range o.Workspaces {
				empty := true
				for _, credential := range credentials {
					if credential.Workspace == w.ID {
						rows, empty = append(rows, []string{w.Name, credential.Name, credential.Kind, credential.ClientID}), false
					}
				}
				if empty {
					rows = append(rows, []string{w.Name, "-", "-", "-"})
				}
			}
			p.table(rows)
			return nil
		}),
	}
}

func (p *program) projectEditCommand() *cobra.Command {
	var name, title, description string
	command := &cobra.Command{
		Use:     "edit PROJECT [--name NAME] [--title TEXT] [--description TEXT]",
		Short:   "Change a project",
		Long:    "Change what is given, and leave the rest.",
		Example: `  latchkey project edit Moviestar --title "Moviestar loyalty programme"`,
		Args:    takes("PROJECT"),
	}
	flags := command.Flags()
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		patch := client.ProjectPatch{Name: given(flags, "name", &name), Title: given(flags, "title", &title), Description: given(flags, "description", &description)}
		if patch == (client.ProjectPatch{}) {
			return usagef(command, "nothing to change was given")
		}
		changed, err := c.UpdateProject(ctx, args[0], patch)
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

func (p *program) projectDeleteCommand() *cobra.Command {
	return p.deleting(&cobra.Command{
		Use:     "delete PROJECT [--yes]",
		Short:   "Delete a project",
		Long:    "Delete a project with its workspaces and their credentials. Tokens that those have got live on until they end.",
		Example: "  latchkey project delete Moviestar --yes",
		Args:    takes("PROJECT"),
	}, "Delete the project %s with all its credentials?", (*client.Client).DeleteProject)
}

func (p *program) projectDownloadCommand() *cobra.Command {
	var workspace, out string
	command := &cobra.Command{
		Use:   "download PROJECT [--workspace NAME] [--out FILE]",
		Short: "Download a workspace's file",
		Long: `Download a workspace as the file that the vendor's console gives and its command line tools read: the credentials
with their client ids, scopes, and the client secrets of those that you may change. Without --workspace it is
Production. The file is for its owner's eyes alone (mode 0600).`,
		Example: `  latchkey project download Moviestar --out console.json
  latchkey project download Moviestar --workspace Stage`,
		Args: takes("PROJECT"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			document, err := c.DownloadWorkspace(ctx, args[0], workspace)
			if err != nil {
				return err
			}
			if out == "" {
				p.say("%s", indentJSON(document.JSON()))
				return nil
			}
			if err := file.Replace(out, []byte(indentJSON(document.JSON())+"\n"), os.FileMode(0o600)); err != nil {
				return fmt.Errorf("writing the file: %w", err)
			}
			if p.doneJSON() {
				return nil
			}
			p.say("wrote %s", out)
			return nil
		}),
	}
	command.Flags().StringVar(&workspace, "workspace", "Production", "`name` or id of the workspace")
	command.Flags().StringVar(&out, "out", "", "write to this `file`, else to standard output")
	return command
}
