package cli

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) expiringCommand() *cobra.Command {
	var filter client.ExpiringFilter
	var file, failWithin string
	command := p.withRemote(&cobra.Command{
		Use:   "expiring [--within 60d] [--kind KIND] [--attention] [--ics FILE] [--fail-within 7d]",
		Short: "What ends: tokens, keys, certificates",
		Long: `List what ends, the nearest first: refresh tokens, tokens that cannot be renewed, API keys, certificates, keys. What
Latchkey renews by itself is listed and needs nobody; --attention leaves it out. With --ics the list is written as a
calendar file. With --fail-within the exit code is 1 when something that somebody must act on ends sooner.`,
		Example: `  latchkey expiring
  latchkey expiring --within 30d --attention --json
  latchkey expiring --fail-within 7d > /dev/null        # in a nightly job`,
		Args: takes(),
	})
	command.RunE = func(command *cobra.Command, _ []string) error {
		c, err := p.client()
		if err != nil {
			return err
		}
		if file != "" {
			return p.writeCalendar(command.Context(), c, filter, file)
		}
		head := []string{"ENDS", "KIND", "NAME", "SANDBOX", "RENEWED", "WHAT TO DO"}
		err = list(p, c.Expiring(command.Context(), filter), head, p.expiringRow, "nothing ends within "+filter.Within)
		if err != nil || failWithin == "" {
			return err
		}
		return p.failWithin(command, c, filter, failWithin)
	}
	flags := command.Flags()
	flags.StringVar(&filter.Within, "within", "60d", "how far ahead to look, a `time` as 30d or 12h")
	flags.StringVar(&filter.Kind, "kind", "", "only this `kind`: refresh_token, access_token, api_key, certificate, root_key, …")
	flags.BoolVar(&filter.Attention, "attention", false, "only what somebody must act on")
	flags.StringVar(&file, "ics", "", "write a calendar to this `file`, or - for standard output")
	flags.StringVar(&failWithin, "fail-within", "", "exit with 1 when something that needs somebody ends within this `time`")
	return command
}

func (p *program) expiringRow(e client.Expiring) []string {
	renewed, what := "by you", e.Fix
	if e.Renews {
		renewed, what = "by itself", "-"
	}
	return []string{p.ago(e.ExpiresAt), strings.ReplaceAll(e.Kind, "_", " "), e.Name, orDash(e.Sandbox), renewed, what}
}

func (p *program) writeCalendar(ctx context.Context, c *client.Client, filter client.ExpiringFilter, file string) error {
	text, err := c.ExpiringCalendar(ctx, filter)
	if err != nil {
		return err
	}
	if file == "-" {
		_, err = p.Out.Write(text)
		return err
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return fmt.Errorf("writing the calendar: %w", err)
	}
	if !p.doneJSON() {
		p.say("wrote %s", file)
	}
	return nil
}

// failWithin ends the command with 1 when something that needs somebody ends sooner, whatever the list was narrowed to.
func (p *program) failWithin(command *cobra.Command, c *client.Client, filter client.ExpiringFilter, within string) error {
	if _, err := parseDays(within); err != nil {
		return usagef(command, "--fail-within %q is not a time such as 7d or 12h", within)
	}
	filter.Within, filter.Attention = within, true
	soon, err := client.Collect(c.Expiring(command.Context(), filter))
	if err != nil || len(soon) == 0 {
		return err
	}
	if p.json {
		return errTold
	}
	p.tell("latchkey: %d of them within %s; the first is the %s %s", len(soon), within, strings.ReplaceAll(soon[0].Kind, "_", " "), soon[0].Name)
	return errTold
}

func parseDays(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		return time.Duration(n) * 24 * time.Hour, err
	}
	return time.ParseDuration(text)
}

func (p *program) feedCommand() *cobra.Command {
	return p.withRemote(p.group(&cobra.Command{
		Use:   "feed",
		Short: "Addresses by which calendar programs read what ends",
		Long: `A calendar program cannot send a key. A feed is an address that opens the calendar of what ends, and nothing else,
to whoever has it, until it is revoked.`,
		Example: `  latchkey feed create "platform team"`,
	}, &cobra.Command{
		Use: "create NAME", Short: "Make an address", Args: takes("NAME"),
		Long:    "Make an address and print it, this once. It shows what the key that makes it may see.",
		Example: `  latchkey feed create "platform team"`,
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			made, err := c.CreateFeed(ctx, args[0])
			if err != nil || p.answerJSON(made) {
				return err
			}
			p.tell("feed %s; its address is shown this once:", made.ID)
			p.say("%s", made.URL.Reveal())
			return nil
		}),
	}, &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List feeds", Args: takes(),
		Long:    "List the feeds, without their addresses.",
		Example: "  latchkey feed list",
		RunE: p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
			return list(p, c.Feeds(ctx), []string{"NAME", "SANDBOX", "SEES", "CREATED", "ID"}, func(f client.Feed) []string {
				return []string{f.Name, orDash(f.Sandbox), strings.Join(f.Scopes, " "), p.ago(f.CreatedAt), f.ID}
			}, `no feeds yet; make one: latchkey feed create NAME`)
		}),
	}, &cobra.Command{
		Use: "revoke ID", Short: "Revoke an address", Args: takes("ID"),
		Long:    "End a feed at once: its address opens nothing any more.",
		Example: "  latchkey feed revoke feed_01JD3W5Q0V8Z2M4N6P8R0T2V4X",
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			if err := c.RevokeFeed(ctx, args[0]); err != nil || p.doneJSON() {
				return err
			}
			p.say("revoked %s", args[0])
			return nil
		}),
	}))
}
