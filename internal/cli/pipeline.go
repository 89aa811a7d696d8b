package cli

import "github.com/spf13/cobra"

func (p *program) pipelineCommand() *cobra.Command {
	return p.group(&cobra.Command{
		Use:   "pipeline",
		Short: "The trigger pipeline: dead letters, migration, examination",
		Long: `The trigger pipeline: what an instance's pipelined could not hand on, its move to another credential, and what is
wrong with it.`,
		Example: `  latchkey pipeline doctor prod
  latchkey pipeline migrate prod
  latchkey pipeline dead-letters list prod`,
	}, p.instanceCommands()...)
}
