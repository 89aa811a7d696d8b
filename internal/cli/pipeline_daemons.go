package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"latchkey/client"
	"latchkey/internal/pipelined"
)

const (
	// goneAfter is after how long without a word a daemon is not waited for.
	goneAfter = 30 * time.Second
	// orderTime is how long the daemons of an instance may take for an order.
	orderTime = 3 * time.Minute
)

func (p *program) pipelineDaemonsCommand() *cobra.Command {
	var order, fingerprint string
	command := &cobra.Command{
		Use:   "daemons INSTANCE [--order ACTION] [--fingerprint HEX]",
		Short: "The pipelined daemons of an instance, on all its containers",
		Long: `List the pipelined daemons of an instance, as they tell the server that their pipelined-INSTANCE.yaml names: which
credential each runs with, and how its last migration went.

--order has all of them take up the credential of their own files (migrate), go back to the one before (rollback) or let
go of that (finish), waits until each has done so, and tells what came, all together. With --fingerprint a daemon waits
until its file holds that credential.`,
		Example: `  latchkey pipeline daemons prod
  latchkey pipeline daemons prod --order migrate --fingerprint dfb866d0daa45f74`,
		Args: takes("INSTANCE"),
	}
	command.Flags().StringVar(&order, "order", "", "what they are to do, an `action`: migrate, rollback or finish")
	command.Flags().StringVar(&fingerprint, "fingerprint", "", "of the credential that their files must hold, in `hex`")
	command.RunE = func(command *cobra.Command, args []string) error {
		if order != "" && !slices.Contains([]string{"migrate", "rollback", "finish"}, order) {
			return usagef(command, "--order is one of migrate, rollback, finish")
		}
		return p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			if order == "" {
				return list(p, c.Daemons(ctx, args[0]), daemonHead, p.daemonRow, "no daemon of "+args[0]+" has told this server of itself")
			}
			given, err := c.OrderDaemons(ctx, args[0], order, fingerprint)
			if err != nil {
				return err
			}
			return p.awaitDaemons(ctx, c, args[0], given.Number)
		})(command, args)
	}
	return command
}

var daemonHead = []string{"HOST", "CREDENTIAL", "FINGERPRINT", "ORDER", "SEEN", "TROUBLE"}

func (p *program) daemonRow(d client.Daemon) []string {
	trouble := d.Failure
	if d.State != nil && trouble == "" {
		trouble = d.State.Trouble
	}
	return []string{d.Host, d.Credential, orDash(d.Fingerprint), fmt.Sprint(d.CarriedOut), p.ago(d.SeenAt), orDash(trouble)}
}

// awaitDaemons waits until every daemon that lives has carried out an order, and tells what came to all of them.
func (p *program) awaitDaemons(ctx context.Context, c *client.Client, instance string, number int64) error {
	end := p.Clock.Now().Add(orderTime)
	for {
		all, err := client.Collect(c.Daemons(ctx, instance))
		if err != nil {
			return err
		}
		var waiting, failed []string
		for _, d := range all {
			switch {
			case p.Clock.Now().Sub(d.SeenAt) > goneAfter:
				p.tell("%s has said nothing for %s, and is not waited for", d.Host, p.Clock.Now().Sub(d.SeenAt).Round(time.Second))
			case d.CarriedOut < number:
				waiting = append(waiting, d.Host)
			case d.Failure != "":
				failed = append(failed, d.Host+": "+d.Failure)
			}
		}
		switch {
		case len(all) == 0:
			return withHint(fmt.Errorf("no daemon of %s has told this server of itself", instance), "server: {url, key} in their pipelined-%s.yaml", instance)
		case len(waiting) > 0 && p.Clock.Now().Before(end):
			if err := p.rest(ctx); err != nil {
				return err
			}
			continue
		case len(waiting) > 0:
			return fmt.Errorf("not carried out within %s by %s", orderTime, strings.Join(waiting, ", "))
		}
		total := pipelined.Sum{}
		if r := together(nil, all).Report; r != nil {
			total = pipelined.Total(r.Partitions)
		}
		return p.sayDaemons(all, total, failed)
	}
}

// rest waits between two looks.
func (p *program) rest(ctx context.Context) error {
	timer := p.Clock.NewTimer(p.PollEvery)
	defer timer.Stop()
	select {
	case <-timer.C():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *program) sayDaemons(all []client.Daemon, total pipelined.Sum, failed []string) error {
	if p.json {
		if err := p.sayJSON(map[string]any{"daemons": len(all), "failed": failed, "received": total.Received, "lost": total.Lost, "suppressed": total.Suppressed}); err != nil {
			return err
		}
	} else {
		rows := [][]string{daemonHead}
		for _, d := range all {
			rows = append(rows, p.daemonRow(d))
		}
		p.table(rows)
		what := "daemons"
		if len(all) == 1 {
			what = "daemon"
		}
		p.say("%d %s: %s", len(all), what, total)
	}
	if len(failed) > 0 {
		return fmt.Errorf("not every daemon has done it: %s", strings.Join(failed, "; "))
	}
	return nil
}
