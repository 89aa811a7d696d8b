package cli

import (
	"context"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) credentialServiceCommand() *cobra.Command {
	return p.group(&cobra.Command{
		Use:     "service",
		Short:   "Services of a credential",
		Long:    "What a credential may call: its subscriptions, their product profiles, and its product role in those.",
		Example: "  latchkey credential service add moviestar-target AdobeTargetSDK",
	}, p.subscribeCommand(), p.unsubscribeCommand(), p.productRoleCommand())
}

func (p *program) subscribeCommand() *cobra.Command {
	var profiles []string
	command := &cobra.Command{
		Use:   "add CREDENTIAL SERVICE [--profile PROFILE…]",
		Short: "Subscribe a credential to a service",
		Long: `Subscribe a credential to a service, or give a subscription other product profiles. You attach those that you are
developer of.`,
		Example: `  latchkey credential service add moviestar-target AdobeTargetSDK --profile 419584532`,
		Args:    takes("CREDENTIAL", "SERVICE"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			asked, err := p.wishes(ctx, c, args[1:], profiles)
			if err != nil {
				return err
			}
			o, err := c.Subscribe(ctx, args[0], asked[0])
			if err != nil || p.answerJSON(o) {
				return err
			}
			p.say("%s may call %s", o.Name, args[1])
			return nil
		}),
	}
	command.Flags().StringSliceVar(&profiles, "profile", nil, "a product `profile`, by id or name; repeat for more")
	return command
}

func (p *program) unsubscribeCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "remove CREDENTIAL SERVICE",
		Short:   "Take a service from a credential",
		Long:    "Take a service from a credential: its next token is not for it any more.",
		Example: "  latchkey credential service remove moviestar-target AdobeTargetSDK",
		Args:    takes("CREDENTIAL", "SERVICE"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			if err := c.Unsubscribe(ctx, args[0], args[1]); err != nil || p.doneJSON() {
				return err
			}
			p.say("%s may not call %s any more", args[0], args[1])
			return nil
		}),
	}
}

func (p *program) productRoleCommand() *cobra.Command {
	var profile string
	command := &cobra.Command{
		Use:   "role CREDENTIAL SERVICE ROLE [--profile ID]",
		Short: "Set a credential's product role",
		Long: `Set what a credential may do in a service's product profiles: observer, editor or approver. It begins as observer.
Without --profile it is set in all that the credential has.`,
		Example: "  latchkey credential service role moviestar-target AdobeTargetSDK editor",
		Args:    takes("CREDENTIAL", "SERVICE", "ROLE"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			o, err := c.SetProductRole(ctx, args[0], args[1], profile, args[2])
			if err != nil || p.answerJSON(o) {
				return err
			}
			p.say("%s is %s in %s", o.Name, args[2], args[1])
			return nil
		}),
	}
	command.Flags().StringVar(&profile, "profile", "", "`id` of a product profile")
	return command
}
