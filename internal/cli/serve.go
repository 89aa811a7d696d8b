package cli

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"latchkey/internal/secret"
)

// Server holds the functions that start and set up servers. They live in rooms that this package does not know.
type Server struct {
	Dev        func(context.Context, DevOptions) error
	Serve      func(context.Context, ServeOptions) error
	Setup      func(context.Context, SetupOptions) error
	ShowConfig func(context.Context, ShowConfigOptions) error
	Backup     func(context.Context, BackupOptions) error
	Restore    func(context.Context, RestoreOptions) (Restored, error)
	// Pipelined runs an instance's consumer; ReplayLetters and ExaminePipelined work with it.
	Pipelined        func(context.Context, PipelinedOptions) error
	ReplayLetters    func(ctx context.Context, o PipelinedOptions, ids []int64, told func(id int64, err error)) error
	ExaminePipelined func(context.Context, PipelinedOptions) ([]Finding, error)
	// NewRootKey makes a root key in a file and gives its id.
	NewRootKey func(path string) (id string, err error)
}

// DevOptions are the flags of `latchkey dev`.
type DevOptions struct {
	Listen, Data, Ready string
	TLS                 bool
	Intercept           bool
	ProxyListen         string
	PublicURLs          []string
	// Ephemeral keeps nothing, FastClock lets the clock be moved, JSON prints what dev.json holds.
	Ephemeral, FastClock, JSON bool
	LogLevel                   string
	Out, Err                   io.Writer
}

// ServeOptions are the flags of `latchkey serve`.
type ServeOptions struct {
	Config   string
	Out, Err io.Writer
	// Ask puts a question whose answer is hidden; nil where nobody is there.
	Ask func(ctx context.Context, question string) (secret.String, error)
}

// SetupOptions are the flags of `latchkey setup`.
type SetupOptions struct {
	Config string
	Name   string
	// Email is a person to make System Administrator.
	Email string
	JSON  bool
	Out   io.Writer
	// Ask puts a question whose answer is hidden; nil where nobody is there.
	Ask func(ctx context.Context, question string) (secret.String, error)
}

// ShowConfigOptions are the flags of `latchkey config show`.
type ShowConfigOptions struct {
	Config    string
	Effective bool
	JSON      bool
	Out       io.Writer
}

var errNoServer = errors.New("this build of latchkey holds no server")

func (p *program) devCommand() *cobra.Command {
	options := DevOptions{Out: p.Out, Err: p.Err}
	command := &cobra.Command{
		Use:   "dev [flags]",
		Short: "Run a server with samples, for trying and developing",
		Long: `Run a server that needs nothing: it keeps all it has in a data directory, makes a sealing key and an
administrator on its first start, and holds samples to try. What it prints says what to open and what to call.
Other commands find it through dev.json in the data directory.

With --intercept it also answers for the vendor's hosts (ims-na1.adobelogin.com and the like), through a proxy on this
machine, for programs that run with the variables of "latchkey env".

For tests: with --ephemeral all is in a directory that is gone with the server, which listens on a free port. With
--fast-clock it goes by a clock that is moved with POST /dev/clock, {"advance": "1h"}: tokens end and are renewed, keys
rotate, sessions end. --json prints what dev.json holds, on one line, once the server answers.`,
		Example: `  latchkey dev
  latchkey dev --intercept
  latchkey dev --listen 127.0.0.1:0 --ready ready.json
  latchkey dev --ephemeral --fast-clock --json`,
		Args: takes(),
		RunE: func(command *cobra.Command, _ []string) error {
			levels := []string{"debug", "info", "warn", "error"}
			if !slices.Contains(levels, options.LogLevel) {
				return usagef(command, "--log-level is one of %s", strings.Join(levels, ", "))
			}
			if options.ProxyListen != "" && !options.Intercept {
				return usagef(command, "--proxy-listen goes with --intercept")
			}
			if options.Ephemeral && p.remote.data != "" {
				return usagef(command, "--data keeps, and --ephemeral keeps nothing")
			}
			if p.Server.Dev == nil {
				return errNoServer
			}
			options.Data, options.JSON = p.dataDirectory(), p.json
			if options.Ephemeral && !command.Flags().Changed("listen") {
				options.Listen = "127.0.0.1:0"
			}
			return p.Server.Dev(command.Context(), options)
		},
	}
	flags := command.Flags()
	flags.StringVar(&options.Listen, "listen", "127.0.0.1:8377", "`address` to listen on; port 0 picks one, as --ephemeral does")
	flags.StringVar(&p.remote.data, "data", "", "`directory` to keep everything in (else LATCHKEY_DATA, else .latchkey)")
	flags.StringVar(&options.Ready, "ready", "", "`file` to write a copy of dev.json to once the server answers")
	flags.BoolVar(&options.TLS, "tls", false, "serve HTTPS, with an authority made for this data directory")
	flags.BoolVar(&options.Intercept, "intercept", false, `answer for the vendor's hosts, for programs with the variables of "latchkey env"`)
	flags.StringVar(&options.ProxyListen, "proxy-listen", "", "`address` of that proxy (else 127.0.0.1:8378; any free port when --listen has port 0)")
	flags.StringArrayVar(&options.PublicURLs, "public-url", nil, "base `URL` that browsers see; repeat for more")
	flags.BoolVar(&options.Ephemeral, "ephemeral", false, "keep nothing: the data directory is a temporary one, gone with the server")
	flags.BoolVar(&options.FastClock, "fast-clock", false, "go by a clock that POST /dev/clock moves ahead")
	flags.StringVar(&options.LogLevel, "log-level", "info", "`level` of the log: debug, info, warn, error")
	return command
}

