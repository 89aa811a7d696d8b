package cli

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) connectionHistoryCommand() *cobra.Command {
	var limit int
	command := &cobra.Command{
		Use:   "history CONNECTION [--limit N]",
		Short: "List what happened to a connection",
		Long: `List what happened to a connection, the newest first: each renewal and consent with how long it took, what the
provider answered and who caused it, and each change of its state. The last 100 things of 30 days are kept.`,
		Example: `  latchkey connection history acme
  latchkey connection history acme --limit 100 --json`,
		Args:              takes("CONNECTION"),
		ValidArgsFunction: p.completeConnections,
		RunE: func(command *cobra.Command, args []string) error {
			if limit < 1 {
				return usagef(command, "--limit is how many to list, 1 at least")
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			head := []string{"AT", "WHAT", "CAUSE", "BY", "TOOK", "STATUS", "STATE", "WHAT WAS SAID"}
			return list(p, first(limit, c.ConnectionHistory(command.Context(), args[0])), head, p.historyRow, "nothing was recorded of this connection in the last 30 days")
		},
	}
	command.Flags().IntVar(&limit, "limit", 20, "how many to list, a `number`")
	return command
}

func (p *program) historyRow(e client.ConnectionEvent) []string {
	took, status, said := "-", "-", e.Reason
	if e.TookMS > 0 {
		took = strconv.FormatFloat(e.TookMS, 'f', 0, 64) + " ms"
	}
	if e.Status > 0 {
		status = strconv.Itoa(e.Status)
	}
	if f := e.Failure; f != nil {
		said = f.Class
		for _, more := range []string{f.Code, f.Description} {
			if more != "" {
				said += " " + more
			}
		}
	}
	return []string{p.ago(e.At), e.What, orDash(e.Cause), orDash(e.By), took, status, orDash(string(e.State)), orDash(said)}
}

func (p *program) connectLinkCommand() *cobra.Command {
	return p.withRemote(p.group(&cobra.Command{
		Use:   "connect-link",
		Short: "Links by which customers connect an account, without an account here",
		Long: `A connect link lets one customer connect one account, once. It asks for the fields that you did not give, leads to the
provider, and comes back to your application.`,
		Example: `  latchkey connect-link create moviestar --label acme --reference customer-4711
  latchkey connect-link list`,
	}, p.connectLinkCreateCommand(), p.connectLinkListCommand(), p.connectLinkShowCommand(), p.connectLinkRevokeCommand()))
}

func (p *program) connectLinkCreateCommand() *cobra.Command {
	var input client.NewConnectLink
	var given givenFields
	var expires string
	command := &cobra.Command{
		Use:   "create [DEFINITION] [--connection CONNECTION] [--field NAME=VALUE]… [flags]",
		Short: "Make a link to send a customer",
		Long: `Make a link to send a customer: to connect an account to DEFINITION, or to authorize the one of --connection again.
It is shown this once. Fields that you give are not asked for, and can't be changed by who has the link.

` + fieldHelp,
		Example: `  latchkey connect-link create moviestar --label acme --reference customer-4711 --expires 14d
  latchkey connect-link create --connection acme`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			if (len(args) == 0) == (input.Connection == "") {
				return usagef(command, "name a definition to connect to, or a --connection to authorize again")
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				input.Definition = args[0]
				if input.Fields, err = p.linkFields(command.Context(), c, input.Definition, input.Configuration, given); err != nil {
					return err
				}
			}
			if expires != "" {
				end, err := parseExpiry(expires, p.Clock.Now())
				if err != nil {
					return usagef(command, "--expires: %v", err)
				}
				input.ExpiresIn = int64(end.Sub(p.Clock.Now()).Round(time.Second) / time.Second)
			}
			made, err := c.CreateConnectLink(command.Context(), input)
			if err != nil || p.answerJSON(made) {
				return err
			}
			p.say("%s", made.URL)
			p.tell("good for one account; it ends %s. What became of it: latchkey connect-link show %s", p.ago(made.ExpiresAt), made.ID)
			return nil
		},
	}
	flags := command.Flags()
	flags.StringVar(&input.Connection, "connection", "", "the `connection` to authorize again, by label or id")
	flags.StringVar(&input.Label, "label", "", "unique `name` for the new connection")
	flags.StringVar(&input.Reference, "reference", "", "your own `name` for the customer, which comes back to you")
	flags.StringVar(&input.ReturnURL, "return-url", "", "`URL` where the customer's browser goes in the end")
	flags.StringVar(&expires, "expires", "", "when it ends: 14d, 2h or a date; 7 days when absent (`time`)")
	given.flags(command)
	configurationFlag(command, &input.Configuration)
	return command
}

func (p *program) linkFields(ctx context.Context, c *client.Client, definition string, configuration int, given givenFields) (map[string]any, error) {
	if given.empty() {
		return nil, nil
	}
	prompts, err := c.Prompts(ctx, definition, configuration)
	if err != nil {
		return nil, err
	}
	fields, err := p.readFields(given, prompts.Items)
	if err != nil {
		return nil, err
	}
	return fields, checkNames(fields, prompts.Items, definition)
}

func (p *program) connectLinkListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List connect links, newest first",
		Long:    "List the connect links of the sandbox, and what became of them. One is kept for 30 days after its end.",
		Example: "  latchkey connect-link list",
		Args:    takes(),
		RunE: func(command *cobra.Command, _ []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			head := []string{"ID", "STATE", "REFERENCE", "CONNECTION", "MADE", "ENDS"}
			return list(p, c.ConnectLinks(command.Context()), head, func(l client.ConnectLink) []string {
				return []string{l.ID, l.State, orDash(l.Reference), orDash(l.Connection), p.ago(l.CreatedAt), p.ago(l.ExpiresAt)}
			}, "no connect links yet; make one: latchkey connect-link create DEFINITION")
		},
	}
}

func (p *program) connectLinkShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show LINK",
		Short:   "Show what became of a connect link",
		Long:    "Show whether a connect link was used, and which connection came of it.",
		Example: "  latchkey connect-link show lnk_01KB3E7XJ0V9M2Q4T8R6Z1C5DN",
		Args:    takes("LINK"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			l, err := c.ConnectLink(ctx, args[0])
			if err != nil || p.answerJSON(l) {
				return err
			}
			switch {
			case l.State == "used":
				p.say("used %s: connection %s", p.ago(l.UsedAt), l.Connection)
			case l.Connection != "":
				p.say("%s, begun: connection %s", l.State, l.Connection)
			default:
				p.say("%s; it ends %s", l.State, p.ago(l.ExpiresAt))
			}
			return nil
		}),
	}
}

func (p *program) connectLinkRevokeCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "revoke LINK",
		Short:   "Withdraw a connect link",
		Long:    "Withdraw a connect link: it leads nowhere any more. A connection that came of it stays.",
		Example: "  latchkey connect-link revoke lnk_01KB3E7XJ0V9M2Q4T8R6Z1C5DN",
		Args:    takes("LINK"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			if err := c.RevokeConnectLink(ctx, args[0]); err != nil || p.doneJSON() {
				return err
			}
			p.say("withdrew %s", args[0])
			return nil
		}),
	}
}
