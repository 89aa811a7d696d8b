package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"latchkey/internal/campaign"
	"latchkey/internal/pipelined"
)

// How long nlserver waits for pipelined.
const (
	startWait = 20 * time.Second
	stopWait  = 60 * time.Second // it drains what is under way
	lookEvery = 50 * time.Millisecond
)

func (p *program) nlserverStartCommand(n *nlserver) *cobra.Command {
	return p.processCommand(n, "start", "Start an instance's pipelined",
		`Start pipelined of an instance, apart from this terminal. The command returns once it runs, or has said why it can't.`, p.startModule)
}

func (p *program) nlserverStopCommand(n *nlserver) *cobra.Command {
	return p.processCommand(n, "stop", "Stop an instance's pipelined",
		`Stop pipelined of an instance. It finishes what is under way and stores its pointer; with -immediate it is killed, and
what was under way comes again. The command returns once it has ended.`, p.stopModule)
}

func (p *program) nlserverRestartCommand(n *nlserver) *cobra.Command {
	return p.processCommand(n, "restart", "Stop an instance's pipelined, and start it",
		`Stop pipelined of an instance and start it again. Credentials and routes need no restart: "nlserver config -reload" has
the running process take them up without dropping its stream.`,
		func(ctx context.Context, n *nlserver, i *campaign.Instance, immediate bool) error {
			err := p.quietly(func() error { return p.stopModule(ctx, n, i, immediate) })
			if err != nil {
				return err
			}
			return p.startModule(ctx, n, i, immediate)
		})
}

// processCommand makes a command on one module of an instance, as pipelined@prod.
func (p *program) processCommand(
	n *nlserver, verb, short, long string, act func(ctx context.Context, n *nlserver, i *campaign.Instance, immediate bool) error,
) *cobra.Command {
	var immediate bool
	command := &cobra.Command{
		Use: verb + " pipelined@INSTANCE", Short: short, Long: long,
		Example: "  nlserver " + verb + " pipelined@prod\n  latchkey nlserver " + verb + " pipelined@prod --conf conf",
		Args:    takes("pipelined@INSTANCE"),
		RunE: func(command *cobra.Command, args []string) error {
			instance, err := p.task(n, args[0])
			if err != nil {
				return err
			}
			return act(command.Context(), n, instance, immediate)
		},
	}
	command.Flags().BoolVar(&immediate, "immediate", false, "kill it rather than let it finish")
	return command
}

// quietly does the first part of a command whose answer in JSON is that of its last.
func (p *program) quietly(act func() error) error {
	if !p.json {
		return act()
	}
	out := p.Out
	p.Out = io.Discard
	defer func() { p.Out = out }()
	return act()
}

// task gives the instance that a mask names.
func (p *program) task(n *nlserver, mask string) (*campaign.Instance, error) {
	module, name, ok := strings.Cut(mask, "@")
	if !ok {
		name = n.instance
	}
	if module != campaign.Module {
		return nil, withHint(fmt.Errorf("%s is no module that Latchkey has", module), "it has pipelined: pipelined@%s", name)
	}
	instance, err := p.loadInstance(n, name)
	if err != nil {
		return nil, err
	}
	if !instance.Pipelined.Configured {
		return nil, withHint(fmt.Errorf("No task corresponds to the mask %s", mask), //nolint:staticcheck // the vendor's own words
			"neither %s nor %s has the element <pipelined>", campaign.FileName(name), campaign.SharedFile)
	}
	return instance, nil
}

func (p *program) startModule(ctx context.Context, n *nlserver, instance *campaign.Instance, _ bool) error {
	if pid, runs := instance.Running(); runs {
		return p.sayTask(instance, pid, "runs already")
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("starting pipelined@%s: %w", instance.Name, err)
	}
	conf, err := filepath.Abs(instance.Dir)
	if err != nil {
		return fmt.Errorf("starting pipelined@%s: %w", instance.Name, err)
	}
	if owner, strange := instance.Stranger(); strange {
		p.warn("the files belong to %s, and pipelined will run, and write its own, as another user: su %s -c '…'", owner, owner)
	}
	output, err := startOutput(instance)
	if err != nil {
		return fmt.Errorf("starting pipelined@%s: %w", instance.Name, err)
	}
	defer func() { _ = output.Close() }()
	began, err := output.Seek(0, 2)
	if err != nil {
		return fmt.Errorf("starting pipelined@%s: %w", instance.Name, err)
	}
	daemon := exec.Command(program, "pipelined", "--instance", instance.Name, "--conf", conf) //nolint:gosec // this very program
	daemon.Args[0] = "latchkey"                                                               // nlserver would read the arguments as its own
	daemon.Stdout, daemon.Stderr, daemon.SysProcAttr = output, output, apart()
	if err := daemon.Start(); err != nil {
		return fmt.Errorf("starting pipelined@%s: %w", instance.Name, err)
	}
	ended := make(chan struct{})
	go func() {
		_ = daemon.Wait() // what it said is in its output
		close(ended)
	}()
	switch err := p.await(ctx, startWait, ended, func() bool {
		pid, runs := instance.Running()
		return runs && pid == daemon.Process.Pid
	}); {
	case errors.Is(err, errEnded):
		return withHint(fmt.Errorf("pipelined@%s did not start: %s", instance.Name, p.lastWords(output.Name(), began)), "more is in %s", output.Name())
	case err != nil:
		return fmt.Errorf("starting pipelined@%s: %w", instance.Name, err)
	}
	return p.sayTask(instance, daemon.Process.Pid, "started")
}

