package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) orgCommand() *cobra.Command {
	return p.withRemote(p.group(&cobra.Command{
		Use:     "org",
		Short:   "Organizations",
		Long:    "An organization is a tenant: everything else belongs to one.",
		Example: "  latchkey org show",
	}, p.orgListCommand(), p.orgShowCommand(), p.orgOffboardCommand()))
}

func (p *program) orgListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List organizations",
		Long:    "List the organizations that the key sees: its own.",
		Example: "  latchkey org list",
		Args:    takes(),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
			return list(p, c.Organizations(ctx), []string{"NAME", "NUMBER", "ID"}, func(o client.Organization) []string {
				return []string{o.Name, o.Number, o.ID}
			}, "no organizations")
		}),
	}
}

func (p *program) orgShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show [ORG]",
		Short: "Show an organization",
		Long: `Show an organization: its IMS id, and the number that the developer console's API calls it by. Without ORG it is
the key's own.`,
		Example: "  latchkey org show",
		Args:    cobra.MaximumNArgs(1),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			if len(args) == 0 {
				me, err := c.Whoami(ctx)
				if err != nil {
					return err
				}
				args = []string{me.Organization.ID}
			}
			o, err := c.Organization(ctx, args[0])
			if err != nil || p.answerJSON(o) {
				return err
			}
			p.details([][2]string{{"id", o.ID}, {"number", o.Number}, {"name", o.Name}, {"created", p.ago(o.CreatedAt)}})
			return nil
		}),
	}
}

// offboard is what `latchkey org offboard` was asked.
type offboard struct {
	yes, forgetFailed, keep bool
	report                  string
	wait                    time.Duration
}

func (p *program) orgOffboardCommand() *cobra.Command {
	var ask offboard
	command := &cobra.Command{
		Use:   "offboard ORG [--yes] [--report FILE]",
		Short: "End an organization: revoke all that it holds, then erase it",
		Long: `End an organization. Its other keys, people and webhooks lose their rights at once; its connections are deleted
and their grants revoked at the providers; when each grant's end is known, everything of the organization is erased,
its data key included. The audit record stays.

A provider that does not answer is asked for three days. The command waits for --wait, and can be given again at any
time: it goes on where it was, whatever was killed meanwhile. Grants that could not be revoked keep the organization
from being erased until you end them at the provider and forget them, or say --forget-failed.`,
		Example: `  latchkey org offboard 6096892F54B5819E0A4C98A2@AdobeOrg --report acme.jsonl
  latchkey org offboard 6096892F54B5819E0A4C98A2@AdobeOrg --yes --forget-failed`,
		Args: takes("ORG"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			return p.offboard(ctx, c, args[0], ask)
		}),
	}
	flags := command.Flags()
	flags.BoolVar(&ask.yes, "yes", false, "do not ask")
	flags.BoolVar(&ask.forgetFailed, "forget-failed", false, "erase although grants could not be revoked")
	flags.BoolVar(&ask.keep, "keep", false, "revoke everything, but erase nothing yet")
	flags.StringVar(&ask.report, "report", "", "write what became of each grant to this `file`, a JSON object a line")
	flags.DurationVar(&ask.wait, "wait", 10*time.Minute, "how long to wait for the grants to be revoked")
	return command
}

func (p *program) offboard(ctx context.Context, c *client.Client, organization string, ask offboard) error {
	if !ask.yes {
		if !p.interactive() {
			return errors.New("this can't be undone: say --yes")
		}
		answer, err := p.ask(ctx, "Everything of the organization will be revoked and erased. Type its id to go on: ")
		if err != nil {
			return err
		}
		if strings.TrimSpace(answer) != organization {
			return errors.New("that is another id; nothing was done")
		}
	}
	state, err := p.settleOrganization(ctx, c, organization, ask.wait)
	if err != nil {
		return err
	}
	if ask.report != "" {
		if err := writeReport(ctx, c, ask.report); err != nil {
			return err
		}
		p.tell("what became of each grant is in %s", ask.report)
	}
	if state.Grants.Failed > 0 && !ask.forgetFailed {
		p.answerJSON(state)
		return withHint(fmt.Errorf("%d grants could not be revoked, and may be alive at their providers", state.Grants.Failed),
			"see them: latchkey revocation list --state failed; end them there and forget them here, or say --forget-failed")
	}
	if !ask.keep {
		if state, err = c.EraseOrganization(ctx, organization, ask.forgetFailed); err != nil {
			return err
		}
	}
	if p.answerJSON(state) {
		return nil
	}
	g := state.Grants
	p.say("%d grants revoked, %d could not be revoked, %d without a way to revoke them", g.Revoked, g.Failed, g.None)
	if ask.keep {
		p.say("%s is settled; erase it: latchkey org offboard %s", state.Name, word(organization))
		return nil
	}
	p.say("%s (%s) is gone; its audit record stays", state.Name, organization)
	return nil
}

// settleOrganization goes on until each grant's end is known.
func (p *program) settleOrganization(ctx context.Context, c *client.Client, organization string, wait time.Duration) (client.Offboarding, error) {
	progress := waiting{program: p}.newProgress()
	defer progress.clear()
	for began := time.Now(); ; {
		state, err := c.Offboard(ctx, organization)
		if err != nil || state.Phase == client.OffboardSettled {
			return state, err
		}
		g := state.Grants
		progress.line(fmt.Sprintf("%d connections left; grants: %d revoked, %d waiting, %d failed", state.Connections, g.Revoked, g.Waiting, g.Failed),
			time.Since(began))
		if time.Since(began) > wait {
			return state, withHint(fmt.Errorf("%d connections are left and %d grants wait to be revoked", state.Connections, g.Waiting),
				"it goes on by itself; give the command again later, or see: latchkey revocation list --state waiting")
		}
		if state.Phase == client.OffboardRevoking {
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
				return state, ctx.Err()
			}
		}
	}
}

// writeReport writes what became of each grant.
func writeReport(ctx context.Context, c *client.Client, path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	out := json.NewEncoder(file)
	for revocation, err := range c.Revocations(ctx, "") {
		if err == nil {
			err = out.Encode(revocation.JSON())
		}
		if err != nil {
			_ = file.Close()
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}
