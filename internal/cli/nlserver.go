package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/internal/campaign"
)

// nlserverName is the name under which the vendor's procedures call this program.
const nlserverName = "nlserver"

// calledAs gives the arguments of a call by whatever name: as nlserver, they are those of `latchkey nlserver`.
func calledAs(program string, args []string) []string {
	if strings.TrimSuffix(filepath.Base(program), ".exe") == nlserverName {
		return append([]string{nlserverName}, args...)
	}
	return args
}

// vendorFlag is how the vendor writes flags: -name or -name:value.
var vendorFlag = regexp.MustCompile(`(?s)^-([A-Za-z][A-Za-z]+)(?::(.*))?$`)

// nlserverArgs writes the vendor's flags as this program's own, --name or --name=value.
func nlserverArgs(args []string) []string {
	if len(args) == 0 || args[0] != nlserverName {
		return args
	}
	if slices.Contains(args, "-version") {
		return []string{"version"}
	}
	out := []string{nlserverName}
	for i, arg := range args[1:] {
		if arg == "--" {
			return append(out, args[i+1:]...)
		}
		if arg == "-?" {
			arg = "--help"
		} else if m := vendorFlag.FindStringSubmatch(arg); m != nil {
			if arg = "--" + m[1]; strings.Contains(m[0], ":") {
				arg += "=" + m[2]
			}
		}
		out = append(out, arg)
	}
	return out
}

// nlserver is what every verb takes.
type nlserver struct{ conf, instance string }

func (p *program) nlserverCommand() *cobra.Command {
	n := &nlserver{}
	command := p.group(&cobra.Command{
		Use:   nlserverName,
		Short: "Campaign instances: their configuration and pipelined",
		Long: `Configure the instances of a Campaign server and control their pipelined, by the vendor's own command lines: called as
nlserver, or as "latchkey nlserver". Flags are written in either way: -instance:prod, or --instance prod.

The files are config-INSTANCE.xml over serverConf.xml, in the folder --conf, else NLSERVER_CONF, else
` + vendorConf + `. No server is needed.`,
		Example: `  nlserver config -instance:prod -setimsjwtauth:6096892F54B5819E0A4C98A2@AdobeOrg/CLIENT/ACCOUNT@techacct.adobe.com
  nlserver restart pipelined@prod
  latchkey nlserver config -instance:prod --effective`,
	}, p.nlserverConfigCommand(n), p.nlserverStartCommand(n), p.nlserverStopCommand(n), p.nlserverRestartCommand(n), p.nlserverDumpCommand(n), p.nlserverMonitorCommand(n))
	flags := command.PersistentFlags()
	flags.StringVar(&n.instance, "instance", "default", "`name` of the instance")
	flags.StringVar(&n.conf, "conf", "", "`folder` of the configuration files (else NLSERVER_CONF, else "+vendorConf+")")
	for _, name := range []string{"noconsole", "verbose", "low", "high", "detach"} { // the vendor's, which mean nothing here
		flags.Bool(name, false, "taken, without effect")
		_ = flags.MarkHidden(name)
	}
	for _, name := range []string{"tracefile", "tracefilter"} {
		flags.String(name, "", "taken, without effect")
		_ = flags.MarkHidden(name)
	}
	return command
}

// folder gives the folder of the configuration files.
func (p *program) confFolder(n *nlserver) string {
	for _, dir := range []string{n.conf, p.Getenv("NLSERVER_CONF")} {
		if dir != "" {
			return dir
		}
	}
	return vendorConf
}

// loadInstance reads an instance's files, and says what to do where they can't be.
func (p *program) loadInstance(n *nlserver, name string) (*campaign.Instance, error) {
	dir := p.confFolder(n)
	instance, err := campaign.Load(dir, name)
	return instance, whereInstances(err, dir)
}

// whereInstances says what to do about an instance whose files can't be read in a folder.
func whereInstances(err error, dir string) error {
	if missing, ok := errors.AsType[*campaign.NoInstanceError](err); ok {
		if len(missing.There) == 0 {
			return withHint(err, "there is none in %s; name the folder: --conf DIR, or NLSERVER_CONF", dir)
		}
		return withHint(err, "these are there: %s", strings.Join(missing.There, ", "))
	}
	if errors.Is(err, os.ErrNotExist) {
		return withHint(err, "name the folder: --conf DIR, or NLSERVER_CONF")
	}
	if errors.Is(err, os.ErrPermission) {
		return withHint(err, "run it as the user that the files belong to, at the vendor's neolane")
	}
	return err
}

// tellProblems tells what is wrong, or doubtful, in an instance's files.
func (p *program) tellProblems(instance *campaign.Instance) {
	for _, problem := range instance.Problems {
		where := problem.Value.File
		if problem.Value.Line > 0 {
			where = fmt.Sprintf("%s:%d", where, problem.Value.Line)
		}
		if problem.Value.Name != "" {
			where += ": " + problem.Value.String()
		}
		p.warn("%s: %s; %s", strings.TrimPrefix(where, ": "), problem.Message, problem.Fix)
	}
}
