package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"latchkey/client"
)

// audited is the flag that picks a chain.
type audited struct{ installation bool }

func (a *audited) flag(command *cobra.Command) {
	command.Flags().BoolVar(&a.installation, "installation", false, "the installation's own record, in place of the organization's; needs the scope admin")
}

func (p *program) auditCommand() *cobra.Command {
	return p.withRemote(p.group(&cobra.Command{
		Use:   "audit",
		Short: "Who did what, and who read which token",
		Long: `Every change and every token read is recorded, in a chain that tells when it was changed. Keep a checkpoint where the
database is not, and "latchkey audit verify --checkpoint FILE" proves that nothing before it was changed, removed or
moved since.`,
		Example: `  latchkey audit list --action token.read --subject conn_01JD3W5Q0V8Z2M4N6P8R0T2V4X
  latchkey audit checkpoint --out checkpoint.json`,
	}, p.auditListCommand(), p.auditVerifyCommand(), p.auditExportCommand(), p.auditCheckpointCommand(), p.auditKeyCommand()))
}

func (p *program) auditListCommand() *cobra.Command {
	var filter client.AuditFilter
	var chain audited
	var since, until string
	var limit int
	var follow bool
	command := &cobra.Command{
		Use:     "list [--actor KEY] [--action ACTION] [--subject ID] [--since 24h] [--until TIME] [--limit 50] [--follow]",
		Aliases: []string{"ls"},
		Short:   "List what was done",
		Long: `List records, newest first. An action that ends in a dot picks all that begin so. With --follow those that come are
printed as they come, oldest first, until it is interrupted; with --json each is a line of JSON then.`,
		Example: `  latchkey audit list --action token.read --subject conn_01JD3W5Q0V8Z2M4N6P8R0T2V4X --since 7d
  latchkey audit list --action key. --follow`,
		Args: takes(),
	}
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
		var err error
		filter.Installation = chain.installation
		if filter.Since, filter.Until, err = p.between(since, until); err != nil {
			return usagef(command, "%v", err)
		}
		if follow {
			return p.followAudit(ctx, c, filter)
		}
		filter.Limit = min(max(limit, 1), 200)
		head := []string{"NUMBER", "WHEN", "ACTOR", "ACTION", "SUBJECT", "WHAT"}
		return list(p, first(limit, c.Audit(ctx, filter)), head, func(r client.AuditRecord) []string {
			return []string{strconv.FormatInt(r.Sequence, 10), r.At.UTC().Format(time.RFC3339), r.Actor, r.Action, r.Subject, orDash(recordWords(r))}
		}, "no such records")
	})
	chain.flag(command)
	flags := command.Flags()
	flags.StringVar(&filter.Actor, "actor", "", "only what was done with the key of an `id`, or by system")
	flags.StringVar(&filter.Action, "action", "", "only an `action`, such as token.read, or key. for all of keys")
	flags.StringVar(&filter.Subject, "subject", "", "only what was done to the thing of an `id`")
	flags.StringVar(&since, "since", "", "from a `time` on, such as 24h, 7d or 2026-11-21")
	flags.StringVar(&until, "until", "", "before a `time`")
	flags.IntVar(&limit, "limit", 50, "how many to list, a `number`")
	flags.BoolVar(&follow, "follow", false, "go on with those that come")
	return command
}

// between reads two times; "" is none.
func (p *program) between(since, until string) (from, to time.Time, err error) {
	if since != "" {
		if from, err = parseSince(since, p.Clock.Now()); err != nil {
			return from, to, err
		}
	}
	if until != "" {
		if to, err = parseSince(until, p.Clock.Now()); err != nil {
			return from, to, fmt.Errorf("--until: %s", strings.TrimPrefix(err.Error(), "--since "))
		}
	}
	return from, to, nil
}

// recordWords says a record's details in a line.
func recordWords(r client.AuditRecord) string {
	var words []string
	if r.Generation > 0 {
		words = append(words, "generation="+strconv.FormatInt(r.Generation, 10))
	}
	for _, name := range slices.Sorted(maps.Keys(r.Detail)) {
		words = append(words, name+"="+r.Detail[name])
	}
	return strings.Join(words, " ")
}

