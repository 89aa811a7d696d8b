package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"latchkey/client"
	"latchkey/internal/clock"
	"latchkey/internal/pipelined"
	"latchkey/internal/pipelined/journal"
)

func (p *program) deadLettersCommand() *cobra.Command {
	return p.group(&cobra.Command{
		Use:   "dead-letters",
		Short: "Triggers that no connector took: list, show, replay, drop",
		Long: `A trigger that its connector refuses until the retry window ends is kept here, whole, on the daemon's disk. Replaying
hands it to the connector of its route as that is now; the letter goes when it is taken.

With --from-server the command asks the server that the daemons tell of themselves, so that it works from anywhere: each
daemon does it on its own host within seconds. --host names the one that is meant.`,
		Example: `  latchkey pipeline dead-letters list prod
  latchkey pipeline dead-letters replay prod --all
  latchkey pipeline dead-letters list prod --from-server`,
	}, p.lettersListCommand(), p.lettersShowCommand(), p.lettersReplayCommand(), p.lettersDropCommand())
}

// letterView is a dead letter as it is printed.
type letterView struct {
	ID        int64     `json:"id"`
	Topic     string    `json:"topic"`
	Consumer  string    `json:"consumer"`
	Partition int32     `json:"partition"`
	Offset    int64     `json:"offset"`
	Message   string    `json:"message_id"`
	Trigger   string    `json:"trigger"`
	Connector string    `json:"connector"`
	FirstAt   time.Time `json:"first_at"`
	DeadAt    time.Time `json:"dead_at"`
	Attempts  int       `json:"attempts"`
	Error     string    `json:"error"`
	// Raw is the message as it came; a text where that is no JSON.
	Raw any `json:"message,omitempty"`
}

func viewLetter(l *journal.Letter, whole bool) letterView {
	v := letterView{
		ID: l.ID, Topic: l.Topic, Consumer: l.Consumer, Partition: l.Partition, Offset: l.Offset, Message: l.Message, Trigger: l.Trigger,
		Connector: l.Connector, FirstAt: l.FirstAt, DeadAt: l.DeadAt, Attempts: l.Attempts, Error: l.Error,
	}
	if whole {
		v.Raw = string(l.Raw)
		if json.Valid(l.Raw) {
			v.Raw = json.RawMessage(l.Raw)
		}
	}
	return v
}

// letters opens the journal of an instance, whose daemon may run.
func (p *program) letters(ctx context.Context, o PipelinedOptions) (*journal.Journal, error) {
	dir, err := instanceDir(o)
	if err != nil {
		return nil, err
	}
	j, err := journal.Look(ctx, dir, clock.System())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, withHint(fmt.Errorf("pipelined of %s has never run here: %s is empty", o.Instance, dir), "the folder is that of the machine where it runs")
	}
	return j, err
}

// everyLetter reads all of them, page by page.
func everyLetter(ctx context.Context, j *journal.Journal) ([]*journal.Letter, error) {
	const page = 500
	var all []*journal.Letter
	after := int64(0)
	for {
		some, err := j.Letters(ctx, after, page)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
		if len(some) < page {
			return all, nil
		}
		after = some[len(some)-1].ID
	}
}

func (p *program) lettersListCommand() *cobra.Command {
	var o PipelinedOptions
	var far farLetters
	command := &cobra.Command{
		Use: "list INSTANCE", Short: "List dead letters", Long: "List dead letters, the oldest first.",
		Example: "  latchkey pipeline dead-letters list prod", Args: takes("INSTANCE"),
		RunE: func(command *cobra.Command, args []string) error {
			if far.server {
				return p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
					return p.listFar(ctx, c, args[0], far.host)
				})(command, args)
			}
			p.instanceFiles(&o, args[0])
			j, err := p.letters(command.Context(), o)
			if err != nil {
				return err
			}
			defer func() { _ = j.Close() }()
			all, err := everyLetter(command.Context(), j)
			if err != nil {
				return err
			}
			if p.json {
				views := []letterView{}
				for _, l := range all {
					views = append(views, viewLetter(l, false))
				}
				return p.sayJSON(map[string]any{"items": views})
			}
			if len(all) == 0 {
				p.tell("no dead letters")
				return nil
			}
			rows := [][]string{{"ID", "TRIGGER", "PARTITION:OFFSET", "GIVEN UP", "ATTEMPTS", "CONNECTOR", "WHY"}}
			for _, l := range all {
				rows = append(rows, []string{strconv.FormatInt(l.ID, 10), orDash(l.Trigger), fmt.Sprintf("%d:%d", l.Partition, l.Offset), p.ago(l.DeadAt),
					strconv.Itoa(l.Attempts), orDash(l.Connector), l.Error})
			}
			p.table(rows)
			return nil
		},
	}
	far.add(command.Flags())
	o.addConf(command.Flags())
	return command
}

func (p *program) lettersShowCommand() *cobra.Command {
	var o PipelinedOptions
	var far farLetters
	command := &cobra.Command{
		Use: "show INSTANCE ID", Short: "Show a dead letter with its message", Long: "Show a dead letter: why it was given up, and the message as it came.",
		Example: "  latchkey pipeline dead-letters show prod 1", Args: takes("INSTANCE", "ID"),
		RunE: func(command *cobra.Command, args []string) error {
			id, err := letterID(command, args[1])
			if err != nil {
				return err
			}
			if far.server {
				return p.askFar(command, args[0], far.host, "show", []int64{id})
			}
			p.instanceFiles(&o, args[0])
			j, err := p.letters(command.Context(), o)
			if err != nil {
				return err
			}
			defer func() { _ = j.Close() }()
			l, err := j.Letter(command.Context(), id)
			if err != nil {
				return err
			}
			return p.sayJSON(viewLetter(l, true))
		},
	}
	far.add(command.Flags())
	o.addConf(command.Flags())
	return command
}

