package cli

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) cloudOfferCommand() *cobra.Command {
	return p.group(&cobra.Command{
		Use:   "offer",
		Short: "Push offers to Target",
		Long: `Offers are pieces of content that Target's activities show. They are pushed by a name, and a second push of that name
brings the offer up to date.`,
		Example: `  latchkey cloud-service offer push acme-target hero-banner --html @hero.html
  latchkey cloud-service offer list acme-target`,
	}, p.cloudOfferPushCommand(), p.cloudOfferListCommand(), p.cloudOfferDeleteCommand())
}

func (p *program) cloudOfferPushCommand() *cobra.Command {
	var html, data, workspace string
	command := &cobra.Command{
		Use:   "push NAME OFFER --html @FILE | --data @FILE [--workspace ID]",
		Short: "Make an offer, or bring it up to date",
		Long: `Make an offer in Target, of HTML or of JSON, or bring the one of that name up to date. Doing it again does no harm:
when the answer of a push was lost, the offer is looked for in Target before another one is made. The credential needs
the role Editor.`,
		Example: `  latchkey cloud-service offer push acme-target hero-banner --html @hero.html
  latchkey cloud-service offer push acme-target prices --data @prices.json --workspace 1234567`,
		Args: takes("NAME", "OFFER"),
	}
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		if (html == "") == (data == "") {
			return usagef(command, "give either --html or --data")
		}
		push := client.OfferPush{Kind: "html", Workspace: given(command.Flags(), "workspace", &workspace)}
		text := html
		if data != "" {
			push.Kind, text = "json", data
		}
		var err error
		if push.Content, err = p.value("the content", text); err != nil {
			return err
		}
		done, err := c.PushOffer(ctx, args[0], args[1], push)
		if err != nil || p.answerJSON(done) {
			return err
		}
		p.say("%s %s (%s in Target)", done.Outcome, done.Name, targetID(done))
		return nil
	})
	flags := command.Flags()
	flags.StringVar(&html, "html", "", "HTML content: `@FILE`, - for standard input, or the text itself")
	flags.StringVar(&data, "data", "", "JSON content: `@FILE`, - for standard input, or the text itself")
	flags.StringVar(&workspace, "workspace", "", "`id` of the workspace that a new offer goes to; the service's without it")
	return command
}

func targetID(o client.Offer) string {
	if o.TargetID == nil {
		return "unknown"
	}
	return strconv.FormatInt(*o.TargetID, 10)
}

func (p *program) cloudOfferListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list NAME",
		Short:   "List the offers that were pushed",
		Long:    "List the offers that were pushed with a service, by name. Target may have others.",
		Example: "  latchkey cloud-service offer list acme-target",
		Args:    takes("NAME"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			return list(p, c.Offers(ctx, args[0]), []string{"NAME", "KIND", "TARGET ID", "WORKSPACE", "PUSHED"}, func(o client.Offer) []string {
				return []string{o.Name, o.Kind, targetID(o), orDash(o.Workspace), p.ago(o.PushedAt)}
			}, "no offers were pushed yet; push one: latchkey cloud-service offer push "+args[0]+" OFFER --html @FILE")
		}),
	}
}

func (p *program) cloudOfferDeleteCommand() *cobra.Command {
	var anyway bool
	command := &cobra.Command{
		Use:   "delete NAME OFFER [--anyway]",
		Short: "Delete an offer in Target",
		Long: `Delete an offer in Target. One that an activity shows is kept, and the activities are named; with --anyway it is deleted
all the same, and they show their default content.`,
		Example: "  latchkey cloud-service offer delete acme-target hero-banner",
		Args:    takes("NAME", "OFFER"),
	}
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		done, err := c.DeleteOffer(ctx, args[0], args[1], anyway)
		if err != nil || p.answerJSON(done) {
			return err
		}
		p.say("deleted %s", args[1])
		for _, warning := range done.Warnings {
			p.warn("%s", warning)
		}
		return nil
	})
	command.Flags().BoolVar(&anyway, "anyway", false, "also when an activity shows it")
	return command
}

func (p *program) cloudActivitiesCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "activities NAME",
		Short:   "List Target's activities",
		Long:    "List the activities of the account, as Target has them now. They are made and changed in Target.",
		Example: "  latchkey cloud-service activities acme-target",
		Args:    takes("NAME"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			return list(p, c.TargetActivities(ctx, args[0]), []string{"ID", "NAME", "TYPE", "STATE", "PRIORITY", "REPORTS TO"}, func(a client.TargetActivity) []string {
				return []string{strconv.FormatInt(a.ID, 10), a.Name, a.Kind, a.State, strconv.Itoa(a.Priority), orDash(a.ReportingSource)}
			}, "the account has no activities")
		}),
	}
}

func (p *program) cloudMboxesCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "mboxes NAME",
		Short:   "List Target's mboxes",
		Long:    "List the mboxes of the account, as Target has them now.",
		Example: "  latchkey cloud-service mboxes acme-target",
		Args:    takes("NAME"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			return list(p, c.TargetMboxes(ctx, args[0]), []string{"NAME", "STATUS", "LAST ASKED FOR"}, func(m client.TargetMbox) []string {
				asked := ""
				if m.LastRequestedAt != nil {
					asked = p.ago(*m.LastRequestedAt)
				}
				return []string{m.Name, orDash(m.Status), orDash(asked)}
			}, "the account has no mboxes")
		}),
	}
}

func (p *program) cloudPropertiesCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "properties NAME",
		Short:   "List Target's properties",
		Long:    "List the properties of the account (sites, apps), as Target has them now.",
		Example: "  latchkey cloud-service properties acme-target",
		Args:    takes("NAME"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			return list(p, c.TargetProperties(ctx, args[0]), []string{"ID", "NAME", "CHANNEL", "WORKSPACES"}, func(o client.TargetProperty) []string {
				return []string{strconv.FormatInt(o.ID, 10), o.Name, orDash(o.Channel), orDash(strings.Join(o.Workspaces, ", "))}
			}, "the account has no properties")
		}),
	}
}
