package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/client"
)

// handOver is what a migration is asked to hand over to the daemons of an instance.
type handOver struct {
	credential, key, passphrase string
	yes                         bool
}

func (h *handOver) add(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&h.credential, "credential", "", "have the server hand over this `credential` (name, id or client id) to every daemon of the instance")
	flags.StringVar(&h.key, "private-key", "", "with --credential, of one with certificates: its key, `@FILE`, or - for standard input")
	flags.StringVar(&h.passphrase, "passphrase", "", "passphrase of the private key: `@FILE`, or - for standard input")
	flags.BoolVar(&h.yes, "yes", false, "with --credential: do not ask")
}

// handOver has the server hand a credential over, and waits until every daemon has carried that out.
func (p *program) handOver(ctx context.Context, c *client.Client, instance string, h handOver) error {
	key, err := p.handedKey(ctx, h)
	if err != nil {
		return err
	}
	all, err := client.Collect(c.Daemons(ctx, instance))
	if err != nil {
		return err
	}
	var to []string
	for _, d := range all {
		if p.Clock.Now().Sub(d.SeenAt) <= goneAfter {
			to = append(to, fmt.Sprintf("%s (%s)", d.Host, d.ToldBy))
		}
	}
	if len(to) == 0 {
		return withHint(fmt.Errorf("no daemon of %s has told this server of itself of late", instance), "server: {url, key} in their pipelined-%s.yaml, with a key that has pipeline:consume and pipeline:run", instance)
	}
	p.tell("%s is handed over to the daemons on %s", h.credential, strings.Join(to, ", "))
	if !h.yes && !p.json && p.interactive() {
		answer, err := p.ask(ctx, "Are those the hosts of "+instance+", and their keys? [y/N] ")
		if err != nil {
			return err
		}
		if a := strings.ToLower(strings.TrimSpace(answer)); a != "y" && a != "yes" {
			return errors.New("nothing was handed over")
		}
	}
	order, err := c.HandOver(ctx, instance, h.credential, key)
	if err != nil {
		return err
	}
	if err := p.awaitDaemons(ctx, c, instance, order.Number); err != nil {
		return err
	}
	p.tell("next: latchkey pipeline daemons %s --order finish, or --order rollback", instance)
	return nil
}

// handedKey reads the private key, "" for none.
func (p *program) handedKey(ctx context.Context, h handOver) (string, error) {
	if h.key == "" {
		return "", nil
	}
	if h.key != "-" && !strings.HasPrefix(h.key, "@") {
		p.warn("--private-key on the command line shows in the process list and the shell's history; give @FILE or -")
	}
	text, err := p.value("--private-key", h.key)
	if err != nil {
		return "", err
	}
	key, err := p.readKey(ctx, text, h.passphrase)
	if err != nil {
		return "", err
	}
	pem, err := key.PEM()
	return pem.Reveal(), err
}