func letterID(command *cobra.Command, text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, usagef(command, "%q is no number of a dead letter", text)
	}
	return id, nil
}

// namedLetters gives the letters that the arguments name, none for all.
func namedLetters(command *cobra.Command, args []string, all bool) ([]int64, error) {
	if all != (len(args) == 0) {
		return nil, usagef(command, "name letters by their numbers, or give --all")
	}
	ids := make([]int64, 0, len(args))
	for _, arg := range args {
		id, err := letterID(command, arg)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// chosen gives the letters that the arguments name, or all.
func (p *program) chosen(command *cobra.Command, o PipelinedOptions, args []string, all bool) ([]int64, error) {
	if ids, err := namedLetters(command, args, all); err != nil || !all {
		return ids, err
	}
	j, err := p.letters(command.Context(), o)
	if err != nil {
		return nil, err
	}
	defer func() { _ = j.Close() }()
	letters, err := everyLetter(command.Context(), j)
	ids := make([]int64, 0, len(letters))
	for _, l := range letters {
		ids = append(ids, l.ID)
	}
	return ids, err
}

func (p *program) lettersReplayCommand() *cobra.Command {
	var o PipelinedOptions
	var far farLetters
	var all bool
	command := &cobra.Command{
		Use: "replay INSTANCE (ID... | --all)", Short: "Hand dead letters to their connectors again",
		Long: `Hand dead letters to the connectors of their routes, as those are now, in the order in which they were given up. A
letter that is taken is removed. The daemon does it when it runs, else this command.`,
		Example: "  latchkey pipeline dead-letters replay prod 1 2\n  latchkey pipeline dead-letters replay prod --all",
	}
	command.Args = func(*cobra.Command, []string) error { return nil }
	command.RunE = func(command *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef(command, "INSTANCE is missing")
		}
		if far.server {
			ids, err := namedLetters(command, args[1:], all)
			if err != nil {
				return err
			}
			return p.askFar(command, args[0], far.host, "replay", ids)
		}
		p.instanceFiles(&o, args[0])
		ids, err := p.chosen(command, o, args[1:], all)
		if err != nil {
			return err
		}
		return p.replay(command.Context(), o, ids)
	}
	command.Flags().BoolVar(&all, "all", false, "replay every dead letter")
	far.add(command.Flags())
	o.addConf(command.Flags())
	o.addNet(command.Flags())
	return command
}

// replay replays letters, in the daemon when it runs.
func (p *program) replay(ctx context.Context, o PipelinedOptions, ids []int64) error {
	dir, err := instanceDir(o)
	if err != nil {
		return err
	}
	failed := 0
	told := func(id int64, err error) {
		if err != nil {
			failed++
			p.tell("letter %d: %v", id, err)
		}
	}
	if _, err := pipelined.Reach(dir); err == nil {
		for _, id := range ids {
			told(id, p.control(ctx, o, http.MethodPost, fmt.Sprintf("/letters/%d/replay", id), nil))
		}
	} else {
		if p.Server.ReplayLetters == nil {
			return errNoServer
		}
		if err := p.Server.ReplayLetters(ctx, o, ids, told); err != nil {
			return err
		}
	}
	if p.json {
		if err := p.sayJSON(map[string]int{"replayed": len(ids) - failed, "failed": failed}); err != nil {
			return err
		}
	} else {
		p.say("%d replayed, %d failed", len(ids)-failed, failed)
	}
	if failed > 0 {
		return errTold
	}
	return nil
}

func (p *program) lettersDropCommand() *cobra.Command {
	var o PipelinedOptions
	var far farLetters
	var all, yes bool
	command := &cobra.Command{
		Use: "drop INSTANCE (ID... | --all) [--yes]", Short: "Remove dead letters for good", Long: "Remove dead letters for good. Nobody gets these triggers any more.",
		Example: "  latchkey pipeline dead-letters drop prod 1 --yes",
	}
	command.Args = func(*cobra.Command, []string) error { return nil }
	command.RunE = func(command *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef(command, "INSTANCE is missing")
		}
		if far.server {
			ids, err := namedLetters(command, args[1:], all)
			if err == nil {
				err = p.confirm(command.Context(), yes, "Remove these dead letters for good?")
			}
			if err != nil {
				return err
			}
			return p.askFar(command, args[0], far.host, "drop", ids)
		}
		p.instanceFiles(&o, args[0])
		ids, err := p.chosen(command, o, args[1:], all)
		if err != nil {
			return err
		}
		if err := p.confirm(command.Context(), yes, fmt.Sprintf("Remove %d dead letters for good?", len(ids))); err != nil {
			return err
		}
		j, err := p.letters(command.Context(), o)
		if err != nil {
			return err
		}
		defer func() { _ = j.Close() }()
		for _, id := range ids {
			if err := j.Drop(command.Context(), id); err != nil {
				return fmt.Errorf("letter %d: %w", id, err)
			}
		}
		if p.json {
			return p.sayJSON(map[string]int{"dropped": len(ids)})
		}
		p.say("%d dropped", len(ids))
		return nil
	}
	command.Flags().BoolVar(&all, "all", false, "drop every dead letter")
	far.add(command.Flags())
	command.Flags().BoolVar(&yes, "yes", false, "do not ask")
	o.addConf(command.Flags())
	return command
}