// sayTask says what has become of a task; pid is 0 of one that does not run.
func (p *program) sayTask(instance *campaign.Instance, pid int, done string) error {
	if p.json {
		return p.sayJSON(taskOf(instance, pid))
	}
	if pid == 0 {
		p.say("%s@%s %s", campaign.Module, instance.Name, done)
	} else {
		p.say("%s@%s %s (%d)", campaign.Module, instance.Name, done, pid)
	}
	return nil
}

// startOutput opens the file for what pipelined says beside its log.
func startOutput(instance *campaign.Instance) (*os.File, error) {
	dir := filepath.Dir(instance.LogFile())
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	return os.OpenFile(filepath.Join(dir, campaign.Module+".out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

// lastWords gives what a process that has ended said.
func (p *program) lastWords(path string, from int64) string {
	text, err := os.ReadFile(path)
	if err != nil || int64(len(text)) <= from {
		return "it ended without a word"
	}
	return strings.TrimPrefix(strings.TrimSpace(string(text[from:])), "latchkey: ")
}

// end asks a daemon to end, or kills it. One that is a part of another process ends alone, for a signal would end that.
func (p *program) end(ctx context.Context, instance *campaign.Instance, pid int, immediate bool) error {
	at, err := pipelined.Reach(instance.VarDir())
	if err == nil && at.Within != "" {
		if immediate {
			return withHint(fmt.Errorf("pipelined@%s is a part of %s (%d), which would be killed with it", instance.Name, at.Within, pid),
				"without -immediate it ends alone")
		}
		return ask(ctx, at, http.MethodPost, "/stop", nil)
	}
	signal := syscall.SIGTERM
	if immediate {
		signal = syscall.SIGKILL
	}
	if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stopping pipelined@%s (%d): %w", instance.Name, pid, err)
	}
	return nil
}

func (p *program) stopModule(ctx context.Context, _ *nlserver, instance *campaign.Instance, immediate bool) error {
	pid, runs := instance.Running()
	if !runs {
		return p.sayTask(instance, 0, "does not run")
	}
	if err := p.end(ctx, instance, pid, immediate); err != nil {
		return err
	}
	if err := p.await(ctx, stopWait, nil, func() bool {
		now, runs := instance.Running()
		return !runs || now != pid
	}); err != nil {
		return withHint(fmt.Errorf("pipelined@%s (%d) has not ended: %w", instance.Name, pid, err), "-immediate kills it")
	}
	if p.json {
		pid = 0
	}
	return p.sayTask(instance, pid, "stopped")
}

var errEnded = errors.New("it has ended")

// await looks again and again until something is so, or the process that it takes has ended.
func (p *program) await(ctx context.Context, limit time.Duration, ended <-chan struct{}, so func() bool) error {
	end := p.Clock.NewTimer(limit)
	defer end.Stop()
	for {
		if so() {
			return nil
		}
		look := p.Clock.NewTimer(lookEvery)
		select {
		case <-look.C():
		case <-ended:
			if so() {
				return nil
			}
			return errEnded
		case <-end.C():
			return fmt.Errorf("not within %s", limit)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// reload has the instance's pipelined read its files anew, and tells what it made of them. One that can't be asked gets the
// signal.
func (p *program) reload(ctx context.Context, instance *campaign.Instance) error {
	pid, runs := instance.Running()
	if !runs {
		p.tell("pipelined@%s does not run: it reads its configuration when it starts", instance.Name)
		return nil
	}
	if at, err := pipelined.Reach(instance.VarDir()); err == nil && at.URL != "" {
		if err := ask(ctx, at, http.MethodPost, "/reload", nil); err != nil {
			return withHint(fmt.Errorf("pipelined@%s (%d) goes on as before: %w", instance.Name, pid, err), "the file is as you have it; its log is %s", instance.LogFile())
		}
		p.tell("pipelined@%s (%d) has read its configuration anew", instance.Name, pid)
		return nil
	}
	if err := syscall.Kill(pid, syscall.SIGHUP); err != nil {
		return fmt.Errorf("telling pipelined@%s (%d) to reload: %w", instance.Name, pid, err)
	}
	p.tell("pipelined@%s (%s) reads its configuration anew; what it makes of it is in %s", instance.Name, strconv.Itoa(pid), instance.LogFile())
	return nil
}
