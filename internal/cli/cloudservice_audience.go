package cli

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"latchkey/client"
)

// askEvery is how often a sync that is watched is asked for.
const askEvery = 500 * time.Millisecond

// syncAudiences has the audiences of a service of Target synced, or tells how that stands.
func (p *program) syncAudiences(ctx context.Context, c *client.Client, name string, watch, status bool) error {
	ask := c.SyncAudiences
	if status {
		ask = c.AudienceSync
	}
	found, err := ask(ctx, name)
	for watch && err == nil && (found.State == "waiting" || found.State == "running") {
		if !p.json {
			p.tell("%s", syncLine(found))
		}
		if err = p.pause(ctx, min(p.PollEvery, askEvery)); err == nil {
			found, err = c.AudienceSync(ctx, name)
		}
	}
	if err != nil {
		return err
	}
	if !p.answerJSON(found) {
		p.say("%s", syncLine(found))
		if found.Failed != nil {
			p.sayLayer(*found.Failed)
		}
	}
	if watch && found.State == "failed" {
		return errTold
	}
	return nil
}

// syncLine tells in a line how a sync stands.
func syncLine(s client.AudienceSync) string {
	line := s.State
	switch {
	case s.State == "waiting" || s.StartedAt == nil:
		return line
	case s.Total != nil && s.Percent != nil:
		line += fmt.Sprintf(" %d%%, %d of %d audiences", *s.Percent, s.Read, *s.Total)
	default:
		line += fmt.Sprintf(", %d audiences", s.Read)
	}
	line += fmt.Sprintf("; %d new, %d changed, %d gone", s.Added, s.Changed, s.Removed)
	if s.Unordered {
		line += " (what is gone can't be seen: Target does not list in the order of ids)"
	}
	return line
}

func (p *program) cloudAudiencesCommand() *cobra.Command {
	var q client.AudienceQuery
	var limit int
	command := &cobra.Command{
		Use:     "audiences NAME [--search TEXT] [--type reusable] [--gone] [--limit 50]",
		Short:   "List the audiences that were synced of Target",
		Long:    "List the audiences of a service of Target, which AEM calls segments, as they were synced, by id.",
		Example: "  latchkey cloud-service audiences acme-target --search gold",
		Args:    takes("NAME"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			return list(p, first(limit, c.Audiences(ctx, args[0], q)), []string{"ID", "NAME", "TYPE", "ORIGIN", "MODIFIED"}, func(a client.Audience) []string {
				modified := ""
				if a.ModifiedAt != nil {
					modified = p.ago(*a.ModifiedAt)
				}
				return []string{strconv.FormatInt(a.ID, 10), a.Name, orDash(a.Kind), orDash(a.Origin), orDash(modified)}
			}, "no such audiences here; sync them: latchkey cloud-service sync "+args[0])
		}),
	}
	command.Flags().StringVar(&q.Search, "search", "", "only those with a `text` in their name")
	command.Flags().StringVar(&q.Kind, "type", "", "only those of a `type`: reusable, anonymous or property")
	command.Flags().BoolVar(&q.Gone, "gone", false, "those that have vanished from Target")
	command.Flags().IntVar(&limit, "limit", 50, "how many to list, a `number`")
	return command
}
