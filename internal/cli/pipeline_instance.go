package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"latchkey/client"
	"latchkey/internal/campaign"
	"latchkey/internal/pipelined"
)

// instanceCommands are those of `latchkey pipeline` that work with an instance's daemon on this machine.
func (p *program) instanceCommands() []*cobra.Command {
	return []*cobra.Command{p.deadLettersCommand(), p.withRemote(p.pipelineMigrateCommand()), p.withRemote(p.pipelineDoctorCommand())}
}

func (p *program) pipelineMigrateCommand() *cobra.Command {
	var o PipelinedOptions
	var report, rollback, finish, wait bool
	var hand handOver
	command := &cobra.Command{
		Use:   "migrate INSTANCE [--credential CREDENTIAL | --report | --rollback | --finish]",
		Short: "Move a running pipelined to another credential, without losing a trigger",
		Long: `Move a running pipelined to the credential that its files hold by now. The new one must get a token, and the broker must
take that, while the old one serves; then the stream is opened anew, with the same consumer and the same pointers. When
the new one is refused, the daemon goes on with the old one, which stands in the file again, and this command fails.

With --credential the server hands a credential of the developer console over to the daemons on all hosts, and this
command waits for all: each does the same, and writes the credential into its file once it serves. It goes to the
daemons that tell the server of themselves with a key that has the scope pipeline:run and serves this instance alone.

--report tells what came since, by contiguous offsets of each partition: to the daemons on all hosts together, when they
tell a server of themselves (the one of pipelined-INSTANCE.yaml, unless another is named). It says who runs with another
credential; with --wait it waits for them. --rollback goes back to the credential before;
--finish lets go of it, after which it may be removed in the console.`,
		Example: `  nlserver config -instance:prod -setimsoauth:ORGANIZATION/CLIENT/ACCOUNT --pipelined-auth
  latchkey pipeline migrate prod
  latchkey pipeline migrate prod --credential campaign-prod
  latchkey pipeline migrate prod --report
  latchkey pipeline migrate prod --finish`,
		Args: takes("INSTANCE"),
		RunE: func(command *cobra.Command, args []string) error {
			switch {
			case hand.credential != "" && (report || rollback || finish):
				return usagef(command, "--credential, --report, --rollback and --finish do not go together")
			case wait && !report:
				return usagef(command, "--wait goes with --report")
			case hand.credential == "" && (hand.key != "" || hand.passphrase != ""):
				return usagef(command, "--private-key and --passphrase go with --credential")
			case hand.credential != "":
				return p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
					return p.handOver(ctx, c, args[0], hand)
				})(command, args)
			}
			p.instanceFiles(&o, args[0])
			method, path := http.MethodPost, "/migration"
			switch chosen := count(report, rollback, finish); {
			case chosen > 1:
				return usagef(command, "give one of --report, --rollback and --finish")
			case report:
				return p.reportMigration(command.Context(), o, wait)
			case rollback:
				path += "/rollback"
			case finish:
				path += "/finish"
			}
			var r *pipelined.Report
			err := p.control(command.Context(), o, method, path, &r)
			if r != nil {
				if told := p.sayReport(r); told != nil {
					return told
				}
			}
			return err
		},
	}
	flags := command.Flags()
	flags.BoolVar(&report, "report", false, "tell what came since the migration, to the daemons on all hosts")
	flags.BoolVar(&wait, "wait", false, "with --report: wait until all daemons that live run with the same credential")
	flags.BoolVar(&rollback, "rollback", false, "go back to the credential before")
	flags.BoolVar(&finish, "finish", false, "let go of the credential before")
	hand.add(command)
	o.addConf(flags)
	return command
}

func count(given ...bool) int {
	n := 0
	for _, one := range given {
		if one {
			n++
		}
	}
	return n
}

// sayReport tells what a migration has led to.
func (p *program) sayReport(r *pipelined.Report) error {
	if p.json {
		return p.sayJSON(r)
	}
	p.details([][2]string{
		{"From", r.From + " (" + r.FromFingerprint + ")"}, {"To", r.To + " (" + r.ToFingerprint + ")"}, {"Began", moment(r.StartedAt)}, {"State", migrationState(r)},
	})
	if len(r.Partitions) > 0 {
		rows := [][]string{{"TOPIC", "PARTITION", "OFFSETS", "RECEIVED", "LOST", "SUPPRESSED"}}
		for _, part := range r.Partitions {
			offsets := ""
			for i, run := range part.Runs {
				if i > 0 {
					offsets += ","
				}
				offsets += fmt.Sprintf("%d-%d", run.First, run.Last)
			}
			rows = append(rows, []string{part.Topic, fmt.Sprint(part.Partition), offsets, fmt.Sprint(part.Received), fmt.Sprint(part.Lost), fmt.Sprint(part.Suppressed)})
		}
		p.table(rows)
	}
	p.say("%s", r)
	return nil
}

// instanceDir gives the folder of an instance's daemon.
func instanceDir(o PipelinedOptions) (string, error) {
	instance, err := campaign.Load(o.Conf, o.Instance)
	if err != nil {
		return "", whereInstances(err, o.Conf)
	}
	return instance.VarDir(), nil
}

// controlTime is how long a daemon may take for what it is told: a migration waits for streams.
const controlTime = 3 * time.Minute

// control tells the instance's daemon on this machine what to do.
func (p *program) control(ctx context.Context, o PipelinedOptions, method, path string, into any) error {
	dir, err := instanceDir(o)
	if err != nil {
		return err
	}
	at, err := pipelined.Reach(dir)
	if errors.Is(err, pipelined.ErrNotRunning) {
		return withHint(err, "start it: nlserver start pipelined@%s", o.Instance)
	}
	if err != nil {
		return err
	}
	return ask(ctx, at, method, path, into)
}

// ask sends a command to a daemon of this machine.
func ask(ctx context.Context, at pipelined.Address, method, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, controlTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, at.URL+path, bytes.NewReader(nil))
	if err != nil {
		return fmt.Errorf("reaching pipelined: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+at.Key)
	reply, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		return fmt.Errorf("reaching pipelined: %w", err)
	}
	defer func() { _ = reply.Body.Close() }()
	var answer pipelined.Answer
	if err := json.NewDecoder(reply.Body).Decode(&answer); err != nil {
		return fmt.Errorf("reaching pipelined: it answered %s, and no JSON", reply.Status)
	}
	if len(answer.Result) > 0 && into != nil {
		if err := json.Unmarshal(answer.Result, into); err != nil {
			return fmt.Errorf("reading pipelined's answer: %w", err)
		}
	}
	if answer.Error != "" {
		return errors.New(answer.Error)
	}
	return nil
}
