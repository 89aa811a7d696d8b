package cli

import (
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// PipelinedOptions are the flags of `latchkey pipelined` and of what else works with an instance's daemon.
type PipelinedOptions struct {
	Instance, Conf, Routes, StatusListen, CAFile string
	Host                                         string
	AllowHTTP                                    bool
	Err                                          io.Writer
}

// Finding is what was found at one layer.
type Finding struct {
	Layer   string `json:"layer"`
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
	// Vendor is the line that the vendor's own daemon has for it.
	Vendor   string          `json:"vendor_message,omitempty"`
	Advice   []FindingAdvice `json:"advice,omitempty"`
	Warnings []string        `json:"warnings,omitempty"`
}

// FindingAdvice is a change, and where to make it.
type FindingAdvice struct {
	Do    string `json:"do"`
	Where string `json:"where"`
}

// vendorConf is where the vendor's server has its files.
const vendorConf = "/usr/local/neolane/nl6/conf"

// addConf adds the flags by which an instance's files are found.
func (o *PipelinedOptions) addConf(flags *pflag.FlagSet) {
	flags.StringVar(&o.Conf, "conf", "", "`folder` of the configuration files (else NLSERVER_CONF, else "+vendorConf+")")
	flags.StringVar(&o.Routes, "routes", "", "`file` of NmsPipeline_Config (else NmsPipeline_Config-INSTANCE.json, or NmsPipeline_Config.json, in that folder)")
}

// addNet adds the flags by which the outside is reached.
func (o *PipelinedOptions) addNet(flags *pflag.FlagSet) {
	flags.StringVar(&o.CAFile, "ca", "", "`file` of further certificate authorities to trust (PEM)")
	flags.BoolVar(&o.AllowHTTP, "allow-http", false, "let tokens and triggers go without TLS to other machines, too")
}

// instanceFiles fills in the folder.
func (p *program) instanceFiles(o *PipelinedOptions, instance string) {
	o.Instance, o.Err = instance, p.Err
	if o.Conf == "" {
		o.Conf = p.Getenv("NLSERVER_CONF")
	}
	if o.Conf == "" {
		o.Conf = vendorConf
	}
}

func (p *program) pipelinedCommand() *cobra.Command {
	var o PipelinedOptions
	command := &cobra.Command{
		Use:   "pipelined --instance NAME [--conf DIR]",
		Short: "Run the consumer of an instance's triggers",
		Long: `Run pipelined of a Campaign instance, in the foreground: it streams the instance's triggers from the pipeline and hands
each to the connector of its route, in order and without losing one. It goes by config-NAME.xml over serverConf.xml,
NmsPipeline_Config and pipelined-NAME.yaml, which says what takes the part of each jsConnector. What it remembers is in
var/NAME beside the folder, and so is its log.

SIGHUP has it read its files anew, without dropping the stream; SIGTERM ends it in order.`,
		Example: `  latchkey pipelined --instance prod --conf /usr/local/neolane/nl6/conf
  latchkey pipelined --instance prod --status-listen 127.0.0.1:0`,
		Args: takes(),
		RunE: func(command *cobra.Command, _ []string) error {
			if o.Instance == "" {
				return usagef(command, "--instance is missing")
			}
			if p.Server.Pipelined == nil {
				return errNoServer
			}
			p.instanceFiles(&o, o.Instance)
			if _, err := instanceDir(o); err != nil {
				return err
			}
			return p.Server.Pipelined(command.Context(), o)
		},
	}
	flags := command.Flags()
	flags.StringVar(&o.Instance, "instance", "", "`name` of the instance")
	flags.StringVar(&o.StatusListen, "status-listen", "", "`address` of the status, instead of monitorServerPort on 127.0.0.1; port 0 picks one")
	flags.StringVar(&o.Host, "host", "", "`name` by which the server knows this daemon (else the machine's)")
	o.addConf(flags)
	o.addNet(flags)
	return command
}
