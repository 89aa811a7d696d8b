package cli

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) providerCommand() *cobra.Command {
	return p.withRemote(p.group(&cobra.Command{
		Use:   "provider",
		Short: "The services that give tokens: how they stand",
		Long: `A provider is the host that gives tokens to the connections of one or more definitions. While it does not answer it
is called once in a while only, and tokens are served as long as they live. When it refuses a client, because its
secret has ended, the connections that use the client are paused as one incident; none is ended.`,
		Example: `  latchkey provider list
  latchkey provider show login.example.com`,
	}, p.providerListCommand(), p.providerShowCommand(), p.providerResumeCommand()))
}

func (p *program) providerListCommand() *cobra.Command {
	var filter client.ProviderFilter
	var state string
	command := &cobra.Command{
		Use:     "list [--state STATE] [--query TEXT]",
		Aliases: []string{"ls"},
		Short:   "List providers",
		Long:    "List the providers that your connections call, and how each stands.",
		Example: `  latchkey provider list
  latchkey provider list --state down --json`,
		Args: takes(),
		RunE: func(command *cobra.Command, _ []string) error {
			filter.State = client.ProviderState(state)
			if state != "" && !slices.Contains(providerStates(), state) {
				return usagef(command, "--state is one of %s", strings.Join(providerStates(), ", "))
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			head := []string{"HOST", "STATE", "SINCE", "P50", "P99", "FAILED", "LAST GOOD", "PAUSED", "NEXT PROBE"}
			empty := "no provider has been called yet; one is when a connection gets its first token"
			if filter != (client.ProviderFilter{}) {
				empty = "no such providers; all of them: latchkey provider list"
			}
			return list(p, c.Providers(command.Context(), filter), head, p.providerRow, empty)
		},
	}
	flags := command.Flags()
	flags.StringVar(&state, "state", "", "only those in this `state`")
	flags.StringVar(&filter.Query, "query", "", "only those with this `text` in the host")
	return command
}

func (p *program) providerRow(v client.Provider) []string {
	p50, p99 := "-", "-"
	if v.Latency != nil {
		p50, p99 = millis(v.Latency.P50), millis(v.Latency.P99)
	}
	paused := "-"
	if len(v.Incidents) > 0 {
		paused = strconv.Itoa(v.PausedConnections)
	}
	return []string{
		v.Host, string(v.State), orDash(p.ago(v.Since)), p50, p99, failedShare(v), orDash(p.ago(v.LastGoodAt)), paused,
		orDash(p.ago(nextProbe(v))),
	}
}

func providerStates() []string {
	return []string{
		string(client.ProviderUp), string(client.ProviderRecovering), string(client.ProviderThrottled),
		string(client.ProviderDown), string(client.ProviderProbing),
	}
}

// millis writes milliseconds as people read them.
func millis(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10) + " ms"
	}
	return strconv.FormatFloat(float64(n)/1000, 'f', 1, 64) + " s"
}

// failedShare says how many of the last calls failed.
func failedShare(v client.Provider) string {
	if v.Calls == 0 {
		return "-"
	}
	return fmt.Sprintf("%.3g%% of %d", 100*float64(v.Failed)/float64(v.Calls), v.Calls)
}

func (p *program) providerShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "show HOST",
		Short:             "Show a provider",
		Long:              "Show how a provider stands: since when, what it answered, which clients of yours it refuses.",
		Example:           "  latchkey provider show login.example.com",
		Args:              takes("HOST"),
		ValidArgsFunction: p.completeProviders,
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			v, err := c.Provider(ctx, args[0])
			if err != nil || p.answerJSON(v) {
				return err
			}
			p.showProvider(v)
			return nil
		}),
	}
}

func (p *program) providerResumeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "resume HOST",
		Short: "Try a provider again now",
		Long: `Try a provider again now, rather than at the time of the next probe: the next refresh that is due or asked for is
let through, and one for each client that it refuses. When it succeeds the rest follows. A connection that is due
later can be tried at once with "latchkey connection refresh".`,
		Example:           "  latchkey provider resume login.example.com",
		Args:              takes("HOST"),
		ValidArgsFunction: p.completeProviders,
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			v, err := c.ResumeProvider(ctx, args[0])
			if err != nil || p.answerJSON(v) {
				return err
			}
			p.say("%s is tried again with the next refresh", v.Host)
			return nil
		}),
	}
}

func (p *program) completeProviders(command *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	words := complete(p, command, args, func(ctx context.Context, c *client.Client) iter.Seq2[client.Provider, error] {
		return c.Providers(ctx, client.ProviderFilter{})
	}, func(v client.Provider) string { return v.Host + "\t" + string(v.State) })
	return words, cobra.ShellCompDirectiveNoFileComp
}
