package cli

import (
	"context"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) profileCommand() *cobra.Command {
	return p.withRemote(p.group(&cobra.Command{
		Use:   "profile",
		Short: "Product profiles: which part of a service may be used",
		Long: `A product profile is a part of a service. A credential has those that its makers attached, a developer attaches
those that an administrator made him or her developer of.`,
		Example: `  latchkey profile create AdobeTargetSDK "Default Workspace"`,
	}, p.profileCreateCommand(), p.profileListCommand(), p.profileShowCommand(), p.profileEditCommand(), p.profileDeleteCommand()))
}

func (p *program) profileCreateCommand() *cobra.Command {
	var input client.NewProfile
	command := &cobra.Command{
		Use:     "create SERVICE NAME [--description TEXT]",
		Short:   "Make a product profile",
		Long:    "Make a product profile of a service that the organization is entitled to.",
		Example: `  latchkey profile create AdobeTargetSDK "Default Workspace"`,
		Args:    takes("SERVICE", "NAME"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			input.Service, input.Name = args[0], args[1]
			made, err := c.CreateProfile(ctx, input)
			if err != nil || p.answerJSON(made) {
				return err
			}
			p.say("created %s (%s)", made.Name, made.ID)
			return nil
		}),
	}
	command.Flags().StringVar(&input.Description, "description", "", "what people should know of it, a `text`")
	return command
}

func (p *program) profileListCommand() *cobra.Command {
	var service string
	command := &cobra.Command{
		Use:     "list [--service CODE]",
		Aliases: []string{"ls"},
		Short:   "List product profiles",
		Long:    "List the organization's product profiles.",
		Example: "  latchkey profile list --service AdobeTargetSDK",
		Args:    takes(),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
			return list(p, c.Profiles(ctx, service), []string{"NAME", "SERVICE", "ID"}, func(o client.Profile) []string {
				return []string{o.Name, o.Service, o.ID}
			}, "no product profiles yet; make one: latchkey profile create SERVICE NAME")
		}),
	}
	command.Flags().StringVar(&service, "service", "", "only those of the service of this `code`")
	return command
}

func (p *program) profileShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show ID",
		Short:   "Show a product profile",
		Long:    "Show a product profile.",
		Example: "  latchkey profile show 419584532",
		Args:    takes("ID"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			o, err := c.Profile(ctx, args[0])
			if err != nil || p.answerJSON(o) {
				return err
			}
			p.details([][2]string{
				{"id", o.ID}, {"service", o.Service}, {"product", o.ProductID}, {"name", o.Name}, {"description", o.Description}, {"created", p.ago(o.CreatedAt)},
			})
			return nil
		}),
	}
}

func (p *program) profileEditCommand() *cobra.Command {
	var name, description string
	command := &cobra.Command{
		Use:     "edit ID [--name NAME] [--description TEXT]",
		Short:   "Change a product profile",
		Long:    "Change what is given, and leave the rest.",
		Example: `  latchkey profile edit 419584532 --name Europe`,
		Args:    takes("ID"),
	}
	flags := command.Flags()
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		patch := client.ProfilePatch{Name: given(flags, "name", &name), Description: given(flags, "description", &description)}
		if patch == (client.ProfilePatch{}) {
			return usagef(command, "nothing to change was given")
		}
		changed, err := c.UpdateProfile(ctx, args[0], patch)
		if err != nil || p.answerJSON(changed) {
			return err
		}
		p.say("changed %s (%s)", changed.Name, changed.ID)
		return nil
	})
	flags.StringVar(&name, "name", "", "a new `name`")
	flags.StringVar(&description, "description", "", "what people should know of it, a `text`")
	return command
}

func (p *program) profileDeleteCommand() *cobra.Command {
	return p.deleting(&cobra.Command{
		Use:     "delete ID [--yes]",
		Short:   "Delete a product profile",
		Long:    "Delete a product profile that no credential has.",
		Example: "  latchkey profile delete 419584532 --yes",
		Args:    takes("ID"),
	}, "Delete the product profile %s?", (*client.Client).DeleteProfile)
}
