package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"latchkey/client"
	"latchkey/internal/file"
)

// What shells exit with when a command could not be run, could not be found, or was ended by a signal.
const (
	exitNotRun   = 126
	exitNotFound = 127
	exitSignal   = 128
)

// freshEvery is how often the file of a running command is held against the token in memory.
const freshEvery = time.Second

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (p *program) execCommand() *cobra.Command {
	var name string
	var fresh, served bool
	var least time.Duration
	command := &cobra.Command{
		Use:   "exec CONNECTION [--env NAME] [--file] [--endpoint] -- COMMAND [ARGUMENT...]",
		Short: "Run a command with a connection's token",
		Long: `Run a command with a valid access token of a connection in its environment, as LATCHKEY_TOKEN or the name that --env
gives. The token is on no command line, where every user of the machine could read it; your API key, LATCHKEY_KEY, is
not passed on.

An environment stays as it was when the command began. For one that outlives the token, --file names a file in
LATCHKEY_TOKEN_FILE that holds the token and nothing else, readable by you alone: it is replaced before the token ends,
and goes away when there is no valid one any more, and with the command. --endpoint answers the command on a loopback
address instead, in LATCHKEY_URL and LATCHKEY_KEY, as a sidecar for it alone: any client of Latchkey, and Azure's.

Signals are passed on, and the exit code is the command's own: 128 and the signal's number when one ended it, 126 or
127 when it could not be run or found.`,
		Example: `  latchkey exec acme -- ./report.sh
  latchkey exec acme --env GITHUB_TOKEN -- gh repo list
  latchkey exec acme --file -- ./sync.sh
  latchkey exec acme --endpoint -- ./worker`,
		Args:              takes("CONNECTION", "COMMAND..."),
		ValidArgsFunction: p.completeConnections,
		RunE: func(command *cobra.Command, args []string) error {
			if !variableName.MatchString(name) {
				return usagef(command, "--env takes the name of a variable: letters, digits and _")
			}
			if command.ArgsLenAtDash() != 1 {
				return usagef(command, "write -- between the connection and the command")
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			keeper, err := client.NewKeeper(client.KeeperConfig{Client: c, Margin: least})
			if err != nil {
				return err
			}
			defer keeper.Close()
			return p.execute(command.Context(), keeper, execution{client: c, ref: args[0], variable: name, fresh: fresh, served: served, words: args[1:]})
		},
	}
	flags := command.Flags()
	flags.StringVar(&name, "env", "LATCHKEY_TOKEN", "`name` of the variable that holds the token")
	flags.BoolVar(&fresh, "file", false, "keep the token in a file as well, and name it in LATCHKEY_TOKEN_FILE")
	flags.BoolVar(&served, "endpoint", false, "answer the command on a loopback address, named in LATCHKEY_URL and LATCHKEY_KEY")
	flags.DurationVar(&least, "min-ttl", time.Minute, "how long the token has to live at least")
	return p.withRemote(command)
}

// execution is a command to run with a token.
type execution struct {
	client        *client.Client
	ref, variable string
	fresh, served bool
	words         []string
}

func (p *program) execute(ctx context.Context, keeper *client.Keeper, x execution) error {
	token, err := keeper.Token(ctx, x.ref, client.TokenOptions{})
	if none, ok := errors.AsType[*client.NoTokenError](err); ok {
		err = none.Err // it is the first and only try: since when says nothing
	}
	if err != nil {
		return tokenHint(err, x.ref)
	}
	// ctx ends with the first signal, which is the command's to heed; it is not killed.
	child := exec.Command(x.words[0], x.words[1:]...) //nolint:gosec,noctx // G204: that is what was asked for
	child.Stdin, child.Stdout, child.Stderr = p.In, p.Out, p.Err
	child.Env = append(withoutVariables(os.Environ(), "LATCHKEY_KEY", "LATCHKEY_TOKEN_FILE", x.variable), x.variable+"="+token.AccessToken)
	if x.served {
		variables, end, err := p.endpoint(ctx, x.client, keeper, x.ref)
		if err != nil {
			return err
		}
		defer end()
		child.Env = append(withoutVariables(child.Env, "LATCHKEY_URL", "LATCHKEY_SANDBOX"), variables...)
	}
	if x.fresh {
		directory, err := os.MkdirTemp("", "latchkey-") // 0700
		if err != nil {
			return fmt.Errorf("making the folder of the token's file: %w", err)
		}
		defer func() { _ = os.RemoveAll(directory) }()
		path := filepath.Join(directory, "token")
		if err := file.Replace(path, []byte(token.AccessToken), 0o600); err != nil {
			return fmt.Errorf("writing the token's file: %w", err)
		}
		child.Env = append(child.Env, "LATCHKEY_TOKEN_FILE="+path)
		defer p.keepFresh(keeper, x.ref, path, token.Hash)()
	}
	return p.attend(child)
}

// attend runs a command to its end, passes signals on, and gives its exit code as an error.
func (p *program) attend(child *exec.Cmd) error {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, passed(atTerminal(p.In))...)
	defer signal.Stop(signals)
	if err := child.Start(); err != nil {
		code := exitNotRun
		if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
			code = exitNotFound
		}
		return &codeError{fmt.Errorf("running %s: %w", child.Args[0], err), code}
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	for {
		select {
		case s := <-signals:
			_ = child.Process.Signal(s) // it may have ended
		case err := <-ended:
			state, ok := errors.AsType[*exec.ExitError](err)
			if !ok {
				return err
			}
			code := state.ExitCode()
			if number, signaled := endedBy(state.ProcessState); signaled {
				code = exitSignal + number
			}
			return &codeError{errTold, code}
		}
	}
}

// keepFresh replaces the file whenever there is another token, and takes it away while there is none. The function that it
// gives ends that.
func (p *program) keepFresh(keeper *client.Keeper, ref, path, hash string) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(freshEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			token, err := keeper.Token(ctx, ref, client.TokenOptions{})
			switch {
			case ctx.Err() != nil:
				return
			case err != nil && hash != "":
				_ = os.Remove(path)
				hash = ""
				fmt.Fprintf(p.Err, "latchkey: the token's file is gone: %v\n", err)
			case err == nil && token.Hash != hash:
				if err := file.Replace(path, []byte(token.AccessToken), 0o600); err != nil {
					fmt.Fprintf(p.Err, "latchkey: writing the token's file: %v\n", err)
					continue
				}
				hash = token.Hash
			}
		}
	}()
	return func() { cancel(); <-done }
}

// withoutVariables leaves variables out of an environment.
func withoutVariables(environment []string, names ...string) []string {
	return slices.DeleteFunc(environment, func(line string) bool {
		name, _, _ := strings.Cut(line, "=")
		return slices.Contains(names, name)
	})
}
