package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"latchkey/client"
)

func (p *program) pipelineCommand() *cobra.Command {
	return p.group(&cobra.Command{
		Use:   "pipeline",
		Short: "The trigger pipeline: topics, events, consumers",
		Long: `The trigger pipeline carries events from producers to consumers. A topic keeps them in partitions; a consumer
group reads each event at least once, and goes on from its pointers. Of an instance: what its pipelined could not
hand on, its move to another credential, and what is wrong with it.`,
		Example: `  latchkey pipeline produce triggers '{"cart": "abandoned"}' --event-key ada
  latchkey pipeline consume triggers --group campaign-dev
  latchkey pipeline lag triggers
  latchkey pipeline doctor prod`,
	}, append([]*cobra.Command{
		p.withRemote(p.pipelineTopicsCommand()), p.withRemote(p.pipelineProduceCommand()), p.withRemote(p.pipelineConsumeCommand()),
		p.withRemote(p.pipelineLagCommand()), p.withRemote(p.pipelineOffsetsCommand()), p.withRemote(p.pipelineDaemonsCommand()),
	}, p.instanceCommands()...)...)
}

func (p *program) pipelineLagCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "lag [TOPIC]",
		Short: "How far consumers are behind",
		Long: `How far each consumer group of a topic is behind, of every topic without one. KEPT is how much of what the topic
keeps lies between the group and the newest event: at 100 % the group loses events.`,
		Example: "  latchkey pipeline lag triggers",
		Args: func(command *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef(command, "unexpected argument %q", args[1])
			}
			return nil
		},
		RunE: p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			topics := args
			if len(topics) == 0 {
				all, err := client.Collect(c.Topics(ctx))
				if err != nil {
					return err
				}
				for _, t := range all {
					topics = append(topics, t.Name)
				}
			}
			head := []string{"TOPIC", "GROUP", "LAG", "KEPT", "LOST", "MEMBERS", "MOVED"}
			return list(p, func(yield func(client.TopicConsumer, error) bool) {
				for _, topic := range topics {
					for consumer, err := range c.TopicConsumers(ctx, topic) {
						if !yield(consumer, err) || err != nil {
							return
						}
					}
				}
			}, head, lagRow(p), "no consumer groups yet; one begins with: latchkey pipeline consume TOPIC --group NAME")
		}),
	}
}

func lagRow(p *program) func(client.TopicConsumer) []string {
	return func(c client.TopicConsumer) []string {
		lost := int64(0)
		for _, partition := range c.Partitions {
			lost += partition.Lost
		}
		return []string{c.Topic, c.Group, fmt.Sprint(c.Lag), fmt.Sprintf("%.0f %%", c.RetentionUsed*100), fmt.Sprint(lost), fmt.Sprint(len(c.Members)), orDash(p.ago(c.MovedAt))}
	}
}