func (p *program) serveCommand() *cobra.Command {
	options := ServeOptions{Out: p.Out, Err: p.Err}
	command := &cobra.Command{
		Use:   "serve [--config FILE]",
		Short: "Run a server in production",
		Long: `Run a server as its configuration says: the file, and the environment (LATCHKEY_SECTION_KEY), which wins. It
refuses to start without a sealing key. Where there is no organization yet it prints a link, good once and for a day:
whoever opens it makes the first one, and is its System Administrator. SIGTERM lets running calls end, then stops it.`,
		Example: `  latchkey serve --config /etc/latchkey.yaml`,
		Args:    takes(),
		RunE: func(command *cobra.Command, _ []string) error {
			if p.Server.Serve == nil {
				return errNoServer
			}
			options.Ask = p.asker()
			return p.Server.Serve(command.Context(), options)
		},
	}
	configFlag(command, &options.Config)
	return command
}

func (p *program) setupCommand() *cobra.Command {
	options := SetupOptions{Out: p.Out}
	command := &cobra.Command{
		Use:   "setup [--config FILE] [--name NAME] [--email ADDRESS]",
		Short: "Prepare the first start of a server",
		Long: `Prepare the first start of a server: the sealing key when it is not there, the organization, and a key for its
administrator, printed this once. Run it where the server will run, with the server's own configuration. With an e-mail
address it prints a link, too, by which that person sets a password and is System Administrator, once the server serves.`,
		Example: `  latchkey setup --config /etc/latchkey.yaml --name "Ada" --email ada@example.com`,
		Args:    takes(),
		RunE: func(command *cobra.Command, _ []string) error {
			if p.Server.Setup == nil {
				return errNoServer
			}
			options.JSON, options.Ask = p.json, p.asker()
			return p.Server.Setup(command.Context(), options)
		},
	}
	configFlag(command, &options.Config)
	command.Flags().StringVar(&options.Name, "name", "", "`name` of the administrator's key")
	command.Flags().StringVar(&options.Email, "email", "", "e-mail `address` of a person to make System Administrator")
	return command
}

func (p *program) configCommand() *cobra.Command {
	return p.group(&cobra.Command{
		Use:     "config",
		Short:   "Look at a server's configuration",
		Long:    "Look at a server's configuration.",
		Example: `  latchkey config show --effective --config /etc/latchkey.yaml`,
	}, p.configShowCommand())
}

func (p *program) configShowCommand() *cobra.Command {
	options := ShowConfigOptions{Out: p.Out}
	command := &cobra.Command{
		Use:   "show [--effective] [--config FILE]",
		Short: "Show configuration, and where each value came from",
		Long: `Show what a configuration file sets. With --effective show every key: its value and where that came from, the
file, the environment (LATCHKEY_SECTION_KEY) or the default. Secrets are masked.`,
		Example: `  latchkey config show --effective --config /etc/latchkey.yaml`,
		Args:    takes(),
		RunE: func(command *cobra.Command, _ []string) error {
			if p.Server.ShowConfig == nil {
				return errNoServer
			}
			options.JSON = p.json
			return p.Server.ShowConfig(command.Context(), options)
		},
	}
	configFlag(command, &options.Config)
	command.Flags().BoolVar(&options.Effective, "effective", false, "show every key, with where its value came from")
	return command
}

func configFlag(command *cobra.Command, target *string) {
	command.Flags().StringVar(target, "config", "", "configuration `file` (YAML); the environment wins over it, and does without it")
}
