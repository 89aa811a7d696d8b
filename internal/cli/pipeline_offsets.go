package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/client"
)

// offsetsFlags say what `pipeline offsets` does.
type offsetsFlags struct {
	group, to   string
	set         []string
	remove, yes bool
}

func (p *program) pipelineOffsetsCommand() *cobra.Command {
	var flags offsetsFlags
	command := &cobra.Command{
		Use:   "offsets TOPIC [--group NAME [--to earliest|latest|TIME] [--set PARTITION=OFFSET…] [--delete]]",
		Short: "Where partitions and consumers stand",
		Long: `The offsets that each partition holds; with --group, where that consumer group stands in each. --to and --set move
it: its streams end, and go on from there when they come again. --delete forgets the group.`,
		Example: `  latchkey pipeline offsets triggers
  latchkey pipeline offsets triggers --group campaign-dev --to earliest
  latchkey pipeline offsets triggers --group campaign-dev --to 2026-11-21T09:30:00Z
  latchkey pipeline offsets triggers --group campaign-dev --set 3=1090921`,
		Args: takes("TOPIC"),
	}
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		if flags.group == "" {
			if flags.to != "" || len(flags.set) > 0 || flags.remove {
				return usagef(command, "--group is missing")
			}
			return p.listPartitions(ctx, c, args[0])
		}
		if err := exclusive(command, "delete", "to", "set"); err != nil {
			return err
		}
		if err := exclusive(command, "to", "set"); err != nil {
			return err
		}
		return p.groupOffsets(ctx, command, c, args[0], flags)
	})
	command.Flags().StringVar(&flags.group, "group", "", "the consumer group's `name`")
	command.Flags().StringVar(&flags.to, "to", "", "move it to a `place`: earliest, latest, or a time such as 24h (ago) or 2026-11-21T09:30:00Z")
	command.Flags().StringSliceVar(&flags.set, "set", nil, "move it in one partition, `PARTITION=OFFSET`; repeat for more")
	command.Flags().BoolVar(&flags.remove, "delete", false, "forget the group and its pointers")
	command.Flags().BoolVar(&flags.yes, "yes", false, "do not ask")
	return command
}

func (p *program) listPartitions(ctx context.Context, c *client.Client, topic string) error {
	head := []string{"PARTITION", "FIRST", "NEXT", "EVENTS", "SIZE", "OLDEST"}
	return list(p, c.TopicPartitions(ctx, topic), head, func(t client.TopicPartition) []string {
		return []string{strconv.Itoa(t.Partition), fmt.Sprint(t.First), fmt.Sprint(t.Next), fmt.Sprint(t.Events), bytesText(t.Bytes), orDash(p.ago(t.Oldest))}
	}, "no partitions")
}

func (p *program) groupOffsets(ctx context.Context, command *cobra.Command, c *client.Client, topic string, flags offsetsFlags) error {
	switch {
	case flags.remove:
		if err := p.confirm(ctx, flags.yes, fmt.Sprintf("Forget the group %s of the topic %s?", flags.group, topic)); err != nil {
			return err
		}
		if err := c.DeleteTopicConsumer(ctx, topic, flags.group); err != nil || p.doneJSON() {
			return err
		}
		p.say("forgot %s", flags.group)
		return nil
	case flags.to == "" && len(flags.set) == 0:
		consumer, err := c.TopicConsumer(ctx, topic, flags.group)
		if err != nil {
			return err
		}
		p.sayOffsets(consumer)
		return nil
	}
	reset, err := p.resetOf(command, flags)
	if err != nil {
		return err
	}
	if err := p.confirm(ctx, flags.yes, fmt.Sprintf("Move the group %s of the topic %s?", flags.group, topic)); err != nil {
		return err
	}
	consumer, err := c.ResetTopicConsumer(ctx, topic, flags.group, reset)
	if err != nil {
		return err
	}
	p.sayOffsets(consumer)
	return nil
}

func (p *program) resetOf(command *cobra.Command, flags offsetsFlags) (client.ConsumerReset, error) {
	var reset client.ConsumerReset
	switch flags.to {
	case "":
	case "earliest", "latest":
		reset.To = flags.to
	default:
		at, err := parseSince(flags.to, p.Clock.Now())
		if err != nil {
			return reset, usagef(command, "--to %q is neither earliest nor latest, nor a time such as 24h or 2026-11-21T09:30:00Z", flags.to)
		}
		reset.At = at
	}
	for _, text := range flags.set {
		left, right, _ := strings.Cut(text, "=")
		partition, partitionErr := strconv.Atoi(left)
		offset, offsetErr := strconv.ParseInt(right, 10, 64)
		if partitionErr != nil || offsetErr != nil {
			return reset, usagef(command, "--set %q is not PARTITION=OFFSET", text)
		}
		if reset.Offsets == nil {
			reset.Offsets = map[int]int64{}
		}
		reset.Offsets[partition] = offset
	}
	return reset, nil
}

func (p *program) sayOffsets(c client.TopicConsumer) {
	if p.answerJSON(c) {
		return
	}
	sits := map[int]string{}
	for _, m := range c.Members {
		for _, partition := range m.Partitions {
			sits[partition] = m.ID
		}
	}
	rows := [][]string{{"PARTITION", "POINTER", "NEXT", "LAG", "LOST", "MEMBER"}}
	for _, at := range c.Partitions {
		rows = append(rows, []string{strconv.Itoa(at.Partition), fmt.Sprint(at.Pointer), fmt.Sprint(at.Next), fmt.Sprint(at.Lag), fmt.Sprint(at.Lost), orDash(sits[at.Partition])})
	}
	p.table(rows)
}
