package cli

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) webhookCommand() *cobra.Command {
	return p.withRemote(p.group(&cobra.Command{
		Use:   "webhook",
		Short: "Endpoints that are told what happens",
		Long: `A webhook endpoint gets events by POST: a connection that needs its owner, a provider that is down, a certificate
that ends soon. Deliveries are signed (Standard Webhooks), tried eight times within a day, and logged.`,
		Example: `  latchkey webhook create https://example.com/hooks/latchkey --type connection.needs_reauthorization`,
	}, p.webhookCreateCommand(), p.webhookListCommand(), p.webhookShowCommand(), p.webhookUpdateCommand(), p.webhookDeleteCommand(),
		p.webhookRotateCommand(), p.webhookTestCommand(), p.webhookReplayCommand(), p.webhookDeliveriesCommand()))
}

func (p *program) webhookCreateCommand() *cobra.Command {
	var input client.NewWebhook
	command := &cobra.Command{
		Use:   "create URL [--type TYPE…] [--sandbox NAME] [--description TEXT]",
		Short: "Make an endpoint",
		Long: `Make an endpoint and print its secret, this once. Without --type it gets every type of event but
connection.refreshed. With --sandbox it gets the events of that sandbox alone.`,
		Example: `  latchkey webhook create https://example.com/hooks/latchkey > webhook.secret
  latchkey webhook create https://example.com/hooks/dead --type connection.needs_reauthorization --type expiring`,
		Args: takes("URL"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			input.URL, input.Sandbox = args[0], p.flagOrEnv(p.remote.sandbox, "LATCHKEY_SANDBOX")
			made, err := c.CreateWebhook(ctx, input)
			if err != nil || p.answerJSON(made) {
				return err
			}
			p.tell("webhook %s; its secret is shown this once:", made.ID)
			p.say("%s", made.Secret.Reveal())
			p.tell("see whether it works: latchkey webhook test %s", made.ID)
			return nil
		}),
	}
	command.Flags().StringSliceVar(&input.Types, "type", nil, "a `type` of event that it gets; repeat for more")
	command.Flags().StringVar(&input.Description, "description", "", "what people should know of it, a `text`")
	return command
}

func (p *program) webhookListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List endpoints",
		Long:    "List the endpoints, with what each gets and how it does.",
		Example: "  latchkey webhook list",
		Args:    takes(),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
			head := []string{"URL", "STATUS", "TYPES", "SANDBOX", "ID"}
			return list(p, c.Webhooks(ctx), head, func(w client.Webhook) []string {
				return []string{w.URL, webhookStatus(w), webhookTypes(w), orDash(w.Sandbox), w.ID}
			}, "no webhook endpoints yet; make one: latchkey webhook create URL")
		}),
	}
}

func webhookStatus(w client.Webhook) string {
	switch {
	case !w.Enabled:
		return "disabled"
	case !w.FailingSince.IsZero():
		return "failing"
	}
	return "active"
}

func webhookTypes(w client.Webhook) string {
	if len(w.Types) == 0 {
		return "all but connection.refreshed"
	}
	return strings.Join(w.Types, " ")
}

func (p *program) webhookShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show ID",
		Short:   "Show an endpoint",
		Long:    "Show an endpoint: what it gets, how it does, since when it fails.",
		Example: "  latchkey webhook show wh_01JD3W5Q0V8Z2M4N6P8R0T2V4X",
		Args:    takes("ID"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			w, err := c.Webhook(ctx, args[0])
			if err != nil || p.answerJSON(w) {
				return err
			}
			p.details([][2]string{
				{"id", w.ID}, {"url", w.URL}, {"status", webhookStatus(w)}, {"reason", w.Reason}, {"types", webhookTypes(w)},
				{"sandbox", w.Sandbox}, {"description", w.Description}, {"failing since", p.ago(w.FailingSince)},
				{"old secret signs until", p.ago(w.PreviousSecretUntil)}, {"created", p.ago(w.CreatedAt)}, {"changed", p.ago(w.UpdatedAt)},
			})
			if webhookStatus(w) != "active" {
				p.tell("what went wrong: latchkey webhook deliveries %s", w.ID)
			}
			return nil
		}),
	}
}

func (p *program) webhookUpdateCommand() *cobra.Command {
	var url, description string
	var types []string
	var all, enable, disable bool
	command := &cobra.Command{
		Use:   "update ID [--url URL] [--type TYPE…] [--all-types] [--enable] [--disable] [--description TEXT]",
		Short: "Change an endpoint",
		Long: `Change what is given, and leave the rest. --type replaces the types. Enabling an endpoint delivers what waited
for it; what happened while it was disabled comes with "latchkey webhook replay".`,
		Example: `  latchkey webhook update wh_01JD3W5Q0V8Z2M4N6P8R0T2V4X --enable`,
		Args:    takes("ID"),
	}
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		if err := errors.Join(exclusive(command, "enable", "disable"), exclusive(command, "type", "all-types")); err != nil {
			return err
		}
		var patch client.WebhookPatch
		flags := command.Flags()
		if flags.Changed("url") {
			patch.URL = &url
		}
		if flags.Changed("description") {
			patch.Description = &description
		}
		if all {
			types = []string{}
		}
		if all || flags.Changed("type") {
			patch.Types = &types
		}
		if enable || disable {
			patch.Enabled = &enable
		}
		if patch == (client.WebhookPatch{}) {
			return usagef(command, "nothing to change was given")
		}
		w, err := c.UpdateWebhook(ctx, args[0], patch)
		if err != nil || p.answerJSON(w) {
			return err
		}
		p.say("changed %s: %s", w.ID, webhookStatus(w))
		return nil
	})
	command.Flags().StringVar(&url, "url", "", "where to POST to, a `URL`")
	command.Flags().StringSliceVar(&types, "type", nil, "a `type` of event that it gets; repeat for more")
	command.Flags().BoolVar(&all, "all-types", false, "every type but connection.refreshed")
	command.Flags().BoolVar(&enable, "enable", false, "deliver to it")
	command.Flags().BoolVar(&disable, "disable", false, "deliver nothing to it")
	command.Flags().StringVar(&description, "description", "", "what people should know of it, a `text`")
	return command
}

func (p *program) webhookDeleteCommand() *cobra.Command {
	return p.deleting(&cobra.Command{
		Use:     "delete ID [--yes]",
		Short:   "Delete an endpoint",
		Long:    "Delete an endpoint and its log of deliveries.",
		Example: "  latchkey webhook delete wh_01JD3W5Q0V8Z2M4N6P8R0T2V4X --yes",
		Args:    takes("ID"),
	}, "Delete the endpoint %s and its log?", (*client.Client).DeleteWebhook)
}

func (p *program) webhookRotateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rotate-secret ID",
		Short: "Give an endpoint a new secret",
		Long: `Give an endpoint a new secret and print it, this once. For 24 hours deliveries carry the signatures of both
secrets: give the new one to the receiver within that time.`,
		Example: "  latchkey webhook rotate-secret wh_01JD3W5Q0V8Z2M4N6P8R0T2V4X > webhook.secret",
		Args:    takes("ID"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			w, err := c.RotateWebhookSecret(ctx, args[0])
			if err != nil || p.answerJSON(w) {
				return err
			}
			p.tell("the new secret of %s is shown this once; the old one signs too until %s:", w.ID,
				w.PreviousSecretUntil.UTC().Format(time.RFC3339))
			p.say("%s", w.Secret.Reveal())
			return nil
		}),
	}
}
