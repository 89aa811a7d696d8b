package cli

import (
	"context"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) credentialMigrateCommand() *cobra.Command {
	return p.group(&cobra.Command{
		Use:   "migrate",
		Short: "Move a credential from JWT to OAuth server-to-server",
		Long: `Move a service_account_jwt credential to OAuth server-to-server without downtime: "start" lets the same client id
take client credentials beside JWTs; you change your systems over one by one, "status" says who still comes the old
way; "finish" ends the certificates. Until then "cancel" undoes it.`,
		Example: `  latchkey credential migrate start moviestar-jwt
  latchkey credential migrate status moviestar-jwt
  latchkey credential migrate finish moviestar-jwt`,
	}, p.migrateStartCommand(), p.migrateStatusCommand(), p.migrateFinishCommand(), p.migrateCancelCommand())
}

func (p *program) migrateStartCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "start CREDENTIAL",
		Short:   "Let a JWT credential take client credentials too",
		Long:    "Let a JWT credential take client credentials too. Meanwhile its services and secrets can't be changed.",
		Example: "  latchkey credential migrate start moviestar-jwt",
		Args:    takes("CREDENTIAL"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			status, err := c.StartMigration(ctx, args[0])
			if err != nil || p.answerJSON(status) {
				return err
			}
			p.say("%s takes JWTs and client credentials", args[0])
			p.tell("its client secret: latchkey credential secret reveal %s", word(args[0]))
			p.tell("who uses which: latchkey credential migrate status %s", word(args[0]))
			return nil
		}),
	}
}

func (p *program) migrateStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "status CREDENTIAL",
		Short:   "Show how far a migration is",
		Long:    "Show how far a migration is: the places that use JWTs, those that use client credentials, and whether it can be\nfinished.",
		Example: "  latchkey credential migrate status moviestar-jwt",
		Args:    takes("CREDENTIAL"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			status, err := c.Migration(ctx, args[0])
			if err != nil || p.answerJSON(status) {
				return err
			}
			p.showMigration(args[0], status)
			return nil
		}),
	}
}

func (p *program) showMigration(name string, status client.MigrationStatus) {
	p.say("%s: %s", name, status.State)
	rows := [][]string{{"WAY", "FROM", "LAST USED"}}
	for _, way := range []struct {
		name string
		uses []client.ProofUse
	}{{"JWT", status.JWT}, {"OAuth", status.OAuth}} {
		for _, u := range way.uses {
			rows = append(rows, []string{way.name, orUnknown(u.From), p.ago(u.At)})
		}
	}
	if len(rows) > 1 {
		p.table(rows)
	}
	switch {
	case status.State == "not_started":
		p.tell("begin: latchkey credential migrate start %s", word(name))
	case status.State == "started" && status.Obstacle == "":
		p.tell("it can be finished: latchkey credential migrate finish %s", word(name))
	case status.Obstacle != "":
		p.tell("it can't be finished yet: %s", status.Obstacle)
	}
}

func (p *program) migrateFinishCommand() *cobra.Command {
	var yes bool
	command := &cobra.Command{
		Use:   "finish CREDENTIAL [--yes]",
		Short: "End the certificates of a migrated credential",
		Long: `End the certificates of a credential: it is one of OAuth server-to-server then, and that can't be undone. Refused
until client credentials were used later than the last JWT.`,
		Example: "  latchkey credential migrate finish moviestar-jwt --yes",
		Args:    takes("CREDENTIAL"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			if err := p.confirm(ctx, yes, "End the certificates of "+args[0]+"? That can't be undone."); err != nil {
				return err
			}
			status, err := c.FinishMigration(ctx, args[0])
			if err != nil || p.answerJSON(status) {
				return err
			}
			p.say("%s is a credential of OAuth server-to-server now", args[0])
			return nil
		}),
	}
	command.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return command
}

func (p *program) migrateCancelCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "cancel CREDENTIAL",
		Short:   "Put a credential back to JWT alone",
		Long:    "Put a credential back to JWT alone: client credentials are refused again.",
		Example: "  latchkey credential migrate cancel moviestar-jwt",
		Args:    takes("CREDENTIAL"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			if err := c.CancelMigration(ctx, args[0]); err != nil || p.doneJSON() {
				return err
			}
			p.say("%s takes JWTs alone again", args[0])
			return nil
		}),
	}
}
