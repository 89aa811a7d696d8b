package cli

import (
	"github.com/spf13/cobra"
)

func (p *program) pipelineDoctorCommand() *cobra.Command {
	var o PipelinedOptions
	command := &cobra.Command{
		Use:   "doctor INSTANCE",
		Short: "Look at every layer that an instance's triggers come through",
		Long: `Look at every layer that an instance's triggers come through: its files, routes and connectors, the credential, a token,
the broker, the process, what that gets of the broker, and its dead letters. Each that fails says what to change and
where, and which line the vendor's own daemon logs for it. Where a server is reached, a private key is held against the
certificates that its credential has there, and the consumer against those of other instances, which would take a part
of its triggers. Nothing is consumed, and no pointer moves. The exit code is 1 when one failed.`,
		Example: `  latchkey pipeline doctor prod
  latchkey pipeline doctor prod --conf /usr/local/neolane/nl6/conf --json`,
		Args: takes("INSTANCE"),
		RunE: func(command *cobra.Command, args []string) error {
			if p.Server.ExaminePipelined == nil {
				return errNoServer
			}
			p.instanceFiles(&o, args[0])
			found, err := p.Server.ExaminePipelined(command.Context(), o)
			if err != nil {
				return whereInstances(err, o.Conf)
			}
			return p.sayFindings(p.withSharing(command.Context(), o, p.withCertificate(command.Context(), o, found)))
		},
	}
	o.addConf(command.Flags())
	o.addNet(command.Flags())
	return command
}

// sayFindings prints each layer, and ends with the exit code of the worst.
func (p *program) sayFindings(found []Finding) error {
	failed := false
	for _, f := range found {
		failed = failed || f.Status == "failed"
	}
	if p.json {
		if err := p.sayJSON(map[string]any{"layers": found, "ok": !failed}); err != nil {
			return err
		}
	} else {
		for _, f := range found {
			p.say("%-12s  %s  %s", f.Layer, p.paintState(f.Status), f.Message)
			if f.Vendor != "" && f.Status == "failed" {
				p.say("              the vendor's message: %s", f.Vendor)
			}
			for _, a := range f.Advice {
				p.say("              do: %s", a.Do)
				p.say("              where: %s", a.Where)
			}
			for _, w := range f.Warnings {
				p.say("              note: %s", w)
			}
		}
	}
	if failed {
		return errTold
	}
	return nil
}