// followAudit prints records as they come: numbers have no gaps, so none is missed.
func (p *program) followAudit(ctx context.Context, c *client.Client, filter client.AuditFilter) error {
	newest, err := client.Collect(first(1, c.Audit(ctx, client.AuditFilter{Installation: filter.Installation, Limit: 1})))
	if err != nil {
		return err
	}
	if len(newest) > 0 && filter.Since.IsZero() {
		filter.After = newest[0].Sequence
	}
	for {
		if filter.After == 0 {
			filter.After = 1 // of what was before --since there is at least one
		}
		found, err := client.Collect(c.Audit(ctx, filter))
		if ctx.Err() != nil {
			return nil // interrupted, as it is meant to be
		}
		if err != nil {
			return err
		}
		for _, r := range found {
			filter.After = r.Sequence
			p.sayRecord(r)
		}
		if p.pause(ctx, p.PollEvery) != nil {
			return nil
		}
	}
}

func (p *program) sayRecord(r client.AuditRecord) {
	if p.json {
		var line bytes.Buffer
		if json.Compact(&line, r.JSON()) == nil {
			p.say("%s", line.String())
		}
		return
	}
	p.say("%d  %s  %s  %s  %s  %s", r.Sequence, r.At.UTC().Format(time.RFC3339), r.Actor, r.Action, r.Subject, recordWords(r))
}

func (p *program) auditExportCommand() *cobra.Command {
	var chain audited
	var since, until, out string
	command := &cobra.Command{
		Use:   "export [--since TIME] [--until TIME] [--out FILE]",
		Short: "Write the record to a file that can be verified",
		Long: `Write the record as JSON Lines: a beginning, the records with their hashes, the checkpoints among them, an end.
"latchkey audit verify --file FILE" checks it without a server. Without --out it goes to standard output.`,
		Example: `  latchkey audit export --since 2026-11-01 --until 2026-12-01 --out november.jsonl`,
		Args:    takes(),
	}
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, _ []string) (err error) {
		from, to, err := p.between(since, until)
		if err != nil {
			return usagef(command, "%v", err)
		}
		if out == "" {
			return c.ExportAudit(ctx, chain.installation, from, to, p.Out)
		}
		file, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return fmt.Errorf("writing the export: %w", err)
		}
		err = c.ExportAudit(ctx, chain.installation, from, to, file)
		if closeErr := file.Close(); err == nil && closeErr != nil {
			err = fmt.Errorf("writing the export: %w", closeErr)
		}
		if err == nil && !p.doneJSON() {
			p.tell("wrote %s; check it with: latchkey audit verify --file %s", out, out)
		}
		return err
	})
	chain.flag(command)
	command.Flags().StringVar(&since, "since", "", "from the first record made at a `time` or later, such as 7d or 2026-11-21")
	command.Flags().StringVar(&until, "until", "", "to the last record made before a `time`")
	command.Flags().StringVar(&out, "out", "", "the `file` to write")
	return command
}

func (p *program) auditCheckpointCommand() *cobra.Command {
	var chain audited
	var out string
	command := &cobra.Command{
		Use:   "checkpoint [--out FILE]",
		Short: "Sign the record as it is now",
		Long: `Sign the record as it is now, and print the checkpoint. Keep it where the database is not: who could change the
database could change its checkpoints too. With --out it is added to the end of a file.`,
		Example: `  latchkey audit checkpoint --out /mnt/elsewhere/checkpoints.jsonl`,
		Args:    takes(),
	}
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
		made, err := c.CreateAuditCheckpoint(ctx, chain.installation)
		if err != nil {
			return err
		}
		var line bytes.Buffer
		if err := json.Compact(&line, made.JSON()); err != nil {
			return fmt.Errorf("reading the checkpoint: %w", err)
		}
		if out == "" {
			p.say("%s", line.String())
			return nil
		}
		file, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return fmt.Errorf("writing the checkpoint: %w", err)
		}
		_, err = file.Write(append(line.Bytes(), '\n'))
		if closeErr := file.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return fmt.Errorf("writing the checkpoint: %w", err)
		}
		if !p.answerJSON(made) {
			p.tell("signed the record up to number %d", made.Sequence)
		}
		return nil
	})
	chain.flag(command)
	command.Flags().StringVar(&out, "out", "", "the `file` to add it to")
	return command
}

func (p *program) auditKeyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "key",
		Short: "Print the public key that checks checkpoints",
		Long: `Print the public key that checks checkpoints, in PEM, and its fingerprint. Keep it with them, and give it to
"latchkey audit verify --public-key FILE": then no other key is trusted.`,
		Example: "  latchkey audit key > audit.pub",
		Args:    takes(),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
			key, err := c.AuditKey(ctx)
			if err != nil || p.answerJSON(key) {
				return err
			}
			p.say("%s", strings.TrimSuffix(key.PEM, "\n"))
			p.tell("%s", key.Fingerprint)
			return nil
		}),
	}
}
