package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) pipelineTopicsCommand() *cobra.Command {
	topics := p.group(&cobra.Command{
		Use:   "topics",
		Short: "Topics and what they keep",
		Long: `A topic is a stream of events. It keeps them for a time and up to a size, whoever has read them. Without a command
topics are listed.`,
		Example: `  latchkey pipeline topics
  latchkey pipeline topics create orders --partitions 3 --keep 14d`,
	}, p.topicListCommand(), p.topicShowCommand(), p.topicCreateCommand(), p.topicUpdateCommand(), p.topicDeleteCommand())
	topics.RunE = p.listTopics()
	return topics
}

func (p *program) topicListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List topics",
		Long:    "List the topics, and what each keeps.",
		Example: "  latchkey pipeline topics list",
		Args:    takes(),
		RunE:    p.listTopics(),
	}
}

func (p *program) listTopics() func(*cobra.Command, []string) error {
	return p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
		head := []string{"NAME", "PARTITIONS", "KEEPS", "UP TO", "ID"}
		return list(p, c.Topics(ctx), head, func(t client.Topic) []string {
			return []string{t.Name, strconv.Itoa(t.Partitions), keeps(t), upTo(t), t.ID}
		}, "no topics yet; make one: latchkey pipeline topics create triggers")
	})
}

func keeps(t client.Topic) string {
	if t.RetentionSeconds == 0 {
		return "for ever"
	}
	return span(time.Duration(t.RetentionSeconds) * time.Second)
}

func upTo(t client.Topic) string {
	if t.RetentionBytes == 0 {
		return "any size"
	}
	return bytesText(t.RetentionBytes)
}

// bytesText says a size in its largest unit.
func bytesText(n int64) string {
	for _, unit := range []struct {
		name string
		size int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n >= unit.size {
			return fmt.Sprintf("%.1f %s", float64(n)/float64(unit.size), unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

func (p *program) topicShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show TOPIC",
		Short:   "Show a topic",
		Long:    "Show a topic: what it keeps, and how many events it holds.",
		Example: "  latchkey pipeline topics show triggers",
		Args:    takes("TOPIC"),
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			t, err := c.Topic(ctx, args[0])
			if err != nil || p.answerJSON(t) {
				return err
			}
			partitions, err := client.Collect(c.TopicPartitions(ctx, args[0]))
			if err != nil {
				return err
			}
			var events, size int64
			for _, partition := range partitions {
				events, size = events+partition.Events, size+partition.Bytes
			}
			p.details([][2]string{
				{"id", t.ID}, {"name", t.Name}, {"description", t.Description}, {"partitions", strconv.Itoa(t.Partitions)},
				{"keeps", keeps(t)}, {"up to", upTo(t)}, {"holds", fmt.Sprintf("%d events, %s", events, bytesText(size))},
				{"created", p.ago(t.CreatedAt)}, {"changed", p.ago(t.UpdatedAt)},
			})
			return nil
		}),
	}
}

func (p *program) topicCreateCommand() *cobra.Command {
	var input client.NewTopic
	var keep, size string
	command := &cobra.Command{
		Use:   "create NAME [--partitions 15] [--keep 7d] [--size 4GiB] [--description TEXT]",
		Short: "Make a topic",
		Long: `Make a topic. Events of one key stay in one partition, in their order; the number of partitions can't be changed
later. Events go when they are older than --keep, or when there are more than --size of them, the oldest first.`,
		Example: `  latchkey pipeline topics create orders
  latchkey pipeline topics create audit-trail --partitions 1 --keep forever --size any`,
		Args: takes("NAME"),
	}
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) (err error) {
		input.Name = args[0]
		if input.RetentionSeconds, input.RetentionBytes, err = retention(command, keep, size); err != nil {
			return err
		}
		made, err := c.CreateTopic(ctx, input)
		if err != nil || p.answerJSON(made) {
			return err
		}
		p.say("created %s (%s): %d partitions, keeps events for %s, up to %s", made.Name, made.ID, made.Partitions, keeps(made), upTo(made))
		p.tell(`put an event into it: latchkey pipeline produce %s '{"hello": "world"}'`, word(made.Name))
		return nil
	})
	command.Flags().IntVar(&input.Partitions, "partitions", 0, "how many partitions, a `number`; 15 without it")
	command.Flags().StringVar(&input.Description, "description", "", "what people should know of it, a `text`")
	keepingFlags(command, &keep, &size)
	return command
}

func keepingFlags(command *cobra.Command, keep, size *string) {
	command.Flags().StringVar(keep, "keep", "", "how long events are kept, a `time` such as 36h, 7d or forever")
	command.Flags().StringVar(size, "size", "", "how much is kept, a `size` such as 512MiB, 4GiB or any")
}

// retention reads --keep and --size; nil for what is not given.
func retention(command *cobra.Command, keep, size string) (seconds, bytes *int64, err error) {
	if keep != "" {
		n, ok := int64(0), keep == "forever"
		if days, found := strings.CutSuffix(keep, "d"); found {
			count, err := strconv.ParseInt(days, 10, 32)
			n, ok = count*86400, err == nil && count > 0
		} else if d, err := time.ParseDuration(keep); err == nil && d > 0 {
			n, ok = int64(d/time.Second), true
		}
		if !ok {
			return nil, nil, usagef(command, "--keep %q is not a time such as 36h, 7d or forever", keep)
		}
		seconds = &n
	}
	if size != "" {
		n, ok := int64(0), size == "any"
		for unit, factor := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40} {
			if number, found := strings.CutSuffix(size, unit); found {
				count, err := strconv.ParseInt(strings.TrimSpace(number), 10, 32)
				n, ok = count*factor, err == nil && count > 0
			}
		}
		if !ok {
			return nil, nil, usagef(command, "--size %q is not a size such as 512MiB, 4GiB or any", size)
		}
		bytes = &n
	}
	return seconds, bytes, nil
}

func (p *program) topicUpdateCommand() *cobra.Command {
	var keep, size, description string
	command := &cobra.Command{
		Use:     "update TOPIC [--keep 14d] [--size 8GiB] [--description TEXT]",
		Short:   "Change what a topic keeps",
		Long:    "Change what is given, and leave the rest. What a topic keeps less of goes within a minute.",
		Example: "  latchkey pipeline topics update triggers --keep 14d",
		Args:    takes("TOPIC"),
	}
	command.RunE = p.withClient(func(ctx context.Context, c *client.Client, args []string) (err error) {
		var patch client.TopicPatch
		if patch.RetentionSeconds, patch.RetentionBytes, err = retention(command, keep, size); err != nil {
			return err
		}
		if command.Flags().Changed("description") {
			patch.Description = &description
		}
		if patch == (client.TopicPatch{}) {
			return usagef(command, "nothing to change was given")
		}
		t, err := c.UpdateTopic(ctx, args[0], patch)
		if err != nil || p.answerJSON(t) {
			return err
		}
		p.say("changed %s: keeps events for %s, up to %s", t.Name, keeps(t), upTo(t))
		return nil
	})
	keepingFlags(command, &keep, &size)
	command.Flags().StringVar(&description, "description", "", "what people should know of it, a `text`")
	return command
}

func (p *program) topicDeleteCommand() *cobra.Command {
	return p.deleting(&cobra.Command{
		Use:     "delete TOPIC [--yes]",
		Short:   "Delete a topic",
		Long:    "Delete a topic with its events and its consumer groups.",
		Example: "  latchkey pipeline topics delete orders --yes",
		Args:    takes("TOPIC"),
	}, "Delete the topic %s with its events?", (*client.Client).DeleteTopic)
}
