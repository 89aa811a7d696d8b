package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) serviceCommand() *cobra.Command {
	return p.withRemote(p.group(&cobra.Command{
		Use:   "service",
		Short: "Services that credentials subscribe to",
		Long: `A service is an API that credentials subscribe to: built-in ones, which the organization is entitled to or not, and
your own, which you declare with their scopes.`,
		Example: `  latchkey service list
  latchkey service entitle AdobeTargetSDK`,
	}, p.serviceCreateCommand(), p.serviceListCommand(), p.serviceShowCommand(), p.serviceEditCommand(), p.serviceDeleteCommand(),
		p.serviceEntitleCommand(), p.serviceDisentitleCommand()))
}

// serviceFlags are what a service is declared by.
func serviceFlags(command *cobra.Command, input *client.NewService) {
	flags := command.Flags()
	flags.StringVar(&input.Name, "name", "", "what people call it, a `text` (else the code)")
	flags.StringVar(&input.Description, "description", "", "what people should know of it, a `text`")
	flags.StringSliceVar(&input.Scopes, "scope", nil, "a `scope` that tokens for it have; repeat for more")
	flags.StringSliceVar(&input.Metascopes, "metascope", nil, "a `metascope` that JWTs ask for; repeat for more")
	flags.BoolVar(&input.HasProfiles, "profiles", false, "subscriptions name product profiles")
	flags.BoolVar(&input.ProductRoles, "product-roles", false, "credentials are observer, editor or approver in a product profile")
	flags.StringSliceVar(&input.Kinds, "type", nil, "a `type` of credential that can subscribe (else all but api_key); repeat for more")
	flags.BoolVar(&input.AdminOnly, "admin-only", false, "only System Administrators add it to credentials")
	flags.BoolVar(&input.Deprecated, "deprecated", false, "it takes no new subscriptions")
	flags.StringVar(&input.DocsURL, "docs", "", "`URL` of its documentation")
}

func (p *program) serviceCreateCommand() *cobra.Command {
	var input client.NewService
	command := &cobra.Command{
		Use:     "create CODE --scope SCOPE… [--name TEXT] [--profiles] [--type TYPE…]",
		Short:   "Declare a service of your own",
		Long:    "Declare a service of your own: the API of one of your systems, which others call with tokens for its scopes.",
		Example: `  latchkey service create billing --name Billing --scope billing:read --scope billing:write`,
		Args:    takes("CODE"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			input.Code = args[0]
			if input.Name == "" {
				input.Name = input.Code
			}
			made, err := c.DeclareService(ctx, input)
			if err != nil || p.answerJSON(made) {
				return err
			}
			p.say("declared %s", made.Code)
			p.tell("let a credential call it: latchkey credential service add CREDENTIAL %s", word(made.Code))
			return nil
		}),
	}
	serviceFlags(command, &input)
	return command
}

func (p *program) serviceListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List services",
		Long:    "List services; of those that can't be added to a credential, why.",
		Example: "  latchkey service list",
		Args:    takes(),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
			return list(p, c.Services(ctx), []string{"CODE", "NAME", "CAN BE ADDED"}, func(s client.Service) []string {
				return []string{s.Code, s.Name, offered(s)}
			}, "no services")
		}),
	}
}

func offered(s client.Service) string {
	if s.Available {
		return "yes"
	}
	var words []string
	for _, r := range s.Reasons {
		words = append(words, r.Message)
	}
	return "no: " + strings.Join(words, "; ")
}

func (p *program) serviceShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show CODE",
		Short:   "Show a service",
		Long:    "Show a service: its scopes, the credentials that can subscribe, the product profiles that you may attach.",
		Example: "  latchkey service show AdobeTargetSDK",
		Args:    takes("CODE"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			s, err := c.Service(ctx, args[0])
			if err != nil || p.answerJSON(s) {
				return err
			}
			var profiles []string
			for _, profile := range s.Profiles {
				profiles = append(profiles, profile.ID+" ("+profile.Name+")")
			}
			p.details([][2]string{
				{"code", s.Code}, {"name", s.Name}, {"description", s.Description}, {"can be added", offered(s)},
				{"scopes", strings.Join(s.Scopes, " ")}, {"metascopes", strings.Join(s.Metascopes, " ")},
				{"types", strings.Join(s.Kinds, " ")}, {"product profiles", strings.Join(profiles, ", ")},
				{"product roles", strings.Join(s.ProductRoles, " ")}, {"documentation", s.DocsURL},
			})
			return nil
		}),
	}
}

func (p *program) serviceEditCommand() *cobra.Command {
	var input client.NewService
	command := &cobra.Command{
		Use:   "edit CODE --scope SCOPE… [--name TEXT] [--profiles] [--type TYPE…]",
		Short: "Replace a service of your own",
		Long: `Replace a service of your own by what is given: what is not given is gone. What its credentials may ask for
changes with it.`,
		Example: `  latchkey service edit billing --name Billing --scope billing:read`,
		Args:    takes("CODE"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			input.Code = args[0]
			if input.Name == "" {
				input.Name = input.Code
			}
			made, err := c.RedeclareService(ctx, input)
			if err != nil || p.answerJSON(made) {
				return err
			}
			p.say("changed %s", made.Code)
			return nil
		}),
	}
	serviceFlags(command, &input)
	return command
}

func (p *program) serviceDeleteCommand() *cobra.Command {
	return p.deleting(&cobra.Command{
		Use:     "delete CODE [--yes]",
		Short:   "Delete a service of your own",
		Long:    "Delete a service of your own with its product profiles. No credential may be subscribed to it.",
		Example: "  latchkey service delete billing --yes",
		Args:    takes("CODE"),
	}, "Delete the service %s?", (*client.Client).WithdrawService)
}

func (p *program) serviceEntitleCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "entitle CODE",
		Short:   "Entitle the organization to a service",
		Long:    "Let the organization use a service: what the vendor's Admin Console does with a licence.",
		Example: "  latchkey service entitle AdobeTargetSDK",
		Args:    takes("CODE"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			s, err := c.Entitle(ctx, args[0])
			if err != nil || p.answerJSON(s) {
				return err
			}
			p.say("entitled to %s", s.Code)
			if s.HasProfiles && len(s.Profiles) == 0 {
				p.tell("it needs a product profile: latchkey profile create %s NAME", word(s.Code))
			}
			return nil
		}),
	}
}

func (p *program) serviceDisentitleCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "disentitle CODE",
		Short:   "Take a service from the organization",
		Long:    "Take a service from the organization. No credential may be subscribed to it.",
		Example: "  latchkey service disentitle AdobeTargetSDK",
		Args:    takes("CODE"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			if err := c.EndEntitlement(ctx, args[0]); err != nil || p.doneJSON() {
				return err
			}
			p.say("not entitled to %s any more", args[0])
			return nil
		}),
	}
}
