package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) eventsCommand() *cobra.Command {
	return p.withRemote(p.group(&cobra.Command{
		Use:     "events",
		Short:   "What happened",
		Long:    `Events tell what happened to connections, providers and what ends. Webhooks deliver them; this lists them.`,
		Example: `  latchkey events list --since 24h`,
	}, p.eventsListCommand()))
}

func (p *program) eventsListCommand() *cobra.Command {
	var filter client.EventFilter
	var since string
	var limit int
	var follow bool
	command := &cobra.Command{
		Use:     "list [--type TYPE] [--subject ID] [--since 24h] [--limit 50] [--follow]",
		Aliases: []string{"ls"},
		Short:   "List events",
		Long: `List events, newest first. With --follow those that come are printed as they come, oldest first, until it is
interrupted; with --json each is a line of JSON then.`,
		Example: `  latchkey events list --type connection.needs_reauthorization --since 7d
  latchkey events list --follow`,
		Args: takes(),
	}
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
		if since != "" {
			var err error
			if filter.Since, err = parseSince(since, p.Clock.Now()); err != nil {
				return usagef(command, "%v", err)
			}
		}
		if follow {
			return p.followEvents(ctx, c, filter)
		}
		head := []string{"WHEN", "TYPE", "SUBJECT", "WHAT", "ID"}
		return list(p, first(limit, c.Events(ctx, filter)), head, func(e client.Event) []string {
			return []string{p.ago(e.Timestamp), e.Type, e.Subject, orDash(eventWords(e)), e.ID}
		}, "no events; they come when something changes")
	})
	command.Flags().StringVar(&filter.Type, "type", "", "only events of a `type`")
	command.Flags().StringVar(&filter.Subject, "subject", "", "only what happened to the thing of an `id`")
	command.Flags().StringVar(&since, "since", "", "from a `time` on, such as 24h, 7d or 2026-11-21")
	command.Flags().IntVar(&limit, "limit", 50, "how many to list, a `number`")
	command.Flags().BoolVar(&follow, "follow", false, "go on with those that come")
	return command
}

// overlap is how far back each look goes: an event's time is when it happened, and it is seen when that was committed.
const overlap = 30 * time.Second

// followEvents prints events as they come.
func (p *program) followEvents(ctx context.Context, c *client.Client, filter client.EventFilter) error {
	if filter.Since.IsZero() {
		filter.Since = p.Clock.Now()
	}
	asked, seen := filter, map[string]time.Time{}
	for {
		found, err := client.Collect(c.Events(ctx, asked))
		if ctx.Err() != nil {
			return nil // interrupted, as it is meant to be
		}
		if err != nil {
			return err
		}
		slices.Reverse(found)
		for _, e := range found {
			if _, known := seen[e.ID]; known || e.Timestamp.Before(filter.Since) {
				continue
			}
			seen[e.ID] = e.Timestamp
			p.sayEvent(e)
		}
		asked.Since = p.Clock.Now().Add(-overlap)
		maps.DeleteFunc(seen, func(_ string, at time.Time) bool { return at.Before(asked.Since) })
		if p.pause(ctx, p.PollEvery) != nil {
			return nil
		}
	}
}

func (p *program) sayEvent(e client.Event) {
	if p.json {
		var line bytes.Buffer
		if json.Compact(&line, e.JSON()) == nil {
			p.say("%s", line.String())
		}
		return
	}
	p.say("%s  %s  %s  %s", e.Timestamp.UTC().Format(time.RFC3339), e.Type, e.Subject, eventWords(e))
}

// eventWords says an event's data in a line.
func eventWords(e client.Event) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(e.Data)) {
		words = append(words, fmt.Sprintf("%s=%v", name, e.Data[name]))
	}
	return strings.Join(words, " ")
}

// first ends a list after so many items.
func first[T any](limit int, items iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		n := 0
		for item, err := range items {
			if n++; n > limit || !yield(item, err) {
				return
			}
		}
	}
}

// parseSince reads a duration back from now (days and weeks too), a date or an instant.
func parseSince(text string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	for suffix, unit := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if n, err := strconv.Atoi(strings.TrimSuffix(text, suffix)); err == nil && strings.HasSuffix(text, suffix) && n >= 0 && n <= 36500 {
			return now.Add(-time.Duration(n) * unit), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	return time.Time{}, fmt.Errorf("--since %q is not a time such as 24h, 7d or 2026-11-21", text)
}

// pause waits, and fails when it is interrupted.
func (p *program) pause(ctx context.Context, d time.Duration) error {
	timer := p.Clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
