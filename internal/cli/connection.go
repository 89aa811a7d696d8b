package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) connectionCommand() *cobra.Command {
	return p.withRemote(p.group(
		&cobra.Command{
			Use:     "connection",
			Aliases: []string{"conn"},
			Short:   "Customers' accounts: connect, look after, remove",
			Long: `A connection is one customer's account with a service, at one revision of its definition. Latchkey keeps its
token fresh. A connection is named by its label or by its id.`,
			Example: `  latchkey connection create moviestar --label acme
  latchkey connection list --state needs_reauthorization`,
		},
		p.connectionCreateCommand(), p.connectionListCommand(), p.connectionShowCommand(), p.connectionHistoryCommand(),
		p.connectionRefreshCommand(), p.connectionReauthorizeCommand(), p.connectionUpdateCommand(),
		p.connectionDisableCommand(), p.connectionEnableCommand(), p.connectionDeleteCommand(),
	))
}

func (p *program) connectionListCommand() *cobra.Command {
	var filter client.ConnectionFilter
	var state string
	command := &cobra.Command{
		Use:     "list [--definition NAME] [--state STATE] [--query TEXT]",
		Aliases: []string{"ls"},
		Short:   "List connections",
		Long:    "List the connections of the sandbox, and how each stands.",
		Example: `  latchkey connection list
  latchkey connection list --state needs_reauthorization --json`,
		Args: takes(),
		RunE: func(command *cobra.Command, _ []string) error {
			filter.State = client.State(state)
			if state != "" && !slices.Contains(states(), state) {
				return usagef(command, "--state is one of %s", strings.Join(states(), ", "))
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			head := []string{"NAME", "DEFINITION", "STATE", "TOKEN", "ID"}
			empty := "no connections yet; make one: latchkey connection create DEFINITION"
			if filter != (client.ConnectionFilter{}) {
				empty = "no such connections; all of them: latchkey connection list"
			}
			return list(p, c.Connections(command.Context(), filter), head, func(c client.Connection) []string {
				return []string{c.Name(), c.Definition.Name, string(c.State), orDash(p.life(c.Token)), c.ID}
			}, empty)
		},
	}
	flags := command.Flags()
	flags.StringVar(&filter.Definition, "definition", "", "only those of this definition (`name` or id)")
	flags.StringVar(&state, "state", "", "only those in this `state`")
	flags.StringVar(&filter.Query, "query", "", "only those with this `text` in label, id or definition")
	return command
}

func states() []string {
	return []string{
		string(client.PendingAuthorization), string(client.Active), string(client.Degraded),
		string(client.NeedsReauthorization), string(client.Disabled),
	}
}

// life says how long a token lives.
func (p *program) life(token *client.TokenState) string {
	switch {
	case token == nil:
		return ""
	case token.ExpiresAt.IsZero():
		return "has no known end"
	case token.ExpiresAt.Before(p.Clock.Now()):
		return "expired " + p.ago(token.ExpiresAt)
	}
	return "expires " + p.ago(token.ExpiresAt)
}

func (p *program) connectionShowCommand() *cobra.Command {
	return p.connectionAct("show", "Show a connection",
		"Show a connection: how it stands, what its last exchange ended with, its fields with secrets masked.",
		func(ctx context.Context, c *client.Client, ref string) (client.Connection, error) {
			return c.Connection(ctx, ref)
		}, p.showConnection)
}

func (p *program) connectionRefreshCommand() *cobra.Command {
	return p.connectionAct("refresh", "Get a new token now",
		"Get a new token now, whatever is left of the old one. Rarely needed: tokens are refreshed ahead of their end.",
		func(ctx context.Context, c *client.Client, ref string) (client.Connection, error) {
			return c.RefreshConnection(ctx, ref)
		}, func(c client.Connection) { p.say("refreshed %s%s", c.Name(), p.tokenClause(c.Token)) })
}

func (p *program) connectionDisableCommand() *cobra.Command {
	return p.connectionAct("disable", "Stop serving and refreshing a token",
		`Stop a connection without losing it: no token is served or refreshed until it is enabled again.`,
		func(ctx context.Context, c *client.Client, ref string) (client.Connection, error) {
			return c.DisableConnection(ctx, ref)
		}, func(c client.Connection) { p.say("disabled %s", c.Name()) })
}

func (p *program) connectionEnableCommand() *cobra.Command {
	return p.connectionAct("enable", "Start a disabled connection again",
		"Start a disabled connection again.",
		func(ctx context.Context, c *client.Client, ref string) (client.Connection, error) {
			return c.EnableConnection(ctx, ref)
		}, func(c client.Connection) { p.say("enabled %s: %s", c.Name(), c.State) })
}

// connectionAct makes a command that does one thing to one connection and tells of the answer.
func (p *program) connectionAct(
	verb, short, long string,
	act func(context.Context, *client.Client, string) (client.Connection, error),
	tell func(client.Connection),
) *cobra.Command {
	return &cobra.Command{
		Use:               verb + " CONNECTION",
		Short:             short,
		Long:              long,
		Example:           "  latchkey connection " + verb + " acme",
		Args:              takes("CONNECTION"),
		ValidArgsFunction: p.completeConnections,
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			connection, err := act(ctx, c, args[0])
			if err != nil || p.answerJSON(connection) {
				return err
			}
			tell(connection)
			return nil
		}),
	}
}

func (p *program) connectionDeleteCommand() *cobra.Command {
	return p.deletingAnd(&cobra.Command{
		Use:   "delete CONNECTION [--yes]",
		Short: "Delete a connection and its token",
		Long: `Delete a connection with all that it holds. Its grant is revoked at the provider, where the definition says how. To
stop it for a while, disable it.`,
		Example:           "  latchkey connection delete acme --yes",
		Args:              takes("CONNECTION"),
		ValidArgsFunction: p.completeConnections,
	}, "Delete the connection %s and its token?", func(c *client.Client, ctx context.Context, name string) (string, error) {
		revocation, err := c.DeleteConnection(ctx, name)
		if revocation == "" {
			return "", err
		}
		return "; its grant is being revoked: latchkey revocation show " + revocation, err
	})
}
