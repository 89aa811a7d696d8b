package cli

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) webhookTestCommand() *cobra.Command {
	var wait time.Duration
	command := &cobra.Command{
		Use:   "test ID [--wait 10s]",
		Short: "Send an endpoint a test event",
		Long: `Send an endpoint an event of the type webhook.test and wait for its answer. The exit code is 1 when the event was
not delivered in that time.`,
		Example: "  latchkey webhook test wh_01JD3W5Q0V8Z2M4N6P8R0T2V4X",
		Args:    takes("ID"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			sent, err := c.TestWebhook(ctx, args[0])
			if err != nil {
				return err
			}
			d, err := p.awaitDelivery(ctx, c, args[0], sent.ID, wait)
			if err != nil {
				return err
			}
			if p.json {
				p.say("%s", indentJSON(d.JSON()))
			}
			if d.State == "delivered" {
				if !p.json {
					p.say("delivered %s: %d, after %s", sent.ID, d.Status, milliseconds(d))
				}
				return nil
			}
			if d.Attempts == 0 {
				return withHint(fmt.Errorf("%s waits", sent.ID), "see what becomes of it: latchkey webhook deliveries %s", args[0])
			}
			return withHint(fmt.Errorf("%s was not delivered: %s", sent.ID, deliveryAnswer(d)),
				"it is tried again %s; see latchkey webhook deliveries %s", p.ago(d.NextAttemptAt), args[0])
		}),
	}
	command.Flags().DurationVar(&wait, "wait", 10*time.Second, "how long to wait for the answer, a `time`")
	return command
}

// awaitDelivery looks until the first attempt to deliver an event has ended.
func (p *program) awaitDelivery(ctx context.Context, c *client.Client, endpoint, event string, wait time.Duration) (client.Delivery, error) {
	var found client.Delivery
	for end := p.Clock.Now().Add(wait); ; {
		for d, err := range c.Deliveries(ctx, endpoint, "") {
			if err != nil {
				return client.Delivery{}, err
			}
			if d.Event == event {
				found = d
				break
			}
		}
		if found.Attempts > 0 || !p.Clock.Now().Before(end) {
			return found, nil
		}
		if err := p.pause(ctx, min(p.PollEvery, 250*time.Millisecond)); err != nil {
			return client.Delivery{}, err
		}
	}
}

func (p *program) webhookReplayCommand() *cobra.Command {
	var since string
	command := &cobra.Command{
		Use:   "replay ID EVENT | replay ID --since 24h",
		Short: "Deliver once more",
		Long: `Deliver one event once more, or with --since every event that the endpoint wants and has not got: those that
failed, and those that happened while it was disabled. The receiver tells a repetition by webhook-id.`,
		Example: `  latchkey webhook replay wh_01JD3W5Q0V8Z2M4N6P8R0T2V4X --since 24h
  latchkey webhook replay wh_01JD3W5Q0V8Z2M4N6P8R0T2V4X evt_01JD3W5Q0V8Z2M4N6P8R0T2V4X`,
		Args: func(command *cobra.Command, args []string) error {
			return takes([]string{"ID", "EVENT"}[:max(1, min(2, len(args)))]...)(command, args)
		},
	}
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		if (len(args) == 2) == (since != "") {
			return usagef(command, "name an event or give --since")
		}
		var done client.Replayed
		var err error
		if since == "" {
			done, err = c.ReplayEvent(ctx, args[0], args[1])
		} else {
			var from time.Time
			if from, err = parseSince(since, p.Clock.Now()); err != nil {
				return usagef(command, "%v", err)
			}
			done, err = c.ReplaySince(ctx, args[0], from)
		}
		if err != nil || p.answerJSON(done) {
			return err
		}
		p.say("%d to deliver", done.Deliveries)
		return nil
	})
	command.Flags().StringVar(&since, "since", "", "what was missed from a `time` on, such as 24h, 7d or 2026-11-21")
	return command
}

func (p *program) webhookDeliveriesCommand() *cobra.Command {
	var state string
	var limit int
	command := &cobra.Command{
		Use:     "deliveries ID [--state pending|delivered|failed] [--limit 50]",
		Short:   "List an endpoint's deliveries",
		Long:    "List what was sent to an endpoint, newest first: the answer, how long it took, and when the next attempt is.",
		Example: "  latchkey webhook deliveries wh_01JD3W5Q0V8Z2M4N6P8R0T2V4X --state failed",
		Args:    takes("ID"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			head := []string{"WHEN", "TYPE", "SUBJECT", "STATE", "ANSWER", "TOOK", "ATTEMPTS", "NEXT", "EVENT"}
			return list(p, first(limit, c.Deliveries(ctx, args[0], state)), head, func(d client.Delivery) []string {
				return []string{
					p.ago(d.CreatedAt), d.Type, d.Subject, d.State, deliveryAnswer(d), milliseconds(d), strconv.Itoa(d.Attempts),
					orDash(p.ago(d.NextAttemptAt)), d.Event,
				}
			}, "nothing was sent to it yet; try: latchkey webhook test "+args[0])
		}),
	}
	command.Flags().StringVar(&state, "state", "", "only those in a `state`: pending, delivered or failed")
	command.Flags().IntVar(&limit, "limit", 50, "how many to list, a `number`")
	return command
}

func deliveryAnswer(d client.Delivery) string {
	switch {
	case d.Status != 0:
		return strconv.Itoa(d.Status)
	case d.Error != "":
		return d.Error
	}
	return "-"
}

func milliseconds(d client.Delivery) string {
	if d.Attempts == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f ms", d.LatencyMS)
}
