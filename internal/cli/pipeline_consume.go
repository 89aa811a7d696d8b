package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) pipelineConsumeCommand() *cobra.Command {
	var options client.ConsumeOptions
	var limit int
	var peek bool
	command := &cobra.Command{
		Use:   "consume TOPIC [--group NAME] [--limit N] [--org ID…] [--source NAME…] [--reset latest] [--no-commit]",
		Short: "Print a topic's events as they come",
		Long: `Print the events of a topic as a member of a consumer group, until it is interrupted or --limit is reached; with
--json each envelope is a line. The group goes on behind what was printed, unless --no-commit is given. A new group
begins with the oldest event, or with --reset latest with what comes from now on; "latchkey pipeline offsets" moves
one. While a daemon reads with the same group, the two share the events: use a group of your own.`,
		Example: `  latchkey pipeline consume triggers --group look --limit 10
  latchkey pipeline consume triggers --group look --json | jq .pipelineMessage.value`,
		Args: takes("TOPIC"),
	}
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		if options.Reset != "" && options.Reset != "earliest" && options.Reset != "latest" {
			return usagef(command, "--reset %q is neither earliest nor latest", options.Reset)
		}
		if !peek {
			options.SyncMessages = 100
			if limit > 0 {
				options.SyncMessages = min(limit, 100)
			}
		}
		return p.consume(ctx, c, args[0], options, limit)
	})
	flags := command.Flags()
	flags.StringVar(&options.Group, "group", "latchkey-cli", "the consumer group's `name`")
	flags.IntVar(&limit, "limit", 0, "end after a `number` of events")
	flags.StringSliceVar(&options.Organizations, "org", nil, "only events of an IMS organization `id`; repeat for more")
	flags.StringSliceVar(&options.Sources, "source", nil, "only events of a source of that `name`; repeat for more")
	flags.StringVar(&options.Reset, "reset", "", "where a new group begins, a `place`: earliest or latest")
	flags.BoolVar(&peek, "no-commit", false, "leave the group where it is")
	return command
}

// consume prints events, and connects again when the server ends the stream.
func (p *program) consume(ctx context.Context, c *client.Client, topic string, options client.ConsumeOptions, limit int) error {
	printed := 0
	for {
		for e, err := range c.Consume(ctx, topic, options) {
			if ctx.Err() != nil {
				return nil // interrupted, as it is meant to be
			}
			if err != nil {
				if !passing(err) {
					return err
				}
				p.tell("%v; connecting again", err)
				break
			}
			done := limit > 0 && printed >= limit
			switch {
			case e.Type == "SYNC":
				if err := c.Sync(ctx, options.Group, e.SyncMarker); err != nil && ctx.Err() == nil {
					return fmt.Errorf("committing: %w", err)
				}
			case e.Type == "DATA" && !done:
				p.sayEnvelope(e)
				printed++
			}
			if done || limit > 0 && printed >= limit && options.SyncMessages == 0 {
				return nil
			}
		}
		if p.pause(ctx, time.Second) != nil {
			return nil
		}
	}
}

func (p *program) sayEnvelope(e client.Envelope) {
	if p.json {
		var line bytes.Buffer
		if json.Compact(&line, e.JSON()) == nil {
			p.say("%s", line.String())
		}
		return
	}
	var message client.Message
	value := e.Message
	if json.Unmarshal(e.Message, &message) == nil && message.Value != nil {
		value = message.Value
	}
	p.say("%s  %d:%d  %s  %s", time.UnixMilli(e.AcceptTime).UTC().Format(time.RFC3339), e.Partition, e.Offset, orDash(e.Key), value)
}
