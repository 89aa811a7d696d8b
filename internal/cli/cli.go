// Package cli is the command line of Latchkey: one file a noun.
//
// A command either works offline (templates, completion), starts a server (through the functions of [Server], so that
// this package knows none of its rooms), or talks to one through the public package client. It guarantees the manners
// that scripts rely on: what was asked for goes to standard output and everything else to standard error; --json
// prints the API's own JSON, errors too; the exit code is 0 for done, 1 for failed, 2 for a call that makes no sense.
// Errors are one sentence, with a "hint:" line where one helps.
//
// It trusts the terminal, the environment and dev.json in the data directory. A secret that it is given goes nowhere
// but to the server that was named: the key of dev.json never goes to another one.
package cli

import (
	"bufio"
	"cmp"
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"latchkey/internal/clock"
)

// The exit codes.
const (
	exitDone = iota
	exitFailed
	exitUsage
)

// Config is what the commands get from outside. Zero members stand for the process's own.
type Config struct {
	// Version is the program's.
	Version string
	// In is a terminal when it is an *os.File of one; questions are asked only then.
	In       io.Reader
	Out, Err io.Writer
	// Getenv reads the environment.
	Getenv func(name string) string
	Clock  clock.Clock
	// OpenBrowser shows a page to the person at the terminal.
	OpenBrowser func(ctx context.Context, url string) error
	// PollEvery is the first pause between looks at a pending connection, one second if zero. The pauses grow.
	PollEvery time.Duration
	// Server starts servers.
	Server Server
}

func (c Config) filled() Config {
	if c.In == nil {
		c.In = os.Stdin
	}
	if c.Out == nil {
		c.Out = os.Stdout
	}
	if c.Err == nil {
		c.Err = os.Stderr
	}
	if c.Getenv == nil {
		c.Getenv = os.Getenv
	}
	if c.Clock == nil {
		c.Clock = clock.System()
	}
	if c.OpenBrowser == nil {
		c.OpenBrowser = openBrowser
	}
	c.PollEvery = cmp.Or(c.PollEvery, time.Second)
	c.Version = cmp.Or(c.Version, buildVersion())
	return c
}

// Main runs the command that the process was called with and gives its exit code. The first SIGINT or SIGTERM asks the
// command to end, the second ends the process.
func Main(config Config) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return Run(ctx, config, calledAs(os.Args[0], os.Args[1:]))
}

// Run runs one command and gives its exit code.
func Run(ctx context.Context, config Config, args []string) int {
	p := newProgram(config)
	root := p.rootCommand()
	p.json = wantsJSON(args) // for errors that come before the flags are read
	root.SetArgs(nlserverArgs(args))
	called, err := root.ExecuteContextC(ctx)
	return p.report(called, err)
}

// program is one run of the command line.
type program struct {
	Config
	lines  *bufio.Reader // In, for everything that reads it by lines
	stdin  string        // what has claimed standard input, "" for nothing
	json   bool
	remote remote
}

func newProgram(config Config) *program {
	config = config.filled()
	return &program{Config: config, lines: bufio.NewReader(config.In)}
}

// plainUseLines keeps cobra from adding "[flags]" to the lines that say how commands are called.
func plainUseLines(command *cobra.Command) {
	command.DisableFlagsInUseLine = true
	for _, child := range command.Commands() {
		plainUseLines(child)
	}
}

// The groups of the root's help.
const (
	groupServer  = "server"
	groupWork    = "work"
	groupOffline = "offline"
)

func (p *program) rootCommand() *cobra.Command {
	root := p.group(&cobra.Command{
		Use:   "latchkey",
		Short: "Always-fresh tokens for the services that systems call",
		Long: `Latchkey is a broker: give it a service's OAuth 2 description, connect accounts, and ask for a token that is
always fresh.`,
		Example: `  latchkey dev                                      # a server with samples, here and now
  latchkey definition apply moviestar.json --publish
  latchkey connection create moviestar --label acme
  curl -H "$(latchkey token acme --header)" https://api.moviestar.com/me`,
	})
	root.PersistentFlags().BoolVar(&p.json, "json", false, "print the API's JSON, errors too")
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetIn(p.In)
	root.SetOut(p.Out)
	root.SetErr(p.Err)
	root.SetFlagErrorFunc(flagError)
	root.SetUsageTemplate(usageTemplate)
	root.SetHelpCommand(helpCommand())
	root.AddGroup(
		&cobra.Group{ID: groupServer, Title: "Run a server:"},
		&cobra.Group{ID: groupWork, Title: "Work with a server:"},
		&cobra.Group{ID: groupOffline, Title: "Without a server:"},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, command := range commands {
			command.GroupID = group
			root.AddCommand(command)
			plainUseLines(command)
		}
	}
	add(groupServer, p.devCommand(), p.serveCommand(), p.setupCommand(), p.pipelinedCommand(), p.envCommand(), p.configCommand(), p.restoreCommand())
	add(groupWork, p.applyCommand(), p.diffCommand(), p.exportCommand(), p.importCommand())
	add(groupWork, p.definitionCommand(), p.connectionCommand(), p.connectLinkCommand(), p.tokenCommand(), p.execCommand(), p.sidecarCommand(), p.gitCredentialCommand(), p.dockerCredentialCommand(), p.providerCommand(), p.revocationCommand(), p.orgCommand(), p.userCommand(), p.projectCommand(), p.workspaceCommand(), p.serviceCommand(), p.profileCommand(), p.credentialCommand(), p.imsCommand(), p.cloudServiceCommand(), p.keyCommand(), p.sandboxCommand(),
		p.pipelineCommand(), p.webhookCommand(), p.eventsCommand(), p.expiringCommand(), p.feedCommand(), p.keysCommand(), p.auditCommand(), p.backupCommand())
	add(groupOffline, p.certCommand(), p.nlserverCommand(), p.templateCommand(), p.schemaCommand(), p.completionCommand(), p.versionCommand())
	return root
}
